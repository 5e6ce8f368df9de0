//! The choice of λ timed in a process of its own, for `benches/peers/cv.py` and `gpu.py`, which hand in the data.
//!
//! `cargo bench --bench choice -- FILE ROWS FEATURES TARGETS SCHEME RUNS ALPHA,ALPHA,… [DEVICE STRATEGY PRECISION]` with X and
//! Y in the file as 64-bit floats in this machine's order, column after column; the scheme is `loo` or a number of folds; the
//! device `gpu`, or `software` for an adapter that stands in for one, the strategy `nodes` or `cholesky`, the precision `double`
//! or `single`. Prints JSON: the seconds of each run after one that is not timed, those of that first one, the mean scores [alpha,
//! target], the alphas chosen, and the strategy of the path of all rows.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;
use std::{env, fs};

use ridgepath::{Backend, CrossValidation, Folds, Gpu, Precision, Ridge, Selection, Strategy, View};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [file, rows, features, targets, scheme, runs, alphas, device @ ..] = arguments.as_slice() else {
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
    let choice = CrossValidation::new(on(device)?.alphas(alphas)).per_target(true);
    let choice = match scheme.as_str() {
        "loo" => choice.leave_one_out(),
        folds => choice.folds(Folds::Contiguous(folds.parse()?)),
    };

    let mut seconds = Vec::with_capacity(runs);
    let begun = Instant::now();
    let mut answer: Selection = choice.fit(x, y)?;
    let first = begun.elapsed().as_secs_f64();
    for _ in 0..runs {
        let begun = Instant::now();
        answer = black_box(choice.fit(black_box(x), y)?);
        seconds.push(begun.elapsed().as_secs_f64());
    }
    let mean = |index: usize| (0..targets).map(|target| answer.mean(index, target)).collect::<Vec<f64>>();
    let means: Vec<Vec<f64>> = (0..answer.path().len()).map(mean).collect();
    let chosen: Vec<f64> = (0..targets).map(|target| answer.choice(target).alpha).collect();
    let strategy = answer.path().backend().method();
    let told = json!({"seconds": seconds, "first": first, "mean": means, "chosen": chosen, "strategy": strategy});
    println!("{told}");
    Ok(())
}

/// The solver that the last arguments ask for; the default where there are none.
fn on(device: &[String]) -> Result<Ridge, Box<dyn Error>> {
    let words: Vec<&str> = device.iter().map(String::as_str).collect();
    let (name, strategy, precision) = match words.as_slice() {
        [] => return Ok(Ridge::new()),
        [name, strategy, precision] => (*name, *strategy, *precision),
        found => return Err(format!("found {found:?}, wanted DEVICE STRATEGY PRECISION").into()),
    };
    let software = match name {
        "gpu" => false,
        "software" => true,
        found => return Err(format!("found {found:?}, wanted gpu or software").into()),
    };
    let strategy = match strategy {
        "nodes" => Strategy::Nodes,
        "cholesky" => Strategy::Cholesky,
        found => return Err(format!("found {found:?}, wanted nodes or cholesky").into()),
    };
    let precision = match precision {
        "double" => Precision::Double,
        "single" => Precision::Single,
        found => return Err(format!("found {found:?}, wanted double or single").into()),
    };
    let gpu = pollster::block_on(Gpu::open(software))?;
    Ok(Ridge::new().backend(Backend::Gpu).gpu(gpu).strategy(strategy).precision(precision))
}
