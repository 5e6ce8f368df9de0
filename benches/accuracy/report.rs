//! The tables.

use std::fmt::Write;

use crate::Case;
use crate::peers::Peers;
use crate::run::{Answer, Contestant};

const HEAD: &str = "# Accuracy, measured

Every number below comes from `cargo bench --bench accuracy`, which fails when one of the promises of the last section is
broken. The data are doubles, that is rational numbers: the bench solves every case in exact rational arithmetic and
compares. Its exact solver and the sets from NIST's Statistical Reference Datasets prove each other right: read as
decimal numbers, the sets give all certified digits.
";

const DIGITS: &str = "
## Digits correct

−log₁₀ ‖w − w*‖₂/‖w*‖₂, at most 16. The shift is 2Wλ, scikit-learn's alpha. κ is what the CPU estimates for its answer in
double precision. Letters tell how an answer came about: r3, by 3 corrections of a single-precision one; d, in
double precision on the CPU, where single did not reach; q, by QR, where the normal equations did not reach; none,
as planned. `singular j`: refused, column j depends on those before it. *none* stands where the exact matrix is singular and
there is no answer to be right about: whoever answers there shows the norm of what it made up.
";

const PROMISES: &str = "
## Bounds and test ratios

For each answer: its error ‖w − w*‖₂/‖w*‖₂, in the units that give the matrix a diagonal near 1, over the bound that
`RidgePath::error_bound` reports for it (at most 1, for every backend); and the test ratio of LAPACK,
‖c − Aw‖₁ / (‖A‖₁ ‖w‖₁ n 2⁻⁵³), in the same units, with A and c exact (below 30 for every answer in double precision; for those in
single, over 2⁻²⁴ instead).
";

/// The report, and how many promises are broken.
pub(crate) fn write(
    cases: &[Case],
    backends: &[Contestant],
    answers: &[Vec<Vec<Answer>>],
    adapter: &str,
    peers: Option<&Peers>,
) -> (String, usize) {
    let mut text = String::from(HEAD);
    let mut failures = failures(cases, backends, answers);
    let behind = peers.map_or_else(Vec::new, |peers| behind(cases, backends, answers, peers));
    failures.extend(behind.iter().filter(|(_, said)| !said).map(|(line, _)| line.clone()));
    let _ = writeln!(text, "\nridgepath {}; GPU adapter: {adapter}.", env!("CARGO_PKG_VERSION"));
    if let Some(peers) = peers {
        let _ = writeln!(text, "Beside it: {}.", peers.versions);
    }
    summary(&mut text, cases, backends, answers);
    let _ = writeln!(text, "\nBroken promises: {}.", if failures.is_empty() { "none" } else { "" });
    failures.iter().for_each(|failure| text.push_str(&format!("- {failure}\n")));
    if peers.is_some() {
        let none = if behind.is_empty() { " nowhere." } else { "" };
        let _ = writeln!(
            text,
            "\nWhere double precision has fewer digits than another solver (and fewer than {ALL}; to have fewer without \
             a bound that promises none is a broken promise):{none}"
        );
        behind.iter().for_each(|(line, _)| text.push_str(&format!("- {line}\n")));
    }
    digits_table(&mut text, cases, backends, answers, peers);
    promises_table(&mut text, cases, backends, answers);
    (text, failures.len())
}

fn failures(cases: &[Case], backends: &[Contestant], answers: &[Vec<Vec<Answer>>]) -> Vec<String> {
    let mut all = Vec::new();
    for (case, answers) in cases.iter().zip(answers) {
        for (backend, answers) in backends.iter().zip(answers) {
            for (k, answer) in answers.iter().enumerate() {
                let failure = answer.failure(backend, case.truths[k].is_none());
                let shift = case.set.shifts[k];
                all.extend(failure.map(|why| format!("{}, shift {shift:e}, {}: {why}", case.set.name, backend.name)));
            }
        }
    }
    all
}

fn summary(text: &mut String, cases: &[Case], backends: &[Contestant], answers: &[Vec<Vec<Answer>>]) {
    let possible: usize = cases.iter().map(|case| case.truths.iter().flatten().count()).sum();
    let singular = cases.iter().map(|case| case.truths.len()).sum::<usize>() - possible;
    let _ = writeln!(
        text,
        "\n{} sets, {possible} cases with an answer and {singular} without one (the exact matrix is singular).\n\n\
         | backend | answered | refused | fewest digits | median | error / bound, largest | test ratio, largest |\n\
         |---|---|---|---|---|---|---|",
        cases.len()
    );
    for (b, backend) in backends.iter().enumerate() {
        let own: Vec<&Answer> = answers.iter().flat_map(|answers| &answers[b]).collect();
        let worths: Vec<_> = own.iter().filter_map(|answer| Some((answer.worth?, answer.bound))).collect();
        let mut digits: Vec<f64> = worths.iter().map(|(worth, _)| worth.digits).collect();
        digits.sort_by(f64::total_cmp);
        let most = |of: &dyn Fn(&(crate::oracle::Worth, f64)) -> f64| worths.iter().map(of).fold(0.0, f64::max);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.1} | {:.1} | {} | {:.2} |",
            backend.name,
            worths.len(),
            possible - worths.len(),
            digits[0],
            digits[digits.len() / 2],
            if backend.bounded {
                format!("{:.2}", most(&|(worth, bound)| ratio(worth.error, *bound)))
            } else {
                "—".into()
            },
            most(&|(worth, _)| worth.ratio)
        );
    }
}

/// Digits from which only the last bits are left to be wrong about.
const ALL: f64 = 14.5;

/// Where a backend in double precision has fewer digits than another solver, and whether it said so: with a bound that
/// promises none. Not to say so breaks a promise.
fn behind(cases: &[Case], backends: &[Contestant], answers: &[Vec<Vec<Answer>>], peers: &Peers) -> Vec<(String, bool)> {
    let mut lines = Vec::new();
    for (case, answers) in cases.iter().zip(answers) {
        for (backend, answers) in backends.iter().zip(answers).filter(|(backend, _)| backend.double && backend.bounded)
        {
            for (k, answer) in answers.iter().enumerate().filter(|(k, _)| case.truths[*k].is_some()) {
                for solver in &peers.solvers {
                    let (name, shift) = (&case.set.name, case.set.shifts[k]);
                    let theirs = peers.cell(name, shift, solver).and_then(|cell| cell.as_f64());
                    let ours = answer.worth.map_or(0.0, |worth| worth.digits);
                    if let Some(theirs) = theirs.filter(|theirs| *theirs > ours && ours < ALL) {
                        let said = !(answer.bound < 1.0);
                        let own = answer.worth.map_or_else(|| answer.outcome(), |_| format!("{ours:.1}"));
                        let bound = format!("with a bound of {:.0e}", answer.bound);
                        lines.push((
                            format!("{name}, shift {shift:e}: {} {own} {bound}, {solver} {theirs:.1}", backend.name),
                            said,
                        ));
                    }
                }
            }
        }
    }
    lines
}

fn digits_table(
    text: &mut String,
    cases: &[Case],
    backends: &[Contestant],
    answers: &[Vec<Vec<Answer>>],
    peers: Option<&Peers>,
) {
    text.push_str(DIGITS);
    let solvers = peers.map_or(&[][..], |peers| &peers.solvers);
    let names: Vec<&str> =
        backends.iter().map(|backend| backend.name).chain(solvers.iter().map(String::as_str)).collect();
    for (case, answers) in cases.iter().zip(answers) {
        let set = &case.set;
        let _ = writeln!(text, "\n### {}\n\n{}; {} × {}.\n", set.name, set.what, set.m, set.n);
        let _ = writeln!(text, "| shift | κ | {} |\n|---|---|{}", names.join(" | "), "---|".repeat(names.len()));
        for (k, shift) in set.shifts.iter().enumerate() {
            let condition = answers[0][k].condition;
            let known = case.truths[k].is_some();
            let kappa = if condition.is_finite() { format!("{condition:.0e}") } else { "∞".into() };
            let own = answers.iter().map(|answers| cell(&answers[k], known));
            let theirs =
                solvers.iter().map(|solver| match peers.and_then(|peers| peers.cell(&set.name, *shift, solver)) {
                    Some(value) => {
                        value.as_f64().map_or_else(|| value.as_str().unwrap_or("—").to_owned(), |d| format!("{d:.1}"))
                    }
                    None => "—".into(),
                });
            let cells: Vec<String> = own.chain(theirs).collect();
            let note = if known { "" } else { " *none*" };
            let _ = writeln!(text, "| {shift:e}{note} | {kappa} | {} |", cells.join(" | "));
        }
    }
}

fn cell(answer: &Answer, known: bool) -> String {
    let how = answer.outcome();
    match answer.worth {
        Some(worth) => format!("{:.1} {how}", worth.digits).trim_end().to_owned(),
        None if known || how.starts_with("singular") => how,
        None => format!("answered {how}"),
    }
}

fn promises_table(text: &mut String, cases: &[Case], backends: &[Contestant], answers: &[Vec<Vec<Answer>>]) {
    text.push_str(PROMISES);
    let shown: Vec<usize> = (0..backends.len()).filter(|b| backends[*b].bounded).collect();
    let names: Vec<String> = shown.iter().map(|b| format!("{0}: error | / bound | ratio", backends[*b].name)).collect();
    let _ = writeln!(
        text,
        "\n| set | shift | {} | b: digits |\n|---|---|{}---|",
        names.join(" | "),
        "---|---|---|".repeat(shown.len())
    );
    for (case, answers) in cases.iter().zip(answers) {
        for (k, shift) in case.set.shifts.iter().enumerate().filter(|(k, _)| case.truths[*k].is_some()) {
            let cell = |b: &usize| match &answers[*b][k] {
                Answer { worth: Some(worth), bound, .. } => {
                    format!("{:.0e} | {:.0e} | {:.2}", worth.error, ratio(worth.error, *bound), worth.ratio)
                }
                answer => format!("{} | — | —", answer.outcome()),
            };
            let cells: Vec<String> = shown.iter().map(cell).collect();
            let intercept = answers[0][k].worth.map(|worth| worth.intercept_digits).filter(|digits| !digits.is_nan());
            let intercept = intercept.map_or("—".into(), |digits| format!("{digits:.1}"));
            let _ = writeln!(text, "| {} | {shift:e} | {} | {intercept} |", case.set.name, cells.join(" | "));
        }
    }
}

fn ratio(error: f64, bound: f64) -> f64 {
    if error == 0.0 { 0.0 } else { error / bound }
}
