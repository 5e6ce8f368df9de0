//! What stands beside the coefficients of a path.

use ridgepath::{DataFacts, Ridge, RidgePath};

use crate::args::PathArgs;
use crate::data::Data;
use crate::message::Result;
use crate::standard_errors::StandardErrors;
use crate::stats::Stats;
use crate::units::System;

pub(crate) struct Figures {
    /// [λ, target]
    r2: Vec<f64>,
    targets: usize,
    pub(crate) stats: Option<Stats>,
    pub(crate) errors: Option<StandardErrors>,
    /// Whose penalties the grid was given in.
    pub(crate) system: Option<System>,
}

impl Figures {
    /// What every path has.
    pub(crate) fn of(path: &RidgePath, data: &Data, system: Option<System>) -> Result<Self> {
        let targets = path.targets();
        let problem = data.problem()?;
        let mut totals = Vec::with_capacity(targets);
        for target in 0..targets {
            let deviation = DataFacts::new(&problem, path.intercept_fitted(), target)?.deviation;
            totals.push(deviation * deviation * path.weight_sum());
        }
        let r2 = |at: usize| r2(path.rss(at / targets, at % targets), totals[at % targets]);
        let r2 = (0..path.len() * targets).map(r2).collect();
        Ok(Self { r2, targets, stats: None, errors: None, system })
    }

    /// The same with what the command line asks for.
    pub(crate) fn asked_for(self, args: &PathArgs, ridge: &Ridge, path: &RidgePath, data: &Data) -> Result<Self> {
        let stats = args.stats.then(|| Stats::of(ridge, path, data)).transpose()?;
        let errors = args.standard_errors.then(|| StandardErrors::of(path, data)).transpose()?;
        Ok(Self { stats, errors, ..self })
    }

    /// 1 − RSS/Σ s(y − ȳ)², or about 0 in place of ȳ without an intercept; NaN where that sum is 0 or beyond the numbers.
    pub(crate) fn r2(&self, index: usize, target: usize) -> f64 {
        self.r2[index * self.targets + target]
    }
}

fn r2(rss: f64, total: f64) -> f64 {
    if total.is_normal() && rss.is_finite() { 1.0 - rss / total } else { f64::NAN }
}
