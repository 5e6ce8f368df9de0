// What the checks of all stages use.

export const up = (value, unit) => Math.ceil(value / unit);

// Numbers in (-1, 1), the same each time.
let state = 1;
export const random = () => ((state = (state * 48271) % 2147483647) / 2147483647) * 2 - 1;

export function assertClose(what, found, wanted, tolerance) {
  // Written so that NaN fails.
  if (!(Math.abs(found - wanted) <= tolerance)) throw new Error(`${what} is ${found}, wanted ${wanted} ± ${tolerance}`);
}

// Rows and columns of a tile of products of n features, and runs of rows that one workgroup sums side by side.
export const tileOf = (n) => (n <= 64 ? 64 : 128);
export const runsOf = (n) => (n <= 64 ? 4 : 1);
// Columns of [X | Y] in tiles, of q: n where few targets would take a row of tiles to themselves, and are summed apart.
export const tiledOf = (n, q) => (q - n <= 16 && up(q, tileOf(n)) > up(n, tileOf(n)) ? n : q);
