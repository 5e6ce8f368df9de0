//! Loops in the widest vectors of the machine at hand.

/// What `op` returns, compiled for each kind of processor, the best of which runs: for loops that `op` does itself or calls
/// inlined. Multiplications and additions are not fused, so that the bits are those of any other machine.
#[inline]
pub(crate) fn vectorized<R>(mut op: impl FnMut() -> R) -> R {
    let consumed = Consumed;
    pulp::Arch::new().dispatch(
        #[inline(always)]
        move || {
            let _consumed = consumed;
            op()
        },
    )
}

/// A closure that consumes nothing would be called by way of a function of its own, which is not inlined.
struct Consumed;

/// [`vectorized`] for an `op` that is told whether the processor has `mul_add`, which else is a slow function call. It must consume
/// something that it captures: it is called in two places, and what only borrows is called by way of a function of its own.
#[inline]
pub(crate) fn vectorized_fused<R>(op: impl FnOnce(bool) -> R) -> R {
    match pulp::Arch::new() {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"))]
        arch if !matches!(arch, pulp::Arch::Scalar) => arch.dispatch(
            #[inline(always)]
            || op(true),
        ),
        arch => arch.dispatch(
            #[inline(always)]
            || op(false),
        ),
    }
}

/// Numbers that are treated side by side.
pub(crate) const LANES: usize = 8;
pub(crate) type Lanes = [f64; LANES];

/// The sums of what `terms` makes of the elements of some arrays of one length. The order depends on the length alone.
///
/// Loops by number, not `array::map`: where a crate is compiled in several parts that is a call for each element.
#[inline(always)]
pub(crate) fn sums<const A: usize, const S: usize>(
    arrays: [&[f64]; A],
    terms: impl Fn([f64; A]) -> [f64; S],
) -> [f64; S] {
    let length = arrays[0].len();
    let mut lanes: [Lanes; S] = [[0.0; LANES]; S];
    let mut add = |lane: usize, elements: [f64; A]| {
        let terms = terms(elements);
        for s in 0..S {
            lanes[s][lane] += terms[s];
        }
    };
    let whole = length - length % LANES;
    for start in (0..whole).step_by(LANES) {
        let mut block = [[0.0; LANES]; A];
        for a in 0..A {
            block[a].copy_from_slice(&arrays[a][start..start + LANES]);
        }
        for lane in 0..LANES {
            let mut elements = [0.0; A];
            for a in 0..A {
                elements[a] = block[a][lane];
            }
            add(lane, elements);
        }
    }
    for lane in 0..length - whole {
        let mut elements = [0.0; A];
        for a in 0..A {
            elements[a] = arrays[a][whole + lane];
        }
        add(lane, elements);
    }
    let mut totals = [0.0; S];
    for s in 0..S {
        totals[s] = lanes[s].iter().sum();
    }
    totals
}
