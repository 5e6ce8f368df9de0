// Stage gram: XᵀSX (lower triangle) and YᵀSX of a block of rows, summed onto what earlier blocks gave.
//
// Z = [X | Y] lies row after row, so both tiles of a product ZᵀSZ are runs of rows. One workgroup sums one
// 64×64 tile over one run of rows into `partials`; gram_reduce then adds the runs in their order. The length of a
// run does not depend on how the rows were cut into blocks, so neither do the bits of the sum.

struct Params {
    rows: u32,           // of this block
    columns: u32,        // q = n + t
    features: u32,       // n
    stride: u32,         // vec4f from one row to the next
    rows_per_split: u32,
    splits: u32,
    tile_rows: u32,      // tiles down: ⌈q / 64⌉
    first: u32,          // 1: the first block, moments hold nothing yet
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<vec4f>;         // [rows, stride]
@group(0) @binding(2) var<storage, read> weights: array<f32>;        // [rows]
@group(0) @binding(3) var<storage, read_write> partials: array<vec4f>; // [splits, tiles, 64, 64 / 4]
@group(0) @binding(4) var<storage, read_write> moments: array<f32>;  // [n, q] column-major: q rows, n columns

const TILE: u32 = 64u;
const DEPTH: u32 = 16u;
const QUADS: u32 = 16u; // vec4f across a tile

var<workgroup> sh_left: array<vec4f, 256>;  // [DEPTH, QUADS]
var<workgroup> sh_right: array<vec4f, 256>; // [DEPTH, QUADS]

// Tiles on and below the diagonal, column of tiles after column of tiles.
fn slot(split: u32, tile_row: u32, tile_column: u32, tile_columns: u32) -> u32 {
    let before = tile_column * params.tile_rows - tile_column * (tile_column - min(tile_column, 1u)) / 2u;
    let tiles = tile_columns * params.tile_rows - tile_columns * (tile_columns - 1u) / 2u;
    return (split * tiles + before + tile_row - tile_column) * (TILE * QUADS);
}

@compute @workgroup_size(256)
fn gram(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let tile_row = group.x;
    let tile_column = group.y;
    if tile_row < tile_column {
        return;
    }
    let across = thread % QUADS;
    let down = thread / QUADS;
    let left_quad = tile_row * QUADS + across;
    let right_quad = tile_column * QUADS + across;
    let begin = group.z * params.rows_per_split;
    let end = min(begin + params.rows_per_split, params.rows);

    var sum0 = vec4f();
    var sum1 = vec4f();
    var sum2 = vec4f();
    var sum3 = vec4f();
    for (var base = begin; base < end; base += DEPTH) {
        let row = base + down;
        var left = vec4f();
        var right = vec4f();
        if row < end {
            if left_quad < params.stride {
                left = rows[row * params.stride + left_quad] * weights[row];
            }
            if right_quad < params.stride {
                right = rows[row * params.stride + right_quad];
            }
        }
        workgroupBarrier();
        sh_left[thread] = left;
        sh_right[thread] = right;
        workgroupBarrier();
        for (var depth = 0u; depth < DEPTH; depth += 1u) {
            let l = sh_left[depth * QUADS + across];
            let r = sh_right[depth * QUADS + down];
            sum0 = fma(l, vec4f(r.x), sum0);
            sum1 = fma(l, vec4f(r.y), sum1);
            sum2 = fma(l, vec4f(r.z), sum2);
            sum3 = fma(l, vec4f(r.w), sum3);
        }
    }

    // Columns 4·down .. 4·down + 3 of the tile, rows 4·across .. 4·across + 3.
    let at = slot(group.z, tile_row, tile_column, groups.y) + 4u * down * QUADS + across;
    partials[at] = sum0;
    partials[at + QUADS] = sum1;
    partials[at + 2u * QUADS] = sum2;
    partials[at + 3u * QUADS] = sum3;
}

fn store(row: u32, column: u32, value: f32) {
    if row < params.columns && column < params.features && row >= column {
        moments[column * params.columns + row] = value;
    }
}

fn load(row: u32, column: u32) -> f32 {
    let inside = params.first == 0u && row < params.columns && column < params.features;
    return select(0.0, moments[select(0u, column * params.columns + row, inside)], inside);
}

@compute @workgroup_size(256)
fn gram_reduce(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let tile_row = group.x;
    let tile_column = group.y;
    if tile_row < tile_column {
        return;
    }
    for (var quad = thread; quad < TILE * QUADS; quad += 256u) {
        let row = tile_row * TILE + 4u * (quad % QUADS);
        let column = tile_column * TILE + quad / QUADS;
        var sum = vec4f(load(row, column), load(row + 1u, column), load(row + 2u, column), load(row + 3u, column));
        for (var split = 0u; split < params.splits; split += 1u) {
            sum += partials[slot(split, tile_row, tile_column, groups.y) + quad];
        }
        store(row, column, sum.x);
        store(row + 1u, column, sum.y);
        store(row + 2u, column, sum.z);
        store(row + 3u, column, sum.w);
    }
}
