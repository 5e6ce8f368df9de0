import { assertClose, random, up } from "./support.js";

// Weights of k shifts of one Gram matrix: (G + shift·I) w against the right-hand sides.
export async function factorSolve(factor, solve, n, t, k, wide = false) {
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
