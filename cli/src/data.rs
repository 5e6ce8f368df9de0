//! What is fitted: the data and the solver that the command line asks for.

use ridgepath::{Error, Ridge, RidgePath, View};

use crate::args::{DataArgs, SolverArgs};
use crate::columns::{self, Columns, Labels};
use crate::csv_input::{CsvInput, Purpose};
use crate::message::{Failure, Result};
use crate::progress::Progress;
use crate::table::Table;

/// A table whose columns are the features, then the targets, then the weights, if any.
pub(crate) struct Data {
    table: Table,
    features: usize,
    targets: usize,
    weighted: bool,
    labels: Vec<usize>,
    penalty_factors: Option<Vec<f64>>,
}

impl Data {
    pub(crate) fn load(args: &DataArgs) -> Result<Self> {
        Self::labelled(args, None)
    }

    /// The same with a label for each row, if there is a column of these.
    pub(crate) fn labelled(args: &DataArgs, labels: Option<Labels<'_>>) -> Result<Self> {
        let input = CsvInput::open(&args.input)?;
        let columns = Columns::choose(args, labels, input.header(), input.file(), input.header_line())?;
        let (table, labels) = input.read(&columns, Purpose::Fit { intercept: !args.no_intercept })?;
        let (features, targets) = (columns.features.len(), columns.targets.len());
        let penalty_factors = columns::penalty_factors(args, &table.names()[..features], &columns.features)?;
        Ok(Self { table, features, targets, weighted: columns.weights.is_some(), labels, penalty_factors })
    }

    /// The label of each row; none without a column of these.
    pub(crate) fn labels(&self) -> &[usize] {
        &self.labels
    }

    pub(crate) fn features(&self) -> &[String] {
        &self.table.names()[..self.features]
    }

    pub(crate) fn targets(&self) -> &[String] {
        &self.table.names()[self.features..self.features + self.targets]
    }

    /// The features, one after another.
    pub(crate) fn feature_values(&self) -> &[f64] {
        self.table.columns(0, self.features)
    }

    pub(crate) fn x(&self) -> Result<View<'_>> {
        Ok(View::column_major(self.feature_values(), self.table.rows(), self.features)?)
    }

    pub(crate) fn y(&self) -> Result<View<'_>> {
        let values = self.table.columns(self.features, self.targets);
        Ok(View::column_major(values, self.table.rows(), self.targets)?)
    }

    /// The values of a feature.
    pub(crate) fn feature(&self, number: usize) -> &[f64] {
        self.table.columns(number, 1)
    }

    pub(crate) fn weights(&self) -> Option<&[f64]> {
        self.weighted.then(|| self.table.columns(self.features + self.targets, 1))
    }

    /// What the values of each feature are less by: 0 for most.
    pub(crate) fn feature_origins(&self) -> &[i128] {
        &self.table.origins()[..self.features]
    }

    /// Whether any column is less an origin.
    pub(crate) fn is_shifted(&self) -> bool {
        self.table.origins().iter().any(|origin| *origin != 0)
    }

    /// The intercept for the columns as they are in the file.
    pub(crate) fn intercept(&self, path: &RidgePath, index: usize, target: usize) -> f64 {
        let own = path.intercept(index, target);
        if !self.is_shifted() {
            return own;
        }
        // What rounding loses is summed beside: b and wᵀx may both be far larger than their difference.
        let (mut sum, mut lost) = (own, 0.0);
        let mut add = |term: f64| {
            let next = sum + term;
            let part = next - sum;
            lost += (sum - (next - part)) + (term - part);
            sum = next;
        };
        let (origin, rest) = in_two(self.table.origins()[self.features + target]);
        [origin, rest].into_iter().for_each(&mut add);
        for (origin, w) in self.feature_origins().iter().zip(path.coefficients(index, target)) {
            let (origin, rest) = in_two(*origin);
            let product = w * origin;
            [-product, -w.mul_add(origin, -product), -w * rest].into_iter().for_each(&mut add);
        }
        sum + lost
    }

    /// What the user should know of the columns as they were read.
    pub(crate) fn notes(&self) -> Vec<String> {
        let shifted = self.table.names().iter().zip(self.table.origins()).filter(|(_, origin)| **origin != 0);
        let note = |(name, origin): (&String, &i128)| {
            format!(
                "column {name:?} has whole numbers that 64-bit floats cannot hold: fitted by their distances from {origin}, without \
                 loss; the intercept is that of the column as it is, rounded"
            )
        };
        shifted.map(note).collect()
    }

    /// A model has no origins: its predictions would lose the digits that the fit has kept.
    pub(crate) fn check_savable(&self) -> Result<()> {
        match self.features().iter().zip(self.feature_origins()).find(|(_, origin)| **origin != 0) {
            Some((name, origin)) => Err(Failure::Input(format!(
                "--save: column {name:?} has whole numbers that 64-bit floats cannot hold, from which no model can predict; subtract \
                 {origin} from it in the file first"
            ))),
            None => Ok(()),
        }
    }

    /// One for each feature, where any is asked for.
    pub(crate) fn penalty_factors(&self) -> Option<&[f64]> {
        self.penalty_factors.as_deref()
    }

    /// The solver for these data, all but its grid.
    pub(crate) fn ridge(&self, args: &DataArgs, solver: &SolverArgs, progress: &Progress) -> Ridge {
        let progress = progress.clone();
        let mut ridge = Ridge::new()
            .intercept(!args.no_intercept)
            .standardize(args.standardize())
            .backend(solver.backend.into())
            .allow_software_gpu(solver.allow_software_gpu)
            .minimum_norm(solver.minimum_norm)
            .precision(solver.precision.into())
            .on_progress(move |done, total| progress.reached(done, total));
        if let Some(bytes) = solver.memory_budget {
            ridge = ridge.memory_budget(bytes);
        }
        if let Some(form) = solver.form {
            ridge = ridge.form(form.into());
        }
        if let Some(strategy) = solver.strategy.into() {
            ridge = ridge.strategy(strategy);
        }
        if let Some(factors) = self.penalty_factors() {
            ridge = ridge.penalty_factors(factors);
        }
        match self.weights() {
            Some(weights) => ridge.weights(weights),
            None => ridge,
        }
    }

    /// A failed fit, with columns by their names.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        let name = |what: &str, column: usize| match what {
            "Y" => self.targets().get(column),
            _ => self.features().get(column),
        };
        match &error {
            Error::Span { what, column, least, greatest } => match name(what, *column) {
                Some(name) => Failure::Input(format!(
                    "column {name:?} spans from {least:e} to {greatest:e}, wanted a span that a 64-bit float can hold"
                )),
                None => error.into(),
            },
            Error::NoModel { lambda, target, why, .. } => Failure::Input(format!(
                "target {:?} has no finite coefficients at the λ chosen, {lambda:?}: {why}; wanted another grid or rule",
                self.targets()[*target]
            )),
            Error::ConstantTarget { fold, target, value, score } => Failure::Input(format!(
                "fold {fold}: target {:?} is constant ({value:?}) in the rows held out, so that it has no {score}; wanted \
                 two values at least",
                self.targets()[*target]
            )),
            Error::NoScore { target, score, reason } => {
                Failure::Input(format!("target {:?} has no {score} at any λ: {reason}", self.targets()[*target]))
            }
            _ => error.into(),
        }
    }
}

/// A whole number as a float and what that lacks.
fn in_two(whole: i128) -> (f64, f64) {
    let high = whole as f64;
    #[expect(clippy::cast_possible_truncation, reason = "made from an i128")]
    let low = whole.saturating_sub(high as i128) as f64;
    (high, low)
}
