import { assertClose, random, runsOf, tileOf, tiledOf, up } from "./support.js";

// The means of rows, the equations, and the coefficients of k λs, each stage fed with what the one before left: against normal
// equations in double precision.
export async function recorder(shaders, m, n, t, k, weighted) {
  const q = n + t;
  const stride = 4 * up(q, 4);
  const weights = Array.from({ length: m }, (_, row) => (weighted ? [0, 2.25, 0.3, 1.7, 0.5][row % 5] : 1));
  const x = Float32Array.from({ length: m * n }, (_, at) => 30 * (at % n % 3) + random());
  const y = Float32Array.from({ length: m * t }, (_, at) => x[Math.floor(at / t) * n] + (at % t) + 0.1 * random());
  const lambdas = Float32Array.from({ length: k }, (_, at) => 2 ** -at);
  const rowsPerRun = 16;
  const runs = up(m, rowsPerRun);
  const across = up(q, 64);

  // Less their origins, row after row, as `frame` has them; then less their means.
  let state = { columns: new Float32Array(8 * q).fill(NaN), partials: new Float32Array(4 * runs * q) };
  const centre = async (dispatches, given, framed) => {
    const arrays = { given, weights: Float32Array.from(weights), framed, ...state };
    const { columns, partials } = await shaders.centre.run(dispatches, arrays);
    state = { columns: columns.slice(0, 8 * q), partials: partials.slice(0, 4 * runs * q) };
  };
  const params = {
    rows: m, columns: q, first: 0, stride, begin: 0, down: 0, across: 0, weighted: weighted ? 1 : 0, first_weight: 0,
    rows_per_run: rowsPerRun, run: 0, runs, begun: 0,
  };
  const none = new Float32Array(4);
  await centre([["centre_origin", { ...params, columns: n, down: n, across: 1 }, [1, 1, 1]]], x, none);
  await centre([["centre_origin", { ...params, columns: t, first: n, down: t, across: 1 }, [1, 1, 1]]], y, none);
  const framed = () => {
    const rows = new Float32Array(m * stride);
    for (let row = 0; row < m; row++) {
      for (let j = 0; j < q; j++) {
        const [origin, offset, low, inverse] = state.columns.slice(4 * j, 4 * j + 4);
        const value = j < n ? x[row * n + j] : y[row * t + j - n];
        rows[row * stride + j] = (value - origin - offset - low) * inverse;
      }
    }
    return rows;
  };
  await centre([["centre_sums", params, [across, runs, 1]], ["centre_reduce", params, [across, 1, 1]]], none, framed());
  const centred = framed().map((value, at) => value * Math.sqrt(weights[Math.floor(at / stride)]));
  await centre([["centre_squares", params, [across, runs, 1]], ["centre_total", params, [across, 1, 1]]], none, centred);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const means = Array.from({ length: q }, (_, j) => {
    const value = (row) => (j < n ? x[row * n + j] : y[row * t + j - n]);
    return weights.reduce((total, weight, row) => total + weight * value(row), 0) / sum;
  });
  means.forEach((mean, j) => {
    assertClose(`mean ${j}`, state.columns[4 * j] + state.columns[4 * j + 1], mean, 1e-5);
    assertClose(`weights ${j}`, state.columns[4 * (q + j) + 1], sum, 1e-5 * sum);
  });

  const products = await gramOf(shaders.gram, centred, m, n, t, stride);
  const quads = up(t + 1, 4);
  const rows = 4 * up(n, 4);
  const of = { order: n, targets: t, stride: rows / 4, quads, matrices: k, first: 0, intercept: 1 };
  const start = Math.hypot(...Array.from({ length: n }, (_, j) => 1 + j / (Math.max(n, 2) - 1)));
  const sides = { ...of, standardize: 0, factored: 0, start: 1 / start };
  const made = await shaders.equations.run(
    [["equations_gram", sides, [up(rows, 16), up(n, 16), 1]], ["equations_sides", sides, [k, 1, 1]]],
    {
      columns: state.columns, products, lambdas, factors: new Float32Array(n), gram: new Float32Array(n * rows),
      scale: new Float32Array(k * rows), added: new Float32Array(k * rows), solution: new Float32Array(k * quads * n * 4),
    },
  );
  const solution = new Float32Array(made.solution.length);
  for (let matrix = 0; matrix < k; matrix++) {
    const scale = (j) => made.scale[matrix * rows + j];
    const a = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => scale(i) * made.gram[j * rows + i] * scale(j) + (i === j ? made.added[matrix * rows + i] : 0)));
    for (let side = 0; side <= t; side++) {
      const at = (j) => ((matrix * quads + (side >> 2)) * n + j) * 4 + (side & 3);
      solved(a, Array.from({ length: n }, (_, j) => made.solution[at(j)])).forEach((value, j) => (solution[at(j)] = value));
    }
  }
  const weightsOf = await shaders.coefficients.run([["coefficients", of, [t, k, 1]]], {
    columns: state.columns, products, scale: made.scale, solution, weights: new Float32Array(k * t * (n + 1)),
  });
  const { intercept, ...ofReport } = of;
  const { reports } = await shaders.report.run([["report", ofReport, [k, 1, 1]]], {
    columns: state.columns, gram: made.gram, scale: made.scale, added: made.added, solution, info: new Uint32Array(k),
    weights: weightsOf.weights, reports: new Uint32Array(2 * k),
  });
  for (let at = 0; at < k; at++) {
    if (reports[2 * at] !== 0) throw new Error(`m ${m}, n ${n}: status ${reports[2 * at]} of λ number ${at}`);
    const g = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => {
      const value = weights.reduce((total, weight, row) => total + weight * (x[row * n + i] - means[i]) * (x[row * n + j] - means[j]), 0);
      return value + (i === j ? 2 * sum * lambdas[at] : 0);
    }));
    for (let target = 0; target < t; target++) {
      const c = Array.from({ length: n }, (_, j) =>
        weights.reduce((total, weight, row) => total + weight * (x[row * n + j] - means[j]) * (y[row * t + target] - means[n + target]), 0));
      const wanted = solved(g, c);
      const found = weightsOf.weights.slice((at * t + target) * (n + 1), (at * t + target + 1) * (n + 1));
      const what = `m ${m}, n ${n}, λ number ${at}, target ${target}`;
      wanted.forEach((value, j) => assertClose(`${what}: coefficient ${j}`, found[j], value, 1e-4));
      const b = means[n + target] - wanted.reduce((total, value, j) => total + value * means[j], 0);
      assertClose(`${what}: intercept`, found[n], b, 60e-4 * n);
    }
  }
}

// G and C of framed rows.
async function gramOf(shader, rows, m, n, t, stride) {
  const q = n + t;
  const splits = up(m, 16);
  const [tile, tiled] = [tileOf(n), tiledOf(n, q)];
  const [down, across] = [up(tiled, tile), up(n, tile)];
  const params = {
    rows: m, columns: q, features: n, stride: stride / 4, rows_per_split: 16, splits, tile, tiled, first: 1,
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
  return (await shader.run(dispatches, { rows, partials, moments: new Float32Array(n * q) })).moments;
}

// A⁻¹c of a positive definite matrix, by elimination.
function solved(a, c) {
  const rows = a.map((row, i) => [...row, c[i]]);
  const n = rows.length;
  for (let j = 0; j < n; j++) {
    for (let i = j + 1; i < n; i++) {
      const by = rows[i][j] / rows[j][j];
      for (let l = j; l <= n; l++) rows[i][l] -= by * rows[j][l];
    }
  }
  const w = new Array(n);
  for (let j = n - 1; j >= 0; j--) {
    w[j] = rows[j][n];
    for (let l = j + 1; l < n; l++) w[j] -= rows[j][l] * w[l];
    w[j] /= rows[j][j];
  }
  return w;
}
