//! What is fitted: the files, and which of its columns are what.

use clap::ValueEnum;
use ridgepath::Standardize;

use crate::args::input_files::InputFiles;
use crate::args::names::{NameList, NamedFactors};
use crate::args::reading::ReadingArgs;

/// The columns of files, by the parts that they play in the fit.
#[derive(clap::Args, Debug)]
pub(crate) struct DataArgs {
    /// A CSV file with a header or a Parquet file, or several with the same columns, which are read in this order; - is standard
    /// input, of CSV. A pattern, in quotes, as 'data/*.csv', stands for all files that match, by the order of their names, and a
    /// folder for all *.parquet in it. Files of `ridgepath moments` serve in the place of rows,
    /// without --target
    #[arg(value_name = "INPUT", required = true, value_parser = InputFiles::parser())]
    pub(crate) input: Vec<InputFiles>,
    /// A column to predict, by its name; once for each. Here and in every option that names columns, '#3' is the third
    /// column, unless one has that name
    #[arg(long, value_name = "COLUMN")]
    pub(crate) target: Vec<String>,
    /// The columns to predict from [default: all that are not a target, the weights or excluded]. Names that hold
    /// commas or quotes are quoted as in CSV
    #[arg(long, value_name = "A,B,…")]
    pub(crate) features: Option<NameList>,
    /// Columns to leave out; a name leaves out all columns of that name
    #[arg(long, value_name = "A,B,…")]
    pub(crate) exclude: Option<NameList>,
    /// Features that are text, each of which becomes a column of 0 and 1, named COL=LEVEL, for each of its levels but the first by
    /// its bytes, or for all with --no-intercept
    #[arg(long, value_name = "A,B,…")]
    pub(crate) categorical: Option<NameList>,
    /// The column of observation weights
    #[arg(long, value_name = "COLUMN")]
    pub(crate) weights: Option<String>,
    /// Fit no intercept
    #[arg(long)]
    pub(crate) no_intercept: bool,
    /// Penalise the coefficients of standardised columns; the coefficients reported are on the original scale
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "population")]
    pub(crate) standardize: Option<DeviationName>,
    /// What λ is multiplied by for some of the features, 1 for the others
    #[arg(long, value_name = "NAME=F,…")]
    pub(crate) penalty_factor: Option<NamedFactors>,
    /// Features that are not penalised: of factor 0
    #[arg(long, value_name = "A,B,…", alias = "unpenalized")]
    pub(crate) unpenalised: Option<NameList>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

/// By which standard deviation columns are standardised.
#[derive(ValueEnum, Debug, Clone, Copy)]
pub(crate) enum DeviationName {
    /// √(Σ(x−x̄)²/m), as scikit-learn has it
    Population,
    /// √(Σ(x−x̄)²/(m−1)), as R has it
    Sample,
}

impl From<DeviationName> for Standardize {
    fn from(deviation: DeviationName) -> Self {
        match deviation {
            DeviationName::Population => Self::Population,
            DeviationName::Sample => Self::Sample,
        }
    }
}

impl DataArgs {
    /// An error where no column is to be predicted, as rows need.
    pub(crate) fn check_target(&self) -> Result<(), String> {
        match self.target.is_empty() {
            true => Err("--target is missing; wanted the column to predict, by its name".into()),
            false => Ok(()),
        }
    }

    pub(crate) fn standardize(&self) -> Standardize {
        self.standardize.map_or(Standardize::No, Into::into)
    }
}
