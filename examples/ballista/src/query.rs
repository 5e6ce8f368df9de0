//! The query, the choice from its answer, and the same alone.

use std::env;
use std::fs;
use std::process;
use std::time::{Duration, Instant};

use ballista::prelude::{SessionConfigExt, SessionContextExt};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use ridgepath::{CrossValidation, Moments, Ridge, View};
use ridgepath_datafusion::ridge_moments;

use crate::Result;
use crate::cluster::Cluster;
use crate::rows::{FEATURES, FILES, FOLDS, ROWS, Rows};

pub(crate) async fn run(kill: bool) -> Result<()> {
    let rows = Rows::new();
    let folder = env::temp_dir().join(format!("ballista-moments-{}", process::id()));
    fs::create_dir(&folder)?;
    rows.write(&folder).await?;
    let path = folder.to_str().ok_or("the folder for temporary files is not named in UTF-8")?;
    let found = through_cluster(path, kill).await;
    fs::remove_dir_all(&folder)?;
    let folds = found?;

    let ridge = Ridge::new().lambdas([1.0, 0.1, 0.01, 1e-3, 1e-4]);
    let validation = CrossValidation::new(ridge.clone());
    let selection = validation.fit_moments(&folds)?;
    let choice = selection.choice(0);
    let found = selection.path().coefficients(choice.index, 0);
    let alone = ridge.fit(View::row_major(&rows.x, FILES * ROWS, FEATURES)?, &rows.y)?;
    let alone = alone.coefficients(choice.index, 0);
    let largest = alone.iter().fold(0.0f64, |most, w| most.max(w.abs()));
    let apart = found.iter().zip(alone).fold(0.0f64, |most, (a, b)| most.max((a - b).abs())) / largest;
    println!(
        "λ = {} by {FOLDS} folds of {} rows; coefficients {apart:.0e} from those of one machine",
        choice.lambda,
        FILES * ROWS
    );
    if apart < 1e-13 { Ok(()) } else { Err("coefficients are not those of one machine".into()) }
}

/// The moments of each fold, in their order.
async fn through_cluster(path: &str, kill: bool) -> Result<Vec<Moments>> {
    let mut cluster = Cluster::start()?;
    let config = SessionConfig::new_with_ballista().with_target_partitions(FILES);
    let state = SessionStateBuilder::new().with_config(config).with_default_features().build();
    let context = SessionContext::remote_with_state(&format!("df://localhost:{}", cluster.port), state).await?;
    context.register_udaf(ridge_moments());
    context.register_parquet("rows", path, ParquetReadOptions::default()).await?;

    let features: Vec<String> = (1..=FEATURES).map(|j| format!("x{j}")).collect();
    let query = format!(
        "SELECT fold, ridge_moments(y, {}) AS moments FROM rows GROUP BY fold ORDER BY fold",
        features.join(", ")
    );
    let begun = Instant::now();
    let answer = tokio::spawn(async move { context.sql(&query).await?.collect().await });
    if kill {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cluster.kill_an_executor()?;
        println!("an executor was killed");
    }
    let answer = answer.await??;
    println!(
        "{} rows summed by {} in {:.1} s",
        FILES * ROWS,
        if kill { "one executor of two" } else { "two executors" },
        begun.elapsed().as_secs_f64()
    );
    answer.iter().try_fold(Vec::new(), |mut folds, batch| {
        folds.extend(moments(batch)?);
        Ok(folds)
    })
}

fn moments(batch: &RecordBatch) -> Result<Vec<Moments>> {
    let column = batch.column_by_name("moments").ok_or("the answer has no column moments")?;
    let bytes = column.as_binary_opt::<i64>().ok_or_else(|| format!("moments are {}", column.data_type()))?;
    bytes.iter().flatten().map(|bytes| Ok(Moments::from_bytes(bytes)?)).collect()
}
