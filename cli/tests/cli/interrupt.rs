//! An interrupt leaves nothing behind, and says so.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::{Folder, Run, SMALL, program};

/// Rows of several blocks that one thread reads ahead, and beyond a batch of what is predicted.
const ROWS: usize = 500_000;

/// Whether interrupts reach what is started from here.
fn reached() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim().to_owned();
    let reached = u64::from_str_radix(&mask, 16).unwrap() & 2 == 0;
    if !reached {
        eprintln!("NOT RUN: interrupts are turned off here");
    }
    reached
}

/// Starts a command whose input goes on.
fn started(folder: &Folder, arguments: &str) -> Child {
    let mut command = program();
    command.env("RAYON_NUM_THREADS", "1");
    command.current_dir(folder.path("")).args(arguments.split(' '));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut text = String::from("a,b,y\n");
    (0..ROWS).for_each(|row| text.push_str(&format!("{},{},{}\n", row % 7, row % 11, row % 5)));
    // A pipe takes what has been read, but for a little.
    child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    child
}

fn interrupted(mut child: Child) -> Run {
    // Its input has no end: nothing but the interrupt does.
    let held = child.stdin.take();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    drop(held);
    Run::from(output)
}

#[test]
fn reading_ends_at_an_interrupt_with_130_and_what_was_done() {
    if !reached() {
        return;
    }
    let folder = Folder::new();
    folder.file("old", "precious");
    for command in
        ["path - --target y --output old", "cv - --target y --output old", "moments - --target y --output old"]
    {
        let run = interrupted(started(&folder, command));
        let rows = run.err.split(' ').find_map(|word| word.parse::<usize>().ok());
        assert!(rows.is_some_and(|rows| rows > ROWS / 2 && rows <= ROWS), "{run:#?}");
        run.fails(130, &["interrupted after", "rows read: nothing was written"]);
    }
    assert_eq!(folder.names(), ["old"]);
    assert_eq!(fs::read_to_string(folder.path("old")).unwrap(), "precious");
}

#[test]
fn predictions_leave_no_file_behind() {
    if !reached() {
        return;
    }
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    folder.run("cv data.csv --target y --folds 2 --save model.json").succeeds();
    let mut child = started(&folder, "predict model.json - --output new.csv");
    while folder.names().len() == 2 {
        assert!(child.try_wait().unwrap().is_none(), "it has ended by itself");
        thread::sleep(Duration::from_millis(10));
    }
    interrupted(child).fails(130, &["interrupted", "nothing was written"]);
    assert_eq!(folder.names(), ["data.csv", "model.json"]);
}
