//! Digits correct of every backend, against exact answers: `cargo bench --bench accuracy`.
//!
//! The doubles of a data set are rational numbers, so its ridge path is one too: it is solved in exact arithmetic here and
//! rounded once. The table goes to the terminal and to benches/record/accuracy.md. The bench fails when an answer
//! in double precision has a test ratio of 30 or more, when an error exceeds its reported bound, and when a matrix that has
//! no inverse is answered.
//!
//! `-- --export DIR` writes sets and exact answers for other programs (`benches/peers/accuracy_sklearn.py`);
//! `-- --peers FILE` takes another file of their digits than `benches/record/accuracy_sklearn.json`.

mod exact;
mod nist;
mod oracle;
mod peers;
mod report;
mod run;
mod sets;

use std::path::PathBuf;
use std::process::ExitCode;

use rayon::prelude::*;

use crate::oracle::{Oracle, Truth};
use crate::sets::Set;

/// A set, its exact answers, and what everybody made of it.
pub(crate) struct Case {
    pub(crate) set: Set,
    pub(crate) oracle: Oracle,
    /// One for each shift; `None` where the matrix is singular.
    pub(crate) truths: Vec<Option<Truth>>,
}

fn main() -> ExitCode {
    let (mut export, mut record) = (None, None);
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/record");
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--export" => export = arguments.next().map(PathBuf::from),
            "--peers" => record = arguments.next().map(PathBuf::from),
            _ => {} // cargo's own `--bench`, and filters meant for the other benches
        }
    }
    let wrong = nist::wrong();
    assert!(wrong.is_empty(), "certified values not reproduced: {wrong:?}");

    let cases: Vec<Case> = sets::all()
        .into_par_iter()
        .map(|set| {
            let oracle = Oracle::new(&set);
            let truths = set.shifts.par_iter().map(|shift| oracle.truth(*shift)).collect();
            Case { set, oracle, truths }
        })
        .collect();
    if let Some(folder) = export {
        peers::export(&folder, &cases).expect("the folder can be written");
        return ExitCode::SUCCESS;
    }
    let (backends, adapter) = run::backends();
    let answers: Vec<Vec<Vec<run::Answer>>> =
        cases.iter().map(|case| backends.iter().map(|backend| run::answers(backend, case)).collect()).collect();
    let peers = peers::read(&record.unwrap_or_else(|| root.join("accuracy_sklearn.json")));
    let (text, failures) = report::write(&cases, &backends, &answers, &adapter, peers.as_ref());
    print!("{text}");
    std::fs::write(root.join("accuracy.md"), text).expect("benches/record can be written");
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
