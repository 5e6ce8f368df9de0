//! Rates: constants, measured where that pays, kept, and read again.

use std::fs;
use std::path::PathBuf;

use crate::support::{Folder, Run, SMALL, path_of, program};

/// A folder with data and a cache directory of its own.
struct Machine {
    folder: Folder,
    cache: PathBuf,
}

impl Machine {
    fn new() -> Self {
        let folder = Folder::new();
        folder.file("data.csv", SMALL);
        let cache = folder.path("cache");
        Self { folder, cache }
    }

    fn run(&self, arguments: &str) -> Run {
        self.run_with(arguments, None)
    }

    fn run_with(&self, arguments: &str, rates: Option<&str>) -> Run {
        let mut command = program();
        command.env("XDG_CACHE_HOME", &self.cache).env("LOCALAPPDATA", &self.cache);
        if let Some(rates) = rates {
            command.env("RIDGEPATH_RATES", rates);
        }
        Run::of(command.current_dir(self.folder.path("")).args(arguments.split_whitespace())).succeeds()
    }

    fn plan(&self, more: &str) -> String {
        self.run(&format!("plan data.csv --target y --lambdas 1,0.1 {more}")).out
    }

    /// The strategy that `path` takes.
    fn strategy(&self, more: &str) -> String {
        let run = self.run(&format!("path data.csv --target y --lambdas 1,0.1 --format json {more}"));
        run.json()["backend"]["strategy"].as_str().unwrap().to_owned()
    }

    /// What is kept.
    fn files(&self) -> Vec<PathBuf> {
        match fs::read_dir(self.cache.join("ridgepath")) {
            Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
            Err(_) => Vec::new(),
        }
    }

    /// Puts this in place of what is kept, measured if need be.
    fn keep(&self, content: &str) {
        self.plan("--rates measured");
        fs::write(&self.files()[0], content).unwrap();
    }
}

/// The line of the rates.
fn rates(plan: &str) -> &str {
    plan.lines().find(|line| line.starts_with("rates ")).unwrap()
}

#[test]
fn they_are_measured_once_and_kept() {
    let machine = Machine::new();
    let first = machine.plan("--rates measured");
    let [file] = &machine.files()[..] else { panic!("{:?}", machine.files()) };
    assert!(first.contains("measured now") && first.contains(&file.display().to_string()), "{first}");
    let content = fs::read(file).unwrap();
    let second = machine.plan("--rates measured");
    assert!(second.contains("measured before") && second.contains(&file.display().to_string()), "{second}");
    assert_eq!(rates(&first), rates(&second));
    assert_eq!(fs::read(file).unwrap(), content);
    assert_eq!(machine.files().len(), 1);
}

#[test]
fn what_is_kept_decides_unless_that_is_turned_off() {
    let machine = Machine::new();
    let kept = |factor: f64, reduce: f64| {
        format!(r#"{{"factor": {factor}, "substitute": 1e9, "reduce": {reduce}, "product": 1e9, "cores": 3}}"#)
    };
    for (content, strategy) in [(kept(1e-3, 1e9), "spectral"), (kept(1e9, 1e-3), "cholesky")] {
        machine.keep(&content);
        let plan = machine.plan("--rates measured");
        assert!(plan.contains(&format!("cpu, {strategy},")) && plan.contains("; 3 cores"), "{plan}");
        assert_eq!(machine.strategy("--rates measured"), strategy);
        // Turned off, or not worth it.
        for more in ["", "--rates auto", "--rates default"] {
            assert_eq!(machine.strategy(more), "cholesky", "{more}");
            assert!(machine.plan(more).contains("from     constants"), "{more}");
        }
    }
    machine.keep(&kept(1e-3, 1e9));
    let plan = |rates| machine.run_with("plan data.csv --target y --lambdas 1,0.1", Some(rates)).out;
    assert!(plan("measured").contains("cpu, spectral,"));
    assert!(plan("default").contains("cpu, cholesky,") && plan("default").contains("; 4 cores"));
}

#[test]
fn what_is_kept_and_cannot_be_used_is_measured_again() {
    let machine = Machine::new();
    for (content, reason) in [
        ("", "EOF"),
        (r#"{"factor": "#, "EOF"),
        (r#"{"factor": 1e9, "substitute": 1e9, "reduce": 1e9, "cores": 2}"#, "product"),
        (r#"{"factor": 0, "substitute": 1e9, "reduce": 1e9, "product": 1e9, "cores": 2}"#, "the rate factor is 0.0"),
        (r#"{"factor": 1e9, "substitute": 1e9, "reduce": 1e9, "product": 1e9, "cores": -2}"#, "-2"),
    ] {
        machine.keep(content);
        let again = machine.plan("--rates measured");
        assert!(again.contains("measured now") && again.contains(reason), "{content}: {again}");
        assert!(machine.plan("--rates measured").contains("measured before"), "{content}");
    }
}

#[test]
fn what_cannot_be_kept_is_not_measured() {
    let mut machine = Machine::new();
    machine.cache = machine.folder.file("a_file", "");
    let plan = machine.plan("--rates measured");
    assert!(plan.contains("constants: cannot keep others in") && plan.contains("a_file"), "{plan}");
    assert_eq!(machine.strategy("--rates measured"), "cholesky");
}

#[test]
fn a_small_task_leaves_the_cache_alone_and_a_large_one_does_not() {
    let machine = Machine::new();
    assert!(machine.plan("").contains("constants: by these the task takes less than 0.5 s"));
    machine.strategy("");
    assert_eq!(machine.files().len(), 0);
    let names: Vec<String> = (0..2500).map(|j| format!("x{j}")).collect();
    let row = |y: usize| (0..2500).map(|j| format!("{},", (j * y) % 7)).collect::<String>() + &y.to_string();
    machine.folder.file("wide.csv", format!("{},y\n{}\n{}\n", names.join(","), row(1), row(2)));
    let arguments = "plan wide.csv --target y --form primal --backend cpu --strategy spectral";
    let large = |more: &str| machine.run(&format!("{arguments} {more}")).out;
    assert!(large("--rates default").contains("constants, as asked for"));
    assert_eq!(machine.files().len(), 0);
    assert!(large("").contains("measured now"));
    assert!(large("").contains("measured before"));
}

#[test]
fn the_switch_has_three_positions() {
    path_of(SMALL, "--rates quick").misused(&["quick", "auto, measured, default"]);
    Run::of(program().args(["plan", "data.csv", "--target", "y"]).env("RIDGEPATH_RATES", "quick")).misused(&["quick"]);
}
