//! The choice of λ timed in a process of its own, for `benches/peers/cv.py`, which hands in the data.
//!
//! `cargo bench --bench choice -- FILE ROWS FEATURES TARGETS SCHEME RUNS ALPHA,ALPHA,…` with X and Y in the file as 64-bit
//! floats in this machine's order, column after column; the scheme is `loo` or a number of folds. Prints JSON: the seconds
//! of each run after one that is not timed, the mean scores [alpha, target] and the alphas chosen.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;
use std::{env, fs};

use ridgepath::{CrossValidation, Folds, Ridge, Selection, View};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [file, rows, features, targets, scheme, runs, alphas] = arguments.as_slice() else {
        println!("choice: found {} arguments; benches/peers/cv.py gives it the seven that it needs", arguments.len());
        return Ok(());
    };
    let [rows, features, targets, runs] = [rows.parse()?, features.parse()?, targets.parse()?, runs.parse::<usize>()?];
    let values: Vec<f64> = fs::read(file)?
        .chunks_exact(8)
        .map(|bytes| bytes.try_into().map(f64::from_ne_bytes))
        .collect::<Result<_, _>>()?;
    let (x, y) = values.split_at(rows * features);
    let (x, y) = (View::column_major(x, rows, features)?, View::column_major(y, rows, targets)?);
    let alphas: Vec<f64> = alphas.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let choice = CrossValidation::new(Ridge::new().alphas(alphas)).per_target(true);
    let choice = match scheme.as_str() {
        "loo" => choice.leave_one_out(),
        folds => choice.folds(Folds::Contiguous(folds.parse()?)),
    };

    let mut seconds = Vec::with_capacity(runs);
    let mut answer: Selection = choice.fit(x, y)?;
    for _ in 0..runs {
        let begun = Instant::now();
        answer = black_box(choice.fit(black_box(x), y)?);
        seconds.push(begun.elapsed().as_secs_f64());
    }
    let mean = |index: usize| (0..targets).map(|target| answer.mean(index, target)).collect::<Vec<f64>>();
    let means: Vec<Vec<f64>> = (0..answer.path().len()).map(mean).collect();
    let chosen: Vec<f64> = (0..targets).map(|target| answer.choice(target).alpha).collect();
    println!("{}", json!({"seconds": seconds, "mean": means, "chosen": chosen}));
    Ok(())
}
