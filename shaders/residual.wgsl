// Stage residual: c − (G + shift·D) w in 64-bit floats from the product of G with w, what it tells of w, and the next right-hand
// side in 32 bits. Needs shaders with f64.
//
// A workgroup of 256 threads has four right-hand sides of a matrix, 64 threads each: targets, then the probe, then padding. The
// matrices are those of a list, all of one problem; what is not listed stays as it is.

struct Params {
    order: u32,   // n
    targets: u32, // t
    quads: u32,   // fours of right-hand sides, ⌈(t + 1) / 4⌉
    first: u32,   // where the list begins
    begin: u32,   // 1: w = 0, whose product was not formed; the probe and padding begin too
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> open: array<u32>;           // numbers of matrices
@group(0) @binding(2) var<storage, read> scale: array<f64>;          // [matrices, n] 2^step, negative where G holds nothing
@group(0) @binding(3) var<storage, read> added: array<f64>;          // [matrices, n] shift·D
@group(0) @binding(4) var<storage, read> cross: array<f64>;          // [t + 1, n] c, and the probe to begin with
@group(0) @binding(5) var<storage, read> weights: array<f64>;        // [matrices, t, n]
@group(0) @binding(6) var<storage, read_write> product: array<f64>;  // [listed, t, n] G times w in the units of G, then r
@group(0) @binding(7) var<storage, read_write> solution: array<f32>; // [matrices, quads, n, 4]
// [matrices, 4·quads, 8]: r·r, 2wᵀc − wᵀGw, w·w, c·c, shift·wᵀDw, wᵀc, d·d of the last correction or the probe, and the power of
// two in which the right-hand side is held.
@group(0) @binding(8) var<storage, read_write> sums: array<f64>;

const SIDE: u32 = 64u; // threads of a right-hand side
const SUMS: u32 = 8u;  // numbers kept of a right-hand side
const UNIT: u32 = 7u;  // of these the power of two

const LARGE = 1267650600228229401496703205376.0lf; // 2^100
const SMALL = 7.888609052210118e-31lf;             // 2^-100

var<workgroup> sh_sums: array<array<vec2<f64>, 256>, 3>;
var<workgroup> sh_most: array<f64, 256>;

// A power of two near the value, and its inverse; 1 for 0.
fn power(value: f64) -> vec2<f64> {
    if !(value > f64()) {
        return vec2<f64>(1.0lf);
    }
    // Into the range of f32, whose exponent is known bit by bit.
    var left = value;
    var power = vec2<f64>(1.0lf);
    for (var step = 0u; step < 10u; step += 1u) {
        if left < SMALL {
            left *= LARGE;
            power *= vec2<f64>(SMALL, LARGE);
        }
        if left > LARGE {
            left *= SMALL;
            power *= vec2<f64>(LARGE, SMALL);
        }
    }
    let bits = bitcast<u32>(f32(left)) & 0x7f800000u;
    return power * vec2<f64>(f64(bitcast<f32>(bits)), f64(bitcast<f32>(0x7f000000u - bits)));
}

@compute @workgroup_size(256)
fn residual(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let n = params.order;
    let matrix = open[params.first + group.y];
    let lane = thread / SIDE;
    let side = 4u * group.x + lane;
    let begin = (matrix * params.quads + group.x) * n * 4u + lane;
    let target_side = side < params.targets;

    var r2_explained = vec2<f64>();
    var w2_c2 = vec2<f64>();
    var penalty_wc = vec2<f64>();
    var most = f64();
    for (var j = thread % SIDE; j < n; j += SIDE) {
        let own = scale[matrix * n + j];
        let unit = abs(own);
        if target_side {
            let at = (group.y * params.targets + side) * n + j;
            let c = cross[side * n + j];
            var w = f64();
            var p = f64();
            if params.begin == 0u {
                w = weights[(matrix * params.targets + side) * n + j];
                p = product[at];
            }
            let adds = added[matrix * n + j];
            let r = (c - p) * unit - adds * w;
            product[at] = r;
            most = max(most, abs(r));
            let u = w * max(own, f64());
            let scaled = c * unit;
            r2_explained += vec2<f64>(r * r, u * (c + (c - p)));
            w2_c2 += vec2<f64>(w * w, scaled * scaled);
            penalty_wc += vec2<f64>(adds * w * w, w * scaled);
        } else if params.begin == 1u {
            var start = f64();
            if side == params.targets {
                start = cross[side * n + j];
            }
            solution[begin + 4u * j] = f32(start);
        }
    }
    sh_sums[0][thread] = r2_explained;
    sh_sums[1][thread] = w2_c2;
    sh_sums[2][thread] = penalty_wc;
    sh_most[thread] = most;
    workgroupBarrier();
    for (var half = SIDE / 2u; half > 0u; half /= 2u) {
        if thread % SIDE < half {
            sh_sums[0][thread] += sh_sums[0][thread + half];
            sh_sums[1][thread] += sh_sums[1][thread + half];
            sh_sums[2][thread] += sh_sums[2][thread + half];
            sh_most[thread] = max(sh_most[thread], sh_most[thread + half]);
        }
        workgroupBarrier();
    }
    let first = lane * SIDE;
    // In units of its size, so that a small residual keeps its digits in f32.
    let unit = power(sh_most[first]);
    if thread == first {
        let kept = (matrix * params.quads * 4u + side) * SUMS;
        sums[kept + UNIT] = unit.x;
        if target_side {
            sums[kept] = sh_sums[0][first].x;
            sums[kept + 1u] = sh_sums[0][first].y;
            sums[kept + 2u] = sh_sums[1][first].x;
            sums[kept + 3u] = sh_sums[1][first].y;
            sums[kept + 4u] = sh_sums[2][first].x;
            sums[kept + 5u] = sh_sums[2][first].y;
        }
    }
    if target_side {
        for (var j = thread % SIDE; j < n; j += SIDE) {
            let r = product[(group.y * params.targets + side) * n + j];
            solution[begin + 4u * j] = f32(r * unit.y);
        }
    }
}
