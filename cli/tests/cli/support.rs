//! Running the program and looking at what it says.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;

/// Five rows of two features and a target.
pub(crate) const SMALL: &str = "a,b,y\n1,2,3\n2,1,4\n3,5,7\n4,4,8.5\n5,7,9\n";

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ridgepath"));
    // Mesa complains on standard error where there is no such folder.
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        command.env("XDG_RUNTIME_DIR", std::env::temp_dir());
    }
    // What the user has set or kept is not the tests' to read or change.
    let cache = env!("CARGO_TARGET_TMPDIR");
    command.env_remove("RIDGEPATH_RATES").env_remove("COLUMNS").env("XDG_CACHE_HOME", cache).env("LOCALAPPDATA", cache);
    command
}

pub(crate) fn diabetes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/diabetes.csv")
}

/// A folder of the test's own.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// What is in it, hidden files too, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = fs::read_dir(self.0.path()).unwrap().map(name).collect();
        names.sort();
        names
    }

    /// Runs in this folder, with the arguments parted at spaces.
    pub(crate) fn run(&self, arguments: &str) -> Run {
        let mut command = program();
        command.current_dir(self.0.path()).args(arguments.split(' ').filter(|word| !word.is_empty()));
        Run::of(&mut command)
    }
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.stdin(Stdio::null()).output().unwrap())
    }

    pub(crate) fn with_input(command: &mut Command, input: impl AsRef<[u8]>) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut stdin, input) = (child.stdin.take().unwrap(), input.as_ref().to_vec());
        // A program that refuses its arguments reads nothing.
        let writer = thread::spawn(move || drop(stdin.write_all(&input)));
        let run = Self::from(child.wait_with_output().unwrap());
        writer.join().unwrap();
        run
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// Ends with this code, nothing on standard output, and one line that has all these parts.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert_eq!(self.out, "", "{self:#?}");
        assert!(self.err.starts_with("ridgepath: error: "), "{self:#?}");
        assert_eq!(self.err.lines().count(), 1, "{self:#?}");
        self.says(parts);
    }

    /// Is refused by the parser of the command line, with a message that has all these parts.
    #[track_caller]
    pub(crate) fn misused(self, parts: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:#?}");
        assert_eq!(self.out, "", "{self:#?}");
        self.says(parts);
    }

    #[track_caller]
    pub(crate) fn says(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is not in {self:#?}");
        }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs `ridgepath path` on this text with these arguments, with y as the target.
pub(crate) fn path_of(input: impl AsRef<[u8]>, arguments: &str) -> Run {
    let folder = Folder::new();
    folder.file("data.csv", input);
    folder.run(&format!("path data.csv --target y {arguments}"))
}

/// The numbers of an array, null as NaN.
#[track_caller]
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap_or(f64::NAN)).collect()
}

/// The coefficients of an entry of a path, for its first target.
#[track_caller]
pub(crate) fn coefficients(entry: &Value) -> Vec<f64> {
    numbers(&entry["coef"][0])
}

/// ‖a − b‖ / ‖b‖.
pub(crate) fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

/// Whether a test that needs an adapter, real or software, can run. With `RIDGEPATH_REQUIRE_GPU=1` it must.
pub(crate) fn adapter_at_hand() -> bool {
    let devices = Run::of(program().args(["devices", "--format", "json"])).succeeds().json();
    if !devices["adapters"].as_array().unwrap().is_empty() {
        return true;
    }
    let required = std::env::var("RIDGEPATH_REQUIRE_GPU").is_ok_and(|value| value == "1");
    assert!(!required, "RIDGEPATH_REQUIRE_GPU=1, and no adapter was found");
    eprintln!("NOT RUN: this test needs a GPU adapter, real or software, and none was found");
    false
}
