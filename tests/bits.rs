//! The bits of every path of some awkward regressions, a line each: what must not change when code moves. Write them before a
//! change, and hold the state after it against them, on one machine:
//!
//! ```sh
//! cargo test --all-features --test bits -- before.txt     # writes the file, which is not there
//! cargo test --all-features --test bits -- before.txt     # names the paths that differ from it, and fails
//! ```

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::process::ExitCode;

use proptest::strategy::{Strategy as _, ValueTree};
use proptest::test_runner::TestRunner;
use ridgepath::choose::Criterion;
use ridgepath::nalgebra::DMatrix;
use ridgepath::{
    Backend, CrossValidation, Form, Inference, Precision, Problem, Ridge, RidgePath, Selection, Strategy, View,
};

#[expect(dead_code, clippy::cast_possible_truncation, reason = "the suite uses the others; sizes are small")]
#[path = "suite/cases.rs"]
mod cases;
#[expect(dead_code, clippy::cast_possible_truncation, reason = "the suite uses the others; sizes are small")]
#[path = "suite/support.rs"]
mod support;

/// How many regressions of tests/suite/cases.rs, and of those how many on the GPU.
const CASES: usize = 300;
const ON_GPU: usize = 100;

fn main() -> ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("the file to write, or to compare with, is wanted: cargo test --test bits -- FILE");
        return ExitCode::from(2);
    };
    let found = every();
    if let Ok(text) = std::fs::read_to_string(&file) {
        let wanted: Vec<&str> = text.lines().collect();
        let differ: Vec<&String> = found.iter().filter(|line| !wanted.contains(&line.as_str())).collect();
        differ.iter().take(40).for_each(|line| println!("differs: {line}"));
        println!("{} of {} differ from {file}, which has {}", differ.len(), found.len(), wanted.len());
        return ExitCode::from(u8::from(!differ.is_empty() || found.len() != wanted.len()));
    }
    if let Err(error) = std::fs::write(&file, found.join("\n") + "\n") {
        eprintln!("{file}: {error}");
        return ExitCode::from(2);
    }
    println!("{} written to {file}", found.len());
    ExitCode::SUCCESS
}

/// Every path by name, with its hash.
fn every() -> Vec<String> {
    let mut lines = Vec::new();
    let mut runner = TestRunner::deterministic();
    let gpu = support::gpu();
    for number in 0..CASES {
        let Ok(tree) = cases::cases().new_tree(&mut runner) else { continue };
        let case = tree.current();
        let data = case.data();
        let ridge = case.ridge(&data);
        let cpu = ridge.clone().backend(Backend::Cpu);
        let mut ways = vec![("cpu", cpu.clone()), ("reference", ridge.clone().backend(Backend::Reference))];
        for (name, form) in [("primal", Form::Primal), ("dual", Form::Dual)] {
            let own = cpu.clone().form(form);
            ways.push((name, own.clone().strategy(Strategy::Cholesky)));
            ways.push((name, own.clone().strategy(Strategy::Spectral)));
            ways.push((name, own.clone().precision(Precision::Single)));
            ways.push((name, own.minimum_norm(true)));
        }
        let n = case.features;
        let factors: Vec<f64> = (0..n).map(|j| f64::from(u8::try_from(j % 3).unwrap_or(0))).collect();
        ways.push(("factors", cpu.clone().penalty_factors(factors)));
        ways.push(("prior mean", cpu.clone().prior_mean(vec![0.5; n])));
        if let (Some(gpu), true) = (&gpu, number < ON_GPU) {
            let gpu = ridge.clone().backend(Backend::Gpu).gpu(gpu.clone());
            ways.push(("gpu", gpu.clone()));
            ways.push(("gpu dual", gpu.clone().form(Form::Dual)));
            ways.push(("gpu single", gpu.clone().precision(Precision::Single)));
            ways.push(("gpu in chunks", gpu.memory_budget(0)));
        }
        for (at, (name, ridge)) in ways.into_iter().enumerate() {
            lines.push(format!("{number} {at} {name}: {}", hash(&of_fit(&ridge, &data))));
        }
        let validation = CrossValidation::new(cpu.clone());
        for (name, validation) in [
            ("folds", validation.clone()),
            ("leave one out", validation.clone().leave_one_out()),
            ("gcv", validation.clone().criterion(Criterion::Gcv)),
            ("aic", validation.clone().criterion(Criterion::Aic)),
            ("evidence", validation.criterion(Criterion::Evidence)),
        ] {
            let of = validation.fit(&data.x, &data.y).map(|selection| of_selection(&selection));
            lines.push(format!("{number} {name}: {}", hash(&of.map_err(|error| error.to_string()))));
        }
        let errors = of_inference(&cpu, &data.x, &data.y).map_err(|error| error.to_string());
        lines.push(format!("{number} standard errors: {}", hash(&errors)));
    }
    lines.extend(of_shapes());
    lines
}

/// Regressions of more λs, features and targets than the awkward ones have.
fn of_shapes() -> Vec<String> {
    let shapes = [(200, 70, 1, 100), (90, 33, 7, 40), (70, 200, 3, 60), (513, 129, 2, 12), (40, 300, 1, 200)];
    let shapes = shapes.into_iter().enumerate();
    let one = |(number, (m, n, t, k)): (usize, (usize, usize, usize, u32))| {
        let (x, y) = support::regression(number as u64, m, n, t);
        let ridge = Ridge::new().alphas((0..k).map(|k| 1e4 * 0.9f64.powi(k as i32)).collect::<Vec<f64>>());
        let mut ways = vec![("cpu", ridge.clone().backend(Backend::Cpu))];
        if let Some(gpu) = support::gpu() {
            ways.push(("gpu", ridge.backend(Backend::Gpu).gpu(gpu)));
        }
        let name = move |name: &str| format!("shape {number} {name}");
        ways.into_iter()
            .map(|(way, ridge)| {
                let path = ridge.fit(&x, &y).map(|path| of_path(&path)).map_err(|error| error.to_string());
                format!("{}: {}", name(way), hash(&path))
            })
            .collect::<Vec<_>>()
    };
    shapes.flat_map(one).collect()
}

fn of_fit(ridge: &Ridge, data: &cases::Data) -> Result<Vec<u64>, String> {
    ridge.fit(&data.x, &data.y).map(|path| of_path(&path)).map_err(|error| error.to_string())
}

/// What a path says, in bits.
fn of_path(path: &RidgePath) -> Vec<u64> {
    let mut numbers = path.values().to_vec();
    numbers.extend(path.lambdas().iter().chain(path.shifts()).chain(path.intercepts()));
    let mut outcomes = String::new();
    for k in 0..path.len() {
        numbers.push(path.condition(k));
        for target in 0..path.targets() {
            let figures = [
                path.residual(k, target),
                path.rss(k, target),
                path.squared_norm(k, target),
                path.error_bound(k, target),
                path.intercept_error_bound(k, target),
            ];
            numbers.extend(figures);
            outcomes += &format!("{:?}", path.outcome(k, target));
        }
    }
    bits(numbers).chain([hash(&outcomes)]).collect()
}

fn of_selection(selection: &Selection) -> Vec<u64> {
    let path = selection.path();
    let mut numbers = Vec::new();
    for target in 0..path.targets() {
        numbers.extend([selection.intercept(target), selection.choice(target).lambda]);
        numbers.extend(selection.coefficients(target));
        for k in 0..path.len() {
            numbers.extend([selection.mean(k, target), selection.standard_error(k, target)]);
            numbers.extend((0..selection.folds()).map(|fold| selection.fold_score(k, target, fold)));
        }
    }
    bits(numbers).chain(of_path(path)).collect()
}

fn of_inference(ridge: &Ridge, x: &DMatrix<f64>, y: &DMatrix<f64>) -> ridgepath::Result<Vec<u64>> {
    let path = ridge.fit(View::from(x), y)?;
    let problem = Problem::new(x, y)?;
    let inference = Inference::new(&problem, &path)?;
    let mut numbers = Vec::new();
    for k in 0..path.len() {
        let Some(uncertainty) = inference.at(k)? else { continue };
        numbers.push(uncertainty.degrees_of_freedom());
        numbers.extend(uncertainty.variance_inflation());
        for target in 0..path.targets() {
            numbers.extend(uncertainty.standard_errors(target));
            numbers.push(uncertainty.intercept_standard_error(target));
        }
    }
    Ok(bits(numbers).collect())
}

/// The bits of numbers, of NaN the same whatever it holds.
fn bits(numbers: Vec<f64>) -> impl Iterator<Item = u64> {
    numbers.into_iter().map(|number| if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() })
}

fn hash<T: Hash>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
