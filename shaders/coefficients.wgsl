// Stage coefficients: solutions in the units of the equations to coefficients on the scale of the rows, with their intercepts.
//
// A workgroup has one target of one λ.

struct Params {
    order: u32,     // n
    targets: u32,   // t
    stride: u32,    // ⌈n / 4⌉
    quads: u32,     // ⌈(t + 1) / 4⌉
    matrices: u32,  // of the chunk
    first: u32,     // number of the chunk's first λ
    intercept: u32, // 0: it is 0
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> columns: array<vec4f>;    // [2, q], see centre.wgsl
@group(0) @binding(2) var<storage, read> products: array<f32>;     // [n, q] column-major: G below its diagonal, then C
@group(0) @binding(3) var<storage, read> scale: array<f32>;        // [matrices, stride, 4]
@group(0) @binding(4) var<storage, read> solution: array<f32>;     // [matrices, quads, n, 4]
@group(0) @binding(5) var<storage, read_write> weights: array<f32>; // [k, t, n + 1], the intercept last

var<workgroup> sh_sums: array<f32, 256>;

// 2^power, where that is a normal number.
fn power_of_two(power: i32) -> f32 {
    return bitcast<f32>(u32(clamp(power, -126, 127) + 127) << 23u);
}

fn times_power(value: f32, power: i32) -> f32 {
    let half = power / 2;
    return value * power_of_two(half) * power_of_two(power - half);
}

// Of a positive normal number; 0 for 0.
fn power_of(value: f32) -> i32 {
    let biased = i32(bitcast<u32>(value) >> 23u);
    return select(biased - 127, 0, biased == 0);
}

fn mean(column: u32) -> f32 {
    return columns[column].x + columns[column].y;
}

// The power of two in whose units a column has a norm in [1, 2), as the equations have it.
fn norm_power(j: u32) -> i32 {
    let q = params.order + params.targets;
    var square = products[j * q + j];
    if params.intercept == 0u {
        let own = mean(j) * columns[j].w;
        square += columns[q].y * own * own;
    }
    return power_of(square) >> 1u;
}

@compute @workgroup_size(256)
fn coefficients(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let n = params.order;
    // More than fit one dimension go on in another, whose last row need not be full.
    let own = group.z * groups.y + group.y;
    let matrix = min(own, params.matrices - 1u);
    let target_number = group.x;
    let out = ((params.first + matrix) * params.targets + target_number) * (n + 1u);
    let begin = (matrix * params.quads + target_number / 4u) * n * 4u + target_number % 4u;
    let of_target = power_of(columns[n + target_number].w);
    var sum = 0.0;
    for (var j = thread; j < n; j += 256u) {
        let step = power_of(scale[matrix * 4u * params.stride + j]);
        let power = step + power_of(columns[j].w) - norm_power(j) - of_target;
        let w = times_power(solution[begin + 4u * j], power);
        if own < params.matrices {
            weights[out + j] = w;
        }
        sum = fma(mean(j), w, sum);
    }
    sh_sums[thread] = sum;
    workgroupBarrier();
    for (var half = 128u; half > 0u; half /= 2u) {
        if thread < half {
            sh_sums[thread] += sh_sums[thread + half];
        }
        workgroupBarrier();
    }
    if thread == 0u && own < params.matrices {
        weights[out + n] = select(0.0, mean(n + target_number) - sh_sums[0], params.intercept == 1u);
    }
}
