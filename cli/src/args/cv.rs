//! The command line of `ridgepath cv`.

use std::path::PathBuf;

use clap::ValueEnum;
use ridgepath::choose::{Criterion, Scheme};
use ridgepath::{Convention, Folds, Rule, Score};

use crate::args::answer::{Destination, PathFormat};
use crate::args::choice_tests::ChoiceTestArgs;
use crate::args::data::DataArgs;
use crate::args::grid::GridArgs;
use crate::args::memory::MemoryArgs;
use crate::args::missing_targets::MissingTargets;
use crate::args::names::{LabelColumns, NameList, PartingColumns};
use crate::args::solver::SolverArgs;
use crate::args::{convention, numbers};

#[derive(clap::Args, Debug)]
pub(crate) struct CvArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) memory: MemoryArgs,
    /// Choose a λ for each value of this column, by its rows alone; of several columns, for each combination
    #[arg(long, value_name = "A,B,…", conflicts_with = "convention")]
    pub(crate) by: Option<NameList>,
    /// Choose one λ for all groups of --by, by the mean of their scores
    #[arg(long, requires = "by")]
    pub(crate) one_lambda: bool,
    /// What becomes of rows in which a target has no value: with `skip` a λ is chosen for each target, on the rows in which it has one
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with_all = ["by", "convention", "nested", "permutations"])]
    pub(crate) missing_targets: Option<MissingTargets>,
    #[command(flatten)]
    pub(crate) scheme: SchemeArgs,
    /// What predictions of held-out rows are judged by [default: mse]
    #[arg(long, value_enum, conflicts_with_all = ["gcv", "criterion"])]
    score: Option<ScoreName>,
    /// Which λ the scores speak for
    #[arg(long, value_enum, default_value = "best")]
    rule: RuleName,
    /// The largest λ whose score is within so many percent of the best
    #[arg(long, value_name = "PERCENT", value_parser = numbers::percent, conflicts_with = "rule")]
    within: Option<f64>,
    /// A λ for each target, instead of one for all
    #[arg(long)]
    pub(crate) per_target: bool,
    /// How often the grid may grow, by two decades, where the best λ lies at its edge
    #[arg(long, value_name = "TIMES", default_value = "0")]
    pub(crate) extend: usize,
    #[command(flatten)]
    pub(crate) tests: ChoiceTestArgs,
    #[command(flatten)]
    pub(crate) grid: GridArgs,
    /// Whose penalties --lambdas, --lambda-grid and --lambda-file hold, as for ridgepath path
    #[arg(long, value_name = "SYSTEM", value_parser = convention::parse, requires = "GridArgs")]
    #[arg(conflicts_with_all = ["alphas", "alpha_grid"])]
    pub(crate) convention: Option<Convention>,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
    /// Where the answer goes; - is standard output. A file appears whole or not at all
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(crate) output: Destination,
    /// How the answer is written [default: by the ending of --output, .json, .csv, .parquet, .arrow or .feather, else table]. All but a
    /// table hold every number exactly; csv, parquet and arrow the scores alone. To standard output arrow is a stream
    #[arg(long, value_enum)]
    pub(crate) format: Option<PathFormat>,
    /// Draw the coefficients over λ with the λ chosen, and under them the scores, as SVG; with --by how many groups have
    /// which λ
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
    /// Save the model, of all rows at the λ chosen, for ridgepath predict
    #[arg(long, value_name = "MODEL.json")]
    pub(crate) save: Option<PathBuf>,
}

/// What is held out; without any, 5 folds of consecutive rows.
#[derive(clap::Args, Debug)]
pub(crate) struct SchemeArgs {
    /// How many folds [default: 5]
    #[arg(long, value_name = "K", conflicts_with_all = ["loo", "gcv", "criterion", "fold_column"])]
    folds: Option<usize>,
    /// Shuffle the rows before they are parted, by this seed: the same folds for the same seed. It is that of --permutations
    /// too [there, unless given: 0]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Shuffle and part the rows so many times [seed, unless given: 0]
    #[arg(long, value_name = "TIMES", conflicts_with_all = ["loo", "gcv", "criterion", "fold_column", "group", "time"])]
    repeats: Option<usize>,
    /// Hold out together what has the same value in this column
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["loo", "gcv", "criterion", "fold_column", "time"])]
    group: Option<String>,
    /// A fold for each value of this column
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["loo", "gcv", "criterion", "time"])]
    fold_column: Option<String>,
    /// Rows are in the order of time: hold out each fold from those before it
    #[arg(long, conflicts_with_all = ["loo", "gcv", "criterion"])]
    time: bool,
    /// Leave each row out, exactly
    #[arg(long, conflicts_with_all = ["gcv", "criterion"])]
    loo: bool,
    /// Generalised cross-validation, which holds nothing out: --criterion gcv
    #[arg(long, conflicts_with = "criterion")]
    gcv: bool,
    /// A criterion that holds nothing out
    #[arg(long, value_enum)]
    criterion: Option<CriterionName>,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
enum ScoreName {
    /// The mean squared error
    Mse,
    /// Its root
    Rmse,
    /// The mean absolute error
    Mae,
    /// The coefficient of determination
    R2,
    /// Of predictions and targets
    Correlation,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
enum RuleName {
    /// The best mean score
    Best,
    /// The largest λ within one standard error of the best
    #[value(name = "1se")]
    OneStandardError,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
enum CriterionName {
    /// Generalised cross-validation
    Gcv,
    /// Akaike's
    Aic,
    /// Akaike's, corrected for few rows
    Aicc,
    /// Schwarz's
    Bic,
    /// Mallows's
    Cp,
    /// The marginal likelihood
    Evidence,
}

impl CvArgs {
    /// The columns that part the rows: into groups, if that is asked for, and then into folds, if a column says so.
    pub(crate) fn columns(&self) -> PartingColumns<'_> {
        let by = self.by.as_ref().map(LabelColumns::of_by);
        let labels = by.into_iter().chain(self.scheme.labels()).collect();
        PartingColumns { labels, time: None, gaps: self.gaps() }
    }

    /// Whether a target may have no value in a row.
    pub(crate) fn gaps(&self) -> bool {
        self.missing_targets == Some(MissingTargets::Skip)
    }

    pub(crate) fn score(&self) -> Score {
        match self.score {
            None | Some(ScoreName::Mse) => Score::Mse,
            Some(ScoreName::Rmse) => Score::Rmse,
            Some(ScoreName::Mae) => Score::Mae,
            Some(ScoreName::R2) => Score::R2,
            Some(ScoreName::Correlation) => Score::Correlation,
        }
    }

    pub(crate) fn rule(&self) -> Rule {
        match (self.within, self.rule) {
            (Some(percent), _) => Rule::WithinPercent(percent),
            (None, RuleName::Best) => Rule::Best,
            (None, RuleName::OneStandardError) => Rule::OneStandardError,
        }
    }
}

impl SchemeArgs {
    /// The column whose values part the rows.
    pub(crate) fn labels(&self) -> Option<LabelColumns<'_>> {
        let of = |option, name| LabelColumns { option, names: std::slice::from_ref(name) };
        let group = self.group.as_ref().map(|name| of("--group", name));
        group.or(self.fold_column.as_ref().map(|name| of("--fold-column", name)))
    }

    /// The name of the column whose values part the rows into folds.
    pub(crate) fn column(&self) -> Option<&str> {
        self.labels().map(|labels| labels.names[0].as_str())
    }

    /// The scheme, of rows with a label for each.
    pub(crate) fn scheme(&self, labels: &[usize]) -> Scheme {
        if self.loo {
            return Scheme::LeaveOneOut;
        }
        let criterion = self.criterion.or(self.gcv.then_some(CriterionName::Gcv));
        if let Some(criterion) = criterion {
            return Scheme::Criterion(match criterion {
                CriterionName::Gcv => Criterion::Gcv,
                CriterionName::Aic => Criterion::Aic,
                CriterionName::Aicc => Criterion::Aicc,
                CriterionName::Bic => Criterion::Bic,
                CriterionName::Cp => Criterion::Cp,
                CriterionName::Evidence => Criterion::Evidence,
            });
        }
        let folds = self.folds.unwrap_or(5);
        Scheme::Folds(match (self.repeats, self.seed) {
            _ if self.time => Folds::RollingOrigin(folds),
            _ if self.group.is_some() => Folds::Grouped { folds, groups: labels.to_vec() },
            _ if self.fold_column.is_some() => Folds::Given(labels.to_vec()),
            (Some(repeats), seed) => Folds::Repeated { folds, repeats, seed: seed.unwrap_or(0) },
            (None, Some(seed)) => Folds::Shuffled { folds, seed },
            (None, None) => Folds::Contiguous(folds),
        })
    }

    /// How rows are parted that are summed as they come: not at all for a criterion.
    pub(crate) fn of_stream(&self) -> Result<Option<Folds>, String> {
        let needs_rows = [
            (self.loo, "--loo"),
            (self.group.is_some(), "--group"),
            (self.time, "--time"),
            (self.repeats.is_some(), "--repeats"),
        ];
        if let Some((_, option)) = needs_rows.into_iter().find(|(given, _)| *given) {
            return Err(format!("{option} and --memory do not go together: {option} needs the rows themselves"));
        }
        if self.criterion.is_some() || self.gcv {
            return Ok(None);
        }
        match (&self.fold_column, self.seed) {
            (Some(_), _) => Ok(Some(Folds::Labelled)),
            (None, Some(seed)) => Ok(Some(Folds::Hashed { folds: self.folds.unwrap_or(5), seed })),
            (None, None) => Err(
                "--memory: folds of consecutive rows need to know how many there are; wanted --seed NUMBER, which draws the fold of each row, \
                 --fold-column or a --criterion"
                    .into(),
            ),
        }
    }

    /// The seed of permutations.
    pub(crate) fn seed(&self) -> u64 {
        self.seed.unwrap_or(0)
    }

    /// The option beside which a seed shuffles no rows, where there is one.
    pub(crate) fn unshuffled(&self) -> Option<&'static str> {
        let options = [
            (self.loo, "--loo"),
            (self.gcv, "--gcv"),
            (self.criterion.is_some(), "--criterion"),
            (self.group.is_some(), "--group"),
            (self.fold_column.is_some(), "--fold-column"),
            (self.time, "--time"),
        ];
        self.seed.and_then(|_| options.into_iter().find_map(|(given, option)| given.then_some(option)))
    }

    /// Outer folds about this scheme: parted as its rows are, and by their labels where these part them.
    pub(crate) fn outer(&self, folds: usize, labels: &[usize]) -> Folds {
        match (self.scheme(labels), self.seed.or(self.repeats.map(|_| 0))) {
            (Scheme::Folds(Folds::RollingOrigin(_)), _) => Folds::RollingOrigin(folds),
            (Scheme::Folds(Folds::Grouped { groups, .. } | Folds::Given(groups)), _) => {
                Folds::Grouped { folds, groups }
            }
            (_, Some(seed)) => Folds::Shuffled { folds, seed },
            (_, None) => Folds::Contiguous(folds),
        }
    }
}
