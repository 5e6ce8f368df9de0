// Stage gram: XᵀX (lower triangle) and YᵀX of a block of rows, summed onto what earlier blocks gave.
//
// Z = [X | Y] lies row after row, so both operands of a tile of ZᵀZ are runs of rows. A workgroup sums one tile over
// one run of rows into `partials`; gram_reduce adds the runs in their order. The length of a run does not depend on how
// the rows were cut into blocks, so neither do the bits of the sum.
//   gram         tiles of 64×64, 64 threads; n ≤ 64
//   gram_wide    tiles of 128×128, 256 threads
//   gram_reduce  a workgroup per 1024 elements of a tile
//   gram_cross, gram_cross_reduce  YᵀX alone, of few targets that would take a row of tiles to themselves
// Each thread keeps 8×8 elements in registers, 64 multiplications for 4 loads of a vec4f.

struct Params {
    rows: u32,           // of this block
    columns: u32,        // q = n + t
    features: u32,       // n
    stride: u32,         // vec4f from one row to the next
    rows_per_split: u32,
    splits: u32,
    tile: u32,           // rows and columns of a tile: 64 or 128
    tiled: u32,          // columns of Z in tiles: q, or n when gram_cross has those of Y
    first: u32,          // 1: the first block, moments hold nothing yet
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<vec4f>;           // [rows, stride]
@group(0) @binding(2) var<storage, read_write> partials: array<vec4f>; // [splits, tiles, tile, tile / 4], then of gram_cross [splits, ⌈t / 4⌉, n]
@group(0) @binding(3) var<storage, read_write> moments: array<f32>;    // [n, q] column-major: q rows, n columns

// Two buffers of 16 strips of 16 vec4f each: while one is multiplied the next is filled, with one barrier between.
// A row of a tile is a strip, or two of a wide one. As an array of strips its indices are checked outside the loops.
const STRIPS: u32 = 16u;
const STRIP: u32 = 16u;
var<workgroup> sh_left: array<array<vec4f, 16>, 32>;
var<workgroup> sh_right: array<array<vec4f, 16>, 32>;

// Tiles on and below the diagonal, column of tiles after column of tiles.
fn slot(split: u32, tile_row: u32, tile_column: u32, tile_columns: u32) -> u32 {
    let tile_rows = (params.tiled + params.tile - 1u) / params.tile;
    let before = tile_column * tile_rows - tile_column * (tile_column - min(tile_column, 1u)) / 2u;
    let tiles = tile_columns * tile_rows - tile_columns * (tile_columns - 1u) / 2u;
    return (split * tiles + before + tile_row - tile_column) * (params.tile * params.tile / 4u);
}

// sum + l rᵀ, a column of the matrix per element of r.
fn outer(l: vec4f, r: vec4f, sum: mat4x4f) -> mat4x4f {
    return mat4x4f(
        fma(l, vec4f(r.x), sum[0]),
        fma(l, vec4f(r.y), sum[1]),
        fma(l, vec4f(r.z), sum[2]),
        fma(l, vec4f(r.w), sum[3]),
    );
}

// 8×8 elements of a tile: rows 4·across.. and, half a tile down, 4 more; columns 4·down.. and, half a tile on, 4 more.
struct Sums {
    near: mat4x4f,
    below: mat4x4f,
    right: mat4x4f,
    far: mat4x4f,
}

// Where a thread finds its operands: one vec4f of each in a strip, the other `strips` and `shift` further.
struct Place {
    across: u32,
    down: u32,
    strips: u32,
    shift: u32,
}

// Adds the products of the row of Z that begins at a strip.
fn multiply(sums: ptr<function, Sums>, strip: u32, place: Place) {
    let l0 = sh_left[strip][place.across];
    let l1 = sh_left[strip + place.strips][place.across + place.shift];
    let r0 = sh_right[strip][place.down];
    let r1 = sh_right[strip + place.strips][place.down + place.shift];
    (*sums).near = outer(l0, r0, (*sums).near);
    (*sums).below = outer(l1, r0, (*sums).below);
    (*sums).right = outer(l0, r1, (*sums).right);
    (*sums).far = outer(l1, r1, (*sums).far);
}

fn put(at: u32, quads: u32, sum: mat4x4f) {
    partials[at] = sum[0];
    partials[at + quads] = sum[1];
    partials[at + 2u * quads] = sum[2];
    partials[at + 3u * quads] = sum[3];
}

// Tiles of 8·side rows and columns by side² threads each, side / 2 rows of Z at a time: one vec4f of each operand a
// thread. `runs` runs of rows side by side in the workgroup.
fn sum_tile(side: u32, runs: u32, group: vec3u, tile_columns: u32, thread: u32) {
    let quads = 2u * side;
    let depth = side / 2u;
    let strips = quads / STRIP;
    let own = thread % (side * side);
    let across = own % side;
    let down = own / side;
    let place = Place(across, down, strips - 1u, side % STRIP);
    let split = group.z * runs + thread / (side * side);
    let first_strip = (thread - own) / STRIP;
    let length = min(params.rows_per_split, params.rows - group.z * runs * params.rows_per_split);
    let end = min((split + 1u) * params.rows_per_split, params.rows);

    // Loads beyond the edges are moved inside: rows there become 0 in both operands, for 0 times what is not finite is not 0; columns there are not stored.
    let left_quad = min(group.x * quads + own % quads, params.stride - 1u);
    let right_quad = min(group.y * quads + own % quads, params.stride - 1u);
    var row = split * params.rows_per_split + own / quads;
    var from_row = min(row, params.rows - 1u);
    var left = rows[from_row * params.stride + left_quad];
    var right = rows[from_row * params.stride + right_quad];
    var sums: Sums;
    var buffer = 0u;
    for (var base = 0u; base < length; base += depth) {
        sh_left[buffer + thread / STRIP][thread % STRIP] = select(vec4f(), left, row < end);
        sh_right[buffer + thread / STRIP][thread % STRIP] = select(vec4f(), right, row < end);
        workgroupBarrier();
        // In flight while this step is multiplied.
        row += depth;
        from_row = min(row, params.rows - 1u);
        left = rows[from_row * params.stride + left_quad];
        right = rows[from_row * params.stride + right_quad];
        let strip = buffer + first_strip;
        for (var d = 0u; d < depth; d += 2u) {
            multiply(&sums, strip + d * strips, place);
            multiply(&sums, strip + (d + 1u) * strips, place);
        }
        buffer = STRIPS - buffer;
    }

    if split < params.splits {
        let at = slot(split, group.x, group.y, tile_columns) + 4u * down * quads + across;
        put(at, quads, sums.near);
        put(at + side, quads, sums.below);
        put(at + 4u * side * quads, quads, sums.right);
        put(at + 4u * side * quads + side, quads, sums.far);
    }
}

@compute @workgroup_size(256)
fn gram(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    if group.x >= group.y {
        sum_tile(8u, 4u, group, groups.y, thread);
    }
}

@compute @workgroup_size(256)
fn gram_wide(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    if group.x >= group.y {
        sum_tile(16u, 1u, group, groups.y, thread);
    }
}

// Four rows of a column of the moments, none from number `end` on.
fn stored(row: u32, column: u32, end: u32) -> vec4f {
    let at = vec4u(row) + vec4u(0u, 1u, 2u, 3u);
    let inside = at < vec4u(end);
    let from_column = column * params.columns;
    if params.first == 1u || column >= params.features {
        return vec4f();
    }
    let safe = from_column + min(at, vec4u(params.columns - 1u));
    let values = vec4f(moments[safe.x], moments[safe.y], moments[safe.z], moments[safe.w]);
    return select(vec4f(), values, inside);
}

fn store(row: u32, column: u32, end: u32, value: f32) {
    if row < end && column < params.features && row >= column {
        moments[column * params.columns + row] = value;
    }
}

fn store_quad(row: u32, column: u32, end: u32, value: vec4f) {
    store(row, column, end, value.x);
    store(row + 1u, column, end, value.y);
    store(row + 2u, column, end, value.z);
    store(row + 3u, column, end, value.w);
}

@compute @workgroup_size(256)
fn gram_reduce(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    if group.x < group.y {
        return;
    }
    let quads = params.tile / 4u;
    let quad = group.z * 256u + thread;
    let row = group.x * params.tile + 4u * (quad % quads);
    let column = group.y * params.tile + quad / quads;
    var sum = stored(row, column, params.tiled);
    for (var split = 0u; split < params.splits; split += 1u) {
        sum += partials[slot(split, group.x, group.y, groups.y) + quad];
    }
    store_quad(row, column, params.tiled, sum);
}

// ---- Few targets -------------------------------------------------------------------------------------------------

// Where the sums of a run of rows and four targets begin.
fn cross_slot(split: u32, four: u32) -> u32 {
    let tile_columns = (params.features + params.tile - 1u) / params.tile;
    let fours = (params.columns - params.features + 3u) / 4u;
    return slot(params.splits, 0u, 0u, tile_columns) + (split * fours + four) * params.features;
}

fn element(row: u32, column: u32) -> f32 {
    let inside = min(column, params.columns - 1u);
    return rows[row * params.stride + inside / 4u][inside % 4u];
}

// A workgroup takes 128 features, four targets and a run of rows, of which each thread sums every eighth for four features.
@compute @workgroup_size(256)
fn gram_cross(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let quad = thread % 32u;
    let part = thread / 32u;
    let from_quad = min(group.x * 32u + quad, params.stride - 1u);
    let target_column = params.features + 4u * group.y;
    let begin = group.z * params.rows_per_split;
    let end = min(begin + params.rows_per_split, params.rows);
    var sum = mat4x4f();
    for (var row = begin + part; row < end; row += 8u) {
        let y = vec4f(
            element(row, target_column), element(row, target_column + 1u),
            element(row, target_column + 2u), element(row, target_column + 3u));
        sum = outer(y, rows[row * params.stride + from_quad], sum);
    }
    // Four parts on each side, 128 features of eight strips each.
    let strip = part % 4u * 8u + quad / 4u;
    let at = quad % 4u * 4u;
    if part < 4u {
        sh_left[strip][at] = sum[0];
        sh_left[strip][at + 1u] = sum[1];
        sh_left[strip][at + 2u] = sum[2];
        sh_left[strip][at + 3u] = sum[3];
    } else {
        sh_right[strip][at] = sum[0];
        sh_right[strip][at + 1u] = sum[1];
        sh_right[strip][at + 2u] = sum[2];
        sh_right[strip][at + 3u] = sum[3];
    }
    workgroupBarrier();
    let feature = group.x * 128u + thread;
    if thread < 128u && feature < params.features {
        var total = vec4f();
        for (var own = 0u; own < 4u; own += 1u) {
            total += sh_left[own * 8u + thread / 16u][thread % 16u] + sh_right[own * 8u + thread / 16u][thread % 16u];
        }
        partials[cross_slot(group.z, group.y) + feature] = total;
    }
}

@compute @workgroup_size(256)
fn gram_cross_reduce(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let feature = group.x * 256u + thread;
    if feature >= params.features {
        return;
    }
    let row = params.features + 4u * group.y;
    var sum = stored(row, feature, params.columns);
    for (var split = 0u; split < params.splits; split += 1u) {
        sum += partials[cross_slot(split, group.y) + feature];
    }
    store_quad(row, feature, params.columns, sum);
}
