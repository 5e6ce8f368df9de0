// Stage factor: the Cholesky factors L of A = scale·G·scale + added, one matrix per λ, all of a batch in each dispatch.
//
// Blocked, left-looking, 64 columns (a panel) at a time:
//   factor_update    A[i, p] − Σ_{q<p} L[i, q] L[p, q]ᵀ          a workgroup per tile i ≥ p and matrix; not for panel 0
//   factor_diagonal  L[p, p] and its inverse, in shared memory   a workgroup per matrix
//   factor_panel     L[i, p] = A[i, p] L[p, p]⁻ᵀ                 a workgroup per tile i > p and matrix
// A matrix of order ≤ 64 takes factor_diagonal alone. A pivot that is not greater than `tolerance` times the
// diagonal element it comes from leaves its order in `info`; it is replaced by 1 and the work goes on.

struct Params {
    order: u32,     // n
    panel: u32,     // p
    panels: u32,    // ⌈n / 64⌉
    width: u32,     // min(n, 64)
    tolerance: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gram: array<f32>;           // [n, n] lower, column-major
@group(0) @binding(2) var<storage, read> scale: array<f32>;          // [k, n]
@group(0) @binding(3) var<storage, read> added: array<f32>;          // [k, n]
@group(0) @binding(4) var<storage, read_write> lower: array<f32>;    // [k, n, n] column-major
@group(0) @binding(5) var<storage, read_write> inverse: array<f32>;  // [k, panels, width, width] column-major
@group(0) @binding(6) var<storage, read_write> info: array<u32>;     // [k]

const TILE: u32 = 64u;
const DEPTH: u32 = 16u;
const QUADS: u32 = 16u; // vec4f across a tile

var<workgroup> sh_left: array<vec4f, 256>;  // [DEPTH, QUADS]
var<workgroup> sh_right: array<vec4f, 256>; // [DEPTH, QUADS]
var<workgroup> sh_block: array<f32, 4096>;  // [TILE, TILE] column-major

// A[i, j] of a matrix, i ≥ j.
fn element(matrix: u32, i: u32, j: u32) -> f32 {
    let at = matrix * params.order;
    let value = gram[j * params.order + i] * (scale[at + i] * scale[at + j]);
    return select(value, value + added[at + i], i == j);
}

// What the panel's step starts from: A itself in the first panel, the updated A after.
fn current(matrix: u32, i: u32, j: u32) -> f32 {
    if params.panel == 0u {
        return element(matrix, i, j);
    }
    return lower[(matrix * params.order + j) * params.order + i];
}

fn current_quad(matrix: u32, i: u32, j: u32) -> vec4f {
    let n = params.order;
    var quad = vec4f();
    if i < n { quad.x = current(matrix, i, j); }
    if i + 1u < n { quad.y = current(matrix, i + 1u, j); }
    if i + 2u < n { quad.z = current(matrix, i + 2u, j); }
    if i + 3u < n { quad.w = current(matrix, i + 3u, j); }
    return quad;
}

fn lower_quad(matrix: u32, i: u32, j: u32) -> vec4f {
    let n = params.order;
    let at = (matrix * n + j) * n + i;
    var quad = vec4f();
    if i < n { quad.x = lower[at]; }
    if i + 1u < n { quad.y = lower[at + 1u]; }
    if i + 2u < n { quad.z = lower[at + 2u]; }
    if i + 3u < n { quad.w = lower[at + 3u]; }
    return quad;
}

fn store(matrix: u32, i: u32, j: u32, value: f32) {
    if i < params.order && j <= i {
        lower[(matrix * params.order + j) * params.order + i] = value;
    }
}

fn store_updated(matrix: u32, i: u32, j: u32, sum: f32) {
    if i < params.order && j <= i {
        lower[(matrix * params.order + j) * params.order + i] = element(matrix, i, j) - sum;
    }
}

@compute @workgroup_size(256)
fn factor_update(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let matrix = group.y;
    let across = thread % QUADS;
    let down = thread / QUADS;
    let top = (params.panel + group.x) * TILE;
    let first = params.panel * TILE;

    var sum0 = vec4f();
    var sum1 = vec4f();
    var sum2 = vec4f();
    var sum3 = vec4f();
    for (var base = 0u; base < first; base += DEPTH) {
        let left = lower_quad(matrix, top + 4u * across, base + down);
        let right = lower_quad(matrix, first + 4u * across, base + down);
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

    let i = top + 4u * across;
    let j = first + 4u * down;
    for (var c = 0u; c < 4u; c += 1u) {
        var sum = sum0;
        if c == 1u { sum = sum1; }
        if c == 2u { sum = sum2; }
        if c == 3u { sum = sum3; }
        store_updated(matrix, i, j + c, sum.x);
        store_updated(matrix, i + 1u, j + c, sum.y);
        store_updated(matrix, i + 2u, j + c, sum.z);
        store_updated(matrix, i + 3u, j + c, sum.w);
    }
}

@compute @workgroup_size(256)
fn factor_diagonal(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let matrix = group.x;
    let first = params.panel * TILE;
    let width = min(TILE, params.order - first);
    let i = thread % TILE;
    let part = thread / TILE;

    for (var j = part; j < TILE; j += 4u) {
        var value = 0.0;
        if i < width && j <= i {
            value = current(matrix, first + i, first + j);
        }
        sh_block[j * TILE + i] = value;
    }

    // Right-looking inside the block. The diagonal of sh_block ends up as 1 / L[j, j].
    var bad = 0u;
    for (var j = 0u; j < width; j += 1u) {
        workgroupBarrier();
        let pivot = sh_block[j * TILE + j];
        let least = params.tolerance * element(matrix, first + j, first + j);
        // By its bits: positive and finite, though the compiler may assume that there is no NaN.
        let positive = bitcast<u32>(pivot) - 1u < 0x7f7fffffu;
        let accepted = positive && pivot > least;
        if !accepted && bad == 0u {
            bad = first + j + 1u;
        }
        let root = select(1.0, sqrt(pivot), accepted);
        let reciprocal = 1.0 / root;
        workgroupBarrier();
        if part == 0u && i > j {
            sh_block[j * TILE + i] *= reciprocal;
        }
        if thread == j {
            sh_block[j * TILE + j] = reciprocal;
            store(matrix, first + j, first + j, root);
        }
        workgroupBarrier();
        let l = sh_block[j * TILE + i];
        for (var c = j + 1u + part; c < width; c += 4u) {
            if i >= c {
                sh_block[c * TILE + i] -= l * sh_block[j * TILE + c];
            }
        }
    }
    workgroupBarrier();

    // X = L⁻¹ by forward substitution, a column a thread, kept transposed in the upper triangle: X[r, j] at column r,
    // row j. A thread reads of X what it wrote itself.
    if part == 0u && i < width {
        for (var r = i + 1u; r < width; r += 1u) {
            var sum = sh_block[i * TILE + r] * sh_block[i * TILE + i];
            for (var c = i + 1u; c < r; c += 1u) {
                sum += sh_block[c * TILE + r] * sh_block[c * TILE + i];
            }
            sh_block[r * TILE + i] = -sh_block[r * TILE + r] * sum;
        }
    }
    workgroupBarrier();

    for (var j = part; j < width; j += 4u) {
        if i > j && i < width {
            store(matrix, first + i, first + j, sh_block[j * TILE + i]);
        }
    }
    let at = (matrix * params.panels + params.panel) * params.width * params.width;
    for (var c = part; c < params.width; c += 4u) {
        if i < params.width {
            let inside = i >= c && i < width && c < width;
            inverse[at + c * params.width + i] = select(0.0, sh_block[i * TILE + c], inside);
        }
    }
    if thread == 0u && (params.panel == 0u || info[matrix] == 0u) {
        info[matrix] = bad;
    }
}

// Only with rows below the panel, so the panel is 64 wide.
@compute @workgroup_size(256)
fn factor_panel(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let matrix = group.y;
    let across = thread % QUADS;
    let down = thread / QUADS;
    let top = (params.panel + 1u + group.x) * TILE;
    let first = params.panel * TILE;
    let at = (matrix * params.panels + params.panel) * TILE * TILE;

    var sum0 = vec4f();
    var sum1 = vec4f();
    var sum2 = vec4f();
    var sum3 = vec4f();
    for (var base = 0u; base < TILE; base += DEPTH) {
        let left = current_quad(matrix, top + 4u * across, first + base + down);
        let start = at + (base + down) * TILE + 4u * across;
        let right = vec4f(inverse[start], inverse[start + 1u], inverse[start + 2u], inverse[start + 3u]);
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
    storageBarrier(); // the tile is read to its end before it is written

    let i = top + 4u * across;
    let j = first + 4u * down;
    for (var c = 0u; c < 4u; c += 1u) {
        var sum = sum0;
        if c == 1u { sum = sum1; }
        if c == 2u { sum = sum2; }
        if c == 3u { sum = sum3; }
        store(matrix, i, j + c, sum.x);
        store(matrix, i + 1u, j + c, sum.y);
        store(matrix, i + 2u, j + c, sum.z);
        store(matrix, i + 3u, j + c, sum.w);
    }
}
