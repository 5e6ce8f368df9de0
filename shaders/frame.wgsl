// Stage frame: rows as they were given, in 32-bit floats, to rows that are squared: less the mean of their column, in units of a
// power of two, times the root of their weight. One dispatch for X and one for Y, which also clears what is left of a row.
//
// Tiles of 32×32 go through workgroup memory, so that both loads and stores go along the memory whatever the layout.
// x − origin − offset in single precision alone would lose what x, the origin and the offset have in common: both differences are
// made with their rounding errors (Knuth's sum of two numbers), so that the result is rounded once.

struct Params {
    rows: u32,       // in this block
    columns: u32,    // of this matrix
    first: u32,      // column of [X | Y] where they go
    end: u32,        // columns of a row up to which zeros follow
    stride: u32,     // elements from one row to the next
    begin: u32,      // element where the matrix begins, in its own type
    down: u32,       // elements of the matrix from one row to the next
    across: u32,     // and from one column to the next
    by_columns: u32, // 1: threads go along its columns, else along its rows
    wide: u32,       // 1: its elements have 64 bits
    first_root: u32, // element of the roots that is the first row's
    weighted: u32,   // 0: there are no weights, and all are 1; 1: their roots are given; 2: they are given themselves
    zero: u32,       // 0, which no compiler knows
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> given: array<f32>;         // X or Y
@group(0) @binding(2) var<storage, read> roots: array<f32>;         // of weights, or these themselves
@group(0) @binding(3) var<storage, read> columns: array<vec4f>;     // origin, offset in two parts, 2^−exponent
@group(0) @binding(4) var<storage, read_write> framed: array<f32>;  // [rows, stride]

const TILE: u32 = 32u;

// [TILE, TILE], columns of 33 so that they begin in different banks.
var<workgroup> tile: array<array<f32, 33>, 32>;

// What no compiler reorders: some take floating-point sums apart.
fn kept(value: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(value) ^ params.zero);
}

// a + b, and what that lost.
fn sum(a: f32, b: f32) -> vec2f {
    let total = kept(a + b);
    let part = kept(total - a);
    let rest = kept(total - part);
    return vec2f(total, kept(a - rest) + kept(b - part));
}

fn root(row: u32) -> f32 {
    if params.weighted == 0u {
        return 1.0;
    }
    let own = roots[params.first_root + row];
    return select(own, sqrt(max(own, 0.0)), params.weighted == 2u);
}

// Rows and columns beyond the edges are moved inside: the rows are not stored, the columns become 0.
fn load(row: u32, column: u32) -> f32 {
    let i = min(row, params.rows - 1u);
    let j = min(column, params.columns - 1u);
    let at = i * params.down + j * params.across;
    let own = columns[params.first + j];
    let away = sum(given[params.begin + at], -own.x);
    let centred = sum(away.x, -own.y);
    let rest = kept(centred.y + kept(away.y - own.z));
    let by = root(i);
    // Rows of weight 0 may hold what no difference does.
    return select(0.0, kept(centred.x + rest) * own.w * by, by > 0.0 && column < params.columns);
}

fn load_to_tile(group: vec3u, near: u32, far: u32) {
    let down = params.by_columns == 1u;
    let row = select(far, near, down);
    let column = select(near, far, down);
    tile[column][row] = load(group.y * TILE + row, group.x * TILE + column);
}

fn store(group: vec3u, near: u32, far: u32) {
    let row = group.y * TILE + far;
    let column = params.first + group.x * TILE + near;
    if row < params.rows && column < params.end {
        framed[row * params.stride + column] = tile[near][far];
    }
}

@compute @workgroup_size(256)
fn frame(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let near = thread % TILE;
    let far = thread / TILE;
    load_to_tile(group, near, far);
    load_to_tile(group, near, far + 8u);
    load_to_tile(group, near, far + 16u);
    load_to_tile(group, near, far + 24u);
    workgroupBarrier();
    store(group, near, far);
    store(group, near, far + 8u);
    store(group, near, far + 16u);
    store(group, near, far + 24u);
}
