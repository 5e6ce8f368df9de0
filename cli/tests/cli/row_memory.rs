//! The memory of `predict`, and with --memory of `path` and `cv`, does not grow with the rows. It is measured on Linux alone.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{self, Write};
use std::process::Stdio;
use std::thread;

use crate::support::{Folder, program};

const FEATURES: usize = 8;
/// Rows after which all buffers are as large as they get, and rows that come after.
const FIRST: usize = 150_000;
const MORE: usize = 350_000;
/// What the allocator may keep beside: less than half of the rows that come after would take.
const SLACK: u64 = (MORE * FEATURES * size_of::<f64>() / 2) as u64;

#[test]
fn more_rows_take_no_more_memory() {
    let folder = Folder::new();
    let name = |j: usize| format!("x{j}");
    let header = (0..FEATURES).map(name).collect::<Vec<_>>().join(",");
    let row = |row: usize| (0..FEATURES).map(|j| ((row * 31 + j * 17) % 97).to_string()).collect::<Vec<_>>().join(",");
    let rows: String = (0..40).map(|number| format!("{},{}\n", row(number), number % 7)).collect();
    folder.file("data.csv", format!("{header},y\n{rows}"));
    folder.run("cv data.csv --target y --folds 2 --lambdas 1 --save model.json").succeeds();
    let predict = |format: &str| format!("predict model.json - --format {format}");
    let mut commands = ["csv", "parquet", "arrow"].map(predict).to_vec();
    commands.push("path - --target x7 --lambdas 1 --memory 1G".into());
    commands.push("cv - --target x7 --lambdas 1 --seed 1 --memory 1G".into());
    for arguments in commands {
        let mut command = program();
        command.current_dir(folder.path("")).args(arguments.split(' '));
        // Else glibc keeps what was freed, as it likes.
        command.env("MALLOC_TRIM_THRESHOLD_", "131072").env("RAYON_NUM_THREADS", "2");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let drained = thread::spawn(move || io::copy(&mut stdout, &mut io::sink()).unwrap());
        let mut stdin = io::BufWriter::new(child.stdin.take().unwrap());
        writeln!(stdin, "{header}").unwrap();
        let mut feed = |from: usize, to: usize| {
            (from..to).for_each(|number| writeln!(stdin, "{}", row(number)).unwrap());
            stdin.flush().unwrap();
        };
        let peak = || {
            let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
            let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
        };
        feed(0, FIRST);
        let before = peak();
        feed(FIRST, FIRST + MORE);
        let grown = peak() - before;
        drop(stdin);
        assert!(child.wait().unwrap().success(), "{arguments}");
        assert!(drained.join().unwrap() > 0);
        eprintln!("{arguments}: {before} bytes, and {grown} more with {MORE} rows more");
        assert!(grown < SLACK, "{arguments}: {before} bytes, and {grown} more with {MORE} rows more");
    }
}
