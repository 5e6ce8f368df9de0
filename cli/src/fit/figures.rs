//! What stands beside the coefficients of a path.

use ridgepath::{DataFacts, Moments, Ridge, RidgePath};

use crate::args::path::PathArgs;
use crate::fit::other_system::OtherSystem;
use crate::fit::standard_errors::StandardErrors;
use crate::fit::statistics::Statistics;
use crate::input::data::Data;
use crate::machine::failure::Result;

/// The figures of every λ and target of a path.
pub(crate) struct Figures {
    /// By λ and target.
    r2: Vec<f64>,
    targets: usize,
    pub(crate) stats: Option<Statistics>,
    pub(crate) errors: Option<StandardErrors>,
    /// The system that the penalties were given in, where it is another.
    pub(crate) system: Option<OtherSystem>,
}

impl Figures {
    /// The figures that every path has.
    pub(crate) fn of(path: &RidgePath, data: &Data, system: Option<OtherSystem>) -> Result<Self> {
        let targets = path.targets();
        let totals: Vec<f64> = match data.moments() {
            Some(moments) => (0..targets).map(|target| total(moments, path.intercept_fitted(), target)).collect(),
            None => {
                let problem = data.problem()?;
                let total = |target| -> Result<f64> {
                    let deviation = DataFacts::new(&problem, path.intercept_fitted(), target)?.deviation;
                    Ok(deviation * deviation * path.weight_sum())
                };
                (0..targets).map(total).collect::<Result<_>>()?
            }
        };
        let r2 = |at: usize| r2(path.rss(at / targets, at % targets), totals[at % targets]);
        let r2 = (0..path.len() * targets).map(r2).collect();
        Ok(Self { r2, targets, stats: None, errors: None, system })
    }

    /// The figures that every path has, and those that options of `path` ask for.
    pub(crate) fn asked_for(self, args: &PathArgs, ridge: &Ridge, path: &RidgePath, data: &Data) -> Result<Self> {
        let stats = args.stats.then(|| Statistics::of(ridge, path, data)).transpose()?;
        let errors = args.standard_errors.then(|| StandardErrors::of(path, data)).transpose()?;
        Ok(Self { stats, errors, ..self })
    }

    /// 1 − RSS/Σ s(y − ȳ)², or about 0 in place of ȳ without an intercept; NaN where that sum is 0 or beyond the numbers.
    pub(crate) fn r2(&self, index: usize, target: usize) -> f64 {
        self.r2[index * self.targets + target]
    }
}

/// Σ s(y − ȳ)², or about 0 in place of ȳ without an intercept.
fn total(moments: &Moments, intercept: bool, target: usize) -> f64 {
    let mean = if intercept { 0.0 } else { moments.mean_y(target) };
    moments.sum_of_squares(target) + moments.weight_sum() * mean * mean
}

fn r2(rss: f64, total: f64) -> f64 {
    if total.is_normal() && rss.is_finite() { 1.0 - rss / total } else { f64::NAN }
}
