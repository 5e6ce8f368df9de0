//! How much of a penalty falls on each feature.

/// What λ is multiplied by for each feature: 1 unless given, the same at every λ of a grid or not.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct PenaltyFactors {
    /// None: 1 for all. One row: the same at every λ. Else a row for each λ.
    rows: Vec<Vec<f64>>,
}

impl PenaltyFactors {
    /// One factor for each feature, whatever the λ.
    pub(crate) fn same(factors: Vec<f64>) -> Self {
        Self { rows: vec![factors] }
    }

    /// A row for each λ.
    pub(crate) fn each(rows: Vec<Vec<f64>>) -> Self {
        Self { rows }
    }

    /// The factor of feature j at λ number k.
    #[must_use]
    pub fn of(&self, k: usize, j: usize) -> f64 {
        let row = if self.rows.len() > 1 { self.rows.get(k) } else { self.rows.first() };
        row.and_then(|row| row.get(j)).copied().unwrap_or(1.0)
    }

    /// Whether all λs have one row of factors.
    pub(crate) fn are_shared(&self) -> bool {
        self.rows.len() <= 1
    }

    /// Whether there are n for all or for each of k λs, or none, and all are finite and not negative.
    #[cfg(feature = "serde")]
    pub(crate) fn fit(&self, k: usize, n: usize) -> bool {
        let usable = |row: &Vec<f64>| row.len() == n && row.iter().all(|factor| factor.is_finite() && *factor >= 0.0);
        [0, 1, k].contains(&self.rows.len()) && self.rows.iter().all(usable)
    }

    /// The factors of the λs numbered `which` alone.
    pub(crate) fn only(self, which: &[usize]) -> Self {
        match self.rows.len() {
            0 | 1 => self,
            _ => Self { rows: which.iter().map(|k| self.rows[*k].clone()).collect() },
        }
    }

    /// The factors of every λ times `factors`, one for each feature.
    pub(crate) fn times(mut self, factors: &[f64]) -> Self {
        if self.rows.is_empty() {
            return Self::same(factors.to_vec());
        }
        for row in &mut self.rows {
            row.iter_mut().zip(factors).for_each(|(product, factor)| *product *= factor);
        }
        self
    }
}
