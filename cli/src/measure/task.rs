//! What is solved: made data or a file, and the penalties.

use ridgepath::{Backend, Model, Penalty, Ridge, Shape, Standardize, Strategy, View};

use crate::args::bench::{BenchArgs, MadeSizes};
use crate::fit::penalties;
use crate::input::data::Data;
use crate::machine::failure::{Failure, Result};
use crate::measure::made_data::Made;

/// A problem, of made data or of a file, and the penalties to solve it for.
pub(crate) struct Task {
    source: Source,
    penalty: Penalty,
    pub(crate) model: Model,
    pub(crate) shape: Shape,
}

/// Floating-point operations of the form of less work: G, and a Cholesky factor for each λ.
pub(crate) fn least_flops(shape: Shape) -> f64 {
    shape.flops(shape.form())
}

/// A shape whose answers fit memory.
fn fitting(shape: Shape) -> Result<Shape> {
    let Shape { features: n, targets: t, penalties: k, .. } = shape;
    let answers = n.checked_mul(t).and_then(|product| product.checked_mul(k));
    match answers.is_some_and(|answers| Vec::<f64>::new().try_reserve_exact(answers).is_ok()) {
        true => Ok(shape),
        false => Err(Failure::Input(format!("the answers of {k} λ, {n} features and {t} targets do not fit memory"))),
    }
}

enum Source {
    Made(Made),
    Read(Data),
}

impl Task {
    pub(crate) fn new(args: &BenchArgs) -> Result<Self> {
        let penalty = match args.lambdas_count {
            Some(count) => Penalty::Auto(count),
            None => penalties::choose(&args.grid)?,
        };
        let model =
            Model { intercept: !args.no_intercept, standardize: args.standardize.map_or(Standardize::No, Into::into) };
        let (source, shape) = match args.data().map_err(Failure::Input)? {
            Some(read) => {
                let data = Data::load(&read)?;
                let (rows, features, targets) = (data.x()?.rows(), data.features().len(), data.targets().len());
                (Source::Read(data), fitting(Shape { rows, features, targets, penalties: penalty.len(), problems: 1 })?)
            }
            None => {
                let MadeSizes { rows, features, targets } = args.made_sizes().map_err(Failure::Input)?;
                let shape = fitting(Shape { rows, features, targets, penalties: penalty.len(), problems: 1 })?;
                let made = Made::new(rows, features, targets).ok_or_else(|| {
                    Failure::Input(format!("{rows} rows of {features} + {targets} columns do not fit memory"))
                })?;
                (Source::Made(made), shape)
            }
        };
        Ok(Self { source, penalty, model, shape })
    }

    pub(crate) fn penalty(&self) -> &Penalty {
        &self.penalty
    }

    pub(crate) fn x(&self) -> Result<View<'_>> {
        self.first_features(self.shape.features)
    }

    /// The first n features of the task.
    pub(crate) fn first_features(&self, n: usize) -> Result<View<'_>> {
        let values = match &self.source {
            Source::Made(made) => &made.x,
            Source::Read(data) => data.feature_values(),
        };
        Ok(View::strided(values, self.shape.rows, n, 1, self.shape.rows)?)
    }

    pub(crate) fn y(&self) -> Result<View<'_>> {
        match &self.source {
            Source::Made(made) => Ok(View::column_major(&made.y, self.shape.rows, self.shape.targets)?),
            Source::Read(data) => data.y(),
        }
    }

    /// What the user should know of the rows as they were read.
    pub(crate) fn notes(&self) -> Vec<String> {
        match &self.source {
            Source::Made(_) => Vec::new(),
            Source::Read(data) => data.notes(),
        }
    }

    /// How many rows are left out because they lack a value, where that is asked for.
    pub(crate) fn rows_dropped(&self) -> Option<usize> {
        match &self.source {
            Source::Made(_) => None,
            Source::Read(data) => data.rows_dropped(),
        }
    }

    pub(crate) fn weights(&self) -> Option<&[f64]> {
        match &self.source {
            Source::Made(_) => None,
            Source::Read(data) => data.weights(),
        }
    }

    pub(crate) fn ridge(&self, args: &BenchArgs, backend: Backend) -> Ridge {
        let mut ridge = Ridge::new()
            .penalty(self.penalty.clone())
            .intercept(self.model.intercept)
            .standardize(self.model.standardize)
            .backend(backend)
            .precision(args.precision.into());
        if let Some(bytes) = args.memory_budget {
            ridge = ridge.memory_budget(bytes);
        }
        // A backend that has not the way would say that it refuses it.
        let known = |strategy: &Strategy| match backend {
            Backend::Cpu => true,
            Backend::Gpu => *strategy != Strategy::Spectral,
            _ => false,
        };
        if let Some(strategy) = Option::from(args.strategy).filter(known) {
            ridge = ridge.strategy(strategy);
        }
        match self.weights() {
            Some(weights) => ridge.weights(weights),
            None => ridge,
        }
    }

    /// The error of a failed fit, with columns by their names.
    pub(crate) fn failure(&self, error: ridgepath::Error) -> Failure {
        match &self.source {
            Source::Made(_) => error.into(),
            Source::Read(data) => data.failure(error),
        }
    }
}
