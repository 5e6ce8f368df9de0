// Stage product: P = AᵀB in 64-bit floats, onto what earlier blocks of rows gave. Needs shaders with f64.
//
// A and B lie row after row. A workgroup of 256 threads sums a tile of 64×64 elements of P over one run of rows into
// `partials`, 4×4 elements a thread; product_reduce adds the runs in their order. The length of a run does not depend on how
// the rows were cut into blocks, so neither do the bits of the sum.

struct Params {
    rows: u32,           // of A and B, in this block
    left: u32,           // columns of A, rows of P
    right: u32,          // columns of B and P
    left_stride: u32,    // vec2<f64> from one row of A to the next
    right_stride: u32,
    rows_per_split: u32,
    splits: u32,
    lower: u32,          // 1: of P the elements on and below the diagonal alone
    first: u32,          // 1: P holds nothing yet
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec2<f64>>;              // [rows, left_stride]
@group(0) @binding(2) var<storage, read> b: array<vec2<f64>>;              // [rows, right_stride]
@group(0) @binding(3) var<storage, read_write> partials: array<vec2<f64>>; // [splits, tiles, 64, 32]: columns of 32 vec2
@group(0) @binding(4) var<storage, read_write> product: array<f64>;        // [right, left] column-major

const TILE: u32 = 64u;
const PAIRS: u32 = 32u; // of a run of TILE elements
const DEPTH: u32 = 8u;  // rows multiplied between two barriers

// [DEPTH, PAIRS], twice: while one is multiplied the next is filled. As an array of rows its indices are checked outside
// the loop.
var<workgroup> sh_left: array<array<vec2<f64>, 32>, 16>;
var<workgroup> sh_right: array<array<vec2<f64>, 32>, 16>;

// Where the partial sums of a tile begin. Of a lower triangle: tiles on and below the diagonal, column after column.
fn slot(split: u32, down: u32, across: u32) -> u32 {
    let tiles_down = (params.left + TILE - 1u) / TILE;
    let tiles_across = (params.right + TILE - 1u) / TILE;
    let above = params.lower * (tiles_across * (tiles_across - 1u) / 2u);
    let skipped = params.lower * (across * (across + 1u) / 2u);
    return (split * (tiles_down * tiles_across - above) + across * tiles_down + down - skipped) * (TILE * PAIRS);
}

// Two rows, a column a member.
struct Pair {
    x: vec2<f64>,
    y: vec2<f64>,
}

// 4×4 elements of a tile: rows 2·near, 2·near + 1 and half a tile below; columns 2·far, 2·far + 1 and half a tile to the right.
struct Sums {
    near: Pair,
    below: Pair,
    right: Pair,
    far: Pair,
}

fn outer(l: vec2<f64>, r: vec2<f64>, sum: Pair) -> Pair {
    return Pair(fma(l, vec2<f64>(r.x), sum.x), fma(l, vec2<f64>(r.y), sum.y));
}

// Adds the products of a row of A and B.
fn multiply(sums: ptr<function, Sums>, row: u32, near: u32, far: u32) {
    let l0 = sh_left[row][near];
    let l1 = sh_left[row][near + 16u];
    let r0 = sh_right[row][far];
    let r1 = sh_right[row][far + 16u];
    (*sums).near = outer(l0, r0, (*sums).near);
    (*sums).below = outer(l1, r0, (*sums).below);
    (*sums).right = outer(l0, r1, (*sums).right);
    (*sums).far = outer(l1, r1, (*sums).far);
}

fn put(at: u32, sum: Pair) {
    partials[at] = sum.x;
    partials[at + PAIRS] = sum.y;
}

@compute @workgroup_size(256)
fn product_tile(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    if params.lower == 1u && group.x < group.y {
        return;
    }
    let near = thread % 16u;
    let far = thread / 16u;
    let begin = group.z * params.rows_per_split;
    let end = min(begin + params.rows_per_split, params.rows);

    // Loads beyond the edges are moved inside: rows there become 0 in both operands, for 0 times what is not finite is not 0; columns there are not stored.
    let left_pair = min(group.x * PAIRS + thread % PAIRS, params.left_stride - 1u);
    let right_pair = min(group.y * PAIRS + thread % PAIRS, params.right_stride - 1u);
    var row = begin + thread / PAIRS;
    var from_row = min(row, params.rows - 1u);
    var left = select(vec2<f64>(), a[from_row * params.left_stride + left_pair], row < end);
    var right = select(vec2<f64>(), b[from_row * params.right_stride + right_pair], row < end);

    var sums: Sums;
    var buffer = 0u;
    for (var first = begin; first < end; first += DEPTH) {
        sh_left[buffer + thread / PAIRS][thread % PAIRS] = left;
        sh_right[buffer + thread / PAIRS][thread % PAIRS] = right;
        workgroupBarrier();
        // In flight while these are multiplied.
        row += DEPTH;
        from_row = min(row, params.rows - 1u);
        left = select(vec2<f64>(), a[from_row * params.left_stride + left_pair], row < end);
        right = select(vec2<f64>(), b[from_row * params.right_stride + right_pair], row < end);
        for (var d = 0u; d < DEPTH; d += 2u) {
            multiply(&sums, buffer + d, near, far);
            multiply(&sums, buffer + d + 1u, near, far);
        }
        buffer = DEPTH - buffer;
    }
    let at = slot(group.z, group.x, group.y) + 2u * far * PAIRS + near;
    put(at, sums.near);
    put(at + 16u, sums.below);
    put(at + TILE / 2u * PAIRS, sums.right);
    put(at + TILE / 2u * PAIRS + 16u, sums.far);
}

// A workgroup per 512 elements of a tile.
@compute @workgroup_size(256)
fn product_reduce(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    if params.lower == 1u && group.x < group.y {
        return;
    }
    let pair = group.z * 256u + thread;
    let row = group.x * TILE + 2u * (pair % PAIRS);
    let column = group.y * TILE + pair / PAIRS;
    if row >= params.left || column >= params.right {
        return;
    }
    let at = column * params.left + row;
    let both = row + 1u < params.left;
    var sum = vec2<f64>();
    if params.first == 0u {
        sum = vec2<f64>(product[at], product[select(at, at + 1u, both)]);
    }
    for (var split = 0u; split < params.splits; split += 1u) {
        sum += partials[slot(split, group.x, group.y) + pair];
    }
    product[at] = sum.x;
    if both {
        product[at + 1u] = sum.y;
    }
}
