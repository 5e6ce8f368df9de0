// Stage residues: the exact ZᵀZ (lower triangle) of integers Z = [X | Y], as its residues by some moduli up to 256.
//
// An integer's residue is a byte, and one instruction multiplies and adds four of them: residues of four rows lie in one
// u32, so that it runs down the rows. Every sum is exact, so its bits depend neither on the order nor on how rows are cut.
//   residues_split         integers of 64 bits to their residues; a thread has four rows of four columns
//   residues_tile          tiles of 64×64, 64 threads, four runs of rows in a workgroup; n ≤ 64
//   residues_tile_wide     tiles of 128×128, 256 threads
//   residues_reduce        sums of the runs, and of the blocks of rows before; a workgroup per 1024 elements of a tile
//   residues_cross, residues_cross_reduce  YᵀX alone, of few targets that would take a row of tiles to themselves
// All moduli go in one dispatch. The columns of Y begin at a whole four of columns.

struct Params {
    moduli: array<vec4u, 16>, // the modulus; ⌊2²⁰ / modulus⌋; the residues of 256⁰…256³, and of 256⁴…256⁷, a byte each
    row_fours: u32,           // of this block
    stride: u32,              // fours of columns of Z
    features: u32,            // n
    fours_per_split: u32,     // fours of rows that one workgroup sums: of 65,536 rows at most
    tile: u32,                // rows and columns of a tile: 64 or 128
    tiled: u32,               // fours of columns of Z in tiles: all, or those of X when residues_cross has Y
    count: u32,               // moduli
    first: u32,               // 1: the first block, sums hold nothing yet
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> integers: array<vec4u>;        // [rows, 2 · stride]: low and high word of two columns
@group(0) @binding(2) var<storage, read_write> residues: array<vec4u>;  // [moduli, row_fours, stride]: four columns, a byte a row
@group(0) @binding(3) var<storage, read_write> partials: array<u32>;    // [splits, moduli, tiles, tile, tile / 4], then of residues_cross [splits, moduli, ⌈t / 4⌉, n]
@group(0) @binding(4) var<storage, read_write> sums: array<u32>;        // [moduli, n, stride]: of a column four rows

// As in gram.wgsl: two buffers of 16 strips of 16 vec4u each, fours of rows in place of rows.
const STRIPS: u32 = 16u;
const STRIP: u32 = 16u;
var<workgroup> sh_left: array<array<vec4u, 16>, 32>;
var<workgroup> sh_right: array<array<vec4u, 16>, 32>;

// ---- Residues ----------------------------------------------------------------------------------------------------

// The residues within a byte of numbers below 2²⁰·0.53: the quotient's estimate is the quotient or one less.
fn balanced(values: vec4u, modulus: vec4u) -> vec4i {
    let quotients = (values * modulus.y) >> vec4u(20u);
    let rests = values - quotients * modulus.x;
    let least = select(rests, rests - modulus.x, rests >= vec4u(modulus.x));
    return bitcast<vec4i>(select(least, least - modulus.x, least >= vec4u(128u)));
}

// A number's bytes times the residues of the powers of 256; the top byte, which has the sign, is 128 too large.
fn unsigned_residues(low: vec4u, modulus: vec4u) -> vec4u {
    return vec4u(
        dot4U8Packed(low.x, modulus.z), dot4U8Packed(low.y, modulus.z),
        dot4U8Packed(low.z, modulus.z), dot4U8Packed(low.w, modulus.z));
}

fn less_128(weight: u32, modulus: vec4u) -> u32 {
    return 128u * (modulus.x - weight);
}

// The residues of sums, packed.
fn packed_sums(sums: vec4i, modulus: vec4u) -> u32 {
    let flipped = bitcast<vec4u>(sums) ^ vec4u(0x80000000u);
    let values = unsigned_residues(flipped, modulus) + less_128(modulus.z >> 24u, modulus);
    return pack4xI8(balanced(values, modulus));
}

// The residues of four integers, packed.
fn packed_integers(low: vec4u, high: vec4u, modulus: vec4u) -> u32 {
    let flipped = high ^ vec4u(0x80000000u);
    let values = unsigned_residues(low, modulus) + unsigned_residues(flipped, modulus.xywz);
    return pack4xI8(balanced(values + less_128(modulus.w >> 24u, modulus), modulus));
}

@compute @workgroup_size(256)
fn residues_split(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let at = group.x * 256u + thread;
    let four = at / params.stride;
    let column = at % params.stride;
    if four >= params.row_fours {
        return;
    }
    let from_row = 8u * four * params.stride + 2u * column;
    let a0 = integers[from_row];
    let b0 = integers[from_row + 1u];
    let a1 = integers[from_row + 2u * params.stride];
    let b1 = integers[from_row + 2u * params.stride + 1u];
    let a2 = integers[from_row + 4u * params.stride];
    let b2 = integers[from_row + 4u * params.stride + 1u];
    let a3 = integers[from_row + 6u * params.stride];
    let b3 = integers[from_row + 6u * params.stride + 1u];
    for (var which = 0u; which < params.count; which += 1u) {
        let modulus = params.moduli[which];
        residues[which * params.row_fours * params.stride + at] = vec4u(
            packed_integers(vec4u(a0.x, a1.x, a2.x, a3.x), vec4u(a0.y, a1.y, a2.y, a3.y), modulus),
            packed_integers(vec4u(a0.z, a1.z, a2.z, a3.z), vec4u(a0.w, a1.w, a2.w, a3.w), modulus),
            packed_integers(vec4u(b0.x, b1.x, b2.x, b3.x), vec4u(b0.y, b1.y, b2.y, b3.y), modulus),
            packed_integers(vec4u(b0.z, b1.z, b2.z, b3.z), vec4u(b0.w, b1.w, b2.w, b3.w), modulus));
    }
}

// ---- Tiles -------------------------------------------------------------------------------------------------------

// Runs of rows in this block.
fn splits() -> u32 {
    return (params.row_fours + params.fours_per_split - 1u) / params.fours_per_split;
}

// Where the partial sums of a tile begin: tiles on and below the diagonal, column of tiles after column of tiles.
fn slot(run: u32, tile_row: u32, tile_column: u32, tile_columns: u32) -> u32 {
    let fours = params.tile / 4u;
    let tile_rows = (params.tiled + fours - 1u) / fours;
    let before = tile_column * tile_rows - tile_column * (tile_column - min(tile_column, 1u)) / 2u;
    let tiles = tile_columns * tile_rows - tile_columns * (tile_columns - 1u) / 2u;
    return (run * tiles + before + tile_row - tile_column) * (params.tile * fours);
}

// Four rows of four columns.
struct Square {
    a: vec4i,
    b: vec4i,
    c: vec4i,
    d: vec4i,
}

// The products of four columns with one, over four rows.
fn dots(l: vec4u, r: u32) -> vec4i {
    return vec4i(dot4I8Packed(l.x, r), dot4I8Packed(l.y, r), dot4I8Packed(l.z, r), dot4I8Packed(l.w, r));
}

// The products of four columns with four, a column of the square per one of r, added to a sum.
fn outer(l: vec4u, r: vec4u, sum: Square) -> Square {
    return Square(sum.a + dots(l, r.x), sum.b + dots(l, r.y), sum.c + dots(l, r.z), sum.d + dots(l, r.w));
}

// 8×8 elements of a tile: rows 4·across.. and, half a tile down, 4 more; columns 4·down.. and, half a tile on, 4 more.
struct Sums {
    near: Square,
    below: Square,
    right: Square,
    far: Square,
}

// Where a thread finds its operands: one vec4u of each in a strip, the other `strips` and `shift` further.
struct Place {
    across: u32,
    down: u32,
    strips: u32,
    shift: u32,
}

// Adds the products of the four rows of Z that begin at a strip.
fn multiply(sums: ptr<function, Sums>, strip: u32, place: Place) {
    let l0 = sh_left[strip][place.across];
    let l1 = sh_left[strip + place.strips][place.across + place.shift];
    let r0 = sh_right[strip][place.down];
    let r1 = sh_right[strip + place.strips][place.down + place.shift];
    (*sums).near = outer(l0, r0, (*sums).near);
    (*sums).below = outer(l1, r0, (*sums).below);
    (*sums).right = outer(l0, r1, (*sums).right);
    (*sums).far = outer(l1, r1, (*sums).far);
}

fn put(at: u32, fours: u32, sum: Square, modulus: vec4u) {
    partials[at] = packed_sums(sum.a, modulus);
    partials[at + fours] = packed_sums(sum.b, modulus);
    partials[at + 2u * fours] = packed_sums(sum.c, modulus);
    partials[at + 3u * fours] = packed_sums(sum.d, modulus);
}

// Tiles of 8·side rows and columns by side² threads each, side / 2 fours of rows of Z at a time: one vec4u of each operand
// a thread. `runs` runs of rows side by side in the workgroup.
fn sum_tile(side: u32, runs: u32, group: vec3u, tile_columns: u32, thread: u32) {
    let fours = 2u * side;
    let depth = side / 2u;
    let strips = fours / STRIP;
    let own = thread % (side * side);
    let across = own % side;
    let down = own / side;
    let place = Place(across, down, strips - 1u, side % STRIP);
    let which = group.z % params.count;
    let first_split = group.z / params.count * runs;
    let split = first_split + thread / (side * side);
    let first_strip = (thread - own) / STRIP;
    let length = min(params.fours_per_split, params.row_fours - first_split * params.fours_per_split);
    let end = min((split + 1u) * params.fours_per_split, params.row_fours);
    let from_modulus = which * params.row_fours;

    // Loads beyond the edges are moved inside: rows there become 0, columns there are not stored.
    let left_four = min(group.x * fours + own % fours, params.stride - 1u);
    let right_four = min(group.y * fours + own % fours, params.stride - 1u);
    var row = split * params.fours_per_split + own / fours;
    var from_row = (from_modulus + min(row, params.row_fours - 1u)) * params.stride;
    var left = residues[from_row + left_four];
    var right = residues[from_row + right_four];
    var all: Sums;
    var buffer = 0u;
    for (var base = 0u; base < length; base += depth) {
        sh_left[buffer + thread / STRIP][thread % STRIP] = select(vec4u(), left, row < end);
        sh_right[buffer + thread / STRIP][thread % STRIP] = right;
        workgroupBarrier();
        // In flight while this step is multiplied.
        row += depth;
        from_row = (from_modulus + min(row, params.row_fours - 1u)) * params.stride;
        left = residues[from_row + left_four];
        right = residues[from_row + right_four];
        let strip = buffer + first_strip;
        for (var d = 0u; d < depth; d += 2u) {
            multiply(&all, strip + d * strips, place);
            multiply(&all, strip + (d + 1u) * strips, place);
        }
        buffer = STRIPS - buffer;
    }

    if split < splits() {
        let modulus = params.moduli[which];
        let run = split * params.count + which;
        let at = slot(run, group.x, group.y, tile_columns) + 4u * down * fours + across;
        put(at, fours, all.near, modulus);
        put(at + side, fours, all.below, modulus);
        put(at + 4u * side * fours, fours, all.right, modulus);
        put(at + 4u * side * fours + side, fours, all.far, modulus);
    }
}

@compute @workgroup_size(256)
fn residues_tile(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    if group.x >= group.y {
        sum_tile(8u, 4u, group, groups.y, thread);
    }
}

@compute @workgroup_size(256)
fn residues_tile_wide(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    if group.x >= group.y {
        sum_tile(16u, 1u, group, groups.y, thread);
    }
}

// The sum of four elements over the runs of rows, `step` apart, and what there was before.
fn add_up(from_first: u32, step: u32, at: u32, modulus: vec4u) {
    var sum = vec4i();
    if params.first == 0u {
        sum = unpack4xI8(sums[at]);
    }
    let runs = splits();
    for (var split = 0u; split < runs; split += 1u) {
        sum += unpack4xI8(partials[from_first + split * step]);
    }
    sums[at] = packed_sums(sum, modulus);
}

@compute @workgroup_size(256)
fn residues_reduce(
    @builtin(workgroup_id) group: vec3u,
    @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) thread: u32,
) {
    let fours = params.tile / 4u;
    let which = group.z % params.count;
    let element = group.z / params.count * 256u + thread;
    let row_four = group.x * fours + element % fours;
    let column = group.y * params.tile + element / fours;
    if group.x >= group.y && column < params.features && row_four < params.tiled {
        let step = slot(params.count, 0u, 0u, groups.y);
        let from_first = slot(which, group.x, group.y, groups.y) + element;
        let at = (which * params.features + column) * params.stride + row_four;
        add_up(from_first, step, at, params.moduli[which]);
    }
}

// ---- Few targets -------------------------------------------------------------------------------------------------

// Where the sums of a run of rows and four targets begin.
fn cross_slot(run: u32, four: u32) -> u32 {
    let tile_columns = (params.features + params.tile - 1u) / params.tile;
    let target_fours = params.stride - params.tiled;
    return slot(splits() * params.count, 0u, 0u, tile_columns) + (run * target_fours + four) * params.features;
}

// A workgroup takes 128 features, four targets and a run of rows, of which each thread sums every eighth four for four features.
@compute @workgroup_size(256)
fn residues_cross(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let which = group.z % params.count;
    let split = group.z / params.count;
    let four = thread % 32u;
    let part = thread / 32u;
    let from_four = min(group.x * 32u + four, params.stride - 1u);
    let begin = split * params.fours_per_split;
    let end = min(begin + params.fours_per_split, params.row_fours);
    var sum: Square;
    for (var row = begin + part; row < end; row += 8u) {
        let from_row = (which * params.row_fours + row) * params.stride;
        sum = outer(residues[from_row + params.tiled + group.y], residues[from_row + from_four], sum);
    }
    // Four parts on each side, 128 features of eight strips each.
    let strip = part % 4u * 8u + four / 4u;
    let at = four % 4u * 4u;
    if part < 4u {
        sh_left[strip][at] = bitcast<vec4u>(sum.a);
        sh_left[strip][at + 1u] = bitcast<vec4u>(sum.b);
        sh_left[strip][at + 2u] = bitcast<vec4u>(sum.c);
        sh_left[strip][at + 3u] = bitcast<vec4u>(sum.d);
    } else {
        sh_right[strip][at] = bitcast<vec4u>(sum.a);
        sh_right[strip][at + 1u] = bitcast<vec4u>(sum.b);
        sh_right[strip][at + 2u] = bitcast<vec4u>(sum.c);
        sh_right[strip][at + 3u] = bitcast<vec4u>(sum.d);
    }
    workgroupBarrier();
    let feature = group.x * 128u + thread;
    if thread < 128u && feature < params.features {
        var total = vec4u();
        for (var own = 0u; own < 4u; own += 1u) {
            total += sh_left[own * 8u + thread / 16u][thread % 16u] + sh_right[own * 8u + thread / 16u][thread % 16u];
        }
        let at = cross_slot(split * params.count + which, group.y) + feature;
        partials[at] = packed_sums(bitcast<vec4i>(total), params.moduli[which]);
    }
}

@compute @workgroup_size(256)
fn residues_cross_reduce(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let which = group.z;
    let feature = group.x * 256u + thread;
    if feature < params.features {
        let step = cross_slot(params.count, 0u) - cross_slot(0u, 0u);
        let from_first = cross_slot(which, group.y) + feature;
        let at = (which * params.features + feature) * params.stride + params.tiled + group.y;
        add_up(from_first, step, at, params.moduli[which]);
    }
}
