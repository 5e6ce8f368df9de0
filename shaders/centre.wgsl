// Stage centre: what `frame` needs to know of each column of rows that are on the device: where it lies, and how far it spreads.
//
//   centre_origin   the value of each column in the first row of positive weight, from which distances are taken; one dispatch for
//                   X and one for Y. A constant column is then 0 exactly
//   centre_sums     of a run of rows, framed with the origin alone: sum of the distances, the least and the greatest
//   centre_reduce   the runs put together: the offset of the mean from the origin, and a power of two near the spread
//   centre_squares  of a run of rows, framed with both: the sum of the squares, and how many rows count
//   centre_total    the runs put together
// A workgroup has 64 columns, whose rows it takes in fours.

struct Params {
    rows: u32,         // in this block
    columns: u32,      // of this matrix; q = n + t but in centre_origin
    first: u32,        // column of [X | Y] that is its first
    stride: u32,       // elements from one framed row to the next
    begin: u32,        // element where the matrix begins
    down: u32,         // elements of the matrix from one row to the next
    across: u32,       // and from one column to the next
    weighted: u32,     // 0: there are no weights, and all are 1
    first_weight: u32, // element of the weights that is the first row's
    rows_per_run: u32,
    run: u32,          // number of the block's first run
    runs: u32,         // of all blocks
    begun: u32,        // 0: the first block
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> given: array<f32>;             // X or Y
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> framed: array<f32>;            // [rows, stride]
@group(0) @binding(4) var<storage, read_write> partials: array<vec4f>;  // [runs, q]
// [2, q]: origin, offset in two parts, 2^−exponent; then Σ s(x − mean)² in units of 2^exponent, Σ s, rows of positive weight.
@group(0) @binding(5) var<storage, read_write> columns: array<vec4f>;

var<workgroup> sh_rows: array<u32, 256>;
var<workgroup> sh_parts: array<vec4f, 256>;

fn weight(row: u32) -> f32 {
    if params.weighted == 0u {
        return 1.0;
    }
    return weights[params.first_weight + row];
}

@compute @workgroup_size(256)
fn centre_origin(@builtin(local_invocation_index) thread: u32) {
    var own = params.rows;
    for (var row = thread; row < params.rows && own == params.rows; row += 256u) {
        if weight(row) > 0.0 {
            own = row;
        }
    }
    sh_rows[thread] = own;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if thread < half {
            sh_rows[thread] = min(sh_rows[thread], sh_rows[thread + half]);
        }
        workgroupBarrier();
    }
    let row = min(sh_rows[0], params.rows - 1u);
    let found = sh_rows[0] < params.rows;
    for (var j = thread; j < params.columns; j += 256u) {
        let at = params.first + j;
        if params.begun == 0u || columns[at].w == 0.0 {
            let value = given[params.begin + row * params.down + j * params.across];
            columns[at] = select(vec4f(), vec4f(value, 0.0, 0.0, 1.0), found);
        }
    }
}

// Σ, least, greatest, Σ s. The distance of the origin's row is 0.
fn with_distance(sum: vec4f, distance: f32, by: f32) -> vec4f {
    return vec4f(fma(by, distance, sum.x), min(sum.y, distance), max(sum.z, distance), sum.w + by);
}

fn both(one: vec4f, other: vec4f) -> vec4f {
    return vec4f(one.x + other.x, min(one.y, other.y), max(one.z, other.z), one.w + other.w);
}

// What the four threads of a column have found.
fn all_extents(thread: u32) -> vec4f {
    let near = both(sh_parts[thread], sh_parts[thread + 64u]);
    return both(near, both(sh_parts[thread + 128u], sh_parts[thread + 192u]));
}

fn all_sums(thread: u32) -> vec4f {
    return (sh_parts[thread] + sh_parts[thread + 64u]) + (sh_parts[thread + 128u] + sh_parts[thread + 192u]);
}

@compute @workgroup_size(256)
fn centre_sums(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let column = group.x * 64u + thread % 64u;
    let begin = group.y * params.rows_per_run;
    let end = min(begin + params.rows_per_run, params.rows);
    var sum = vec4f();
    if column < params.columns {
        for (var row = begin + thread / 64u; row < end; row += 4u) {
            let by = weight(row);
            // Rows of weight 0 may hold anything.
            if by > 0.0 {
                sum = with_distance(sum, framed[row * params.stride + column], by);
            }
        }
    }
    sh_parts[thread] = sum;
    workgroupBarrier();
    if thread < 64u && column < params.columns {
        partials[(params.run + group.y) * params.columns + column] = all_extents(thread);
    }
}

// 2^−e of 2^e ≤ value < 2^(e + 1); 1 for 0.
fn inverse_power(value: f32) -> f32 {
    let exponent = bitcast<u32>(value) >> 23u;
    return select(1.0, bitcast<f32>((254u - min(exponent, 253u)) << 23u), value > 0.0);
}

@compute @workgroup_size(256)
fn centre_reduce(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let column = group.x * 64u + thread % 64u;
    var sum = vec4f();
    if column < params.columns {
        for (var run = thread / 64u; run < params.runs; run += 4u) {
            sum = both(sum, partials[run * params.columns + column]);
        }
    }
    sh_parts[thread] = sum;
    workgroupBarrier();
    if thread < 64u && column < params.columns {
        let all = all_extents(thread);
        let offset = all.x / all.w;
        let spread = max(all.z - offset, offset - all.y);
        columns[column] = vec4f(columns[column].x, offset, 0.0, inverse_power(spread));
        columns[params.columns + column] = vec4f(0.0, all.w, 0.0, 0.0);
    }
}

@compute @workgroup_size(256)
fn centre_squares(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let column = group.x * 64u + thread % 64u;
    let begin = group.y * params.rows_per_run;
    let end = min(begin + params.rows_per_run, params.rows);
    var sum = vec4f();
    if column < params.columns {
        for (var row = begin + thread / 64u; row < end; row += 4u) {
            let value = framed[row * params.stride + column];
            sum += vec4f(value * value, 0.0, select(0.0, 1.0, weight(row) > 0.0), 0.0);
        }
    }
    sh_parts[thread] = sum;
    workgroupBarrier();
    if thread < 64u && column < params.columns {
        partials[(params.run + group.y) * params.columns + column] = all_sums(thread);
    }
}

@compute @workgroup_size(256)
fn centre_total(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let column = group.x * 64u + thread % 64u;
    var sum = vec4f();
    if column < params.columns {
        for (var run = thread / 64u; run < params.runs; run += 4u) {
            sum += partials[run * params.columns + column];
        }
    }
    sh_parts[thread] = sum;
    workgroupBarrier();
    if thread < 64u && column < params.columns {
        let all = all_sums(thread);
        columns[params.columns + column] = vec4f(all.x, columns[params.columns + column].y, all.z, 0.0);
    }
}
