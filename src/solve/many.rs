//! Many problems of the same features, targets and λs in one call: groups, windows, replicates.

use std::borrow::Cow;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::paths::Paths;
use crate::cpu;
use crate::data::gathered::gathered;
use crate::data::groups::Groups;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::data::windows::Windows;
use crate::error::{Error, Result};
use crate::math::random::SplitMix64;
use crate::model::method::{Backend, Form, Precision};
use crate::plan::Shape;
use crate::solve::batch::on_cpu;
use crate::solve::ridge::Ridge;

/// Problems that are worked on before their paths are put together.
const AT_A_TIME: usize = 1024;
/// Multiply-adds in the sums of a problem up to which a core does them in a few milliseconds.
const SMALL: usize = 20_000_000;
/// Replicates beyond which nobody learns more.
const MOST_REPLICATES: usize = 10_000_000;

/// What holds the rows of one problem of many.
trait Holds {
    /// The problem, if its data are sound.
    fn problem(&self) -> Result<Problem<'_>>;

    /// The error with the number that a row has among those of all.
    fn located(&self, error: Error) -> Error {
        error
    }
}

/// A problem of the caller's.
impl Holds for Problem<'_> {
    fn problem(&self) -> Result<Problem<'_>> {
        Ok(*self)
    }
}

/// The rows of one problem, copied from those of all.
struct Part<'a> {
    numbers: Numbers<'a>,
    x: Cow<'a, DMatrix<f64>>,
    y: Cow<'a, DMatrix<f64>>,
    weights: Option<Vec<f64>>,
}

/// The numbers of rows among those of all.
#[derive(Clone, Copy)]
enum Numbers<'a> {
    Listed(&'a [usize]),
    From(usize),
}

impl Holds for Part<'_> {
    fn problem(&self) -> Result<Problem<'_>> {
        let problem = Problem::new(self.x.as_ref(), self.y.as_ref()).map_err(|error| self.located(error))?;
        match &self.weights {
            Some(weights) => problem.with_weights(weights).map_err(|error| self.located(error)),
            None => Ok(problem),
        }
    }

    fn located(&self, error: Error) -> Error {
        let of_all = |row: usize| match self.numbers {
            Numbers::Listed(rows) => rows[row],
            Numbers::From(first) => first + row,
        };
        match error {
            Error::NonFinite { what, row, column, value } => Error::NonFinite { what, row: of_all(row), column, value },
            Error::InvalidWeight { row, value } => Error::InvalidWeight { row: of_all(row), value },
            other => other,
        }
    }
}

/// The error of some rows, with the number that a row has among those of all.
pub(crate) fn located(error: Error, of_all: impl Fn(usize) -> usize) -> Error {
    match error {
        Error::NonFinite { what, row, column, value } => Error::NonFinite { what, row: of_all(row), column, value },
        Error::InvalidWeight { row, value } => Error::InvalidWeight { row: of_all(row), value },
        other => other,
    }
}

/// Whether an error is that of the data of one problem, and says nothing of the others.
fn of_its_data(error: &Error) -> bool {
    matches!(
        error,
        Error::Empty { .. }
            | Error::NonFinite { .. }
            | Error::Span { .. }
            | Error::InvalidWeight { .. }
            | Error::ZeroWeights { .. }
            | Error::ShiftOverflow { .. }
            | Error::NoDeviation { .. }
            | Error::NotDecomposed { .. }
            | Error::Overflow { .. }
    )
}

impl Ridge {
    /// Fits the rows of each label alone: X (m × n) and Y (m × t) with a label for each row, in any order. The paths are those of the
    /// groups in the order in which their labels first appear; each is, bit for bit, what [`fit`](Self::fit) makes of its rows. A grid
    /// that is scaled from the data is scaled for each group; weights are those of the rows. Blocking.
    ///
    /// A group that cannot be fitted, such as one that holds NaN, is [refused](Paths::refused), and does not disturb the others.
    ///
    /// ```
    /// use ridgepath::{Groups, Ridge};
    /// let (x, y) = ([1.0, 1.0, 2.0, 2.0, 4.0], [1.0, 5.0, 2.0, 5.0, f64::NAN]);
    /// let groups = Groups::new(&["a", "b", "a", "b", "c"]);
    /// let paths = Ridge::new().lambdas([0.0]).fit_groups(&x, &y, &groups)?;
    /// assert_eq!((paths.coefficients(0, 0, 0), paths.coefficients(1, 0, 0)), (&[1.0][..], &[0.0][..]));
    /// let (group, why) = paths.refused().next().ok_or("all have a path")?;
    /// assert_eq!(groups.labels()[group], "c");
    /// assert_eq!(why.to_string(), "Y[row 4, column 0] is NaN; a finite number is needed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] where there are not as many labels or weights as rows, [`Error::Empty`]; those of [`Penalty`](crate::Penalty);
    /// [`Error::Overflow`] where there are more coefficients than memory; with [`Backend::Gpu`] those of the device.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_groups<'a, L: Clone + Eq + Hash>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        groups: &Groups<L>,
    ) -> Result<Paths> {
        pollster::block_on(self.fit_groups_async(x, y, groups))
    }

    /// [`fit_groups`](Self::fit_groups) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_groups`](Self::fit_groups).
    pub async fn fit_groups_async<'a, L: Clone + Eq + Hash>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        groups: &Groups<L>,
    ) -> Result<Paths> {
        let (x, y) = (x.into(), y.into());
        self.check_groups(x, y, groups)?;
        let rows: Vec<&[usize]> = (0..groups.len()).map(|group| groups.rows(group)).collect();
        // What threads share, which in a browser may hold no device.
        let all_weights = self.weights.as_ref();
        let part = |group: usize| {
            let rows = rows[group];
            let weights = all_weights.map(|weights| rows.iter().map(|row| weights[*row]).collect());
            let [x, y] = [x, y].map(|view| Cow::Owned(gathered(view, rows)));
            Part { numbers: Numbers::Listed(rows), x, y, weights }
        };
        let longest = rows.iter().map(|rows| rows.len()).max().unwrap_or(0);
        self.each(Shape { rows: longest, problems: rows.len(), ..self.shape(x, y) }, part).await
    }

    /// Fits each window of rows alone, as [`fit_groups`](Self::fit_groups) does groups. Blocking.
    ///
    /// ```
    /// use ridgepath::{Ridge, Windows};
    /// let (x, y) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 2.0, 3.0, 6.0, 9.0, 12.0]);
    /// let paths = Ridge::new().lambdas([0.0]).fit_windows(&x, &y, &Windows::rolling(3, 3))?;
    /// assert_eq!((paths.coefficients(0, 0, 0), paths.coefficients(1, 0, 0)), (&[1.0][..], &[3.0][..]));
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Windows::ranges`], and as [`fit_groups`](Self::fit_groups). A window without rows is refused.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_windows<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        windows: &Windows<'_>,
    ) -> Result<Paths> {
        pollster::block_on(self.fit_windows_async(x, y, windows))
    }

    /// [`fit_windows`](Self::fit_windows) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_windows`](Self::fit_windows).
    pub async fn fit_windows_async<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        windows: &Windows<'_>,
    ) -> Result<Paths> {
        let (x, y) = (x.into(), y.into());
        self.check_shapes(x, y)?;
        let ranges = windows.ranges(x.rows())?;
        // What threads share, which in a browser may hold no device.
        let all_weights = self.weights.as_ref();
        let part = |window: usize| {
            let rows = ranges[window].clone();
            let [x, y] = [x, y].map(|view| Cow::Owned(run(view, rows.clone())));
            let weights = all_weights.map(|weights| weights[rows.clone()].to_vec());
            Part { numbers: Numbers::From(rows.start), x, y, weights }
        };
        let longest = ranges.iter().map(std::ops::Range::len).max().unwrap_or(0);
        self.each(Shape { rows: longest, problems: ranges.len(), ..self.shape(x, y) }, part).await
    }

    /// Fits replicates of the rows: in each, m rows drawn with replacement, that is, every row with its weight times the number of its
    /// draws (Efron, 1979). The draws depend on the seed and the number of the replicate alone, and are those of every machine and
    /// version. A grid that is scaled from the data is that of all rows. Blocking.
    ///
    /// ```
    /// use ridgepath::Ridge;
    /// let (x, y) = ([1.0, 2.0, 3.0, 4.0], [1.1, 1.9, 3.2, 3.9]);
    /// let replicates = Ridge::new().lambdas([0.1]).bootstrap(&x, &y, 200, 1)?;
    /// let slopes = (0..replicates.len()).map(|own| replicates.coefficients(own, 0, 0)[0]);
    /// assert!(slopes.filter(|slope| (0.5..1.2).contains(slope)).count() > 150);
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Count`] for no replicates or more than 10⁷, those of [`Problem`], and as [`fit_groups`](Self::fit_groups).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn bootstrap<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        replicates: usize,
        seed: u64,
    ) -> Result<Paths> {
        pollster::block_on(self.bootstrap_async(x, y, replicates, seed))
    }

    /// [`bootstrap`](Self::bootstrap) for async code and browsers.
    ///
    /// # Errors
    /// As [`bootstrap`](Self::bootstrap).
    pub async fn bootstrap_async<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        replicates: usize,
        seed: u64,
    ) -> Result<Paths> {
        let (x, y) = (x.into(), y.into());
        if !(1..=MOST_REPLICATES).contains(&replicates) {
            let what = "replicates of a bootstrap";
            return Err(Error::Count { what, found: replicates, least: 1, most: MOST_REPLICATES });
        }
        let all = self.problem(x, y)?;
        let grid = self.penalty.at(self.clone().backend(Backend::Cpu).solve(&all, None).await?.lambdas());
        let weights: Vec<f64> = (0..all.rows()).map(|row| all.weight(row)).collect();
        let shape = Shape { problems: replicates, ..self.shape(x, y) };
        let [x, y] = [x, y].map(|view| run(view, 0..all.rows()));
        let part = |replicate: usize| {
            let counts = SplitMix64::stream(seed, replicate as u64).counts(weights.len());
            let weights = counts.into_iter().zip(&weights).map(|(count, weight)| f64::from(count) * weight);
            let (x, y) = (Cow::Borrowed(&x), Cow::Borrowed(&y));
            Part { numbers: Numbers::From(0), x, y, weights: Some(weights.collect()) }
        };
        self.clone().penalty(grid).each(shape, part).await
    }

    /// Fits problems of the same features and targets, each of any number of rows and with its own weights; those of this solver are
    /// not used. Blocking.
    ///
    /// ```
    /// use ridgepath::{Problem, Ridge};
    /// let (x, y) = ([1.0, 2.0, 4.0], [[1.0, 2.0, 4.0], [3.0, 6.0, 12.0]]);
    /// let problems = [Problem::new(&x, &y[0])?, Problem::new(&x, &y[1])?];
    /// let paths = Ridge::new().lambdas([0.0]).fit_many(&problems)?;
    /// assert_eq!((paths.coefficients(0, 0, 0), paths.coefficients(1, 0, 0)), (&[1.0][..], &[3.0][..]));
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] where features or targets differ, [`Error::Count`] of no problems, and as [`fit_groups`](Self::fit_groups).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn fit_many(&self, problems: &[Problem<'_>]) -> Result<Paths> {
        pollster::block_on(self.fit_many_async(problems))
    }

    /// [`fit_many`](Self::fit_many) for async code and browsers.
    ///
    /// # Errors
    /// As [`fit_many`](Self::fit_many).
    pub async fn fit_many_async(&self, problems: &[Problem<'_>]) -> Result<Paths> {
        let Some(first) = problems.first() else {
            return Err(Error::Count { what: "problems", found: 0, least: 1, most: usize::MAX });
        };
        let names = ["features of a problem", "targets of a problem"];
        for own in problems {
            let (found, wanted) = ([own.features(), own.targets()], [first.features(), first.targets()]);
            for ((what, found), wanted) in names.into_iter().zip(found).zip(wanted) {
                if found != wanted {
                    return Err(Error::Shape { what, found, wanted });
                }
            }
        }
        let longest = problems.iter().map(Problem::rows).max().unwrap_or(0);
        let shape = Shape { rows: longest, problems: problems.len(), ..self.shape(first.x(), first.y()) };
        self.each(shape, |number| problems[number]).await
    }

    /// Refuses rows, weights and labels that do not belong together.
    pub(crate) fn check_groups<L>(&self, x: View<'_>, y: View<'_>, groups: &Groups<L>) -> Result<()> {
        self.check_shapes(x, y)?;
        match ("labels of groups against rows of X", groups.total_rows(), x.rows()) {
            (what, found, wanted) if found != wanted => Err(Error::Shape { what, found, wanted }),
            _ => Ok(()),
        }
    }

    /// This solver with the weights of some rows.
    pub(crate) fn of_rows(&self, rows: &[usize]) -> Self {
        let mut own = self.clone();
        own.weights = self.weights.as_ref().map(|weights| rows.iter().map(|row| weights[*row]).collect());
        own
    }

    /// Refuses rows that do not belong together.
    fn check_shapes(&self, x: View<'_>, y: View<'_>) -> Result<()> {
        for (what, view) in [("X", x), ("Y", y)] {
            let (rows, columns) = (view.rows(), view.columns());
            if rows == 0 || columns == 0 {
                return Err(Error::Empty { what, rows, columns });
            }
        }
        let weights = self.weights.as_ref().map(|weights| ("weights against rows of X", weights.len()));
        for (what, found) in weights.into_iter().chain([("rows of Y against rows of X", y.rows())]) {
            if found != x.rows() {
                return Err(Error::Shape { what, found, wanted: x.rows() });
            }
        }
        Ok(())
    }

    /// The paths of p problems of this shape, of at most so many rows: on a GPU as many as fit in the same dispatches, on the CPU
    /// side by side.
    async fn each<P: Holds + Send + Sync>(&self, shape: Shape, part: impl Fn(usize) -> P + Sync) -> Result<Paths> {
        let shape = Shape { rows: shape.rows.max(1), ..shape };
        let sizes = [shape.features, shape.targets, shape.penalties];
        let mut paths = Paths::room(shape.problems, sizes, self.model.intercept, self.model.standardize)?;
        let told = Arc::new(AtomicUsize::new(0));
        let mut together = self.together(shape).await?;
        let alone = match self.request.backend {
            Backend::Auto => self.clone().backend(Backend::Cpu),
            _ => self.clone(),
        };
        let alone = alone.one_of(&told, shape.problems);
        while paths.len() < shape.problems {
            let (begin, most) = (paths.len(), if together > 0 { together } else { AT_A_TIME });
            let numbers: Vec<usize> = (begin..shape.problems.min(begin + most)).collect();
            if together > 0 {
                match self.one_of(&told, shape.problems).of_parts(&numbers, &part, &mut paths).await {
                    Ok(()) => continue,
                    Err(error) if error.is_device() && self.request.backend == Backend::Auto => {
                        together = 0;
                        continue;
                    }
                    // That of one of them, which only alone tells which.
                    Err(error) if of_its_data(&error) => (),
                    Err(error) => return Err(error),
                }
            }
            let (ridge, part) = (&alone, &part);
            let one = |number: usize| async move {
                let part = part(number);
                let path = match part.problem() {
                    Ok(problem) => ridge.solve(&problem, None).await.map_err(|error| part.located(error)),
                    Err(error) => Err(error),
                };
                match path {
                    Err(error) if !of_its_data(&error) => Err(error),
                    path => Ok(path),
                }
            };
            on_cpu(&numbers, one).await?.into_iter().for_each(|path| paths.push(path));
        }
        Ok(paths)
    }

    /// Takes the paths of some problems from a GPU, those of the primal form in the same dispatches. Where it fails, those taken before
    /// stay.
    async fn of_parts<P: Holds + Send + Sync>(
        &self,
        numbers: &[usize],
        part: &(impl Fn(usize) -> P + Sync),
        paths: &mut Paths,
    ) -> Result<()> {
        let parts: Vec<P> = on_cpu(numbers, |number| async move { Ok(part(number)) }).await?;
        let problems: Vec<Result<Problem<'_>>> = parts.iter().map(Holds::problem).collect();
        let request = self.asked().request;
        let primal = |own: &&Problem<'_>| request.form(self.shape(own.x(), own.y())) == Form::Primal;
        let shared: Vec<Problem<'_>> = problems.iter().flatten().filter(primal).copied().collect();
        let known = request.precision == Precision::Double;
        let moments = |own: &Problem<'_>| match known && is_small(own) {
            true => cpu::gram::gram::<f64>(own).map(Some),
            false => Ok(None),
        };
        let moments = shared.par_iter().map(moments).collect::<Result<Vec<_>>>()?;
        let mut found = self.solve_together(shared.into_iter().zip(moments).collect()).await?.into_iter();
        for problem in problems {
            paths.push(match problem {
                Ok(own) if primal(&&own) => {
                    found.next().ok_or_else(|| Error::Device { reason: "a path is missing".into() })
                }
                // Of more features than rows the equations are another's.
                Ok(own) => match self.solve(&own, None).await {
                    Err(error) if !of_its_data(&error) => return Err(error),
                    path => path,
                },
                Err(error) => Err(error),
            });
        }
        Ok(())
    }
}

/// Whether the rows of a problem are summed on the host before they would have arrived on a device.
fn is_small(problem: &Problem<'_>) -> bool {
    let [n, t] = [problem.features(), problem.targets()];
    problem.rows().saturating_mul(n).saturating_mul(n + t) <= SMALL
}

/// The rows of a run, copied.
fn run(view: View<'_>, rows: std::ops::Range<usize>) -> DMatrix<f64> {
    let mut copy = DMatrix::zeros(rows.len(), view.columns());
    view.load(rows.start, rows.len(), copy.as_mut_slice());
    copy
}
