//! Chooses λ for the shipped diabetes data in three ways: by ten folds and the one-standard-error rule, by leave-one-out, and
//! by generalised cross-validation.
//!
//! `cargo run --release --example choose_lambda`

use std::error::Error;
use std::fs;

use ridgepath::choose::Criterion;
use ridgepath::{CrossValidation, Folds, Ridge, Rule, Standardize, View};

fn main() -> Result<(), Box<dyn Error>> {
    // Rows one after another; the last column is the target.
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/diabetes.csv"))?;
    let (mut x, mut y) = (Vec::<f64>::new(), Vec::<f64>::new());
    for line in text.lines().skip(1) {
        let row = line.split(',').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        x.extend(&row[..10]);
        y.push(row[10]);
    }
    let x = View::row_major(&x, y.len(), 10)?;

    let ridge = Ridge::new().standardize(Standardize::Population);
    let folds = Folds::Shuffled { folds: 10, seed: 1 };
    let ways = [
        ("10 folds, 1se", CrossValidation::new(ridge.clone()).folds(folds).rule(Rule::OneStandardError)),
        ("leave-one-out", CrossValidation::new(ridge.clone()).leave_one_out()),
        ("GCV", CrossValidation::new(ridge.clone()).criterion(Criterion::Gcv)),
    ];
    let spectrum = ridge.spectrum(x, &y)?;
    println!("{:<14} {:>10} {:>10} {:>6} {:>22}", "", "lambda", "alpha", "df", "score");
    for (name, way) in ways {
        let selection = way.fit(x, &y)?;
        let choice = selection.choice(0);
        let error =
            if choice.standard_error.is_nan() { String::new() } else { format!(" ± {:.1}", choice.standard_error) };
        let score = format!("{:.1}{error}", choice.score);
        let df = spectrum.df(choice.index);
        println!("{name:<14} {:>10.5} {:>10.3} {df:>6.2} {score:>22}", choice.lambda, choice.alpha);
        if choice.edge.is_some() {
            println!("the best λ is at an end of the grid: try a wider one");
        }
    }
    Ok(())
}
