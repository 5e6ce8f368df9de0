//! Many problems timed in a process of their own, for `benches/peers/many.py`, which hands in the data.
//!
//! `cargo bench --bench many -- FILE ROWS FEATURES TARGETS RUNS ALPHA,ALPHA,… TASK NUMBER…` with X row after row and then Y column
//! after column in the file, as 64-bit floats in this machine's order; the task is `groups COUNT` (of rows that follow one another),
//! `windows LENGTH STEP`, `bootstrap COUNT` or `targets FOLDS` (a λ for each target, NaN in Y missing). Prints JSON: the seconds of
//! each run after one that is not timed, and the coefficients [λ, target, feature] of the first, the middle and the last problem,
//! or the alphas chosen.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;
use std::{env, fs};

use ridgepath::{Backend, CrossValidation, Folds, Groups, Paths, Ridge, Selection, View, Windows};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [file, rows, features, targets, runs, alphas, task, numbers @ ..] = arguments.as_slice() else {
        println!("many: found {} arguments; benches/peers/many.py gives it those that it needs", arguments.len());
        return Ok(());
    };
    let [rows, features, targets, runs] = [rows.parse()?, features.parse()?, targets.parse()?, runs.parse::<usize>()?];
    let numbers: Vec<usize> = numbers.iter().map(|own| own.parse()).collect::<Result<_, _>>()?;
    let values: Vec<f64> = fs::read(file)?
        .chunks_exact(8)
        .map(|bytes| bytes.try_into().map(f64::from_ne_bytes))
        .collect::<Result<_, _>>()?;
    let (x, y) = values.split_at(rows * features);
    let (x, y) = (View::row_major(x, rows, features)?, View::column_major(y, rows, targets)?);
    let alphas: Vec<f64> = alphas.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let ridge = Ridge::new().backend(Backend::Cpu).alphas(alphas);
    let told = match (task.as_str(), numbers.as_slice()) {
        ("groups", [count]) => {
            let labels: Vec<usize> = (0..rows).map(|row| row * count / rows).collect();
            timed(runs, || ridge.fit_groups(x, y, &Groups::new(&labels)), of_paths)
        }
        ("windows", [length, step]) => {
            timed(runs, || ridge.fit_windows(x, y, &Windows::rolling(*length, *step)), of_paths)
        }
        ("bootstrap", [count]) => timed(runs, || ridge.bootstrap(x, y, *count, 1), of_paths),
        ("targets", [folds]) => {
            let choice = CrossValidation::new(ridge).folds(Folds::Contiguous(*folds));
            timed(
                runs,
                || choice.fit_targets(x, y),
                |own| {
                    let alpha =
                        |own: &ridgepath::Result<Selection>| own.as_ref().map_or(f64::NAN, |own| own.choice(0).alpha);
                    json!(own.iter().map(alpha).collect::<Vec<f64>>())
                },
            )
        }
        found => return Err(format!("found {found:?}, wanted groups, windows, bootstrap or targets").into()),
    };
    println!("{}", told?);
    Ok(())
}

/// The seconds of some runs after one that is not timed, and what is told of the last answer.
fn timed<T>(
    runs: usize,
    run: impl Fn() -> ridgepath::Result<T>,
    told: impl Fn(&T) -> Value,
) -> Result<Value, Box<dyn Error>> {
    let mut seconds = Vec::with_capacity(runs);
    let mut answer = run()?;
    for _ in 0..runs {
        let begun = Instant::now();
        answer = black_box(run()?);
        seconds.push(begun.elapsed().as_secs_f64());
    }
    Ok(json!({"seconds": seconds, "answer": told(&answer)}))
}

/// The coefficients of the first, the middle and the last problem.
fn of_paths(paths: &Paths) -> Value {
    let size = paths.values().len() / paths.len();
    json!([0, paths.len() / 2, paths.len() - 1].map(|problem| &paths.values()[problem * size..(problem + 1) * size]))
}
