//! Sweeps 200 alphas over the shipped diabetes data and picks the one that predicts held-out rows best.
//!
//! `cargo run --release --example alpha_sweep`

use std::error::Error;
use std::fs;

use ridgepath::nalgebra::DMatrix;
use ridgepath::{Penalty, Ridge, Standardize, View};

/// Rows of X one after another, and y.
#[derive(Default)]
struct Table {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Table {
    fn push(&mut self, row: &[f64]) {
        let (target, features) = row.split_last().expect("a row has at least one column");
        self.x.extend(features);
        self.y.push(*target);
    }

    fn x(&self) -> ridgepath::Result<View<'_>> {
        View::row_major(&self.x, self.y.len(), self.x.len() / self.y.len())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // The last column is the target. Every fourth row is held out.
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/diabetes.csv"))?;
    let (mut train, mut held_out) = (Table::default(), Table::default());
    for (number, line) in text.lines().skip(1).enumerate() {
        let row = line.split(',').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        if number % 4 == 3 { held_out.push(&row) } else { train.push(&row) }
    }

    let alphas = Penalty::log_grid(1e4, 1e-2, 200)?;
    let path = Ridge::new().alphas(alphas).standardize(Standardize::Population).fit(train.x()?, &train.y)?;

    // The root of the mean squared error over the held-out rows, for every alpha.
    let error = |predicted: DMatrix<f64>| {
        let squares: f64 = predicted.iter().zip(&held_out.y).map(|(guess, y)| (guess - y).powi(2)).sum();
        (squares / held_out.y.len() as f64).sqrt()
    };
    let errors: Vec<f64> = path.predict_all(held_out.x()?)?.into_iter().map(error).collect();
    // The grid falls, so the first of equal errors has the largest alpha.
    let best = (0..path.len()).min_by(|a, b| errors[*a].total_cmp(&errors[*b])).ok_or("an empty path")?;

    println!("{} rows to train on, {} held out", train.y.len(), held_out.y.len());
    println!("{:>12} {:>12} {:>10} {:>10}", "alpha", "lambda", "norm of w", "error");
    let mut shown: Vec<usize> = (0..path.len()).step_by(25).chain([best, path.len() - 1]).collect();
    shown.sort_unstable();
    shown.dedup();
    for index in shown {
        let mark = if index == best { "  <- best" } else { "" };
        let entry = path.entry(index);
        let (alpha, lambda, norm) = (entry.shift(), entry.lambda(), entry.squared_norm(0).sqrt());
        println!("{alpha:>12.4} {lambda:>12.6} {norm:>10.3} {:>10.3}{mark}", errors[index]);
    }
    if best == 0 || best == path.len() - 1 {
        println!("the best alpha is at an end of the grid: try a wider one");
    }
    Ok(())
}
