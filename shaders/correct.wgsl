// Stage correct: weights in 64-bit floats take a correction found in 32 bits. Needs shaders with f64.
//
// A workgroup of 256 threads has four right-hand sides of a matrix, 64 threads each. Those beyond the targets are the probe,
// which grows by A⁻¹ with each solution and is brought back to norm 1, and padding. The matrices are those of a list, all of one
// problem; what is not listed stays as it is.

struct Params {
    order: u32,   // n
    targets: u32, // t
    quads: u32,   // fours of right-hand sides, ⌈(t + 1) / 4⌉
    stride: u32,  // from one row of the vectors to the next
    first: u32,   // where the list begins
    begin: u32,   // 1: the weights hold nothing yet
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> open: array<u32>;             // numbers of matrices
@group(0) @binding(2) var<storage, read> scale: array<f64>;            // [matrices, n] 2^step, negative where G holds nothing
@group(0) @binding(3) var<storage, read_write> solution: array<f32>;   // [matrices, quads, n, 4]
@group(0) @binding(4) var<storage, read_write> weights: array<f64>;    // [matrices, t, n]
@group(0) @binding(5) var<storage, read_write> vectors: array<f64>;    // [n, stride] weights in the units of G, as listed
@group(0) @binding(6) var<storage, read_write> sums: array<f64>;       // [matrices, 4·quads, 8], see residual.wgsl

const SIDE: u32 = 64u;   // threads of a right-hand side
const SUMS: u32 = 8u;    // numbers kept of a right-hand side
const GROWTH: u32 = 6u;  // of these ‖d‖²
const UNIT: u32 = 7u;    // and the power of two in which the right-hand side was held

var<workgroup> sh_sums: array<f64, 256>;

@compute @workgroup_size(256)
fn correct(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let n = params.order;
    let matrix = open[params.first + group.y];
    let lane = thread / SIDE;
    let side = 4u * group.x + lane;
    let begin = (matrix * params.quads + group.x) * n * 4u + lane;
    let kept = (matrix * params.quads * 4u + side) * SUMS;
    let unit = sums[kept + UNIT];

    var sum = f64();
    for (var j = thread % SIDE; j < n; j += SIDE) {
        let d = f64(solution[begin + 4u * j]) * unit;
        sum += d * d;
        if side < params.targets {
            let at = (matrix * params.targets + side) * n + j;
            var w = d;
            if params.begin == 0u {
                w += weights[at];
            }
            weights[at] = w;
            // What holds nothing but the penalty may come in units too large for the rest, and counts for nothing.
            vectors[j * params.stride + group.y * params.targets + side] = w * max(scale[matrix * n + j], f64());
        }
    }
    sh_sums[thread] = sum;
    workgroupBarrier();
    for (var half = SIDE / 2u; half > 0u; half /= 2u) {
        if thread % SIDE < half {
            sh_sums[thread] += sh_sums[thread + half];
        }
        workgroupBarrier();
    }
    let all = sh_sums[lane * SIDE];
    if thread % SIDE == 0u {
        sums[kept + GROWTH] = all;
    }
    if side == params.targets {
        let inverse = inverseSqrt(f32(all));
        for (var j = thread % SIDE; j < n; j += SIDE) {
            solution[begin + 4u * j] *= inverse;
        }
    }
}
