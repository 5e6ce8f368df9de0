// Every shader that is valid for the web is compiled by this browser, and its results on small data are held against sums in
// double precision. Sizes and dispatches are those of src/plan/gpu/schedule.rs.

import { Shader } from "./device.js";

const log = (text) => fetch("/log", { method: "POST", body: text });
const up = (value, unit) => Math.ceil(value / unit);
// Numbers in (-1, 1), the same each time.
let state = 1;
const random = () => ((state = (state * 48271) % 2147483647) / 2147483647) * 2 - 1;

function assertClose(what, found, wanted, tolerance) {
  // Written so that NaN fails.
  if (!(Math.abs(found - wanted) <= tolerance)) throw new Error(`${what} is ${found}, wanted ${wanted} ± ${tolerance}`);
}

// G and C of m rows against the sums.
async function gram(shader, m, n, t) {
  const q = n + t;
  const stride = up(q, 4);
  const z = Array.from({ length: m * 4 * stride }, random);
  const rowsPerSplit = 16;
  const splits = up(m, rowsPerSplit);
  const tile = n <= 64 ? 64 : 128;
  const tiled = t <= 16 && up(q, tile) > up(n, tile) ? n : q;
  const [down, across] = [up(tiled, tile), up(n, tile)];
  const params = {
    rows: m, columns: q, features: n, stride, rows_per_split: rowsPerSplit, splits, tile, tiled, first: 1,
  };
  const dispatches = [
    [tile === 64 ? "gram" : "gram_wide", params, [down, across, up(splits, tile === 64 ? 4 : 1)]],
    ["gram_reduce", params, [down, across, (tile * tile) / 1024]],
  ];
  if (tiled < q) {
    dispatches.push(["gram_cross", params, [up(n, 128), up(t, 4), splits]]);
    dispatches.push(["gram_cross_reduce", params, [up(n, 256), up(t, 4), 1]]);
  }
  const partials = new Float32Array(splits * (down * across * tile * tile + 4 * up(t, 4) * n));
  const rows = new Float32Array(z);
  const { moments } = await shader.run(dispatches, { rows, partials, moments: new Float32Array(n * q) });
  for (let j = 0; j < n; j++) {
    for (let i = j; i < q; i++) {
      let wanted = 0;
      for (let row = 0; row < m; row++) wanted += rows[row * 4 * stride + i] * rows[row * 4 * stride + j];
      assertClose(`m ${m}, n ${n}, t ${t}: element (${i}, ${j})`, moments[j * q + i], wanted, 1e-6 * m);
    }
  }
}

// Weights of k shifts of one Gram matrix: (G + shift·I) w against the right-hand sides.
async function factorSolve(factor, solve, n, t, k, wide = false) {
  const stride = up(n, 4);
  const rows = 4 * stride;
  const quads = up(t, 4);
  const single = n <= 64;
  const panels = single ? 1 : up(n, 64);
  const width = single ? rows : 64;
  const side = wide ? 64 : Math.min(64, Math.max(16, 2 ** Math.ceil(Math.log2(n))));
  const fused = single && quads <= 8;
  const basis = Array.from({ length: n * n }, random);
  const gram = new Float32Array(n * rows);
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < n; i++) {
      for (let row = 0; row < n; row++) gram[j * rows + i] += basis[row * n + i] * basis[row * n + j];
    }
  }
  const [scale, added] = [new Float32Array(k * rows), new Float32Array(k * rows)];
  for (let matrix = 0; matrix < k; matrix++) {
    for (let j = 0; j < n; j++) {
      scale[matrix * rows + j] = 1;
      added[matrix * rows + j] = n * (1 + matrix);
    }
  }
  const solution = new Float32Array(k * quads * n * 4).map(random);
  const params = {
    order: n, stride, panels, width, side, matrices: k, penalties: k, first: 0, quads: fused ? quads : 0, tolerance: 1e-6,
  };
  // Three to a row of workgroups, so that the last row is not full.
  const folded = (groups) => [Math.min(groups, 3), up(groups, 3)];
  const [across, deep] = folded(single && !wide ? up(k, 64 / side) : k);
  const first = wide ? "factor_solve_wide" : single ? "factor_solve" : "factor_diagonal";
  const dispatches = [[first, { ...params, panel: 0 }, [across, 1, deep]]];
  for (let panel = 0; panel + 1 < panels; panel++) {
    dispatches.push(["factor_panel", { ...params, panel }, [across, up(n - 64 * (panel + 1), 128), deep]]);
  }
  const lower = new Float32Array(Math.max(4, k * 64 * (panels - 1) * rows));
  const inverse = new Float32Array(k * panels * width * width);
  const arrays = { gram, scale, added, lower, inverse, info: new Uint32Array(k), solution };
  let found = await factor.run(dispatches, arrays);
  if (found.info.slice(0, k).some((info) => info !== 0)) throw new Error(`n ${n}: info ${found.info}`);
  if (!fused) {
    const [entry, workgroups] = single ? ["solve_single", quads] : quads <= 8 ? ["solve", quads] : ["solve_many", up(quads, 16)];
    const [down, deep] = folded(k);
    const params = { order: n, stride, panels, width, quads, matrices: k };
    found = await solve.run([[entry, params, [workgroups, down, deep]]], {
      lower: found.lower, inverse: found.inverse, solution: found.solution,
    });
  }
  for (let matrix = 0; matrix < k; matrix++) {
    for (let target = 0; target < t; target++) {
      const at = (j) => ((matrix * quads + (target >> 2)) * n + j) * 4 + (target & 3);
      for (let i = 0; i < n; i++) {
        let sum = n * (1 + matrix) * found.solution[at(i)];
        for (let j = 0; j < n; j++) sum += gram[j * rows + i] * found.solution[at(j)];
        assertClose(`n ${n}, t ${t}, matrix ${matrix}: row ${i} of A·w`, sum, solution[at(i)], 1e-4);
      }
    }
  }
}

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
  const { factor, solve } = shaders;
  for (const [n, t, k] of [[1, 1, 1], [5, 2, 30], [20, 33, 5], [33, 1, 4], [64, 5, 2], [70, 3, 5], [70, 40, 4], [200, 2, 4]]) {
    await factorSolve(factor, solve, n, t, k);
  }
  await factorSolve(factor, solve, 60, 3, 5, true);
  for (const { name, entries, ran } of Object.values(shaders)) {
    const [right, compiled] = [entries.filter((entry) => ran.has(entry)), entries.filter((entry) => !ran.has(entry))];
    await log(`${name}: right: ${right.join(", ") || "none"}${compiled.length ? `; compiled alone: ${compiled.join(", ")}` : ""}`);
  }
}

all().then(
  () => fetch("/passed", { method: "POST", body: "passed" }),
  (error) => fetch("/failed", { method: "POST", body: `failed: ${error.message}` }),
);
