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
    solve(&mut v);
    growth(v, solve)
}

/// ‖A⁻¹‖₂ as [`inverse_norm`] has it, when the first solve, of [`start`], was done elsewhere.
pub(crate) fn growth(mut v: DVector<f64>, mut solve: impl FnMut(&mut DVector<f64>)) -> f64 {
    for _ in 1..STEPS {
        v /= v.norm();
        solve(&mut v);
    }
    v.norm()
}

/// The condition number up to which factors in arithmetic of this rounding unit are those of A, not of its rounding: beyond it
/// a small residual hides what is wrong along the vectors that A all but annihilates, which corrections never see, and
/// the estimate of κ is that of the rounded matrix. For random matrices that are singular but for 1e-9 it was found to
/// be 1.3 / (√n·eps) or more.
#[expect(clippy::cast_precision_loss, reason = "orders are far below 2⁵³")]
pub(crate) fn reach(n: usize, epsilon: f64) -> f64 {
    1.0 / (4.0 * (n as f64).sqrt() * epsilon)
}
