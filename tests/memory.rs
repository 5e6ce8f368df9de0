//! The memory that the CPU backend takes, measured. A binary of its own, whose test runs each task in a process of its own: what
//! others took or gave back does not count.

use std::process::Command;

use nalgebra::DMatrix;
use ridgepath::nalgebra;
use ridgepath::{Backend, Form, Ridge, Shape, Strategy};

/// The order of the equations, and the terms in their sums: features and rows, or in the dual form rows and features.
const ORDER: usize = 1200;
const TERMS: usize = 2000;
/// Bytes of the blocks that four threads work on, and of their stacks.
const SLACK: u64 = 16 << 20;
/// As many threads as plans count with; and glibc gives memory back at once that was freed, as it does by itself only later.
const SETTINGS: [(&str, &str); 2] = [("RAYON_NUM_THREADS", "4"), ("MALLOC_TRIM_THRESHOLD_", "131072")];
/// Names the task of a process.
const TASK: &str = "RIDGEPATH_MEMORY_TASK";
const NOT_TESTED: &str = "!!! NOT TESTED: the peak of the resident memory can be measured on Linux alone";

/// The form, strategy, λs and targets.
type Task = (Form, Strategy, usize, usize);
const TASKS: [Task; 12] = [
    (Form::Primal, Strategy::Cholesky, 2, 1),
    (Form::Primal, Strategy::Cholesky, 2, 4),
    (Form::Primal, Strategy::Cholesky, 50, 1),
    (Form::Primal, Strategy::Cholesky, 20, 100),
    (Form::Primal, Strategy::Spectral, 2, 1),
    (Form::Primal, Strategy::Spectral, 2, 4),
    (Form::Primal, Strategy::Spectral, 300, 1),
    (Form::Primal, Strategy::Spectral, 300, 4),
    (Form::Primal, Strategy::Spectral, 12, 400), // so many columns that Q is multiplied out
    (Form::Dual, Strategy::Cholesky, 4, 10),
    (Form::Dual, Strategy::Spectral, 300, 2),
    (Form::Dual, Strategy::Nodes, 300, 2),
];

#[test]
fn a_path_takes_what_is_planned_three_matrices_and_its_results_whatever_the_number_of_lambdas() {
    if let Some(number) = std::env::var(TASK).ok().and_then(|value| value.parse::<usize>().ok()) {
        return measure(TASKS[number]);
    }
    if !cfg!(target_os = "linux") {
        eprintln!("{NOT_TESTED}");
        return;
    }
    let program = std::env::current_exe().unwrap();
    for (number, task) in TASKS.iter().enumerate() {
        let mut run = Command::new(&program);
        let run = run.arg("--nocapture").envs(SETTINGS).env(TASK, number.to_string()).output().unwrap();
        let told = String::from_utf8_lossy(&run.stderr);
        eprint!("{told}");
        assert!(run.status.success(), "{task:?}: {told}{}", String::from_utf8_lossy(&run.stdout));
    }
}

/// Solves a task and holds what memory grew by against the bound and the plan.
fn measure((form, strategy, penalties, targets): Task) {
    let (rows, features) = if form == Form::Primal { (TERMS, ORDER) } else { (ORDER, TERMS) };
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let x = DMatrix::from_fn(rows, features, |_, _| next());
    let y = DMatrix::from_fn(rows, targets, |row, target| x[(row, target)] + next());
    let alphas: Vec<f64> = (0..penalties).map(|k| 1.0 + k as f64).collect();
    let ridge = Ridge::new().backend(Backend::Cpu).form(form).strategy(strategy).alphas(alphas);

    let (Some(before), Ok(())) = (resident("VmRSS"), std::fs::write("/proc/self/clear_refs", "5")) else {
        eprintln!("{NOT_TESTED}, with /proc");
        return;
    };
    let path = ridge.fit(&x, &y).unwrap();
    let grown = resident("VmHWM").unwrap() - before;

    assert_eq!((path.backend().form, path.backend().strategy), (form, strategy));
    let results = (penalties * targets * features * size_of::<f64>()) as u64;
    let bound = 3 * (ORDER * ORDER * size_of::<f64>()) as u64 + results;
    let shape = Shape { rows, features, targets, penalties, problems: 1 };
    let planned = shape.bytes_on_cpu(form, strategy);
    let told = format!(
        "{form:?}, {strategy:?}, {penalties} λ, {targets} targets: {} MiB, bound {} MiB, planned {} MiB",
        grown >> 20,
        bound >> 20,
        planned >> 20
    );
    eprintln!("{told}");
    assert!(grown <= planned + SLACK, "{told}");
    assert!(form == Form::Dual || grown <= bound + SLACK, "{told}");
}

/// Bytes of this process, as the kernel counts them.
fn resident(what: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}
