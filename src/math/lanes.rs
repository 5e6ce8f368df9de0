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
#[inline(always)]
pub(crate) fn sums<const A: usize, const S: usize>(
    arrays: [&[f64]; A],
    terms: impl Fn([f64; A]) -> [f64; S],
) -> [f64; S] {
    let parts = arrays.map(<[f64]>::as_chunks::<LANES>);
    let mut lanes: [Lanes; S] = [[0.0; LANES]; S];
    for at in 0..parts[0].0.len() {
        let block = parts.map(|(whole, _)| whole[at]);
        for lane in 0..LANES {
            let terms = terms(block.map(|numbers| numbers[lane]));
            for (lanes, term) in lanes.iter_mut().zip(terms) {
                lanes[lane] += term;
            }
        }
    }
    for lane in 0..parts[0].1.len() {
        let terms = terms(parts.map(|(_, rest)| rest[lane]));
        for (lanes, term) in lanes.iter_mut().zip(terms) {
            lanes[lane] += term;
        }
    }
    lanes.map(|lanes| lanes.iter().sum())
}
