import { assertClose, random, up } from "./support.js";

const TILE = 32;

// How a column is centred: origin, one of its numbers, and the offset of the mean from there.
function centring(column, weights) {
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const heaviest = weights.indexOf(Math.max(...weights));
  const origin = column[heaviest];
  const offset = sum(weights.map((weight, row) => (weight > 0 ? weight * (column[row] - origin) : 0))) / sum(weights);
  return { origin, offset };
}

// X and Y of m rows, as they are given, less the means of their columns, in units of powers of two, times the roots of weights.
export async function frame(shader, m, n, t, byColumns, weighted) {
  const q = n + t;
  const stride = 4 * up(q, 4);
  const weights = Array.from({ length: m }, (_, row) => (weighted ? [2.25, 0, 0.3, 1.7, 1e-3][row % 5] : 1));
  // Columns up to 10⁶ times their spread from zero; what has no weight is out of range once it is scaled.
  const away = (column) => [0, 1, -1e6, 1e6, 300][column % 5];
  const value = (row, column) => (weights[row] > 0 ? away(column) + random() : 3e38);
  const columns = Array.from({ length: q }, (_, column) => Float32Array.from({ length: m }, (_, row) => value(row, column)));
  // 2^−exponent of their units.
  const inverse = weighted ? 4 : 0.5;
  const centrings = columns.map((column) => centring(column, weights));

  // X and Y one after the other, each from a whole 16 bytes on.
  const matrix = (own) => Float32Array.from({ length: m * own.length }, (_, at) =>
    byColumns ? own[Math.floor(at / m)][at % m] : own[at % own.length][Math.floor(at / own.length)]);
  const parts = [matrix(columns.slice(0, n)), matrix(columns.slice(n))];
  const begins = [0];
  for (const part of parts) begins.push(begins.at(-1) + 4 * up(part.length, 4));
  const given = new Float32Array(begins[2]).fill(NaN);
  parts.forEach((part, at) => given.set(part, begins[at]));

  // The shader is given the weights themselves, or their roots, after some that are not of these rows.
  const given_roots = [NaN, NaN, ...(byColumns ? weights : weights.map(Math.sqrt))];
  const both = {
    rows: m, stride, by_columns: byColumns ? 1 : 0, wide: 0, first_root: 2, weighted: weighted ? (byColumns ? 2 : 1) : 0, zero: 0,
  };
  const strides = (count) => ({ down: byColumns ? 1 : count, across: byColumns ? m : 1 });
  const dispatches = [
    ["frame", { ...both, ...strides(n), columns: n, first: 0, end: n, begin: begins[0] }, [up(n, TILE), up(m, TILE), 1]],
    ["frame", { ...both, ...strides(t), columns: t, first: n, end: stride, begin: begins[1] }, [up(stride - n, TILE), up(m, TILE), 1]],
  ];
  const split = ({ origin, offset }) => [origin, Math.fround(offset), offset - Math.fround(offset), inverse];
  const arrays = {
    given, roots: Float32Array.from(given_roots), columns: Float32Array.from(centrings.flatMap(split)), framed: new Float32Array(m * stride).fill(NaN),
  };
  const { framed } = await shader.run(dispatches, arrays);
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < stride; column++) {
      let wanted = 0;
      if (column < q && weights[row] > 0) {
        const { origin, offset } = centrings[column];
        wanted = (columns[column][row] - origin - offset) * inverse * Math.sqrt(weights[row]);
      }
      // Rounded in the sum, in the root and in the product with it; and what pairs of 24 bits lose.
      const tolerance = 2 ** -22 * Math.abs(wanted) + 2 ** -42;
      const what = `m ${m}, n ${n}, t ${t}, by ${byColumns ? "columns" : "rows"}: element (${row}, ${column})`;
      assertClose(what, framed[row * stride + column], wanted, tolerance);
    }
  }
}
