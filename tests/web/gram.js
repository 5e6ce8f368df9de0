import { assertClose, random, runsOf, tiledOf, tileOf, up } from "./support.js";

// G and C of m rows against the sums.
export async function gram(shader, m, n, t) {
  const q = n + t;
  const stride = up(q, 4);
  const z = Array.from({ length: m * 4 * stride }, random);
  const rowsPerSplit = 16;
  const splits = up(m, rowsPerSplit);
  const [tile, tiled] = [tileOf(n), tiledOf(n, q)];
  const [down, across] = [up(tiled, tile), up(n, tile)];
  const params = {
    rows: m, columns: q, features: n, stride, rows_per_split: rowsPerSplit, splits, tile, tiled, first: 1,
  };
  const dispatches = [
    [tile === 64 ? "gram" : "gram_wide", params, [down, across, up(splits, runsOf(n))]],
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
