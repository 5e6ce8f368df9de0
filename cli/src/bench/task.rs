//! What is solved: made data or a file, and the penalties.

use ridgepath::{Backend, Model, Penalty, Ridge, Shape, Standardize, View};

use crate::args::DataArgs;
use crate::bench::args::BenchArgs;
use crate::bench::made::Made;
use crate::data::Data;
use crate::grid;
use crate::message::{Failure, Result};

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

enum Source {
    Made(Made),
    Read(Data),
}

impl Task {
    pub(crate) fn new(args: &BenchArgs) -> Result<Self> {
        let penalty = match args.lambdas_count {
            Some(count) => Penalty::Auto(count),
            None => grid::choose(&args.grid)?,
        };
        let read: Option<DataArgs> = args.data()?;
        let model =
            Model { intercept: !args.no_intercept, standardize: args.standardize.map_or(Standardize::No, Into::into) };
        let (source, [rows, features, targets]) = match read {
            Some(read) => {
                let data = Data::load(&read)?;
                let sizes = [data.x()?.rows(), data.features().len(), data.targets().len()];
                (Source::Read(data), sizes)
            }
            None => {
                let sizes = args.sizes()?;
                (Source::Made(Made::new(&sizes)?), [sizes.rows, sizes.features, sizes.targets])
            }
        };
        let shape = Shape { rows, features, targets, penalties: penalty.len() };
        Ok(Self { source, penalty, model, shape })
    }

    pub(crate) fn penalty(&self) -> &Penalty {
        &self.penalty
    }

    pub(crate) fn x(&self) -> Result<View<'_, f64>> {
        self.first_features(self.shape.features)
    }

    /// The first n features.
    pub(crate) fn first_features(&self, n: usize) -> Result<View<'_, f64>> {
        let values = match &self.source {
            Source::Made(made) => &made.x,
            Source::Read(data) => data.feature_values(),
        };
        Ok(View::column_major(values, self.shape.rows, n)?)
    }

    pub(crate) fn y(&self) -> Result<View<'_, f64>> {
        match &self.source {
            Source::Made(made) => Ok(View::column_major(&made.y, self.shape.rows, self.shape.targets)?),
            Source::Read(data) => data.y(),
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
        match self.weights() {
            Some(weights) => ridge.weights(weights),
            None => ridge,
        }
    }

    /// A failed fit, with columns by their names.
    pub(crate) fn failure(&self, error: ridgepath::Error) -> Failure {
        match &self.source {
            Source::Made(_) => error.into(),
            Source::Read(data) => data.failure(error),
        }
    }
}
