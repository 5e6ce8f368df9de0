//! The columns on the penalised scale: which are penalised, and the units in which they are held.

/// Which features are penalised, and what brings a column to the scale on which the penalty acts.
#[derive(Debug, Clone)]
pub(super) struct PenalisedColumns {
    /// The features that are penalised.
    pub(super) penalised: Vec<usize>,
    /// The features that are not penalised.
    pub(super) fixed: Vec<usize>,
    /// `D_j^-½` of every feature, but for a power of two; 1 where nothing is penalised.
    pub(super) inverse_root: Vec<f64>,
    /// `D_j` = 4^`half[j]` / `inverse_root[j]`².
    pub(super) half: Vec<i32>,
    /// Penalised columns are in units of 2^`unit`, that of the largest.
    pub(super) unit: i32,
    /// Features, then targets, are held in units of 2^`exponents[j]` before they are brought to the penalised scale.
    pub(super) exponents: Vec<i32>,
}

impl PenalisedColumns {
    /// `penalty` is D of each feature, mantissa and exponent (even); `holds` says whether a column is other than 0.
    pub(super) fn new(penalty: &[(f64, i32)], exponents: Vec<i32>, holds: impl Fn(usize) -> bool) -> Self {
        let (penalised, fixed): (Vec<usize>, Vec<usize>) = (0..penalty.len()).partition(|j| penalty[*j].0 > 0.0);
        let inverse_root = penalty.iter().map(|(weight, _)| if *weight > 0.0 { weight.sqrt().recip() } else { 1.0 });
        let half: Vec<i32> = penalty.iter().map(|(weight, even)| if *weight > 0.0 { even / 2 } else { 0 }).collect();
        let units = penalised.iter().filter(|j| holds(**j)).map(|j| exponents[*j] - half[*j]);
        let unit = units.max().unwrap_or(0);
        Self { inverse_root: inverse_root.collect(), penalised, fixed, half, unit, exponents }
    }

    /// The exponent that brings a column from its own unit to that of penalised columns; 0 for others.
    pub(super) fn to_units(&self, j: usize) -> i32 {
        if self.penalised.binary_search(&j).is_ok() { self.exponents[j] - self.half[j] - self.unit } else { 0 }
    }

    /// The units of the targets, as powers of two.
    pub(super) fn target_units(&self) -> Vec<i32> {
        self.exponents[self.half.len()..].to_vec()
    }
}
