//! Ten thousand small solves on one solver take no more memory, handles or threads than the first thousand.

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

/// Solves until the count or the time is reached, and holds the usage after a warm-up against that at the end.
///
/// Tests run side by side in one process, and their memory counts too: the measure is the least over ten looks, a few
/// solves apart, and the margins are what a leak of 1 KiB or one handle in a hundred solves would exceed.
fn soak(name: &str, most: usize, time: Duration, solve: impl Fn(usize)) {
    let least = |start: usize| {
        let looks = (0..10).map(|look| {
            (0..5).for_each(|own| solve(start + 5 * look + own));
            usage()
        });
        looks.flatten().reduce(|a, b| Usage {
            memory: a.memory.min(b.memory),
            files: a.files.min(b.files),
            threads: a.threads.min(b.threads),
        })
    };
    let start = Instant::now();
    let warm = most / 10;
    (0..warm).take_while(|_| start.elapsed() < time / 5).for_each(&solve);
    let before = least(0);
    let mut count = 0;
    while count < most - warm && start.elapsed() < time {
        solve(count);
        count += 1;
    }
    let after = least(count);
    eprintln!("{name}: {count} solves in {:.1?}; {before:?}, then {after:?}", start.elapsed());
    let (Some(before), Some(after)) = (before, after) else { return };
    let margin = (count as u64 * 1024).max(24 << 20);
    assert!(after.memory <= before.memory + margin, "{name}: {before:?}, then {after:?}");
    assert!(after.files <= before.files + 16 + count / 100, "{name}: {before:?}, then {after:?}");
    assert!(after.threads <= before.threads + 24, "{name}: {before:?}, then {after:?}");
}

#[test]
fn ten_thousand_solves_on_the_cpu_leak_nothing() {
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
        assert_eq!(path.backend().name, "gpu");
    });
}
