//! The answer of many problems: their paths in one piece.

use crate::answer::path::RidgePath;
use crate::error::{Error, Result};
use crate::math::memory;
use crate::model::Standardize;
use crate::model::outcome::{BackendUsed, Outcome};
use crate::model::penalty_factors::PenaltyFactors;
use crate::model::rung::Retry;

/// The ridge paths of p problems of the same n features, t targets and k λs: those of groups, windows or replicates.
///
/// Each is the path that the problem has alone, bit for bit. A problem without a path, such as one that holds a number that is not
/// finite, has the reason in its place ([`refused`](Self::refused)), and NaN in the arrays.
#[derive(Debug, Clone, PartialEq)]
pub struct Paths {
    features: usize,
    targets: usize,
    penalties: usize,
    intercept: bool,
    standardize: Standardize,
    /// [p, k]
    lambdas: Vec<f64>,
    shifts: Vec<f64>,
    conditions: Vec<f64>,
    /// [p, k, t, n]
    coefficients: Vec<f64>,
    /// [p, k, t]
    intercepts: Vec<f64>,
    outcomes: Vec<Outcome>,
    residuals: Vec<f64>,
    rss: Vec<f64>,
    squared_norms: Vec<f64>,
    error_bounds: Vec<f64>,
    intercept_bounds: Vec<f64>,
    /// [p, t]
    total_squares: Vec<f64>,
    /// What else there is of each problem, or why it has no path.
    problems: Vec<Result<Alone>>,
    /// Who answered, each once.
    backends: Vec<BackendUsed>,
}

/// What a problem has for itself.
#[derive(Debug, Clone, PartialEq)]
struct Alone {
    rows: usize,
    weight_sum: f64,
    /// Number among the backends.
    backend: usize,
    factors: PenaltyFactors,
    tikhonov: bool,
    retries: Vec<Retry>,
}

/// n, t and k of each problem.
pub(crate) type Sizes = [usize; 3];

impl Paths {
    /// Room for p problems.
    ///
    /// # Errors
    /// [`Error::Memory`] where p·k·t·n numbers are more than memory has.
    pub(crate) fn room(problems: usize, [n, t, k]: Sizes, intercept: bool, standardize: Standardize) -> Result<Self> {
        let product = |sizes: &[usize]| sizes.iter().fold(1u64, |product, size| product.saturating_mul(*size as u64));
        // Coefficients, and what is said of each λ and target.
        let needed = product(&[problems, k, t, n.saturating_add(7), size_of::<f64>()]);
        let beyond = |available: u64| Error::Memory {
            detail: format!("{problems} problems × {k} λs × {t} targets × {n} features"),
            needed,
            available,
        };
        // Asked for before work, since systems promise more memory than they have.
        let available = memory::available().unwrap_or(u64::MAX).min(isize::MAX as u64);
        if needed > available {
            return Err(beyond(available));
        }
        let room = |count: u64| filled(count, f64::NAN).ok_or_else(|| beyond(available));
        let coefficients = room(product(&[problems, k, t, n]))?;
        let (of_lambdas, of_targets) = (product(&[problems, k]), product(&[problems, k, t]));
        Ok(Self {
            features: n,
            targets: t,
            penalties: k,
            intercept,
            standardize,
            lambdas: room(of_lambdas)?,
            shifts: room(of_lambdas)?,
            conditions: room(of_lambdas)?,
            coefficients,
            intercepts: room(of_targets)?,
            outcomes: filled(of_targets, Outcome::Singular { order: 0 }).ok_or_else(|| beyond(available))?,
            residuals: room(of_targets)?,
            rss: room(of_targets)?,
            squared_norms: room(of_targets)?,
            error_bounds: room(of_targets)?,
            intercept_bounds: room(of_targets)?,
            total_squares: room(product(&[problems, t]))?,
            problems: Vec::with_capacity(problems),
            backends: Vec::new(),
        })
    }

    /// Takes the path of the next problem, or the reason why there is none.
    pub(crate) fn push(&mut self, path: Result<RidgePath>) {
        self.put(self.problems.len(), path);
    }

    /// Takes the path of a problem by its number, or the reason why there is none.
    pub(crate) fn put(&mut self, number: usize, path: Result<RidgePath>) {
        let (k, kt) = (self.penalties, self.penalties * self.targets);
        let problem = match path {
            Err(error) => Err(error),
            Ok(path) => {
                let put = |to: &mut Vec<f64>, from: &[f64], size: usize| {
                    to[number * size..][..from.len()].copy_from_slice(from);
                };
                for (to, from) in [
                    (&mut self.lambdas, &path.lambdas),
                    (&mut self.shifts, &path.shifts),
                    (&mut self.conditions, &path.conditions),
                ] {
                    put(to, from, k);
                }
                for (to, from) in [
                    (&mut self.intercepts, &path.intercepts),
                    (&mut self.residuals, &path.residuals),
                    (&mut self.rss, &path.rss),
                    (&mut self.squared_norms, &path.squared_norms),
                    (&mut self.error_bounds, &path.error_bounds),
                    (&mut self.intercept_bounds, &path.intercept_bounds),
                ] {
                    put(to, from, kt);
                }
                put(&mut self.coefficients, &path.coefficients, kt * self.features);
                put(&mut self.total_squares, &path.total_squares, self.targets);
                self.outcomes[number * kt..][..kt].copy_from_slice(&path.outcomes);
                let known = self.backends.iter().position(|own| *own == path.backend);
                let backend = known.unwrap_or_else(|| {
                    self.backends.push(path.backend);
                    self.backends.len() - 1
                });
                let RidgePath { rows, weight_sum, factors, tikhonov, retries, .. } = path;
                Ok(Alone { rows, weight_sum, backend, factors, tikhonov, retries })
            }
        };
        if self.problems.len() <= number {
            self.problems.resize_with(number, || Err(Error::Device { reason: "a path is missing".into() }));
            self.problems.push(problem);
        } else {
            self.problems[number] = problem;
        }
    }

    /// p, the number of problems.
    #[must_use]
    pub fn len(&self) -> usize {
        self.problems.len()
    }

    /// True of no problems.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// n, the features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// t, the targets.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.targets
    }

    /// k, the λs of each problem.
    #[must_use]
    pub fn penalties(&self) -> usize {
        self.penalties
    }

    /// The problems without a path, in their order, and why.
    pub fn refused(&self) -> impl Iterator<Item = (usize, &Error)> {
        self.problems.iter().enumerate().filter_map(|(problem, own)| own.as_ref().err().map(|error| (problem, error)))
    }

    /// Why a problem has no path; `None` where it has one.
    ///
    /// # Panics
    /// When there is no such problem, as slices do; so do the other lookups by number.
    #[must_use]
    pub fn refusal(&self, problem: usize) -> Option<&Error> {
        self.problems[problem].as_ref().err()
    }

    /// Who answered, each once.
    #[must_use]
    pub fn backends(&self) -> &[BackendUsed] {
        &self.backends
    }

    /// The λs of a problem, NaN where it has no path.
    #[must_use]
    pub fn lambdas(&self, problem: usize) -> &[f64] {
        &self.lambdas[self.of(problem, self.penalties)]
    }

    /// The n coefficients of a problem at λ number `index` for a target, on the original scale; NaN where there is no answer.
    #[must_use]
    pub fn coefficients(&self, problem: usize, index: usize, target: usize) -> &[f64] {
        let start = self.at(problem, index, target) * self.features;
        &self.coefficients[start..start + self.features]
    }

    /// The intercept; 0 where none was fitted, NaN where there is no answer.
    #[must_use]
    pub fn intercept(&self, problem: usize, index: usize, target: usize) -> f64 {
        self.intercepts[self.at(problem, index, target)]
    }

    /// How the answer came about; `None` of a problem without a path.
    #[must_use]
    pub fn outcome(&self, problem: usize, index: usize, target: usize) -> Option<Outcome> {
        let at = self.at(problem, index, target);
        self.problems[problem].is_ok().then(|| self.outcomes[at])
    }

    /// All coefficients, [p, k, t, n].
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.coefficients
    }

    /// All intercepts, [p, k, t].
    #[must_use]
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// The rows of a problem; 0 where it has no path.
    #[must_use]
    pub fn rows(&self, problem: usize) -> usize {
        self.problems[problem].as_ref().map_or(0, |own| own.rows)
    }

    /// The path of a problem with all that is said of it, copied.
    ///
    /// # Errors
    /// That for which it has no path.
    pub fn path(&self, problem: usize) -> Result<RidgePath> {
        let Alone { rows, weight_sum, backend, factors, tikhonov, retries } = self.problems[problem].clone()?;
        let (k, t) = (self.penalties, self.targets);
        let of_lambdas = |values: &[f64]| values[self.of(problem, k)].to_vec();
        let of_targets = |values: &[f64]| values[self.of(problem, k * t)].to_vec();
        Ok(RidgePath {
            rows,
            weight_sum,
            features: self.features,
            targets: t,
            intercept: self.intercept,
            standardize: self.standardize,
            backend: self.backends[backend].clone(),
            lambdas: of_lambdas(&self.lambdas),
            shifts: of_lambdas(&self.shifts),
            factors,
            tikhonov,
            total_squares: self.total_squares[self.of(problem, t)].to_vec(),
            coefficients: self.coefficients[self.of(problem, k * t * self.features)].to_vec(),
            conditions: of_lambdas(&self.conditions),
            intercepts: of_targets(&self.intercepts),
            outcomes: self.outcomes[self.of(problem, k * t)].to_vec(),
            residuals: of_targets(&self.residuals),
            rss: of_targets(&self.rss),
            squared_norms: of_targets(&self.squared_norms),
            error_bounds: of_targets(&self.error_bounds),
            intercept_bounds: of_targets(&self.intercept_bounds),
            retries,
        })
    }

    fn of(&self, problem: usize, size: usize) -> std::ops::Range<usize> {
        problem * size..(problem + 1) * size
    }

    fn at(&self, problem: usize, index: usize, target: usize) -> usize {
        assert!(problem < self.len(), "problem number {problem} of {}", self.len());
        assert!(index < self.penalties, "λ number {index} of a path of {}", self.penalties);
        assert!(target < self.targets, "target number {target} of {}", self.targets);
        (problem * self.penalties + index) * self.targets + target
    }
}

/// So many of a value, if there is memory for them.
fn filled<T: Clone>(count: u64, value: T) -> Option<Vec<T>> {
    let (mut values, count) = (Vec::new(), usize::try_from(count).ok()?);
    values.try_reserve_exact(count).ok()?;
    values.resize(count, value);
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::Paths;
    use crate::error::Error;
    use crate::model::Standardize;

    #[test]
    fn more_coefficients_than_memory_are_refused_before_any_work() {
        for (problems, sizes) in [(usize::MAX / 2, [2, 2, 2]), (1 << 40, [1 << 8, 1, 2])] {
            let refused = Paths::room(problems, sizes, true, Standardize::No);
            let Err(error @ Error::Memory { .. }) = refused else { panic!("{problems} problems fit") };
            assert!(error.to_string().starts_with(&format!("{problems} problems × 2")), "{error}");
        }
    }
}
