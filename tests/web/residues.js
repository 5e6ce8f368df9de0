import { random, runsOf, tiledOf, tileOf, up } from "./support.js";

// As in src/math/residues.rs.
const MODULI = [256, 255, 253, 251, 247, 241, 239, 233, 229, 227, 223, 217, 211, 199, 197, 193];
const ROWS_PER_SPLIT = 64;

// The modulus; ⌊2²⁰ / modulus⌋; the residues of 256⁰…256³, and of 256⁴…256⁷, a byte each.
function described(modulus) {
  const residue = (power) => Number(256n ** BigInt(power) % BigInt(modulus));
  const bytes = (powers) => powers.reduce((word, power, at) => word + residue(power) * 2 ** (8 * at), 0);
  return [modulus, Math.floor(2 ** 20 / modulus), bytes([0, 1, 2, 3]), bytes([4, 5, 6, 7])];
}

// Whole numbers below 2⁶² in magnitude, among them the largest and the smallest, and such whose bytes are all ones.
function wholeNumber() {
  const choice = random();
  if (choice > 0.95) return 2n ** 62n - 1n;
  if (choice < -0.95) return 1n - 2n ** 62n;
  if (Math.abs(choice) < 0.05) return choice < 0 ? -1n : 0n;
  return BigInt(Math.round(random() * 2 ** 30)) * 2n ** 32n + BigInt(Math.round(random() * 2 ** 31));
}

// The residues of the sums of products of columns of m rows of whole numbers, in a block of four fifths of the rows and one of
// what is left, each in as many runs of 64 rows as it takes.
export async function residues(shader, m, n, t, count) {
  const fours = up(n, 4);
  const stride = fours + up(t, 4);
  // The columns of Y begin at a whole four.
  const of = (column) => (column < n ? column : 4 * fours + column - n);
  const z = Array.from({ length: m }, () => Array.from({ length: n + t }, wholeNumber));

  const tile = tileOf(n);
  const tiled = tiledOf(n, 4 * stride) === n ? fours : stride;
  const apart = stride - tiled;
  const [down, across] = [up(4 * tiled, tile), up(n, tile)];
  const tiles = across * down - (across * (across - 1)) / 2;
  const entry = tile === 64 ? "residues_tile" : "residues_tile_wide";
  let sums = new Uint32Array(count * n * stride);
  // What is there before the first block must not count.
  sums.fill(0x7f7f7f7f);
  const cut = up(4 * m, 5);
  for (const [begin, end] of [[0, cut], [cut, m]]) {
    if (begin === end) continue;
    const rows = end - begin;
    const rowFours = up(rows, 4);
    const splits = up(rows, ROWS_PER_SPLIT);
    const integers = new BigInt64Array(4 * rowFours * 4 * stride);
    for (let row = 0; row < rows; row++) {
      z[begin + row].forEach((value, column) => (integers[row * 4 * stride + of(column)] = value));
    }
    const params = {
      moduli: MODULI.flatMap(described), row_fours: rowFours, stride, features: n, fours_per_split: ROWS_PER_SPLIT / 4, tile, tiled,
      count, first: begin === 0 ? 1 : 0,
    };
    const dispatches = [
      ["residues_split", params, [up(rowFours * stride, 256), 1, 1]],
      [entry, params, [down, across, up(splits, runsOf(n)) * count]],
      ["residues_reduce", params, [down, across, ((tile * tile) / 1024) * count]],
    ];
    if (apart > 0) {
      dispatches.push(["residues_cross", params, [up(n, 128), apart, splits * count]]);
      dispatches.push(["residues_cross_reduce", params, [up(n, 256), apart, count]]);
    }
    const arrays = {
      integers,
      residues: new Uint32Array(count * rowFours * 4 * stride),
      partials: new Uint32Array((splits * count * (tiles * tile * tile + 4 * apart * n)) / 4),
      sums,
    };
    sums = (await shader.run(dispatches, arrays)).sums;
  }
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n + t; i++) {
      const exact = z.reduce((sum, row) => sum + row[i] * row[j], 0n);
      for (let which = 0; which < count; which++) {
        const word = sums[(which * n + j) * stride + (of(i) >> 2)];
        const byte = BigInt.asIntN(8, BigInt(word) >> BigInt(8 * (of(i) & 3)));
        if ((exact - byte) % BigInt(MODULI[which]) !== 0n) {
          throw new Error(`m ${m}, n ${n}, t ${t}: element (${i}, ${j}) by ${MODULI[which]} is ${byte}, of ${exact}`);
        }
      }
    }
  }
}
