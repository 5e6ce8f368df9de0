//! λ by five folds of rows that two executors of Ballista sum, each a process of its own:
//!
//! ```text
//! cargo run --release [-- --kill]
//! ```
//!
//! It writes Parquet files, starts a scheduler and two executors, sends them one query, and chooses λ from its answer, which is
//! n² numbers a fold. Then it fits the same rows alone, and says how far the coefficients are apart. With `--kill` an executor ends
//! as the query begins, and the other does its part.

mod cluster;
mod query;
mod rows;

use std::env;
use std::error::Error;

/// What goes wrong in any part.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["scheduler", port] => cluster::scheduler(port.parse()?).await,
        ["executor", scheduler, port] => cluster::executor(scheduler.parse()?, port.parse()?).await,
        [] => query::run(false).await,
        ["--kill"] => query::run(true).await,
        _ => Err(format!("found {}, wanted nothing or --kill", arguments.join(" ")).into()),
    }
}
