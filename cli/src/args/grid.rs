//! The penalties asked for.

use std::path::PathBuf;

use crate::args::numbers::{self, NumberList};

/// The penalties; without any, 100 values scaled from the data.
#[derive(clap::Args, Debug)]
#[group(multiple = false)]
pub(crate) struct GridArgs {
    /// λ to solve for, in this order
    #[arg(long, value_name = "V,V,…", allow_negative_numbers = true)]
    pub(crate) lambdas: Option<NumberList>,
    /// Log-spaced λ, both ends included
    #[arg(long, value_name = "START:STOP:COUNT", value_parser = numbers::log_spaced, allow_negative_numbers = true)]
    pub(crate) lambda_grid: Option<NumberList>,
    /// λ from a file, one a line; blank lines and # comments are skipped
    #[arg(long, value_name = "FILE")]
    pub(crate) lambda_file: Option<PathBuf>,
    /// alphas = 2Wλ to solve for, in this order, as scikit-learn has them
    #[arg(long, value_name = "V,V,…", allow_negative_numbers = true)]
    pub(crate) alphas: Option<NumberList>,
    /// Log-spaced alphas, both ends included
    #[arg(long, value_name = "START:STOP:COUNT", value_parser = numbers::log_spaced, allow_negative_numbers = true)]
    pub(crate) alpha_grid: Option<NumberList>,
}
