//! Targets with gaps: each fitted on the rows in which it has a value.

use nalgebra::DMatrix;

use crate::answer::path::RidgePath;
use crate::answer::paths::Paths;
use crate::data::gathered::{gathered, gathered_columns};
use crate::data::target_patterns::TargetPatterns;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::model::watch::Watch;
use crate::plan::Shape;
use crate::solve::batch::on_cpu;
use crate::solve::each::{located, of_its_data};
use crate::solve::ridge::Ridge;

/// Patterns that are solved before their paths are put together.
const AT_A_TIME: usize = 64;

/// Some of the rows for some of the targets, with the numbers that they have among all.
pub(crate) struct Kept<'a> {
    pub(crate) rows: &'a [usize],
    pub(crate) targets: &'a [usize],
}

impl<'a> Kept<'a> {
    /// Those of a pattern.
    pub(crate) fn of(patterns: &'a TargetPatterns, pattern: usize) -> Self {
        Self { rows: patterns.rows(pattern), targets: patterns.targets(pattern) }
    }

    /// Whether an error is that of each of the targets, alone as together.
    pub(crate) fn is_of_all(&self, error: &Error) -> bool {
        self.targets.len() == 1 || self.rows.is_empty() || matches!(error, Error::NonFinite { what: "X", .. })
    }

    /// The error with the numbers of all rows and targets in it.
    pub(crate) fn located(&self, error: Error) -> Error {
        let error = match error {
            Error::NonFinite { what: "Y", row, column, value } => {
                Error::NonFinite { what: "Y", row, column: self.targets[column], value }
            }
            Error::Span { what: "Y", column, least, greatest } => {
                Error::Span { what: "Y", column: self.targets[column], least, greatest }
            }
            Error::ConstantTarget { fold, target, value, score } => {
                Error::ConstantTarget { fold, target: self.targets[target], value, score }
            }
            Error::NoScore { target, score, reason } => Error::NoScore { target: self.targets[target], score, reason },
            other => other,
        };
        located(error, |row| self.rows[row])
    }
}

impl Ridge {
    /// Fits each target of Y (m × t) on the rows in which it has a value: NaN means that a row does not count for a target. The paths
    /// are those of the targets in their order, p = t problems of one target; [targets of one pattern](TargetPatterns) are solved
    /// together, and have what [`fit`](Self::fit) makes of the pattern's rows and targets. A grid that is scaled from the data is
    /// scaled for each pattern. X must be whole: NaN there is an error of every target. Blocking.
    ///
    /// A target that cannot be fitted, such as one without a value or with an infinite one, is [refused](Paths::refused), and does not
    /// disturb the others.
    ///
    /// ```
    /// use ridgepath::{Ridge, View};
    /// let (x, y) = ([1.0, 2.0, 3.0, 5.0], [1.0, 3.0, f64::NAN, 6.0, 3.0, 9.0, 5.0, 15.0]);
    /// let paths = Ridge::new().lambdas([0.0]).fit_targets(&x, View::row_major(&y, 4, 2)?)?;
    /// assert_eq!((paths.rows(0), paths.coefficients(0, 0, 0)), (3, &[1.0][..])); // without row 1
    /// assert_eq!((paths.rows(1), paths.coefficients(1, 0, 0)), (4, &[3.0][..]));
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit_groups`](Self::fit_groups).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_targets<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Paths> {
        pollster::block_on(self.fit_targets_async(x, y))
    }

    /// [`fit_targets`](Self::fit_targets) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_targets`](Self::fit_targets).
    pub async fn fit_targets_async<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Paths> {
        let (x, y) = (x.into(), y.into());
        self.check_shapes(x, y)?;
        let patterns = TargetPatterns::of(y);
        let shape = self.shape(x, y);
        let (n, t, k) = (shape.features, shape.targets, shape.penalties);
        let mut paths = Paths::room(t, [n, 1, k], self.model.intercept, self.model.standardize)?;
        let most = (0..patterns.len()).map(|pattern| patterns.targets(pattern).len()).max().unwrap_or(0);
        let on_gpu = self.request.wants_gpu(Shape { targets: most, ..shape });
        let numbers: Vec<usize> = (0..patterns.len()).collect();
        let report = self.reporter(t * k);
        let mut done = 0;
        for numbers in numbers.chunks(AT_A_TIME) {
            let found = if on_gpu {
                let mut found = Vec::with_capacity(numbers.len());
                for pattern in numbers {
                    found.push(self.of_pattern(x, y, &Kept::of(&patterns, *pattern)).await?);
                }
                found
            } else {
                let (alone, patterns) = (&self.on_host(), &patterns);
                let one = |pattern: usize| async move { alone.of_pattern(x, y, &Kept::of(patterns, pattern)).await };
                on_cpu(numbers, one).await?
            };
            for (pattern, found) in numbers.iter().zip(found) {
                for (target, path) in patterns.targets(*pattern).iter().zip(found) {
                    paths.put(*target, path);
                    done += k;
                }
            }
            report.done(done);
        }
        Ok(paths)
    }

    /// The paths of the targets of a pattern: together, or where their data do not serve, each alone.
    async fn of_pattern(&self, x: View<'_>, y: View<'_>, kept: &Kept<'_>) -> Result<Vec<Result<RidgePath>>> {
        let all = gathered(x, kept.rows);
        let count = kept.targets.len();
        match self.of_kept(&all, y, kept).await {
            Ok(path) if count == 1 => Ok(vec![Ok(path)]),
            Ok(path) => Ok((0..count).map(|target| Ok(path.of_target(target))).collect()),
            Err(error) if !of_its_data(&error) => Err(error),
            Err(error) if kept.is_of_all(&error) => Ok(vec![Err(error); count]),
            Err(_) => {
                let mut found = Vec::with_capacity(count);
                for target in kept.targets {
                    let kept = Kept { targets: std::slice::from_ref(target), ..*kept };
                    match self.of_kept(&all, y, &kept).await {
                        Err(error) if !of_its_data(&error) => return Err(error),
                        path => found.push(path),
                    }
                }
                Ok(found)
            }
        }
    }

    /// This solver with the weights of some rows and the prior of some targets, of n features and t targets, telling nobody how far it is.
    pub(crate) fn of_kept_data(&self, kept: &Kept<'_>, sizes: [usize; 2]) -> Self {
        let mut own = self.clone().silent();
        own.weights = self.weights.as_ref().map(|weights| kept.rows.iter().map(|row| weights[*row]).collect());
        own.prior = self.prior.of_targets(kept.targets, sizes);
        own
    }

    /// The path of the rows and targets kept, of which X is gathered.
    async fn of_kept(&self, x: &DMatrix<f64>, y: View<'_>, kept: &Kept<'_>) -> Result<RidgePath> {
        let ridge = self.of_kept_data(kept, [x.ncols(), y.columns()]);
        let y = gathered_columns(y, kept.rows, kept.targets);
        let path = match ridge.problem(x.into(), (&y).into()) {
            Ok(problem) => ridge.solve(&problem, None).await,
            Err(error) => Err(error),
        };
        path.map_err(|error| kept.located(error))
    }
}
