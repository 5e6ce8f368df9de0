// Stage solve: w = (LLᵀ)⁻¹ w, forward then back substitution, in place.
//
// Panel after panel, what is known is taken from the right-hand side of a panel, which is then multiplied by the inverse X
// of its diagonal block.
//   solve         a workgroup per four targets and matrix; down and up alike, neighbouring threads read neighbouring rows of L,
//                 each element once
//   solve_many    a workgroup per 64 targets and matrix; products of 64 rows with 64 targets, 8×4 elements a thread
//   solve_single  w = XᵀX w, where a single panel has all columns, at most 128; a workgroup per four targets and matrix

struct Params {
    order: u32,   // n
    stride: u32,  // ⌈n / 4⌉: vec4f from one column to the next
    panels: u32,  // ⌈n / 64⌉
    width: u32,   // columns of a diagonal block: 4·stride of a single one, else 64
    quads: u32,   // ⌈t / 4⌉
    matrices: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> lower: array<vec4f>;          // [matrices, 64(panels − 1), stride] column-major
@group(0) @binding(2) var<storage, read> inverse: array<vec4f>;        // [matrices, panels, width / 4, width]: 4 rows a column
@group(0) @binding(3) var<storage, read_write> solution: array<vec4f>; // [matrices, quads, n], a target a component

const PANEL: u32 = 64u;

// The matrix of a workgroup: more than fit one dimension go on in the third, whose last row need not be full.
fn matrix_of(group: vec3u, groups: vec3u) -> u32 {
    return group.z * groups.y + group.y;
}

fn lower_at(matrix: u32) -> u32 {
    return matrix * (PANEL * (params.panels - 1u)) * params.stride;
}

fn inverse_at(matrix: u32, panel: u32) -> u32 {
    return (matrix * params.panels + panel) * (PANEL / 4u * PANEL);
}

// ---- Four targets ------------------------------------------------------------------------------------------------

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
fn solve(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let matrix = matrix_of(group, groups);
    if matrix >= params.matrices {
        return;
    }
    let of_lower = lower_at(matrix);
    let of_solution = (matrix * params.quads + group.x) * params.order;
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
        let of_inverse = inverse_at(matrix, panel);
        sum = mat4x4f();
        for (var j = near; j < 4u * far + 4u; j += 16u) {
            sum = outer(inverse[of_inverse + far * PANEL + j], sh_parts[0][j], sum);
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
        let of_inverse = inverse_at(matrix, panel);
        let j = thread % PANEL;
        var own = vec4f();
        for (var quad = thread / PANEL; quad < 16u; quad += 4u) {
            let y = mat4x4f(sh_parts[0][4u * quad], sh_parts[0][4u * quad + 1u],
                sh_parts[0][4u * quad + 2u], sh_parts[0][4u * quad + 3u]);
            own = inner(inverse[of_inverse + quad * PANEL + j], y, own);
        }
        workgroupBarrier();
        sh_parts[thread / PANEL][j] = own;
        workgroupBarrier();
        finish(of_solution, first, 4u, thread);
        storageBarrier();
        workgroupBarrier();
    }
}

// ---- A single panel ----------------------------------------------------------------------------------------------

var<workgroup> sh_sums: array<array<vec4f, 128>, 4>; // of y, in four parts; the total in the first

@compute @workgroup_size(128)
fn solve_single(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let matrix = matrix_of(group, groups);
    if matrix >= params.matrices {
        return;
    }
    let of_inverse = matrix * (params.width / 4u * params.width);
    let of_solution = (matrix * params.quads + group.x) * params.order;
    let quads = params.width / 4u;
    let quad = thread % 32u;
    let part = thread / 32u;
    var sum = mat4x4f();
    if quad < quads {
        for (var j = part; j < min(4u * quad + 4u, params.order); j += 4u) {
            sum = outer(inverse[of_inverse + quad * params.width + j], solution[of_solution + j], sum);
        }
    }
    sh_sums[part][4u * quad] = sum[0];
    sh_sums[part][4u * quad + 1u] = sum[1];
    sh_sums[part][4u * quad + 2u] = sum[2];
    sh_sums[part][4u * quad + 3u] = sum[3];
    workgroupBarrier();
    let y = sh_sums[0][thread] + sh_sums[1][thread] + sh_sums[2][thread] + sh_sums[3][thread];
    workgroupBarrier();
    sh_sums[0][thread] = y;
    storageBarrier(); // the right-hand side is read to its end before w takes its place
    workgroupBarrier();
    if thread < params.order {
        var w = vec4f();
        for (var quad = thread / 4u; quad < quads; quad += 1u) {
            let y = mat4x4f(sh_sums[0][4u * quad], sh_sums[0][4u * quad + 1u],
                sh_sums[0][4u * quad + 2u], sh_sums[0][4u * quad + 3u]);
            w = inner(inverse[of_inverse + quad * params.width + thread], y, w);
        }
        solution[of_solution + thread] = w;
    }
}

// ---- Many targets ------------------------------------------------------------------------------------------------

const DEPTH: u32 = 32u; // rows of W multiplied between two barriers

var<workgroup> sh_left: array<array<vec4f, 16>, 32>;  // [DEPTH, 16]: a column of 64 rows
var<workgroup> sh_right: array<array<vec4f, 16>, 32>; // [DEPTH, 16]: a row of 64 targets

// What of a matrix a product is with.
const LOWER: u32 = 0u;      // rows of L left of the panel
const INVERSE: u32 = 1u;    // X
const TRANSPOSED: u32 = 2u; // Lᵀ below the panel
const INVERSE_TRANSPOSED: u32 = 3u; // Xᵀ

// Where a product takes place, and whose.
struct Task {
    what: u32,
    matrix: u32,
    panel: u32,
    four: u32,   // the first of the targets' fours
    thread: u32,
}

// Four rows of column j of the left operand: row 4·quad of the panel on.
fn left_quad(task: Task, quad: u32, j: u32) -> vec4f {
    if task.what == LOWER {
        let row = min(PANEL / 4u * task.panel + quad, params.stride - 1u);
        return lower[lower_at(task.matrix) + j * params.stride + row];
    }
    return inverse[inverse_at(task.matrix, task.panel) + quad * PANEL + j % PANEL];
}

// Elements j .. j + 3 of column `row` of L or X: of row `row` of the transpose.
fn turned_quad(task: Task, row: u32, j: u32) -> vec4f {
    if task.what == TRANSPOSED {
        let inside = j / 4u < params.stride;
        let at = lower_at(task.matrix) + (PANEL * task.panel + row) * params.stride;
        return select(vec4f(), lower[at + min(j / 4u, params.stride - 1u)], inside);
    }
    return inverse[inverse_at(task.matrix, task.panel) + j % PANEL / 4u * PANEL + row];
}

// 8 rows, from 4·(thread / 16) on and half a panel below, of four targets: a row a column.
struct Sums {
    near: mat4x4f,
    below: mat4x4f,
}

fn add(sums: ptr<function, Sums>, d: u32, own: u32, four: u32) {
    let r = sh_right[d][four];
    (*sums).near = outer(sh_left[d][own], r, (*sums).near);
    (*sums).below = outer(sh_left[d][own + 8u], r, (*sums).below);
}

// The product with rows begin .. end − 1 of the right-hand sides, and those up to a multiple of DEPTH, where the left operand
// is 0.
fn product(task: Task, begin: u32, end: u32) -> Sums {
    let own = task.thread / 16u;
    let four = task.thread % 16u;
    var sums: Sums;
    for (var j = begin; j < end; j += DEPTH) {
        if task.what == LOWER || task.what == INVERSE {
            for (var part = 0u; part < 4u; part += 1u) {
                let column = 8u * part + own;
                sh_left[column][four] = left_quad(task, four, j + column);
            }
        } else {
            // Four by four, turned in registers.
            let quad = task.thread % 8u;
            let row = 4u * (task.thread / 8u);
            let turned = transpose(mat4x4f(
                turned_quad(task, row, j + 4u * quad), turned_quad(task, row + 1u, j + 4u * quad),
                turned_quad(task, row + 2u, j + 4u * quad), turned_quad(task, row + 3u, j + 4u * quad)));
            sh_left[4u * quad][row / 4u] = turned[0];
            sh_left[4u * quad + 1u][row / 4u] = turned[1];
            sh_left[4u * quad + 2u][row / 4u] = turned[2];
            sh_left[4u * quad + 3u][row / 4u] = turned[3];
        }
        for (var part = 0u; part < 4u; part += 1u) {
            let four = 4u * part + task.thread / DEPTH;
            let at = (task.matrix * params.quads + min(task.four + four, params.quads - 1u)) * params.order;
            let row = min(j + task.thread % DEPTH, params.order - 1u);
            sh_right[task.thread % DEPTH][four] = solution[at + row];
        }
        workgroupBarrier();
        for (var d = 0u; d < DEPTH; d += 2u) {
            add(&sums, d, own, four);
            add(&sums, d + 1u, own, four);
        }
        workgroupBarrier();
    }
    return sums;
}

// Puts four rows in place; or their right-hand sides less these.
fn put_rows(task: Task, row: u32, sum: mat4x4f, less: bool) {
    let four = task.four + task.thread % 16u;
    if four < params.quads {
        let at = (task.matrix * params.quads + four) * params.order;
        put_row(at, row, sum[0], less);
        put_row(at, row + 1u, sum[1], less);
        put_row(at, row + 2u, sum[2], less);
        put_row(at, row + 3u, sum[3], less);
    }
}

fn put_row(at: u32, row: u32, value: vec4f, less: bool) {
    if row < params.order {
        solution[at + row] = select(value, solution[at + row] - value, less);
    }
}

// A panel's right-hand sides less a product, or replaced by it.
fn step(task: Task, begin: u32, end: u32, less: bool) {
    let sums = product(task, begin, end);
    let row = PANEL * task.panel + 4u * (task.thread / 16u);
    storageBarrier(); // read to the end before anything takes its place
    workgroupBarrier();
    put_rows(task, row, sums.near, less);
    put_rows(task, row + PANEL / 2u, sums.below, less);
    storageBarrier();
    workgroupBarrier();
}

@compute @workgroup_size(128)
fn solve_many(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let matrix = matrix_of(group, groups);
    if matrix >= params.matrices {
        return;
    }
    for (var panel = 0u; panel < params.panels; panel += 1u) {
        let first = PANEL * panel;
        step(Task(LOWER, matrix, panel, 16u * group.x, thread), 0u, first, true);
        step(Task(INVERSE, matrix, panel, 16u * group.x, thread), first, first + PANEL, false);
    }
    for (var back = 0u; back < params.panels; back += 1u) {
        let panel = params.panels - 1u - back;
        let first = PANEL * panel;
        step(Task(TRANSPOSED, matrix, panel, 16u * group.x, thread), first + PANEL, params.order, true);
        step(Task(INVERSE_TRANSPOSED, matrix, panel, 16u * group.x, thread), first, first + PANEL, false);
    }
}
