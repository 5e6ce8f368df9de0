// The most multiply-adds a second that a plain kernel reaches: 32 independent chains in the registers of every thread,
// 128 multiply-adds a round, and no memory touched in between.

override rounds: u32;

@group(0) @binding(0) var<storage, read_write> seed: array<vec4f>; // [2]

@compute @workgroup_size(256)
fn peak_fma(@builtin(local_invocation_index) thread: u32) {
    let factor = seed[0];
    let added = seed[1];
    var a = added * f32(thread);
    var b = a + added;
    var c = b + added;
    var d = c + added;
    var e = d + added;
    var f = e + added;
    var g = f + added;
    var h = g + added;
    for (var round = 0u; round < rounds; round += 1u) {
        a = fma(a, factor, added);
        b = fma(b, factor, added);
        c = fma(c, factor, added);
        d = fma(d, factor, added);
        e = fma(e, factor, added);
        f = fma(f, factor, added);
        g = fma(g, factor, added);
        h = fma(h, factor, added);
        a = fma(a, factor, added);
        b = fma(b, factor, added);
        c = fma(c, factor, added);
        d = fma(d, factor, added);
        e = fma(e, factor, added);
        f = fma(f, factor, added);
        g = fma(g, factor, added);
        h = fma(h, factor, added);
        a = fma(a, factor, added);
        b = fma(b, factor, added);
        c = fma(c, factor, added);
        d = fma(d, factor, added);
        e = fma(e, factor, added);
        f = fma(f, factor, added);
        g = fma(g, factor, added);
        h = fma(h, factor, added);
        a = fma(a, factor, added);
        b = fma(b, factor, added);
        c = fma(c, factor, added);
        d = fma(d, factor, added);
        e = fma(e, factor, added);
        f = fma(f, factor, added);
        g = fma(g, factor, added);
        h = fma(h, factor, added);
    }
    // Never true, as all is positive; but the compiler does not know, and keeps the work.
    let sum = a + b + c + d + e + f + g + h;
    if sum.x + sum.y + sum.z + sum.w < 0.0 {
        seed[0] = sum;
    }
}
