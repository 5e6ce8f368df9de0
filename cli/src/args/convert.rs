//! The command line of `ridgepath convert`.

use ridgepath::Convention;

use crate::args::{convention, numbers};

#[derive(clap::Args, Debug)]
pub(crate) struct ConvertArgs {
    /// Whose penalty it is
    #[arg(long, value_name = "SYSTEM", value_parser = convention::parse)]
    pub(crate) from: Convention,
    /// The value of its parameter
    #[arg(long, value_name = "V", value_parser = numbers::penalty, allow_negative_numbers = true)]
    pub(crate) value: f64,
    /// The rows, or the sum of their weights: without it, systems whose penalty grows with them are left open
    #[arg(long, value_name = "M", value_parser = numbers::positive, allow_negative_numbers = true)]
    pub(crate) rows: Option<f64>,
    /// The population deviation of the target, which glmnet and Spark count in
    #[arg(long, value_name = "S", value_parser = numbers::positive, allow_negative_numbers = true)]
    pub(crate) target_deviation: Option<f64>,
}
