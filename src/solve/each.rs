//! Many problems of the same features, targets and λs, solved each as if it were alone: side by side on the CPU, on a GPU in the same
//! dispatches.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use nalgebra::DMatrix;
use rayon::prelude::*;

use crate::answer::paths::Paths;
use crate::cpu;
use crate::data::gathered::{gathered, run};
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::model::method::{Backend, Form, Precision};
use crate::plan::Shape;
use crate::solve::batch::on_cpu;
use crate::solve::ridge::Ridge;

/// Problems that are worked on before their paths are put together.
const AT_A_TIME: usize = 1024;
/// Multiply-adds in the sums of a problem up to which a core does them in a few milliseconds.
const SMALL: usize = 20_000_000;

/// What holds the rows of one problem of many.
pub(crate) trait Holds {
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
        Ok(self.clone())
    }
}

/// A matrix whose columns are borrowed where it is read, if it has any rows.
fn columns(matrix: &DMatrix<f64>) -> View<'_> {
    View::column_major(matrix.as_slice(), matrix.nrows(), matrix.ncols()).unwrap_or_else(|_| matrix.into())
}

/// The rows of one problem, copied from those of all.
pub(crate) struct Part<'a> {
    pub(crate) numbers: Numbers<'a>,
    pub(crate) x: DMatrix<f64>,
    pub(crate) y: DMatrix<f64>,
    pub(crate) weights: Option<Vec<f64>>,
}

/// The numbers of rows among those of all.
pub(crate) enum Numbers<'a> {
    Listed(Cow<'a, [usize]>),
    From(usize),
}

impl<'a> Part<'a> {
    /// The rows of these numbers, in ascending order, with their weights.
    pub(crate) fn of_rows(
        x: View<'_>,
        y: View<'_>,
        weights: Option<&[f64]>,
        rows: impl Into<Cow<'a, [usize]>>,
    ) -> Self {
        let rows = rows.into();
        let weights = weights.map(|weights| rows.iter().map(|row| weights[*row]).collect());
        let [x, y] = [x, y].map(|view| gathered(view, &rows));
        Self { numbers: Numbers::Listed(rows), x, y, weights }
    }

    /// The rows of a run.
    pub(crate) fn of_run(x: View<'_>, y: View<'_>, weights: Option<&[f64]>, rows: Range<usize>) -> Self {
        let [x, y] = [x, y].map(|view| run(view, rows.clone()));
        let numbers = Numbers::From(rows.start);
        Self { numbers, x, y, weights: weights.map(|weights| weights[rows].to_vec()) }
    }
}

impl Holds for Part<'_> {
    fn problem(&self) -> Result<Problem<'_>> {
        let problem = Problem::new(columns(&self.x), columns(&self.y)).map_err(|error| self.located(error))?;
        match &self.weights {
            Some(weights) => problem.with_weights(weights).map_err(|error| self.located(error)),
            None => Ok(problem),
        }
    }

    fn located(&self, error: Error) -> Error {
        located(error, |row| match &self.numbers {
            Numbers::Listed(rows) => rows[row],
            Numbers::From(first) => first + row,
        })
    }
}

/// The rows of all, with weights of their own.
pub(crate) struct Reweighted<'a> {
    pub(crate) problem: &'a Problem<'a>,
    pub(crate) weights: Vec<f64>,
}

impl Holds for Reweighted<'_> {
    fn problem(&self) -> Result<Problem<'_>> {
        self.problem.clone().with_weights(&self.weights)
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

/// The first of some problems, which have as many features and targets each.
///
/// # Errors
/// [`Error::Count`], [`Error::Shape`].
pub(crate) fn alike<'a, 'd>(problems: &'a [Problem<'d>]) -> Result<&'a Problem<'d>> {
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
    Ok(first)
}

/// Whether an error is that of the data of one problem, and says nothing of the others.
pub(crate) fn of_its_data(error: &Error) -> bool {
    matches!(
        error,
        Error::Empty { .. }
            | Error::NonFinite { what: "X" | "Y", .. }
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
    /// The paths of p problems of this shape, of at most so many rows: on a GPU as many as fit in the same dispatches, on the CPU
    /// side by side.
    pub(crate) async fn each<P: Holds + Send + Sync>(
        &self,
        shape: Shape,
        part: impl Fn(usize) -> P + Sync,
    ) -> Result<Paths> {
        let shape = Shape { rows: shape.rows.max(1), ..shape };
        let sizes = [shape.features, shape.targets, shape.penalties];
        let mut paths = Paths::room(shape.problems, sizes, self.model.intercept, self.model.standardize)?;
        let told = Arc::new(AtomicUsize::new(0));
        let mut together = self.together(shape).await?;
        let alone = self.on_host().one_of(&told, shape.problems);
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
        let shared: Vec<Problem<'_>> = problems.iter().flatten().filter(primal).cloned().collect();
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
