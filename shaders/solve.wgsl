// Stage solve: w = (LLᵀ)⁻¹ w, forward then back substitution, in place. One workgroup per matrix and four targets.
//
// By blocks of 64: with the inverses of the diagonal blocks at hand, both substitutions are matrix-vector products.

struct Params {
    order: u32,   // n
    panels: u32,  // ⌈n / 64⌉
    width: u32,   // min(n, 64)
    quads: u32,   // ⌈t / 4⌉
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> lower: array<f32>;            // [k, n, n] column-major
@group(0) @binding(2) var<storage, read> inverse: array<f32>;          // [k, panels, width, width] column-major
@group(0) @binding(3) var<storage, read_write> solution: array<vec4f>; // [k, quads, n], a target a component

const TILE: u32 = 64u;
const PARTS: u32 = 4u; // threads that share a row

var<workgroup> sh_part: array<vec4f, 256>; // [PARTS, TILE]
var<workgroup> sh_rhs: array<vec4f, 64>;

fn total(i: u32) -> vec4f {
    return (sh_part[i] + sh_part[TILE + i]) + (sh_part[2u * TILE + i] + sh_part[3u * TILE + i]);
}

@compute @workgroup_size(256)
fn solve(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let n = params.order;
    let matrix = group.x;
    let row = thread % TILE;
    let part = thread / TILE;
    let of_lower = matrix * n * n;
    let of_solution = (matrix * params.quads + group.y) * n;

    for (var panel = 0u; panel < params.panels; panel += 1u) {
        let first = panel * TILE;
        let i = first + row;
        var sum = vec4f();
        if i < n {
            for (var j = part; j < first; j += PARTS) {
                sum += lower[of_lower + j * n + i] * solution[of_solution + j];
            }
        }
        sh_part[thread] = sum;
        workgroupBarrier();
        if part == 0u {
            var rhs = vec4f();
            if i < n {
                rhs = solution[of_solution + i] - total(row);
            }
            sh_rhs[row] = rhs;
        }
        workgroupBarrier();
        let of_inverse = (matrix * params.panels + panel) * params.width * params.width;
        sum = vec4f();
        if row < params.width {
            for (var j = part; j <= row; j += PARTS) {
                sum += inverse[of_inverse + j * params.width + row] * sh_rhs[j];
            }
        }
        sh_part[thread] = sum;
        workgroupBarrier();
        if part == 0u && i < n {
            solution[of_solution + i] = total(row);
        }
        storageBarrier();
        workgroupBarrier();
    }

    for (var back = 0u; back < params.panels; back += 1u) {
        let panel = params.panels - 1u - back;
        let first = panel * TILE;
        let j = first + row;
        var sum = vec4f();
        if j < n {
            for (var i = first + TILE + part; i < n; i += PARTS) {
                sum += lower[of_lower + j * n + i] * solution[of_solution + i];
            }
        }
        sh_part[thread] = sum;
        workgroupBarrier();
        if part == 0u {
            var rhs = vec4f();
            if j < n {
                rhs = solution[of_solution + j] - total(row);
            }
            sh_rhs[row] = rhs;
        }
        workgroupBarrier();
        let of_inverse = (matrix * params.panels + panel) * params.width * params.width;
        sum = vec4f();
        if row < params.width {
            for (var i = row + part; i < params.width; i += PARTS) {
                sum += inverse[of_inverse + row * params.width + i] * sh_rhs[i];
            }
        }
        sh_part[thread] = sum;
        workgroupBarrier();
        if part == 0u && j < n {
            solution[of_solution + j] = total(row);
        }
        storageBarrier();
        workgroupBarrier();
    }
}
