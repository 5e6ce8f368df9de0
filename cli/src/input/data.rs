//! What is fitted: the rows that the command line asks for, with their names.

use ridgepath::choose::Spectrum;
use ridgepath::{CrossValidation, Error, Folds, Moments, Problem, Ridge, RidgePath, Selection, Shape, View};

use crate::args::data::DataArgs;
use crate::args::input_files;
use crate::args::names::PartingColumns;
use crate::input::categories::Category;
use crate::input::column_roles::ColumnRoles;
use crate::input::dropped_rows::DroppedRows;
use crate::input::files;
use crate::input::labels::Labels;
use crate::input::moments_file::{self, MomentsFile, Names};
use crate::input::penalty_factors;
use crate::input::row_batches::{self, Summed};
use crate::input::table::Table;
use crate::input::table_builder::{Built, Purpose};
use crate::input::table_source::TableSource;
use crate::machine::failure::{Failure, Result};

/// A table whose columns are the features, then the targets, then the weights, if any, then the times, if any.
pub(crate) struct Data {
    table: Table,
    features: usize,
    targets: usize,
    weighted: bool,
    timed: bool,
    categories: Vec<Category>,
    labels: Vec<Labels>,
    dropped: DroppedRows,
    penalty_factors: Option<Vec<f64>>,
    /// In the place of rows: of all of them, and of each fold or file.
    moments: Option<Box<(Moments, Vec<Moments>)>>,
    /// Whether they were summed here and now.
    summed: bool,
}

impl Data {
    pub(crate) fn load(args: &DataArgs) -> Result<Self> {
        Self::parted(args, &PartingColumns::default())
    }

    /// The data with the labels and the time of each row, where columns of these are asked for.
    pub(crate) fn parted(args: &DataArgs, parting: &PartingColumns<'_>) -> Result<Self> {
        if input_files::paths(&args.input).any(moments_file::is_one) {
            return Self::of_moments(args, parting);
        }
        args.check_target().map_err(Failure::Input)?;
        let purpose = Purpose::Fit { intercept: !args.no_intercept, gaps: parting.gaps };
        let choose = |source: &dyn TableSource| ColumnRoles::choose(args, parting, source);
        let (built, columns) = files::read(&args.input, &args.reading, purpose, &[], choose)?;
        let Built { table, features: of_features, categories, labels, dropped } = built;
        let (features, targets) = (of_features.len(), columns.targets.len());
        let penalty_factors =
            penalty_factors::of_features(args, &table.names()[..features], &of_features, &categories)?;
        let (weighted, timed) = (columns.weights.is_some(), columns.time.is_some());
        let (moments, summed) = (None, false);
        Ok(Self {
            table,
            features,
            targets,
            weighted,
            timed,
            categories,
            labels,
            dropped,
            penalty_factors,
            moments,
            summed,
        })
    }

    /// Moments in the place of rows, whose columns play the parts that they played when they were summed.
    fn of_moments(args: &DataArgs, parting: &PartingColumns<'_>) -> Result<Self> {
        let given = [
            (!args.target.is_empty(), "--target"),
            (args.features.is_some(), "--features"),
            (args.exclude.is_some(), "--exclude"),
            (args.categorical.is_some(), "--categorical"),
            (args.weights.is_some(), "--weights"),
            (!parting.labels.is_empty() || parting.time.is_some(), "an option that parts rows by a column"),
            (parting.gaps, "--missing-targets"),
        ];
        if let Some((_, option)) = given.into_iter().find(|(given, _)| *given) {
            return Err(Failure::Input(format!(
                "{option} and moments do not go together: columns have the parts that `ridgepath moments` gave them"
            )));
        }
        if let Some(path) = input_files::paths(&args.input).find(|path| !moments_file::is_one(path)) {
            let file = path.display();
            return Err(Failure::Input(format!(
                "{file} holds no moments, as the others do; wanted moments or rows alone"
            )));
        }
        Self::of_sums(args, MomentsFile::of_files(input_files::paths(&args.input))?)
    }

    /// The sums of rows that are read as they come, in so many bytes, parted into folds where they are to be; or those of files of
    /// moments, whatever their size.
    pub(crate) fn streamed(
        args: &DataArgs,
        parting: &PartingColumns<'_>,
        folds: Option<Folds>,
        memory: u64,
    ) -> Result<Self> {
        if input_files::paths(&args.input).any(moments_file::is_one) {
            return Self::of_moments(args, parting);
        }
        let Summed { features, targets, folds, dropped, .. } =
            row_batches::summed(args, &args.input, parting, folds, Some(memory))?;
        let names = Names { features, targets, folds: None, files: Vec::new() };
        Ok(Self { dropped, summed: true, ..Self::of_sums(args, MomentsFile { names, folds })? })
    }

    fn of_sums(args: &DataArgs, file: MomentsFile) -> Result<Self> {
        let (whole, MomentsFile { names, folds }) = (file.whole()?, file);
        let (features, targets) = (names.features.len(), names.targets.len());
        let of_features: Vec<usize> = (0..features).collect();
        let penalty_factors = penalty_factors::of_features(args, &names.features, &of_features, &[])?;
        Ok(Self {
            table: Table::new(names.features.into_iter().chain(names.targets).collect(), std::iter::empty()),
            features,
            targets,
            weighted: false,
            timed: false,
            categories: Vec::new(),
            labels: Vec::new(),
            dropped: DroppedRows::default(),
            penalty_factors,
            moments: Some(Box::new((whole, folds))),
            summed: false,
        })
    }

    /// The moments of all rows, in their place.
    pub(crate) fn moments(&self) -> Option<&Moments> {
        self.moments.as_ref().map(|own| &own.0)
    }

    /// The path of the rows, or of their moments.
    pub(crate) fn fit(&self, ridge: &Ridge) -> Result<RidgePath> {
        let path = match self.moments() {
            Some(moments) => ridge.fit_moments(moments),
            None => ridge.fit(self.x()?, self.y()?),
        };
        path.map_err(|error| self.failure(error))
    }

    /// The choice of λ by the rows, or by the moments of their folds.
    pub(crate) fn choose(&self, choice: &CrossValidation) -> Result<Selection> {
        let selection = match &self.moments {
            Some(own) => choice.fit_moments(&own.1),
            None => choice.fit(self.x()?, self.y()?),
        };
        selection.map_err(|error| self.failure(error))
    }

    /// The grid of a solver seen through the singular values of the rows.
    pub(crate) fn spectrum(&self, ridge: &Ridge) -> Result<Spectrum> {
        let spectrum = match self.moments() {
            Some(moments) => ridge.spectrum_of_moments(moments),
            None => ridge.spectrum(self.x()?, self.y()?).map(|rows| Spectrum::clone(&rows)),
        };
        spectrum.map_err(|error| self.failure(error))
    }

    /// The sizes of the task of a solver.
    pub(crate) fn shape(&self, ridge: &Ridge) -> Result<Shape> {
        match self.moments() {
            Some(moments) => Ok(ridge.shape_of_moments(moments)),
            None => Ok(ridge.shape(self.x()?, self.y()?)),
        }
    }

    /// Rows, where there are any.
    fn check_rows(&self) -> Result<()> {
        match self.moments {
            Some(_) if self.summed => Err(Failure::Input(
                "--memory keeps the sums of the rows alone, from which this cannot be had; wanted the rows, without --memory".into(),
            )),
            Some(_) => Err(Failure::Input(
                "INPUT holds moments, from which this cannot be had; wanted the rows themselves".into(),
            )),
            None => Ok(()),
        }
    }

    /// The label of each row, of each kind that is asked for, in that order.
    pub(crate) fn labels(&self) -> &[Labels] {
        &self.labels
    }

    /// The time of each row and what these are less by, where a column of times is asked for.
    pub(crate) fn times(&self) -> Option<(&[f64], i128)> {
        let column = self.features + self.targets + usize::from(self.weighted);
        self.timed.then(|| (self.table.columns(column, 1), self.table.origins()[column]))
    }

    /// The name of the column of times; empty where there is none.
    pub(crate) fn time_name(&self) -> &str {
        self.table.names().last().filter(|_| self.timed).map_or("", String::as_str)
    }

    pub(crate) fn rows(&self) -> usize {
        self.moments().map_or_else(|| self.table.rows(), Moments::rows)
    }

    /// What became of the columns of text.
    pub(crate) fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// How many rows are left out because they lack a value, where that is asked for.
    pub(crate) fn rows_dropped(&self) -> Option<usize> {
        self.dropped.asked.then_some(self.dropped.count)
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
        self.check_rows()?;
        Ok(View::column_major(self.feature_values(), self.table.rows(), self.features)?)
    }

    pub(crate) fn y(&self) -> Result<View<'_>> {
        self.check_rows()?;
        let values = self.table.columns(self.features, self.targets);
        Ok(View::column_major(values, self.table.rows(), self.targets)?)
    }

    /// The rows for a solver, checked.
    pub(crate) fn problem(&self) -> Result<Problem<'_>> {
        let problem = Problem::new(self.x()?, self.y()?)?;
        Ok(match self.weights() {
            Some(weights) => problem.with_weights(weights)?,
            None => problem,
        })
    }

    /// The values of a feature.
    pub(crate) fn feature(&self, number: usize) -> &[f64] {
        self.table.columns(number, 1)
    }

    pub(crate) fn weights(&self) -> Option<&[f64]> {
        self.weighted.then(|| self.table.columns(self.features + self.targets, 1))
    }

    /// The origin of each target, as of each feature in [`Self::feature_origins`].
    pub(crate) fn target_origins(&self) -> &[i128] {
        self.table.origins().get(self.features..self.features + self.targets).unwrap_or_default()
    }

    /// What the values of each feature are less by: 0 for most.
    pub(crate) fn feature_origins(&self) -> &[i128] {
        self.table.origins().get(..self.features).unwrap_or_default()
    }

    /// Whether any feature or target is less an origin.
    pub(crate) fn is_shifted(&self) -> bool {
        self.feature_origins().iter().chain(self.target_origins()).any(|origin| *origin != 0)
    }

    /// What the user should know of the columns as they were read.
    pub(crate) fn notes(&self) -> Vec<String> {
        let fitted = self.table.names().iter().zip(self.table.origins()).take(self.features + self.targets);
        let shifted = fitted.filter(|(_, origin)| **origin != 0);
        let note = |(name, origin): (&String, &i128)| {
            format!(
                "column {name:?} has whole numbers that 64-bit floats cannot hold: fitted by their distances from {origin}, without \
                 loss; the intercept is that of the column as it is, rounded"
            )
        };
        let categories = self.categories.iter().filter_map(Category::note);
        self.dropped.note("dropped").into_iter().chain(categories).chain(shifted.map(note)).collect()
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

    /// What λ is multiplied by for each feature, where that is asked for.
    pub(crate) fn penalty_factors(&self) -> Option<&[f64]> {
        self.penalty_factors.as_deref()
    }

    /// The error of a failed fit, with columns by their names.
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
