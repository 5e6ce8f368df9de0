//! The memory that the CPU backend takes, measured. A binary of its own, whose test runs each task in a process of its own: what
//! others took or gave back does not count.

#![cfg(not(target_arch = "wasm32"))]

use std::process::Command;

use nalgebra::DMatrix;
use ridgepath::nalgebra;
use ridgepath::{Backend, Form, Ridge, Shape, Strategy};

const ROWS: usize = 2000;
const FEATURES: usize = 1200;
/// Bytes of blocks, stacks of threads and what the allocator keeps.
const SLACK: u64 = 24 << 20;
/// Names the task of a process.
const TASK: &str = "RIDGEPATH_MEMORY_TASK";
const NOT_TESTED: &str = "!!! NOT TESTED: the peak of the resident memory can be measured on Linux alone";

/// The strategy, λs and targets.
const TASKS: [(Strategy, usize, usize); 8] = [
    (Strategy::Cholesky, 2, 1),
    (Strategy::Cholesky, 2, 4),
    (Strategy::Cholesky, 40, 1),
    (Strategy::Cholesky, 40, 100),
    (Strategy::Spectral, 2, 1),
    (Strategy::Spectral, 2, 4),
    (Strategy::Spectral, 300, 1),
    (Strategy::Spectral, 300, 4),
];

#[test]
fn a_path_takes_three_matrices_and_its_results_whatever_the_number_of_lambdas() {
    if let Some(number) = std::env::var(TASK).ok().and_then(|value| value.parse::<usize>().ok()) {
        return measure(TASKS[number]);
    }
    if !cfg!(target_os = "linux") {
        eprintln!("{NOT_TESTED}");
        return;
    }
    let program = std::env::current_exe().unwrap();
    for (number, task) in TASKS.iter().enumerate() {
        let run = Command::new(&program).arg("--nocapture").env(TASK, number.to_string()).output().unwrap();
        let told = String::from_utf8_lossy(&run.stderr);
        eprint!("{told}");
        assert!(run.status.success(), "{task:?}: {told}{}", String::from_utf8_lossy(&run.stdout));
    }
}

/// Solves a task and holds what memory grew by against the bound and the plan.
fn measure((strategy, penalties, targets): (Strategy, usize, usize)) {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let x = DMatrix::from_fn(ROWS, FEATURES, |_, _| next());
    let y = DMatrix::from_fn(ROWS, targets, |row, target| x[(row, target)] + next());
    let alphas: Vec<f64> = (0..penalties).map(|k| 1.0 + k as f64).collect();
    let ridge = Ridge::new().backend(Backend::Cpu).strategy(strategy).alphas(alphas);

    let (Some(before), Ok(())) = (resident("VmRSS"), std::fs::write("/proc/self/clear_refs", "5")) else {
        eprintln!("{NOT_TESTED}, with /proc");
        return;
    };
    let path = ridge.fit(&x, &y).unwrap();
    let grown = resident("VmHWM").unwrap() - before;

    assert!(path.backend().strategy.contains(if strategy == Strategy::Cholesky { "cholesky" } else { "spectral" }));
    let results = (penalties * targets * FEATURES * size_of::<f64>()) as u64;
    let bound = 3 * (FEATURES * FEATURES * size_of::<f64>()) as u64 + results;
    let shape = Shape { rows: ROWS, features: FEATURES, targets, penalties };
    let planned = shape.bytes_on_cpu(Form::Primal, strategy);
    let told = format!(
        "{strategy:?}, {penalties} λ, {targets} targets: {} MiB, bound {} MiB, planned {} MiB",
        grown >> 20,
        bound >> 20,
        planned >> 20
    );
    eprintln!("{told}");
    assert!(grown <= bound + SLACK && grown <= planned + SLACK, "{told}");
}

/// Bytes of this process, as the kernel counts them.
fn resident(what: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}
