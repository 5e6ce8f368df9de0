//! Loops in the widest vectors of the machine at hand.

/// What `op` returns, compiled for each kind of processor, the best of which runs: for loops that `op` does itself or calls
/// inlined. Multiplications and additions are not fused, so that the bits are those of any other machine.
#[cfg(feature = "faer")]
#[inline]
pub(crate) fn vectorized<R>(op: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(op)
}

#[cfg(not(feature = "faer"))]
#[inline]
pub(crate) fn vectorized<R>(op: impl FnOnce() -> R) -> R {
    op()
}
