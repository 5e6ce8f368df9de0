//! What `path --stats` adds for every λ.

use ridgepath::choose::{Criterion, Spectrum};
use ridgepath::{Penalty, Ridge, RidgePath};
use serde::Serialize;

use crate::input::data::Data;
use crate::machine::failure::Result;

/// The statistics' names in JSON and CSV.
pub(crate) const NAMES: [&str; 4] = ["df", "df_without_intercept", "gcv", "loo_mse"];
/// The statistics' names in tables for people.
pub(crate) const SHOWN: [&str; 4] = ["df", "df without b", "gcv", "loo mse"];

/// Degrees of freedom, generalised cross-validation and leave-one-out errors of a path.
pub(crate) struct Statistics {
    df: Vec<f64>,
    df_without_intercept: Vec<f64>,
    targets: usize,
    /// By λ and target; NaN where there is no answer.
    gcv: Vec<f64>,
    /// By λ and target; NaN where there is no answer, and of moments.
    loo_mse: Vec<f64>,
    of_moments: bool,
}

/// The statistics of one λ, for every target.
#[derive(Serialize)]
pub(crate) struct StatisticsOfLambda<'a> {
    df: f64,
    df_without_intercept: f64,
    gcv: &'a [f64],
    loo_mse: &'a [f64],
}

impl Statistics {
    pub(crate) fn of(ridge: &Ridge, path: &RidgePath, data: &Data) -> Result<Self> {
        let ridge = ridge.clone().penalty(Penalty::Alphas(path.shifts().to_vec()));
        let targets = path.targets();
        let (spectrum, loo_mse) = match data.moments() {
            Some(moments) => (ridge.spectrum_of_moments(moments), vec![f64::NAN; path.len() * targets]),
            None => match ridge.spectrum(data.x()?, data.y()?) {
                Ok(rows) => (Ok(Spectrum::clone(&rows)), rows.loo_mse()),
                Err(error) => (Err(error), Vec::new()),
            },
        };
        let spectrum = spectrum.map_err(|error| data.failure(error))?;
        let answered = |values: Vec<f64>| {
            let has = |at: usize| !path.intercept(at / targets, at % targets).is_nan();
            values.into_iter().enumerate().map(|(at, value)| if has(at) { value } else { f64::NAN }).collect()
        };
        Ok(Self {
            df: (0..path.len()).map(|index| spectrum.df(index)).collect(),
            df_without_intercept: (0..path.len()).map(|index| spectrum.df_without_intercept(index)).collect(),
            targets,
            gcv: answered(spectrum.criterion(Criterion::Gcv)),
            loo_mse: answered(loo_mse),
            of_moments: data.moments().is_some(),
        })
    }

    /// What moments do not tell.
    pub(crate) fn notes(&self, path: &RidgePath) -> Vec<String> {
        if !self.of_moments {
            return Vec::new();
        }
        let lost =
            |at: &usize| self.gcv[*at].is_nan() && !path.intercept(at / self.targets, at % self.targets).is_nan();
        let count = (0..self.gcv.len()).filter(lost).count();
        let of_gcv = format!(
            "{count} of {} gcv: residuals are too small beside the target for moments to tell, or df use up the rows",
            self.gcv.len()
        );
        let of_rows = "loo_mse is empty: leave-one-out errors need the rows, which moments do not hold".to_owned();
        [Some(of_rows), (count > 0).then_some(of_gcv)].into_iter().flatten().collect()
    }

    pub(crate) fn at(&self, index: usize) -> StatisticsOfLambda<'_> {
        let targets = index * self.targets..(index + 1) * self.targets;
        StatisticsOfLambda {
            df: self.df[index],
            df_without_intercept: self.df_without_intercept[index],
            gcv: &self.gcv[targets.clone()],
            loo_mse: &self.loo_mse[targets],
        }
    }

    /// The statistics of one λ and target, in the order of [`NAMES`].
    pub(crate) fn cells(&self, index: usize, target: usize) -> [f64; 4] {
        let row = self.at(index);
        [row.df, row.df_without_intercept, row.gcv[target], row.loo_mse[target]]
    }
}
