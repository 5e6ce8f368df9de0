//! An estimate of the condition number, by inverse iteration.

use nalgebra::DVector;

/// Where the iteration starts: signs that alternate and sizes that grow, as LAPACK's estimator has it (Higham, 1988), so
/// that no structure of A is likely to be orthogonal to it. Of norm 1.
pub(crate) fn start(n: usize) -> DVector<f64> {
    #[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
    let value = |i: usize| 1.0 + i as f64 / (n.max(2) - 1) as f64;
    DVector::from_fn(n, |i, _| if i % 2 == 0 { value(i) } else { -value(i) }).normalize()
}

/// How often [`inverse_norm`] solves.
pub(crate) const STEPS: usize = 3;

/// ‖A⁻¹‖₂ from below, most often within a factor of 3: the growth of a vector under repeated solves.
pub(crate) fn inverse_norm(n: usize, mut solve: impl FnMut(&mut DVector<f64>)) -> f64 {
    let mut v = start(n);
    let mut growth = 0.0;
    for _ in 0..STEPS {
        solve(&mut v);
        growth = v.norm();
        v /= growth;
    }
    growth
}
