// Stage solve: w = (LLᵀ)⁻¹ w, forward then back substitution, in place. A workgroup per matrix and four targets.
//
// Panel after panel, what is known is taken from the right-hand side of a panel, which is then multiplied by the inverse X
// of its diagonal block. Down and up alike, neighbouring threads read neighbouring rows of L, each element once.

struct Params {
    order: u32,   // n
    stride: u32,  // ⌈n / 4⌉: vec4f from one column to the next
    panels: u32,  // ⌈n / 64⌉
    width: u32,   // min(4·stride, 64)
    quads: u32,   // ⌈t / 4⌉
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> lower: array<vec4f>;          // [k, 64(panels − 1), stride] column-major
@group(0) @binding(2) var<storage, read> inverse: array<vec4f>;        // [k, panels, width / 4, width]: 4 rows a column
@group(0) @binding(3) var<storage, read_write> solution: array<vec4f>; // [k, quads, n], a target a component

const PANEL: u32 = 64u;

var<workgroup> sh_parts: array<array<vec4f, 64>, 16>; // sums of a panel's rows, in up to 16 parts; the total in the first

// sum + r lᵀ: four targets for each of four rows.
fn outer(l: vec4f, r: vec4f, sum: mat4x4f) -> mat4x4f {
    return mat4x4f(
        fma(vec4f(l.x), r, sum[0]),
        fma(vec4f(l.y), r, sum[1]),
        fma(vec4f(l.z), r, sum[2]),
        fma(vec4f(l.w), r, sum[3]),
    );
}

// sum + wᵀl, w row by row.
fn inner(l: vec4f, w: mat4x4f, sum: vec4f) -> vec4f {
    return fma(vec4f(l.w), w[3], fma(vec4f(l.z), w[2], fma(vec4f(l.y), w[1], fma(vec4f(l.x), w[0], sum))));
}

fn put(part: u32, row: u32, sum: mat4x4f) {
    sh_parts[part][row] = sum[0];
    sh_parts[part][row + 1u] = sum[1];
    sh_parts[part][row + 2u] = sum[2];
    sh_parts[part][row + 3u] = sum[3];
}

fn total(parts: u32, row: u32) -> vec4f {
    var sum = sh_parts[0][row];
    for (var part = 1u; part < parts; part += 1u) {
        sum += sh_parts[part][row];
    }
    return sum;
}

// Right-hand side less the sums, as the first part.
fn rest(at: u32, row: u32, thread: u32) {
    if thread < PANEL {
        var value = vec4f();
        if row + thread < params.order {
            value = solution[at + row + thread] - total(16u, thread);
        }
        sh_parts[0][thread] = value;
    }
}

fn finish(at: u32, row: u32, parts: u32, thread: u32) {
    if thread < PANEL && row + thread < params.order {
        solution[at + row + thread] = total(parts, thread);
    }
}

@compute @workgroup_size(256)
fn solve(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let matrix = group.x;
    let of_lower = matrix * (PANEL * (params.panels - 1u)) * params.stride;
    let of_solution = (matrix * params.quads + group.y) * params.order;
    let quads = params.width / 4u;
    let near = thread % 16u;
    let far = thread / 16u;

    for (var panel = 0u; panel < params.panels; panel += 1u) {
        let first = PANEL * panel;
        let quad = min(first / 4u + near, params.stride - 1u);
        var sum = mat4x4f();
        for (var j = far; j < first; j += 16u) {
            sum = outer(lower[of_lower + j * params.stride + quad], solution[of_solution + j], sum);
        }
        put(far, 4u * near, sum);
        workgroupBarrier();
        rest(of_solution, first, thread);
        workgroupBarrier();
        let of_inverse = (matrix * params.panels + panel) * quads * params.width;
        sum = mat4x4f();
        if far < quads {
            for (var j = near; j < 4u * far + 4u; j += 16u) {
                sum = outer(inverse[of_inverse + far * params.width + j], sh_parts[0][j], sum);
            }
        }
        workgroupBarrier();
        put(near, 4u * far, sum);
        workgroupBarrier();
        finish(of_solution, first, 16u, thread);
        storageBarrier();
        workgroupBarrier();
    }

    for (var back = 0u; back < params.panels; back += 1u) {
        let panel = params.panels - 1u - back;
        let first = PANEL * panel;
        var sum = mat4x4f();
        for (var quad = first / 4u + 16u + near; quad < params.stride; quad += 16u) {
            let i = of_solution + 4u * quad;
            // L has nothing beyond the last row, whatever it meets there.
            let end = of_solution + params.order - 1u;
            let w = mat4x4f(
                solution[i], solution[min(i + 1u, end)], solution[min(i + 2u, end)], solution[min(i + 3u, end)]);
            let at = of_lower + (first + 4u * far) * params.stride + quad;
            sum = mat4x4f(
                inner(lower[at], w, sum[0]),
                inner(lower[at + params.stride], w, sum[1]),
                inner(lower[at + 2u * params.stride], w, sum[2]),
                inner(lower[at + 3u * params.stride], w, sum[3]),
            );
        }
        put(near, 4u * far, sum);
        workgroupBarrier();
        rest(of_solution, first, thread);
        workgroupBarrier();
        let of_inverse = (matrix * params.panels + panel) * quads * params.width;
        let j = thread % PANEL;
        var own = vec4f();
        if j < params.width {
            for (var quad = thread / PANEL; quad < quads; quad += 4u) {
                let y = mat4x4f(sh_parts[0][4u * quad], sh_parts[0][4u * quad + 1u],
                    sh_parts[0][4u * quad + 2u], sh_parts[0][4u * quad + 3u]);
                own = inner(inverse[of_inverse + quad * params.width + j], y, own);
            }
        }
        workgroupBarrier();
        sh_parts[thread / PANEL][j] = own;
        workgroupBarrier();
        finish(of_solution, first, 4u, thread);
        storageBarrier();
        workgroupBarrier();
    }
}
