//! How good a choice of λ is: its score on rows that had no part in it, and beside those of targets that belong to no row.

use ridgepath::choose::{Nested, PermutationTest};
use ridgepath::{CrossValidation, Folds};

use crate::args::cv::CvArgs;
use crate::input::data::Data;
use crate::input::labels::Labels;
use crate::machine::failure::{Failure, Result};

/// What was asked for.
pub(crate) struct ChoiceTests {
    pub(crate) nested: Option<Nested>,
    pub(crate) permutations: Option<PermutationTest>,
    /// Of the permutations.
    pub(crate) seed: u64,
}

impl ChoiceTests {
    /// Refuses a seed that nothing depends on.
    pub(crate) fn check_seed(args: &CvArgs) -> Result<()> {
        let (scheme, tests) = (&args.scheme, &args.tests);
        match scheme.unshuffled() {
            Some(option) if tests.permutations.is_none() => Err(Failure::Input(format!(
                "--seed shuffles no rows beside {option}; wanted --permutations, whose seed it is too, or neither"
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses what cannot be done with these rows, before any work.
    pub(crate) fn check(args: &CvArgs, data: &Data) -> Result<()> {
        let Some(found) = args.tests.nested else { return Ok(()) };
        let rows = data.x()?.rows();
        let (most, what) = match args.scheme.outer(found, data.labels().first().map_or(&[], Labels::of_rows)) {
            Folds::Grouped { .. } => {
                (data.labels().first().map_or(0, |labels| labels.cells().len()), "one for each label")
            }
            Folds::RollingOrigin(_) => (rows.saturating_sub(1), "one for each row but the first"),
            _ => (rows, "one for each row"),
        };
        match found <= most {
            true => Ok(()),
            false => Err(Failure::Input(format!("--nested: found {found} folds, wanted {most} at most, {what}"))),
        }
    }

    /// Judges what `choice` chooses from these rows.
    pub(crate) fn of(args: &CvArgs, data: &Data, choice: &CrossValidation) -> Result<Self> {
        let outer =
            args.tests.nested.map(|folds| args.scheme.outer(folds, data.labels().first().map_or(&[], Labels::of_rows)));
        let nested = match outer {
            Some(outer) => Some(choice.nested(data.x()?, data.y()?, &outer).map_err(|error| data.failure(error))?),
            None => None,
        };
        let seed = args.scheme.seed();
        let permutations = match args.tests.permutations {
            Some(count) => {
                let test = choice.permutation_test(data.x()?, data.y()?, count, seed);
                Some(test.map_err(|error| data.failure(error))?)
            }
            None => None,
        };
        Ok(Self { nested, permutations, seed })
    }
}
