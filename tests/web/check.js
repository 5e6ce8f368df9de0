// Every shader that is valid for the web is compiled by this browser, and its results on small data are held against arithmetic
// in double precision, or in whole numbers. Sizes and dispatches are those of src/plan/gpu/schedule.rs.

import { Shader } from "./device.js";
import { factorSolve } from "./factor_solve.js";
import { frame } from "./frame.js";
import { gram } from "./gram.js";
import { recorder } from "./recorder.js";
import { residues } from "./residues.js";

const log = (text) => fetch("/log", { method: "POST", body: text });

async function all() {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("this browser has no WebGPU adapter");
  const device = await adapter.requestDevice();
  const { vendor, architecture } = adapter.info;
  await log(`${navigator.userAgent.match(/\S*Chrom\S*/)?.[0]}, ${vendor} ${architecture}`);
  const listing = await (await fetch("/shaders/")).text();
  const shaders = {};
  for (const [, file] of listing.matchAll(/href="(\w+\.wgsl)"/g)) {
    const source = await (await fetch(`/shaders/${file}`)).text();
    const name = file.replace(".wgsl", "");
    if (/\bf64\b/.test(source.replace(/\/\/.*/g, ""))) {
      await log(`${name}: not of the web, for it needs 64-bit floats`);
      continue;
    }
    shaders[name] = new Shader(device, name, source);
    await shaders[name].compile().catch((error) => Promise.reject(new Error(`${name} does not compile: ${error.message}`)));
  }
  for (const [m, n, t] of [[1, 1, 1], [37, 5, 2], [50, 64, 3], [37, 70, 2], [21, 130, 17]]) await gram(shaders.gram, m, n, t);
  for (const [m, n, t] of [[1, 1, 1], [37, 5, 2], [33, 64, 33], [70, 31, 1]]) {
    for (const byColumns of [false, true]) {
      for (const weighted of [false, true]) await frame(shaders.frame, m, n, t, byColumns, weighted);
    }
  }
  const exact = [[1, 1, 1, 16], [700, 5, 2, 16], [321, 63, 5, 14], [130, 64, 17, 3], [201, 128, 2, 15], [70, 130, 5, 16]];
  for (const [m, n, t, moduli] of exact) await residues(shaders.residues, m, n, t, moduli);
  const { factor, solve } = shaders;
  for (const [n, t, k] of [[1, 1, 1], [5, 2, 30], [20, 33, 5], [33, 1, 4], [64, 5, 2], [70, 3, 5], [70, 40, 4], [200, 2, 4]]) {
    await factorSolve(factor, solve, n, t, k);
  }
  await factorSolve(factor, solve, 60, 3, 5, true);
  for (const [m, n, t, k] of [[9, 1, 1, 1], [50, 5, 2, 3], [90, 33, 1, 2], [150, 70, 5, 2]]) {
    for (const weighted of [false, true]) await recorder(shaders, m, n, t, k, weighted);
  }
  for (const { name, entries, ran } of Object.values(shaders)) {
    const [right, compiled] = [entries.filter((entry) => ran.has(entry)), entries.filter((entry) => !ran.has(entry))];
    await log(`${name}: right: ${right.join(", ") || "none"}${compiled.length ? `; compiled alone: ${compiled.join(", ")}` : ""}`);
  }
}

all().then(
  () => fetch("/passed", { method: "POST", body: "passed" }),
  (error) => fetch("/failed", { method: "POST", body: `failed: ${error.message}` }),
);
