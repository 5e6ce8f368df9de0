// Stage report: of each λ whether there is an answer, and how far its equations magnify errors.
//
// The condition number is ‖A‖∞ times the growth of the start vector by A⁻¹, of A = scale·G·scale + added. A workgroup has one λ.

struct Params {
    order: u32,    // n
    targets: u32,  // t
    stride: u32,   // ⌈n / 4⌉
    quads: u32,    // ⌈(t + 1) / 4⌉
    matrices: u32, // of the chunk
    first: u32,    // number of the chunk's first λ
}

struct Report {
    status: u32,    // 0; the order of the leading minor that failed; or NOT_FINITE
    condition: f32, // an estimate, from below; the largest number where there is no answer
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> columns: array<vec4f>;       // [2, q], see centre.wgsl
@group(0) @binding(2) var<storage, read> gram: array<f32>;            // [n, stride, 4]
@group(0) @binding(3) var<storage, read> scale: array<f32>;           // [matrices, stride, 4]
@group(0) @binding(4) var<storage, read> added: array<f32>;           // [matrices, stride, 4]
@group(0) @binding(5) var<storage, read> solution: array<f32>;        // [matrices, quads, n, 4]
@group(0) @binding(6) var<storage, read> info: array<u32>;            // [matrices]
@group(0) @binding(7) var<storage, read> weights: array<f32>;         // [k, t, n + 1]
@group(0) @binding(8) var<storage, read_write> reports: array<Report>; // [k]

const NOT_FINITE: u32 = 0xffffffffu;
const LARGEST: f32 = 3.4028234e38;
// The biased exponents of 2^−e of columns that pairs of f32 centre without overflow, and without loss to subnormal numbers that
// would count.
const LEAST: u32 = 7u;
const MOST: u32 = 207u;

// ‖A‖∞, ‖x‖², and whether a number is missing: 1 or 0.
var<workgroup> sh_parts: array<vec3f, 256>;

fn finite(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

fn in_range(column: vec4f) -> bool {
    let exponent = bitcast<u32>(column.w) >> 23u;
    return finite(column.x) && finite(column.y) && exponent >= LEAST && exponent <= MOST;
}

@compute @workgroup_size(256)
fn report(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let n = params.order;
    let q = n + params.targets;
    let rows = 4u * params.stride;
    // More than fit one dimension go on in another, whose last row need not be full.
    let own = group.y * groups.x + group.x;
    let matrix = min(own, params.matrices - 1u);
    var parts = vec3f();
    for (var i = thread; i < n; i += 256u) {
        var sum = 0.0;
        for (var j = 0u; j < n; j += 1u) {
            sum = fma(abs(gram[j * rows + i]), scale[matrix * rows + j], sum);
        }
        let adds = added[matrix * rows + i];
        let x = solution[((matrix * params.quads + params.targets / 4u) * n + i) * 4u + params.targets % 4u];
        parts = vec3f(max(parts.x, sum * scale[matrix * rows + i] + adds), fma(x, x, parts.y), parts.z);
        if !finite(adds) {
            parts.z = 1.0;
        }
    }
    for (var j = thread; j < q; j += 256u) {
        let weight_sum = columns[q + j].y;
        if !in_range(columns[j]) || !(weight_sum > 0.0) || !finite(weight_sum) {
            parts.z = 1.0;
        }
    }
    let count = params.targets * (n + 1u);
    let begin = (params.first + matrix) * count;
    for (var at = thread; at < count; at += 256u) {
        if !finite(weights[begin + at]) {
            parts.z = 1.0;
        }
    }
    sh_parts[thread] = parts;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if thread < half {
            let one = sh_parts[thread];
            let other = sh_parts[thread + half];
            sh_parts[thread] = vec3f(max(one.x, other.x), one.y + other.y, max(one.z, other.z));
        }
        workgroupBarrier();
    }
    if thread == 0u && own < params.matrices {
        let all = sh_parts[0];
        let status = select(info[matrix], NOT_FINITE, all.z > 0.0);
        let condition = max(all.x * sqrt(all.y), 1.0);
        let known = status == 0u && finite(condition);
        reports[params.first + matrix] = Report(status, select(LARGEST, condition, known));
    }
}
