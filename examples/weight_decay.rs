//! Trains with weight decay on the shipped diabetes data, and holds where it rests against the closed form.
//!
//! `cargo run --release --example weight_decay`

use std::error::Error;
use std::fs;

use ridgepath::decay::{Adam, Decay, Descent, Optimizer};
use ridgepath::{Moments, Problem, Ridge, View};

/// Columns less their mean, over their deviation, so that one learning rate suits all.
fn standardised(mut columns: Vec<Vec<f64>>) -> Vec<f64> {
    for column in &mut columns {
        let count = column.len() as f64;
        let mean = column.iter().sum::<f64>() / count;
        let deviation = (column.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        column.iter_mut().for_each(|value| *value = (*value - mean) / deviation);
    }
    columns.concat()
}

fn distance(trained: &Descent, wanted: &[f64]) -> f64 {
    let apart: f64 = trained.weights.iter().zip(wanted).map(|(found, wanted)| (found - wanted).powi(2)).sum();
    (apart / wanted.iter().map(|w| w * w).sum::<f64>()).sqrt()
}

fn main() -> Result<(), Box<dyn Error>> {
    // The last column is the target.
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/diabetes.csv"))?;
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for line in text.lines().skip(1) {
        let row = line.split(',').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        columns.resize(row.len(), Vec::new());
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    let y = standardised(columns.split_off(columns.len() - 1));
    let (rows, features) = (y.len(), columns.len());
    let x = standardised(columns);
    let problem = Problem::new(View::column_major(&x, rows, features)?, &y)?;
    let mut moments = Moments::new(features, 1);
    moments.push(&problem)?;

    let decay = 0.1;
    let closed = Ridge::new().lambdas([decay / 2.0, 0.0]).fit_moments(&moments)?;
    let adam = Adam { epsilon: 1e-3, ..Adam::default() };
    println!(
        "{:<18} {:>8} {:>10} {:>8} {:>12} {:>20}",
        "optimizer", "step", "loss", "norm", "from ridge", "from least squares"
    );
    for (name, optimizer, rate) in [
        ("gradient descent", Optimizer::GradientDescent, 0.2),
        ("Adam", Optimizer::Adam(adam), 1e-3),
        ("AdamW", Optimizer::AdamW(adam), 1e-3),
    ] {
        for steps in [10, 1000, 100_000] {
            let trained = Decay::new(optimizer, rate).weight_decay(decay).steps(steps).run(&moments)?;
            let last = trained.history.last().ok_or("no record")?;
            let [ridge, least_squares] = [0, 1].map(|index| distance(&trained, closed.coefficients(index, 0)));
            let (loss, norm) = (last.loss[0], last.norm[0]);
            println!("{name:<18} {steps:>8} {loss:>10.6} {norm:>8.4} {ridge:>12.1e} {least_squares:>20.1e}");
        }
    }
    println!("\nDecay in the gradient is ridge with λ = decay/2; beside it, as AdamW has it, it is not.");
    Ok(())
}
