// Stage equations: moments on the device to what `factor` and `solve` take: G in units in which its diagonal is near 1, and for each λ
// what scales it, what the penalty adds, and the right-hand sides.
//
//   equations_gram   both triangles of G, one thread an element; without an intercept W times the means' products are added
//   equations_sides  of each λ: powers of two that bring the diagonal of scale·G·scale + added near 1, shift·D in those units, and
//                    scale·c of each target; then the vector from which the condition number is estimated
// A number that may leave the range of f32 is held as a value in [1, 2) and the exponent of a power of two.

struct Params {
    order: u32,       // n
    targets: u32,     // t
    stride: u32,      // ⌈n / 4⌉
    quads: u32,       // ⌈(t + 1) / 4⌉
    matrices: u32,    // of the chunk
    first: u32,       // number of the chunk's first λ
    intercept: u32,   // 1: X and Y are centred
    standardize: u32, // 0: D = 1; 1: the variance of a feature, Σ / W; 2: the same times m / (m − 1)
    factored: u32,    // 1: times the factor of a feature
    start: f32,       // the least element of the start vector
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> columns: array<vec4f>;         // [2, q], see centre.wgsl
@group(0) @binding(2) var<storage, read> products: array<f32>;          // [n, q] column-major: G below its diagonal, then C
@group(0) @binding(3) var<storage, read> lambdas: array<f32>;           // [k]
@group(0) @binding(4) var<storage, read> factors: array<f32>;           // [n]
@group(0) @binding(5) var<storage, read_write> gram: array<f32>;        // [n, stride, 4], zeros beyond n
@group(0) @binding(6) var<storage, read_write> scale: array<f32>;       // [matrices, stride, 4], 0 beyond n
@group(0) @binding(7) var<storage, read_write> added: array<f32>;       // [matrices, stride, 4]
@group(0) @binding(8) var<storage, read_write> solution: array<f32>;    // [matrices, quads, n, 4]

// value · 2^power.
struct Scaled {
    value: f32,
    power: i32,
}

fn finite(value: f32) -> bool {
    return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

// Of a number ≥ 0, its value in [1, 2); 0 stays 0.
fn split(value: f32) -> Scaled {
    let bits = bitcast<u32>(value);
    if (bits >> 23u) == 0u {
        return Scaled(0.0, 0);
    }
    return Scaled(bitcast<f32>((bits & 0x7fffffu) | 0x3f800000u), i32(bits >> 23u) - 127);
}

fn product(a: Scaled, b: Scaled) -> Scaled {
    let own = split(a.value * b.value);
    return Scaled(own.value, own.power + a.power + b.power);
}

// 2^power, where that is a normal number.
fn power_of_two(power: i32) -> f32 {
    return bitcast<f32>(u32(clamp(power, -126, 127) + 127) << 23u);
}

fn times_power(value: f32, power: i32) -> f32 {
    let half = power / 2;
    return value * power_of_two(half) * power_of_two(power - half);
}

// Of a column, the exponent of its units.
fn exponent(column: u32) -> i32 {
    return 127 - i32(bitcast<u32>(columns[column].w) >> 23u);
}

// Σ s of column 0, which is that of all.
fn weight_sum() -> f32 {
    return columns[params.order + params.targets].y;
}

// What the product of two columns lacks where they are not centred.
fn of_means(i: u32, j: u32) -> f32 {
    if params.intercept == 1u {
        return 0.0;
    }
    let one = columns[i];
    let other = columns[j];
    return weight_sum() * ((one.x + one.y) * one.w) * ((other.x + other.y) * other.w);
}

// An element of G, or where i ≥ n of C, in the units of the columns.
fn element(i: u32, j: u32) -> f32 {
    return products[j * (params.order + params.targets) + i] + of_means(i, j);
}

// The power of two in whose units a column has a norm in [1, 2).
fn norm_power(j: u32) -> i32 {
    return split(element(j, j)).power >> 1u;
}

@compute @workgroup_size(16, 16)
fn equations_gram(@builtin(global_invocation_id) at: vec3u) {
    let rows = 4u * params.stride;
    if at.x >= rows || at.y >= params.order {
        return;
    }
    let i = min(at.x, params.order - 1u);
    let value = times_power(element(max(i, at.y), min(i, at.y)), -norm_power(i) - norm_power(at.y));
    gram[at.y * rows + at.x] = select(0.0, value, at.x < params.order);
}

// D of a feature, in the square of its units where it is a variance.
fn penalty(j: u32) -> Scaled {
    var weight = Scaled(1.0, 0);
    if params.standardize != 0u {
        let squares = columns[params.order + params.targets + j].x;
        let rows = columns[params.order + params.targets + j].z;
        let sample = select(1.0, rows / (rows - 1.0), params.standardize == 2u);
        let variance = squares / weight_sum() * sample;
        // A feature that does not vary has the weight 1.
        if variance > 0.0 && finite(variance) {
            weight = split(variance);
            weight.power += 2 * exponent(j);
        }
    }
    if params.factored == 1u {
        weight = product(weight, split(factors[j]));
    }
    return weight;
}

@compute @workgroup_size(256)
fn equations_sides(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let matrix = group.y * groups.x + group.x;
    if matrix >= params.matrices {
        return;
    }
    let n = params.order;
    let rows = 4u * params.stride;
    let lambda = lambdas[params.first + matrix];
    let shift = product(split(2.0 * weight_sum()), split(lambda));
    // Written so that NaN is none.
    let valid = lambda >= 0.0 && finite(lambda);
    for (var j = thread; j < rows; j += 256u) {
        var by = 0.0;
        var adds = 0.0;
        if j < n {
            let norm = norm_power(j);
            let own = product(shift, penalty(j));
            let power = own.power - 2 * (exponent(j) + norm);
            let held = split(times_power(element(j, j), -2 * norm));
            // The exponent of the larger of both, halved.
            var most = select(-1000, held.power, held.value > 0.0);
            most = max(most, select(-1000, power, own.value > 0.0));
            let half = select(most >> 1u, 0, most == -1000);
            by = power_of_two(-half);
            adds = select(bitcast<f32>(0x7fc00000u | params.first), times_power(own.value, power - 2 * half), valid);
        }
        scale[matrix * rows + j] = by;
        added[matrix * rows + j] = adds;
        if j < n {
            let norm = norm_power(j);
            for (var side = 0u; side < 4u * params.quads; side += 1u) {
                var right = 0.0;
                if side < params.targets {
                    right = times_power(element(n + side, j), -norm) * by;
                } else if side == params.targets {
                    // Sizes that grow from 1 to 2, and signs that alternate.
                    let grown = params.start * (1.0 + f32(j) / f32(max(n, 2u) - 1u));
                    right = select(grown, -grown, j % 2u == 1u);
                }
                solution[((matrix * params.quads + side / 4u) * n + j) * 4u + side % 4u] = right;
            }
        }
    }
}
