//! Grids of penalties, and the one place where λ becomes what lands on the diagonal.

use crate::error::{Error, Result};
use crate::model::outcome::Fallback;
use crate::model::penalty_factors::PenaltyFactors;

/// The penalties to solve for, in the order in which the path will hold them; repeats are kept.
///
/// The objective is 1/(2W) Σ sᵢ (yᵢ − xᵢᵀw − b)² + λ‖w‖². Its normal equations are (G + shift·I) w = c with
/// **shift = 2Wλ**, and scikit-learn's `alpha` is that shift.
#[derive(Debug, Clone, PartialEq)]
pub enum Penalty {
    /// λ of the objective above.
    Lambdas(Vec<f64>),
    /// The shift itself: `alpha` of scikit-learn, himalaya and cuML.
    Alphas(Vec<f64>),
    /// This many log-spaced values scaled from the data, largest first: shifts from 10² to 10⁻⁶ times the trace (rounded
    /// up to a power of ten) of the Gram matrix, centred and standardised as the model has it, so that the path
    /// runs from all shrunk to hardly any.
    Auto(usize),
    /// A λ of its own for each feature, Σ λⱼwⱼ²: a row of n for each entry of the path, whose λ is the largest of them.
    PerFeature(Vec<Vec<f64>>),
    /// Another grid, each λ of which is multiplied by the feature's factor: λ Σ fⱼwⱼ². A factor of 0 leaves a feature unpenalised.
    Factored {
        /// The grid.
        grid: Box<Self>,
        /// f, one ≥ 0 for each feature.
        factors: Vec<f64>,
    },
}

/// 100 values scaled from the data.
impl Default for Penalty {
    fn default() -> Self {
        Self::Auto(100)
    }
}

impl Penalty {
    /// `count` values from `start` to `stop`, both included, evenly spaced in their logarithms.
    ///
    /// # Errors
    /// [`Error::InvalidGrid`] unless both ends are finite and positive, the count is at least 1 and memory holds the grid.
    pub fn log_grid(start: f64, stop: f64, count: usize) -> Result<Vec<f64>> {
        let usable = |end: f64| end.is_finite() && end > 0.0;
        if !usable(start) || !usable(stop) || count == 0 {
            return Err(Error::InvalidGrid { start, stop, count });
        }
        let mut grid = Vec::new();
        if grid.try_reserve_exact(count).is_err() {
            return Err(Error::InvalidGrid { start, stop, count });
        }
        let (from, to) = (start.ln(), stop.ln());
        #[expect(clippy::cast_precision_loss, reason = "positions in a grid are small")]
        let at = |index: usize| (from + (to - from) * index as f64 / (count - 1) as f64).exp();
        grid.extend((0..count).map(|index| match index {
            0 => start, // the ends exactly as asked for
            _ if index == count - 1 => stop,
            _ => at(index),
        }));
        Ok(grid)
    }

    /// A λ of its own for each group of features: feature j is in group `group[j]`, and has λ `lambdas[k][group[j]]` in entry
    /// k of the path.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a group without a λ.
    pub fn groups(group: &[usize], lambdas: &[Vec<f64>]) -> Result<Self> {
        let per_feature = |row: &Vec<f64>| {
            let of = |group: &usize| {
                let none = Error::OutOfRange { what: "the λ of group", index: *group, count: row.len() };
                row.get(*group).copied().ok_or(none)
            };
            group.iter().map(of).collect::<Result<Vec<f64>>>()
        };
        lambdas.iter().map(per_feature).collect::<Result<_>>().map(Self::PerFeature)
    }

    /// The number of penalties, k.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Lambdas(values) | Self::Alphas(values) => values.len(),
            Self::Auto(count) => *count,
            Self::PerFeature(rows) => rows.len(),
            Self::Factored { grid, .. } => grid.len(),
        }
    }

    /// True for a grid with no penalties.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// [`Error::EmptyGrid`], [`Error::InvalidPenalty`].
    pub fn check(&self) -> Result<()> {
        if self.is_empty() {
            return Err(Error::EmptyGrid);
        }
        let (name, values): (_, &[f64]) = match self {
            Self::Lambdas(values) => ("lambda", values),
            Self::Alphas(values) => ("alpha", values),
            Self::Auto(_) => return Ok(()),
            Self::PerFeature(rows) => return rows.iter().try_for_each(|row| check("lambda of feature", row)),
            Self::Factored { grid, factors } => {
                check("penalty factor", factors)?;
                return grid.check();
            }
        };
        check(name, values)
    }

    /// Checks what can be checked with the number of features.
    ///
    /// # Errors
    /// Those of [`check`](Self::check); [`Error::Shape`].
    pub fn check_features(&self, features: usize) -> Result<()> {
        self.check()?;
        let one_each = |what, found: usize| match found == features {
            true => Ok(()),
            false => Err(Error::Shape { what, found, wanted: features }),
        };
        match self {
            Self::PerFeature(rows) => {
                rows.iter().try_for_each(|row| one_each("λs of one entry against features", row.len()))
            }
            Self::Factored { grid, factors } => {
                one_each("penalty factors against features", factors.len())?;
                grid.check_features(features)
            }
            _ => Ok(()),
        }
    }

    /// This grid with λs that were scaled from the data written down.
    pub(crate) fn at(&self, lambdas: &[f64]) -> Self {
        match self {
            Self::Auto(_) => Self::Lambdas(lambdas.to_vec()),
            Self::Factored { grid, factors } => {
                Self::Factored { grid: Box::new(grid.at(lambdas)), factors: factors.clone() }
            }
            _ => self.clone(),
        }
    }

    /// The λs of some numbers alone; those of a grid that is scaled from the data are not told apart before they are written down.
    pub(crate) fn only(&self, which: &[usize]) -> Self {
        let of = |values: &[f64]| which.iter().map(|at| values[*at]).collect();
        match self {
            Self::Alphas(alphas) => Self::Alphas(of(alphas)),
            Self::Lambdas(lambdas) => Self::Lambdas(of(lambdas)),
            Self::PerFeature(rows) => Self::PerFeature(which.iter().map(|at| rows[*at].clone()).collect()),
            Self::Factored { grid, factors } => {
                Self::Factored { grid: Box::new(grid.only(which)), factors: factors.clone() }
            }
            Self::Auto(_) => self.clone(),
        }
    }

    /// λ number `index` alone of the grid that this became for some rows, where it may have grown.
    pub(crate) fn one(&self, grid: &Grid, index: usize) -> Self {
        match self {
            Self::Alphas(_) => Self::Alphas(vec![grid.shifts[index]]),
            Self::Lambdas(_) | Self::Auto(_) => Self::Lambdas(vec![grid.lambdas[index]]),
            Self::PerFeature(rows) => Self::PerFeature(vec![rows[index].clone()]),
            Self::Factored { grid: own, factors } => {
                Self::Factored { grid: Box::new(own.one(grid, index)), factors: factors.clone() }
            }
        }
    }

    /// Whether its λs are scaled from the data.
    pub(crate) fn is_scaled(&self) -> bool {
        match self {
            Self::Auto(_) => true,
            Self::Factored { grid, .. } => grid.is_scaled(),
            _ => false,
        }
    }

    /// Whether every feature has the same factor at every λ, and which, if not 1.
    pub(crate) fn shared(&self) -> Option<PenaltyFactors> {
        match self {
            Self::PerFeature(_) => None,
            Self::Factored { grid, factors } => grid.shared().map(|shared| shared.times(factors)),
            _ => Some(PenaltyFactors::default()),
        }
    }

    /// Whether there is a D⁻¹, and one for all λs, as the dual form and the spectral strategy need: else why not.
    pub(crate) fn without_inverse(&self) -> Option<Fallback> {
        match self {
            Self::PerFeature(_) => Some(Fallback::FactorsOfLambdas),
            Self::Factored { factors, .. } if factors.contains(&0.0) => Some(Fallback::Unpenalised),
            Self::Factored { grid, .. } => grid.without_inverse(),
            _ => None,
        }
    }

    /// λ and shift = 2Wλ of each penalty; `trace` is that of the Gram matrix on the penalised scale, of the features that are
    /// penalised.
    ///
    /// # Errors
    /// Those of [`check`](Self::check); [`Error::ShiftOverflow`].
    pub fn resolve(&self, weight_sum: f64, trace: f64) -> Result<Grid> {
        self.check()?;
        let from_shifts = |shifts: Vec<f64>| Grid {
            lambdas: shifts.iter().map(|shift| shift / (2.0 * weight_sum)).collect(),
            shifts,
            factors: PenaltyFactors::default(),
        };
        match self {
            Self::Alphas(alphas) => Ok(from_shifts(alphas.clone())),
            Self::Lambdas(lambdas) => {
                // A penalty too small to be written down is the least there is, not none.
                let shift = |lambda: &f64| if *lambda == 0.0 { 0.0 } else { (2.0 * weight_sum * lambda).max(5e-324) };
                let shifts: Vec<f64> = lambdas.iter().map(shift).collect();
                match shifts.iter().position(|shift| !shift.is_finite()) {
                    Some(index) => Err(Error::ShiftOverflow { index, lambda: lambdas[index], weight_sum }),
                    None => Ok(Grid { lambdas: lambdas.clone(), shifts, factors: PenaltyFactors::default() }),
                }
            }
            Self::Auto(count) => {
                // A power of ten: round numbers, and the same grid however the trace was rounded.
                let power = if trace.is_finite() && trace > 0.0 { trace.log10().ceil() } else { 0.0 };
                let power = power.clamp(-290.0, 290.0);
                Ok(from_shifts(Self::log_grid(10f64.powf(power + 2.0), 10f64.powf(power - 6.0), *count)?))
            }
            Self::PerFeature(rows) => {
                let largest = |row: &Vec<f64>| row.iter().copied().fold(0.0, f64::max);
                let of = |row: &Vec<f64>| {
                    let most = largest(row);
                    row.iter().map(|lambda| if most > 0.0 { lambda / most } else { 1.0 }).collect()
                };
                let grid = Self::Lambdas(rows.iter().map(largest).collect()).resolve(weight_sum, trace)?;
                Ok(Grid { factors: PenaltyFactors::each(rows.iter().map(of).collect()), ..grid })
            }
            Self::Factored { grid, factors } => {
                let grid = grid.resolve(weight_sum, trace)?;
                Ok(Grid { factors: grid.factors.clone().times(factors), ..grid })
            }
        }
    }
}

/// A resolved grid: λ as the objective has it and the shift it puts on the diagonal, in the caller's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// λ of each entry, k numbers.
    pub lambdas: Vec<f64>,
    /// 2Wλ of each entry, k numbers.
    pub shifts: Vec<f64>,
    /// What λ is multiplied by for each feature.
    pub factors: PenaltyFactors,
}

fn check(name: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
        Some(index) => Err(Error::InvalidPenalty { name, index, value: values[index] }),
        None => Ok(()),
    }
}
