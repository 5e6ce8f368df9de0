//! What moments have lost of the directions of their rows.

/// The sizes by which rounding is measured, on the penalised scale, in the units of the directions.
#[derive(Debug, Clone)]
pub(super) struct Lost {
    /// ε over the trace of G.
    pub(super) rounding: f64,
    /// The trace of G of the penalised features, before others took their part.
    pub(super) trace: f64,
    /// Σ s(y − ȳ)² of each target.
    pub(super) totals: Vec<f64>,
    /// The squares of c along directions of σ = 0, which are there by rounding alone.
    pub(super) loose: Vec<f64>,
}

impl Lost {
    /// ε: what an eigenvalue σ² may be off by.
    pub(super) fn of_eigenvalues(&self) -> f64 {
        self.rounding * self.trace
    }
}
