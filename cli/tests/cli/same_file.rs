//! One file in two roles is refused before any work.

use std::fs;

use crate::support::{Folder, SMALL};

fn small() -> Folder {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    folder.file("grid.txt", "1\n");
    folder
}

/// Refused, and the file is as it was.
#[track_caller]
fn refused(folder: &Folder, arguments: &str, parts: &[&str]) {
    folder.run(&format!("path data.csv --target y {arguments}")).fails(2, &[parts, &["same file"]].concat());
    assert_eq!(fs::read_to_string(folder.path("data.csv")).unwrap(), SMALL);
}

#[test]
fn input_and_output_must_differ() {
    let folder = small();
    refused(&folder, "--output data.csv", &["the input", "--output"]);
    refused(&folder, "--output ./data.csv", &["the input", "--output"]);
    refused(&folder, "--plot data.csv", &["the input", "--plot"]);
    refused(&folder, "--lambda-file grid.txt --output grid.txt", &["--lambda-file", "--output"]);
    refused(&folder, "--lambda-file data.csv", &["the input", "--lambda-file"]);
}

#[test]
fn output_and_plot_must_differ_even_before_they_are_there() {
    let folder = small();
    refused(&folder, "--output new.svg --plot ./new.svg", &["--output", "--plot"]);
    assert_eq!(folder.names(), ["data.csv", "grid.txt"]);
    folder.run("path data.csv --target y --output one --plot two").succeeds();
}

#[test]
fn a_plot_to_a_dash_is_refused() {
    small().run("path data.csv --target y --plot -").fails(2, &["--plot", "found -"]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::fs::File;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use crate::support::{Run, program};

    #[test]
    fn links_of_both_kinds_are_seen_through() {
        let folder = small();
        fs::hard_link(folder.path("data.csv"), folder.path("hard")).unwrap();
        symlink("data.csv", folder.path("soft")).unwrap();
        symlink("new.svg", folder.path("dangling")).unwrap();
        refused(&folder, "--output hard", &["the input", "--output"]);
        refused(&folder, "--plot soft", &["the input", "--plot"]);
        refused(&folder, "--output dangling --plot new.svg", &["--output", "--plot"]);
    }

    #[test]
    fn streams_are_known_by_the_file_behind_them() {
        let folder = small();
        let append = File::options().append(true).open(folder.path("data.csv")).unwrap();
        let mut command = program();
        command.current_dir(folder.path("")).args(["path", "data.csv", "--target", "y"]).stdout(append);
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let mut shell = Command::new("sh");
        shell.current_dir(folder.path("")).args(["-c", "exec \"$@\" < data.csv", "sh"]);
        shell.arg(env!("CARGO_BIN_EXE_ridgepath"));
        Run::of(shell.args(["path", "-", "--target", "y", "--output", "data.csv"])).fails(2, &["same file"]);
        assert_eq!(fs::read_to_string(folder.path("data.csv")).unwrap(), SMALL);
    }
}
