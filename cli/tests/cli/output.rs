//! Files appear whole or not at all; pipes and devices are written as they are.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::support::{Folder, SMALL, path_of, program};

fn small() -> Folder {
    let folder = Folder::new();
    folder.file("data.csv", SMALL);
    folder
}

#[test]
fn an_output_file_holds_what_standard_output_would() {
    let folder = small();
    let run = folder.run("path data.csv --target y --format json --output out.json").succeeds();
    assert_eq!(run.out, "");
    let wanted = folder.run("path data.csv --target y --format json --output -").succeeds().out;
    assert_eq!(fs::read_to_string(folder.path("out.json")).unwrap(), wanted);
    assert_eq!(folder.names(), ["data.csv", "out.json"]);
}

#[test]
fn a_failed_fit_leaves_the_old_output_as_it_was() {
    let folder = Folder::new();
    folder.file("data.csv", "a,y\n1,x\n");
    folder.file("out.csv", "precious");
    folder.run("path data.csv --target y --format csv --output out.csv --plot p.svg").fails(2, &["line 2"]);
    assert_eq!(fs::read_to_string(folder.path("out.csv")).unwrap(), "precious");
    assert_eq!(folder.names(), ["data.csv", "out.csv"]);
}

#[test]
fn an_output_that_cannot_be_made_is_no_input_error_and_leaves_nothing() {
    let folder = small();
    folder.run("path data.csv --target y --output no/such/out.csv").fails(1, &["cannot write no/such/out.csv"]);
    folder.run("path data.csv --target y --output .").fails(1, &["cannot write ."]);
    // Neither output is written when one cannot be.
    folder.run("path data.csv --target y --output out.csv --plot no/p.svg").fails(1, &["cannot write no/p.svg"]);
    assert_eq!(folder.names(), ["data.csv"]);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = small();
    let mut child = program()
        .args(["path", "data.csv", "--target", "y", "--lambda-grid", "1e-9:1e9:20000", "--format", "json"])
        .current_dir(folder.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    drop(reader);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(line, "{\n");
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn without_output_the_answer_goes_to_standard_output() {
    assert!(path_of(SMALL, "").succeeds().out.contains("target y"));
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::fs::{File, Permissions};
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::process::Command;
    use std::thread;

    use crate::support::Run;

    fn mode(folder: &Folder, name: &str) -> u32 {
        fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_new_file_has_the_permissions_that_the_umask_leaves() {
        for (umask, wanted) in [("022", 0o644), ("077", 0o600), ("000", 0o666)] {
            let folder = small();
            let mut shell = Command::new("sh");
            shell.current_dir(folder.path("")).args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
            shell.arg(env!("CARGO_BIN_EXE_ridgepath"));
            Run::of(shell.args(["path", "data.csv", "--target", "y", "--output", "out", "--plot", "p.svg"])).succeeds();
            assert_eq!((mode(&folder, "out"), mode(&folder, "p.svg")), (wanted, wanted), "umask {umask}");
        }
    }

    #[test]
    fn an_existing_file_keeps_its_permissions() {
        let folder = small();
        folder.file("out", "old");
        fs::set_permissions(folder.path("out"), Permissions::from_mode(0o640)).unwrap();
        folder.run("path data.csv --target y --output out").succeeds();
        assert_eq!(mode(&folder, "out"), 0o640);
        assert_ne!(fs::read_to_string(folder.path("out")).unwrap(), "old");
    }

    #[test]
    fn a_file_that_may_not_be_written_is_not_replaced() {
        let folder = small();
        folder.file("out", "old");
        fs::set_permissions(folder.path("out"), Permissions::from_mode(0o444)).unwrap();
        if File::options().write(true).open(folder.path("out")).is_ok() {
            eprintln!("NOT RUN: this user may write read-only files");
            return;
        }
        folder.run("path data.csv --target y --output out").fails(1, &["cannot write out"]);
        assert_eq!(fs::read_to_string(folder.path("out")).unwrap(), "old");
    }

    #[test]
    fn a_symbolic_link_is_followed_and_stays_one() {
        let folder = small();
        folder.file("old", "old");
        for (link, target) in [("to-old", "old"), ("to-new", "new")] {
            symlink(target, folder.path(link)).unwrap();
            folder.run(&format!("path data.csv --target y --output {link}")).succeeds();
            assert!(fs::symlink_metadata(folder.path(link)).unwrap().is_symlink());
            assert!(fs::read_to_string(folder.path(target)).unwrap().contains("target y"));
        }
        assert_eq!(folder.names(), ["data.csv", "new", "old", "to-new", "to-old"]);
    }

    #[test]
    fn a_device_is_written_in_place() {
        let folder = small();
        folder.run("path data.csv --target y --output /dev/null --plot /dev/null").succeeds();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_device_is_an_error_of_writing() {
        let folder = small();
        folder.run("path data.csv --target y --output /dev/full").fails(1, &["cannot write /dev/full"]);
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = program();
        command.current_dir(folder.path("")).args(["path", "data.csv", "--target", "y", "--plot", "p.svg"]);
        let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        Run::from(output).fails(1, &["cannot write standard output"]);
        assert_eq!(folder.names(), ["data.csv"]);
    }

    #[test]
    fn a_fifo_is_written_in_place() {
        let folder = small();
        assert!(Command::new("mkfifo").arg(folder.path("fifo")).status().unwrap().success());
        let fifo = folder.path("fifo");
        let reader = thread::spawn(move || fs::read_to_string(fifo).unwrap());
        folder.run("path data.csv --target y --output fifo").succeeds();
        assert!(reader.join().unwrap().contains("target y"));
        assert!(fs::metadata(folder.path("fifo")).unwrap().file_type().is_fifo());
        assert_eq!(folder.names(), ["data.csv", "fifo"]);
    }

    #[test]
    fn an_input_may_be_a_fifo() {
        let folder = small();
        assert!(Command::new("mkfifo").arg(folder.path("fifo")).status().unwrap().success());
        let fifo = folder.path("fifo");
        let writer = thread::spawn(move || fs::write(fifo, SMALL).unwrap());
        folder.run("path fifo --target y").succeeds();
        writer.join().unwrap();
    }

    #[test]
    fn a_closed_pipe_still_gets_the_plot_written() {
        let folder = small();
        let mut shell = Command::new("sh");
        shell.current_dir(folder.path("")).args(["-c", "\"$@\" | true", "sh", env!("CARGO_BIN_EXE_ridgepath")]);
        let run = Run::of(shell.args(["path", "data.csv", "--target", "y", "--plot", "p.svg"])).succeeds();
        assert_eq!(run.err, "");
        assert_eq!(folder.names(), ["data.csv", "p.svg"]);
    }
}
