//! How good a choice of λ is, as `cv` is asked to find out.

use crate::args::numbers;

#[derive(clap::Args, Debug)]
pub(crate) struct ChoiceTestArgs {
    /// Also the score of the whole choice on rows that have no part in it: on so many outer folds, parted as the rows within them
    #[arg(long, value_name = "FOLDS", value_parser = numbers::folds, conflicts_with = "by")]
    pub(crate) nested: Option<usize>,
    /// Also a p-value: permute the rows of the targets so often, choose anew, and count how often the score is as good
    #[arg(long, value_name = "COUNT", value_parser = numbers::count, conflicts_with = "by")]
    pub(crate) permutations: Option<usize>,
}
