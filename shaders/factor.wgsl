// Stage factor: Cholesky factors L of A = scale·G·scale + added, one matrix per problem and λ, all of a chunk in each dispatch.
// λ number i of problem number h is matrix h·k + i; a chunk is matrices in a row, of any problems.
//
// Panels of 64 columns; one of all columns, if the workgroup memory holds that many. The diagonal blocks of L are kept as
// their inverses X, which make a product of every substitution; `lower` holds what is below them.
//   factor_diagonal  X of the first panel
//   factor_solve     X of order ≤ 64, then w = XᵀX w; matrices of order ≤ 32 share a workgroup
//   factor_solve_wide  the same of order ≤ SIDE
//   factor_panel     a workgroup per 128 rows below a panel j:
//                      C = A[rows, j] − Σ_{h<j} L[rows, h] L[j, h]ᵀ,  L[rows, j] = C Xᵀ,
//                      and for the two diagonal blocks of these rows A[i, i] −= L[i, j] L[i, j]ᵀ, kept in their place
//                      in `inverse`; the first of them is then complete and inverted for the next panel
// One dispatch a panel, therefore. A pivot that is not greater than `tolerance` times the diagonal element that it comes
// from leaves its order in `info`; its column becomes 0 and the work goes on.

struct Params {
    order: u32,      // n
    stride: u32,     // ⌈n / 4⌉: vec4f from one column to the next
    panel: u32,      // j
    panels: u32,     // ⌈n / 64⌉
    width: u32,      // columns of a diagonal block: 4·stride of a single one, else 64
    side: u32,       // of the square that a diagonal block is in: 16, 32, 64 or SIDE
    matrices: u32,   // of the chunk
    penalties: u32,  // k
    first: u32,      // number of the chunk's first matrix
    quads: u32,      // ⌈t / 4⌉
    tolerance: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gram: array<vec4f>;            // [p, n, stride] column-major
@group(0) @binding(2) var<storage, read> scale: array<vec4f>;           // [matrices, stride], 0 beyond n
@group(0) @binding(3) var<storage, read> added: array<vec4f>;           // [matrices, stride]
@group(0) @binding(4) var<storage, read_write> lower: array<vec4f>;     // [matrices, 64(panels − 1), stride] column-major
@group(0) @binding(5) var<storage, read_write> inverse: array<vec4f>;   // [matrices, panels, width / 4, width]: 4 rows a column
@group(0) @binding(6) var<storage, read_write> info: array<u32>;        // [matrices]
@group(0) @binding(7) var<storage, read_write> solution: array<vec4f>;  // [matrices, quads, n], a target a component

const PANEL: u32 = 64u;
// Threads of a workgroup that make X, a row each; of the widest square in workgroup memory.
override SIDE: u32 = 64u;
const DEPTH: u32 = 16u; // columns multiplied between two barriers

// The operands of a product, or a diagonal block.
// In strips of 8, so that one check of an index serves 8 loads.
var<workgroup> sh_strips: array<array<vec4f, 8>, SIDE * SIDE / 32u>;
// The operands: [DEPTH, 4, 8] of 128 rows, and from RIGHT on [DEPTH, 2, 8] of 64.
const RIGHT: u32 = 64u;

// Where the Gram matrix of a thread's problem begins. Every entry point sets it, with the one division that it takes.
var<private> of_gram: u32;

fn find_gram(matrix: u32) {
    let problem = (params.first + min(matrix, params.matrices - 1u)) / params.penalties;
    of_gram = problem * params.order * params.stride;
}

// Rows first .. first + 3 of a column of a unit matrix.
fn unit_quad(first: u32, at: u32) -> vec4f {
    return select(vec4f(), vec4f(1.0), vec4u(first) + vec4u(0u, 1u, 2u, 3u) == vec4u(at));
}

// A[4·quad .. 4·quad + 3, j], a unit matrix beyond n.
fn element_quad(matrix: u32, quad: u32, j: u32) -> vec4f {
    let unit = unit_quad(4u * quad, j);
    let inside = quad < params.stride && j < params.order;
    // Loaded in any case: a branch would wait for it.
    let q = min(quad, params.stride - 1u);
    let column = min(j, params.order - 1u);
    let at = matrix * params.stride;
    let across = scale[at + column / 4u][column % 4u];
    let value = fma(gram[of_gram + column * params.stride + q], scale[at + q] * across, unit * added[at + q]);
    return select(unit, value, inside);
}

fn inverse_at(matrix: u32, panel: u32) -> u32 {
    return (matrix * params.panels + panel) * (params.width / 4u * params.width);
}

// ---- A diagonal block --------------------------------------------------------------------------------------------

// In shared memory, a square of side² numbers for each matrix, as quads along the rows: its first strip, and that in which
// quad q of the rows from 8·rows on lies. Columns 8h .. 8h + 7 hold rows 0 .. 8h + 7 of Xᵀ, and L below.
fn base_of(thread: u32) -> u32 {
    return thread % SIDE / params.side * (params.side * params.side / 32u);
}

fn strip_of(base: u32, q: u32, rows: u32) -> u32 {
    return base + q * (params.side / 8u) + rows;
}

// A row of 8 columns.
struct Row {
    low: vec4f,
    high: vec4f,
}

// a − x·lᵀ, l row by row.
fn reduce(a: vec4f, x: vec4f, l: mat4x4f) -> vec4f {
    var sum = fma(vec4f(-x.x), vec4f(l[0].x, l[1].x, l[2].x, l[3].x), a);
    sum = fma(vec4f(-x.y), vec4f(l[0].y, l[1].y, l[2].y, l[3].y), sum);
    sum = fma(vec4f(-x.z), vec4f(l[0].z, l[1].z, l[2].z, l[3].z), sum);
    return fma(vec4f(-x.w), vec4f(l[0].w, l[1].w, l[2].w, l[3].w), sum);
}

// x with x·lᵀ = a, l row by row with the reciprocals of its diagonal.
fn substitute(a: vec4f, l: mat4x4f) -> vec4f {
    let x = a.x * l[0].x;
    let y = fma(-x, l[1].x, a.y) * l[1].y;
    let z = fma(-y, l[2].y, fma(-x, l[2].x, a.z)) * l[2].z;
    return vec4f(x, y, z, fma(-z, l[3].z, fma(-y, l[3].y, fma(-x, l[3].x, a.w))) * l[3].w);
}

// 1/√pivot, or 0 of one that is not accepted. By its bits: positive and finite, though the compiler may assume that
// there is no NaN.
fn reciprocal(pivot: f32, least: f32) -> f32 {
    let positive = bitcast<u32>(pivot) - 1u < 0x7f7fffffu;
    return select(0.0, inverseSqrt(pivot), positive && pivot > least);
}

// L of a, row by row with the reciprocals of its diagonal.
fn cholesky(a: mat4x4f, least: vec4f) -> mat4x4f {
    let r0 = reciprocal(a[0].x, least.x);
    let l10 = a[1].x * r0;
    let l20 = a[2].x * r0;
    let l30 = a[3].x * r0;
    let r1 = reciprocal(fma(-l10, l10, a[1].y), least.y);
    let l21 = fma(-l20, l10, a[2].y) * r1;
    let l31 = fma(-l30, l10, a[3].y) * r1;
    let r2 = reciprocal(fma(-l21, l21, fma(-l20, l20, a[2].z)), least.z);
    let l32 = fma(-l31, l21, fma(-l30, l20, a[3].z)) * r2;
    let r3 = reciprocal(fma(-l32, l32, fma(-l31, l31, fma(-l30, l30, a[3].w))), least.w);
    return mat4x4f(
        vec4f(r0, 0.0, 0.0, 0.0), vec4f(l10, r1, 0.0, 0.0), vec4f(l20, l21, r2, 0.0), vec4f(l30, l31, l32, r3));
}

// The number of the first 0 on the diagonal, from 1; 0 if there is none.
fn first_bad(l: mat4x4f) -> u32 {
    let zero = vec4f(l[0].x, l[1].y, l[2].z, l[3].w) == vec4f();
    return select(select(select(select(0u, 4u, zero.w), 3u, zero.z), 2u, zero.y), 1u, zero.x);
}

// a − x·lᵀ, l from a strip.
fn reduce_by(a: Row, x: vec4f, strip: u32) -> Row {
    let low = mat4x4f(sh_strips[strip][0], sh_strips[strip][1], sh_strips[strip][2], sh_strips[strip][3]);
    let high = mat4x4f(sh_strips[strip][4], sh_strips[strip][5], sh_strips[strip][6], sh_strips[strip][7]);
    return Row(reduce(a.low, x, low), reduce(a.high, x, high));
}

// L of 8×8 elements, row by row with the reciprocals of its diagonal, and the number of the first bad pivot, from 1.
struct Eight {
    first: mat4x4f,
    below: mat4x4f,
    second: mat4x4f,
    bad: u32,
}

// Of the elements in two strips, the left and the right half of the rows, and in a third their least pivots.
fn factored(strip: u32) -> Eight {
    let right = strip + 1u;
    let least = strip + 2u;
    var eight: Eight;
    eight.first = cholesky(
        mat4x4f(sh_strips[strip][0], sh_strips[strip][1], sh_strips[strip][2], sh_strips[strip][3]),
        vec4f(sh_strips[least][0].x, sh_strips[least][1].x, sh_strips[least][2].x, sh_strips[least][3].x),
    );
    eight.below = mat4x4f(
        substitute(sh_strips[strip][4], eight.first),
        substitute(sh_strips[strip][5], eight.first),
        substitute(sh_strips[strip][6], eight.first),
        substitute(sh_strips[strip][7], eight.first),
    );
    let rest = mat4x4f(
        reduce(sh_strips[right][4], eight.below[0], eight.below),
        reduce(sh_strips[right][5], eight.below[1], eight.below),
        reduce(sh_strips[right][6], eight.below[2], eight.below),
        reduce(sh_strips[right][7], eight.below[3], eight.below),
    );
    eight.second = cholesky(
        rest,
        vec4f(sh_strips[least][4].x, sh_strips[least][5].x, sh_strips[least][6].x, sh_strips[least][7].x),
    );
    let second = first_bad(eight.second);
    eight.bad = select(first_bad(eight.first), second + 4u, first_bad(eight.first) == 0u && second > 0u);
    return eight;
}

// Columns 8b .. 8b + 7 of a row of a diagonal block before it is inverted: of A itself in the first panel.
fn block_row(matrix: u32, panel: u32, b: u32, r: u32) -> Row {
    if panel == 0u {
        return Row(element_quad(matrix, 2u * b, r), element_quad(matrix, 2u * b + 1u, r));
    }
    let at = inverse_at(matrix, panel) + 2u * b * PANEL + r;
    return Row(inverse[at], inverse[at + PANEL]);
}

// Inverts the diagonal block of a panel. Each of the first SIDE threads has a row: of A until it is one of L, then that of
// the unit matrix, which the same steps make one of Xᵀ. Eight columns at a time with two barriers; their diagonal block is
// factored by every thread for itself. Leaves X in `inverse` and, but for the last eight columns of Xᵀ, which are
// returned, in shared memory.
fn invert(matrix: u32, panel: u32, thread: u32) -> Row {
    let r = thread % params.side;
    let rows = r / 8u;
    let inner = r % 8u;
    let base = base_of(thread);
    let exchange = strip_of(base, params.side / 4u - 2u, 0u); // where the last eight columns would be
    let real = matrix < params.matrices && thread < SIDE;
    let own = select(0u, matrix, real);
    let at = inverse_at(own, panel);
    let blocks = (params.width + 7u) / 8u;
    var bad = 0u;
    var row: Row;
    var next = block_row(own, panel, 0u, r);
    for (var b = 0u; b < blocks; b += 1u) {
        let of_a = rows >= b;
        row.low = select(vec4f(), next.low, of_a);
        row.high = select(vec4f(), next.high, of_a);
        if thread < SIDE {
            let begin = select(rows, 0u, of_a);
            for (var h = 0u; h < b; h += 1u) {
                if h >= begin {
                    let even = strip_of(base, 2u * h, 0u);
                    let odd = strip_of(base, 2u * h + 1u, 0u);
                    row = reduce_by(row, sh_strips[even + rows][inner], even + b);
                    row = reduce_by(row, sh_strips[odd + rows][inner], odd + b);
                }
            }
            if rows == b {
                let diagonal = PANEL * panel + r;
                let element = dot(element_quad(own, diagonal / 4u, diagonal), unit_quad(0u, r % 4u));
                sh_strips[exchange][inner] = row.low;
                sh_strips[exchange + 1u][inner] = row.high;
                sh_strips[exchange + 2u][inner] = vec4f(params.tolerance * element);
                row = Row(unit_quad(0u, inner), unit_quad(4u, inner));
            }
        }
        storageBarrier(); // a block is read to its end before X takes its place
        workgroupBarrier();
        next = block_row(own, panel, min(b + 1u, blocks - 1u), r);
        if thread < SIDE {
            let diagonal = factored(exchange);
            bad = select(bad, PANEL * panel + 8u * b + diagonal.bad, bad == 0u && diagonal.bad > 0u);
            row.low = substitute(row.low, diagonal.first);
            row.high = substitute(reduce(row.high, row.low, diagonal.below), diagonal.second);
            if b + 1u < blocks {
                sh_strips[strip_of(base, 2u * b, rows)][inner] = row.low;
                sh_strips[strip_of(base, 2u * b + 1u, rows)][inner] = row.high;
            }
        }
        if real && r < params.width {
            let known = rows <= b;
            inverse[at + 2u * b * params.width + r] = select(vec4f(), row.low, known);
            if 8u * b + 4u < params.width {
                inverse[at + (2u * b + 1u) * params.width + r] = select(vec4f(), row.high, known);
            }
        }
        workgroupBarrier();
    }
    if real && r == 0u && (panel == 0u || info[own] == 0u) {
        info[own] = bad;
    }
    return row;
}

// The number of a workgroup, or of all that share a matrix: more than fit one dimension go on in the third, whose last row need
// not be full.
fn folded(group: vec3u, groups: vec3u) -> u32 {
    return group.z * groups.x + group.x;
}

@compute @workgroup_size(64)
fn factor_diagonal(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let matrix = folded(group, groups);
    if matrix >= params.matrices {
        return;
    }
    find_gram(matrix);
    invert(matrix, 0u, thread);
}

// The place of 8 rows of y = X w, where L was.
fn strip_of_y(base: u32, rows: u32) -> u32 {
    return select(strip_of(base, 1u, 1u), strip_of(base, 0u, rows + 1u), rows + 1u < params.side / 8u);
}

@compute @workgroup_size(64)
fn factor_solve(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let first = folded(group, groups) * (SIDE / params.side);
    if first >= params.matrices {
        return;
    }
    invert_and_solve(first + thread / params.side, thread);
}

@compute @workgroup_size(SIDE)
fn factor_solve_wide(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let matrix = folded(group, groups);
    if matrix >= params.matrices {
        return;
    }
    invert_and_solve(matrix, thread);
}

fn invert_and_solve(matrix: u32, thread: u32) {
    find_gram(matrix);
    let last = invert(matrix, 0u, thread);
    let r = thread % params.side;
    let rows = r / 8u;
    let base = base_of(thread);
    let q = (params.width + 7u) / 8u * 2u - 2u;
    sh_strips[strip_of(base, q, rows)][r % 8u] = last.low;
    sh_strips[strip_of(base, q + 1u, rows)][r % 8u] = last.high;
    workgroupBarrier();
    let real = matrix < params.matrices && r < params.order;
    for (var four = 0u; four < params.quads; four += 1u) {
        let at = (matrix * params.quads + four) * params.order;
        if real {
            let q = r / 4u;
            var y = vec4f();
            for (var g = 0u; g <= rows; g += 1u) {
                let strip = strip_of(base, q, g);
                for (var c = 0u; c < 8u; c += 1u) {
                    // Threads of other quads take other columns first, so that they do not meet in a bank.
                    let inner = c ^ (q & 7u);
                    let j = min(8u * g + inner, params.order - 1u);
                    y = fma(vec4f(sh_strips[strip][inner][r % 4u]), solution[at + j], y);
                }
            }
            sh_strips[strip_of_y(base, rows)][r % 8u] = y;
        }
        storageBarrier(); // w is read to its end before it is replaced
        workgroupBarrier();
        if real {
            var w = vec4f();
            for (var g = rows; 8u * g < params.order; g += 1u) {
                let low = sh_strips[strip_of(base, 2u * g, rows)][r % 8u];
                let high = sh_strips[strip_of(base, 2u * g + 1u, rows)][r % 8u];
                let y = strip_of_y(base, g);
                w = fma(vec4f(low.x), sh_strips[y][0], w);
                w = fma(vec4f(low.y), sh_strips[y][1], w);
                w = fma(vec4f(low.z), sh_strips[y][2], w);
                w = fma(vec4f(low.w), sh_strips[y][3], w);
                w = fma(vec4f(high.x), sh_strips[y][4], w);
                w = fma(vec4f(high.y), sh_strips[y][5], w);
                w = fma(vec4f(high.z), sh_strips[y][6], w);
                w = fma(vec4f(high.w), sh_strips[y][7], w);
            }
            solution[at + r] = w;
        }
        workgroupBarrier();
    }
}

// ---- Below the diagonal block ------------------------------------------------------------------------------------

// 8×8 elements: rows 4·across.. and half a tile below, columns 4·down.. and half a tile to the right.
struct Sums {
    near: mat4x4f,
    below: mat4x4f,
    right: mat4x4f,
    far: mat4x4f,
}

// sum + l rᵀ, a column of the matrix per element of r.
fn outer(l: vec4f, r: vec4f, sum: mat4x4f) -> mat4x4f {
    return mat4x4f(
        fma(l, vec4f(r.x), sum[0]),
        fma(l, vec4f(r.y), sum[1]),
        fma(l, vec4f(r.z), sum[2]),
        fma(l, vec4f(r.w), sum[3]),
    );
}

// Where a thread finds its operands of a column: strips, and the place in them; the other left one is `half` strips
// further, the other right one in the next.
struct Place {
    left: u32,
    across: u32,
    half: u32,
    right: u32,
    down: u32,
}

// Adds the products of the column of L that begins so many strips after the first; of the upper half of a tile alone where
// there is nothing below.
fn multiply(sums: ptr<function, Sums>, place: Place, left: u32, right: u32, whole: bool) {
    let l0 = sh_strips[place.left + left][place.across];
    let r0 = sh_strips[place.right + right][place.down];
    let r1 = sh_strips[place.right + right + 1u][place.down];
    (*sums).near = outer(l0, r0, (*sums).near);
    (*sums).right = outer(l0, r1, (*sums).right);
    if whole {
        let l1 = sh_strips[place.left + place.half + left][place.across];
        (*sums).below = outer(l1, r0, (*sums).below);
        (*sums).far = outer(l1, r1, (*sums).far);
    }
}

// What a product of columns of `lower`, from row `top` on, is with.
const WITH_PANEL: u32 = 0u;   // the rows of the panel
const WITH_INVERSE: u32 = 1u; // X of the panel, whose columns these are
const WITH_ITSELF: u32 = 2u;  // itself, diagonal blocks alone

fn lower_at(matrix: u32, column: u32) -> u32 {
    return (matrix * (PANEL * (params.panels - 1u)) + column) * params.stride;
}

// What a thread loads of DEPTH columns.
struct Loaded {
    left0: vec4f,
    left1: vec4f,
    left2: vec4f,
    left3: vec4f,
    right0: vec4f,
    right1: vec4f,
}

fn load(partner: u32, matrix: u32, top: u32, column: u32, thread: u32) -> Loaded {
    // Beyond the last row any other will do.
    let quad = min(top / 4u + thread % 32u, params.stride - 1u);
    let at = lower_at(matrix, column + thread / 32u) + quad;
    let step = 4u * params.stride;
    var loaded: Loaded;
    loaded.left0 = lower[at];
    loaded.left1 = lower[at + step];
    loaded.left2 = lower[at + 2u * step];
    loaded.left3 = lower[at + 3u * step];
    if partner == WITH_PANEL {
        let at = lower_at(matrix, column + thread / 16u) + PANEL / 4u * params.panel + thread % 16u;
        loaded.right0 = lower[at];
        loaded.right1 = lower[at + 2u * step];
    } else if partner == WITH_INVERSE {
        let at = inverse_at(matrix, params.panel) + thread / 16u * PANEL + column % PANEL + thread % 16u;
        loaded.right0 = inverse[at];
        loaded.right1 = inverse[at + 8u * PANEL];
    }
    return loaded;
}

fn product(partner: u32, matrix: u32, top: u32, begin: u32, end: u32, thread: u32) -> Sums {
    let whole = top + PANEL < params.order;
    var place = Place(thread / 8u % 2u, thread % 8u, 2u, RIGHT, thread / 16u);
    if partner == WITH_ITSELF {
        let block = thread / PANEL * 2u;
        place = Place(block, thread % 8u, 1u, block, thread % PANEL / 8u);
    }
    var sums: Sums;
    var loaded = load(partner, matrix, top, begin, thread);
    for (var column = begin; column < end; column += DEPTH) {
        workgroupBarrier();
        let left = thread / 8u % 4u + 4u * (thread / 32u);
        sh_strips[left][thread % 8u] = loaded.left0;
        sh_strips[left + 16u][thread % 8u] = loaded.left1;
        sh_strips[left + 32u][thread % 8u] = loaded.left2;
        sh_strips[left + 48u][thread % 8u] = loaded.left3;
        if partner == WITH_PANEL {
            sh_strips[RIGHT + thread / 8u][thread % 8u] = loaded.right0;
            sh_strips[RIGHT + thread / 8u + 16u][thread % 8u] = loaded.right1;
        } else if partner == WITH_INVERSE {
            sh_strips[RIGHT + 2u * (thread % 16u)][thread / 16u] = loaded.right0;
            sh_strips[RIGHT + 2u * (thread % 16u) + 1u][thread / 16u] = loaded.right1;
        }
        workgroupBarrier();
        // In flight while these are multiplied.
        loaded = load(partner, matrix, top, min(column + DEPTH, end - DEPTH), thread);
        if partner == WITH_ITSELF {
            // The first block is the first 64 threads', the second that of the others.
            if thread < PANEL || whole {
                for (var d = 0u; d < DEPTH; d += 2u) {
                    multiply(&sums, place, 4u * d, 4u * d, true);
                    multiply(&sums, place, 4u * d + 4u, 4u * d + 4u, true);
                }
            }
        } else if whole {
            for (var d = 0u; d < DEPTH; d += 2u) {
                multiply(&sums, place, 4u * d, 2u * d, true);
                multiply(&sums, place, 4u * d + 4u, 2u * d + 2u, true);
            }
        } else {
            for (var d = 0u; d < DEPTH; d += 2u) {
                multiply(&sums, place, 4u * d, 2u * d, false);
                multiply(&sums, place, 4u * d + 4u, 2u * d + 2u, false);
            }
        }
    }
    return sums;
}

// Puts four columns of C = A − sum in place, nothing beyond the last row.
fn store_rest(matrix: u32, quad: u32, j: u32, sum: mat4x4f) {
    if quad < params.stride {
        let at = lower_at(matrix, j) + quad;
        lower[at] = element_quad(matrix, quad, j) - sum[0];
        lower[at + params.stride] = element_quad(matrix, quad, j + 1u) - sum[1];
        lower[at + 2u * params.stride] = element_quad(matrix, quad, j + 2u) - sum[2];
        lower[at + 3u * params.stride] = element_quad(matrix, quad, j + 3u) - sum[3];
    }
}

fn store(matrix: u32, quad: u32, j: u32, value: mat4x4f) {
    if quad < params.stride {
        let at = lower_at(matrix, j) + quad;
        lower[at] = value[0];
        lower[at + params.stride] = value[1];
        lower[at + 2u * params.stride] = value[2];
        lower[at + 3u * params.stride] = value[3];
    }
}

// A diagonal block so far: A itself before the first panel.
fn rest(matrix: u32, quad: u32, j: u32, at: u32) -> vec4f {
    if params.panel == 0u {
        return element_quad(matrix, quad, j);
    }
    return inverse[at];
}

// Takes four columns of LLᵀ from a diagonal block. Beyond the last row there is nothing to take.
fn subtract(matrix: u32, quad: u32, j: u32, sum: mat4x4f) {
    let at = inverse_at(matrix, j / PANEL) + quad % 16u * PANEL + j % PANEL;
    let inside = select(0.0, 1.0, max(quad, j / 4u) < params.stride);
    inverse[at] = rest(matrix, quad, j, at) - inside * sum[0];
    inverse[at + 1u] = rest(matrix, quad, j + 1u, at + 1u) - inside * sum[1];
    inverse[at + 2u] = rest(matrix, quad, j + 2u, at + 2u) - inside * sum[2];
    inverse[at + 3u] = rest(matrix, quad, j + 3u, at + 3u) - inside * sum[3];
}

@compute @workgroup_size(128)
fn factor_panel(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let matrix = folded(group, groups);
    if matrix >= params.matrices {
        return;
    }
    find_gram(matrix);
    let first = PANEL * params.panel;
    let top = first + PANEL + 2u * PANEL * group.y;
    let quad = top / 4u + thread % 16u;
    let column = first + thread / 16u * 4u;

    var sums = product(WITH_PANEL, matrix, top, 0u, first, thread);
    store_rest(matrix, quad, column, sums.near);
    store_rest(matrix, quad + 16u, column, sums.below);
    store_rest(matrix, quad, column + 32u, sums.right);
    store_rest(matrix, quad + 16u, column + 32u, sums.far);
    storageBarrier();
    workgroupBarrier();
    sums = product(WITH_INVERSE, matrix, top, first, first + PANEL, thread);
    storageBarrier(); // C is read to its end before L takes its place
    workgroupBarrier();
    store(matrix, quad, column, sums.near);
    store(matrix, quad + 16u, column, sums.below);
    store(matrix, quad, column + 32u, sums.right);
    store(matrix, quad + 16u, column + 32u, sums.far);
    storageBarrier();
    workgroupBarrier();
    sums = product(WITH_ITSELF, matrix, top, first, first + PANEL, thread);
    let block = top + thread / PANEL * PANEL;
    if block < params.order {
        let quad = block / 4u + thread % 8u;
        let column = block + thread % PANEL / 8u * 4u;
        subtract(matrix, quad, column, sums.near);
        subtract(matrix, quad + 8u, column, sums.below);
        subtract(matrix, quad, column + 32u, sums.right);
        subtract(matrix, quad + 8u, column + 32u, sums.far);
    }
    if group.y == 0u {
        storageBarrier();
        workgroupBarrier();
        invert(matrix, params.panel + 1u, thread);
    }
}
