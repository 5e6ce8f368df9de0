// Stage frame in 64-bit floats: as frame.wgsl, of elements of 32 or 64 bits. Needs shaders with f64. The operations are those
// of the host in their order, so that the bits are the same.

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
    weighted: u32,   // 0: there are no weights, and all are 1; 1: their roots are given
    zero: u32,       // of no use here
}

struct Column {
    origin: f64,
    offset: f64,
    inverse: f64,    // 2^−exponent
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> given: array<f32>;         // X or Y
@group(0) @binding(2) var<storage, read> given_wide: array<f64>;    // the same
@group(0) @binding(3) var<storage, read> roots: array<f64>;         // of weights
@group(0) @binding(4) var<storage, read> columns: array<Column>;
@group(0) @binding(5) var<storage, read_write> framed: array<f64>;  // [rows, stride]

const TILE: u32 = 32u;

// [TILE, TILE], columns of 33 so that they begin in different banks.
var<workgroup> tile: array<array<f64, 33>, 32>;

fn root(row: u32) -> f64 {
    if params.weighted == 0u {
        return 1.0lf;
    }
    return roots[params.first_root + row];
}

fn element(at: u32) -> f64 {
    if params.wide == 1u {
        return given_wide[params.begin + at];
    }
    return f64(given[params.begin + at]);
}

// Rows and columns beyond the edges are moved inside: the rows are not stored, the columns become 0.
fn load(row: u32, column: u32) -> f64 {
    let i = min(row, params.rows - 1u);
    let j = min(column, params.columns - 1u);
    let at = i * params.down + j * params.across;
    let own = columns[params.first + j];
    let by = root(i);
    let value = ((element(at) - own.origin) - own.offset) * own.inverse * by;
    // Rows of weight 0 may hold what no difference does.
    return select(0.0lf, value, by > 0.0lf && column < params.columns);
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
fn frame_double(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
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
