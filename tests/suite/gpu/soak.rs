//! Ten thousand small solves on one solver take no more memory, handles or threads than the first thousand.

use std::process::Command;
use std::time::{Duration, Instant};

use ridgepath::{Backend, Precision, Ridge};

use crate::support::{gpu, regression};

/// Resident memory in bytes, open files and threads of this process.
#[derive(Debug, Clone, Copy)]
struct Usage {
    memory: u64,
    files: usize,
    threads: usize,
}

/// Of Linux alone. Elsewhere says that nothing is measured.
fn usage() -> Option<Usage> {
    if !cfg!(target_os = "linux") {
        eprintln!("!!! NOT MEASURED: memory, handles and threads are read from /proc, which is of Linux");
        return None;
    }
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let resident: u64 = pages.split_whitespace().nth(1).unwrap().parse().unwrap();
    let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    Some(Usage { memory: resident * 4096, files: count("/proc/self/fd"), threads: count("/proc/self/task") })
}

/// Runs a test of this file again in a process of its own, where no other test takes memory: `Ok` in that process; in
/// this one, once it has ended, whether it succeeded and what it said.
fn apart(name: &str) -> Result<(), (bool, String)> {
    const CHILD: &str = "RIDGEPATH_SOAK_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return Ok(());
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([&format!("gpu::soak::{name}"), "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, "1");
    let ended = child.output().unwrap();
    let said = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    eprintln!("{said}");
    assert!(said.contains("running 1 test"), "{name} is not the name of a test");
    Err((ended.status.success(), said))
}

/// Solves until the count or the time is reached, and holds the usage after a warm-up of a tenth against that at the end.
/// The margin is what a leak of 1 KiB or of a handle in a hundred solves would exceed.
fn soak(name: &str, most: usize, time: Duration, solve: impl Fn(usize)) {
    let start = Instant::now();
    let warm = most / 10;
    (0..warm).take_while(|_| start.elapsed() < time / 5).for_each(&solve);
    let before = usage();
    let mut count = 0;
    while count < most - warm && start.elapsed() < time {
        solve(count);
        count += 1;
    }
    let after = usage();
    eprintln!("{name}: {count} solves in {:.1?}; {before:?}, then {after:?}", start.elapsed());
    let (Some(before), Some(after)) = (before, after) else { return };
    let margin = (count as u64 * 1024).max(4 << 20);
    assert!(after.memory <= before.memory + margin, "{name}: {before:?}, then {after:?}");
    assert!(after.files <= before.files + 4, "{name}: {before:?}, then {after:?}");
    assert!(after.threads <= before.threads + 4, "{name}: {before:?}, then {after:?}");
}

#[test]
fn ten_thousand_solves_on_the_cpu_leak_nothing() {
    if let Err((success, _)) = apart("ten_thousand_solves_on_the_cpu_leak_nothing") {
        return assert!(success);
    }
    let (x, y) = regression(1, 30, 5, 2);
    let ridge = Ridge::new().alphas([1e-3, 1.0, 1e3]).backend(Backend::Cpu);
    soak("cpu", 10_000, Duration::from_secs(60), |count| {
        let precision = if count % 2 == 0 { Precision::Double } else { Precision::Single };
        let path = ridge.clone().precision(precision).fit(&x, &y).unwrap();
        assert_eq!(path.len(), 3);
    });
}

#[test]
fn many_solves_on_the_gpu_leak_nothing() {
    let Some(gpu) = gpu() else { return };
    if let Err((success, _)) = apart("many_solves_on_the_gpu_leak_nothing") {
        return assert!(success);
    }
    let (x, y) = regression(1, 30, 5, 2);
    let ridge = Ridge::new().alphas([1e-3, 1.0, 1e3]).backend(Backend::Gpu).gpu(gpu);
    let full = std::env::var("RIDGEPATH_SOAK").is_ok_and(|value| value == "full");
    let time = Duration::from_secs(if full { 3600 } else { 15 });
    if !full {
        eprintln!("as many solves as fit 15 s; RIDGEPATH_SOAK=full does ten thousand");
    }
    soak("gpu", 10_000, time, |count| {
        let precision = if count % 2 == 0 { Precision::Double } else { Precision::Single };
        let path = ridge.clone().precision(precision).fit(&x, &y).unwrap();
        assert_eq!(path.backend().name, Backend::Gpu);
    });
}

#[test]
fn a_leak_would_be_found() {
    if usage().is_none() {
        return;
    }
    if let Err((success, said)) = apart("a_leak_would_be_found") {
        return assert!(!success && said.contains("leaky: Usage"));
    }
    soak("leaky", 5_000, Duration::from_secs(60), |_| std::mem::forget(std::hint::black_box(vec![1u8; 4096])));
}
