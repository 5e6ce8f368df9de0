//! Cases by the thousand, and what is told of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use ridgepath::Gpu;

use crate::cases::Case;
use crate::court::{Counts, Fault, Report, judge};
use crate::figures::Figure;
use crate::subject::{Answer, Way};
use crate::truths::Twin;

/// A report, with the case and the way it was solved.
struct Filed {
    case: Case,
    way: Way,
    report: Report,
    used: String,
    wildness: usize,
}

/// Figures of one fault, of ordinary cases and of wild ones, by what was asked for: nothing, a form or strategy, single precision.
type Kind = (bool, Figure, Fault, &'static str);

/// What came of some cases: of each kind of report the plainest, and how many there were.
#[derive(Default)]
struct Verdict {
    cases: usize,
    /// Solves of ordinary cases.
    ordinary: usize,
    counts: Counts,
    filed: BTreeMap<Kind, (usize, Filed)>,
}

impl Verdict {
    fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.ordinary += other.ordinary;
        self.counts.add(&other.counts);
        for (kind, (count, filed)) in other.filed {
            self.file(kind, count, filed);
        }
    }

    fn file(&mut self, kind: Kind, count: usize, filed: Filed) {
        match self.filed.get_mut(&kind) {
            None => drop(self.filed.insert(kind, (count, filed))),
            Some(own) => {
                own.0 += count;
                if filed.wildness < own.1.wildness {
                    own.1 = filed;
                }
            }
        }
    }

    /// How many reports there are of wild cases, or of ordinary ones.
    fn reports(&self, of_wild: bool) -> usize {
        self.filed.iter().filter(|((wild, ..), _)| *wild == of_wild).map(|(_, (count, _))| count).sum()
    }
}

fn try_case(case: &Case, gpu: Option<&Gpu>) -> Verdict {
    let twin = Twin::new(case);
    let mut verdict = Verdict { cases: 1, ..Verdict::default() };
    for way in Way::of(case, gpu) {
        let answer = Answer::new(case, &way, &twin.limits);
        let court = judge(case, &twin, &way, &answer);
        verdict.counts.add(&court.counts);
        verdict.ordinary += if case.ordinary { court.counts.solves } else { 0 };
        for report in court.reports {
            let kind = (!case.ordinary, report.figure, report.fault, way.kind());
            let (used, wildness) = (answer.used.clone(), case.wildness());
            verdict.file(kind, 1, Filed { case: case.clone(), way: way.clone(), report, used, wildness });
        }
    }
    verdict
}

/// The same report of the smallest case that still has it.
fn shrunk(filed: &Filed) -> Filed {
    let until = Instant::now() + Duration::from_secs(3);
    let again = |case: &Case| {
        let twin = Twin::new(case);
        let answer = Answer::new(case, &filed.way, &twin.limits);
        let court = judge(case, &twin, &filed.way, &answer);
        let same = |own: &&Report| (own.figure, own.fault) == (filed.report.figure, filed.report.fault);
        court.reports.iter().find(same).cloned().map(|report| Filed {
            case: case.clone(),
            way: filed.way.clone(),
            report,
            used: answer.used,
            wildness: filed.wildness,
        })
    };
    let mut best = again(&filed.case).expect("reports are the same each time");
    'smaller: while Instant::now() < until {
        for case in best.case.smaller() {
            if let Some(smaller) = again(&case) {
                best = smaller;
                continue 'smaller;
            }
        }
        break;
    }
    best
}

/// How long to go on.
enum Until {
    Time(Instant),
    Solves(usize),
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value:?}: a number is needed")))
}

/// Judges cases in order until it is time, some at once.
fn trial(first: u64, until: &Until, gpu: Option<&Gpu>) -> Verdict {
    const AT_ONCE: u64 = 16;
    let mut verdict = Verdict::default();
    let mut next = first;
    loop {
        let seeds: Vec<u64> = (next..next + AT_ONCE).collect();
        let own: Vec<Verdict> = match gpu {
            Some(_) => seeds.iter().map(|seed| try_case(&Case::new(*seed), gpu)).collect(),
            None => seeds.par_iter().map(|seed| try_case(&Case::new(*seed), None)).collect(),
        };
        own.into_iter().for_each(|own| verdict.add(own));
        next += AT_ONCE;
        let done = match until {
            Until::Time(end) => Instant::now() >= *end,
            Until::Solves(count) => verdict.counts.solves >= *count,
        };
        if done {
            return verdict;
        }
    }
}

/// Everything in words, each kind of report with its smallest case.
fn told(verdict: &Verdict, took: Duration) -> String {
    let mut text = String::new();
    let counts = &verdict.counts;
    let total: usize = counts.compared.values().sum();
    let _ = writeln!(
        text,
        "{} solves, {} of them ordinary, of {} cases in {:.0} s: {total} figures compared, {} reports, and {} of wild cases",
        counts.solves,
        verdict.ordinary,
        verdict.cases,
        took.as_secs_f64(),
        verdict.reports(false),
        verdict.reports(true)
    );
    let _ = writeln!(
        text,
        "{:>24} {:>9} {:>9} {:>10} {:>9} {:>9}",
        "figure", "compared", "unknown", "unpromised", "refused", "reports"
    );
    for figure in Figure::ALL {
        let of = |map: &BTreeMap<Figure, usize>| map.get(figure).copied().unwrap_or(0);
        let reports: usize =
            verdict.filed.iter().filter(|((_, own, ..), _)| own == figure).map(|(_, (count, _))| count).sum();
        let name = format!("{figure:?}");
        let _ = writeln!(
            text,
            "{name:>24} {:>9} {:>9} {:>10} {:>9} {reports:>9}",
            of(&counts.compared),
            of(&counts.unknown),
            of(&counts.unpromised),
            of(&counts.refused)
        );
    }
    for ((wild, figure, fault, asked), (count, filed)) in &verdict.filed {
        if *wild && !wild_too() {
            continue;
        }
        let small = shrunk(filed);
        let _ = writeln!(
            text,
            "\n*** {}{figure:?} {fault:?}, {asked}: {count} times, such as in case {}, {} ({})\n{}\n{}",
            if *wild { "(wild) " } else { "" },
            small.case.seed,
            small.way,
            small.used,
            small.report.detail,
            small.case
        );
    }
    text
}

/// Whether reports of wild cases are told one by one, and held against the library. Elsewhere they are counted: how far figures may be
/// off there is not promised.
fn wild_too() -> bool {
    number("RIDGEPATH_JUDGE_WILD").is_some_and(|value| value > 0)
}

#[track_caller]
fn hold(verdict: &Verdict, took: Duration) {
    let text = told(verdict, took);
    eprintln!("{text}");
    let held = verdict.reports(false) + if wild_too() { verdict.reports(true) } else { 0 };
    assert!(held == 0, "{held} reports");
}

#[test]
fn every_figure_on_the_cpu_is_right_or_said_to_be_unknown() {
    let start = Instant::now();
    if let Some(seed) = number("RIDGEPATH_JUDGE_SEED") {
        return hold(&try_case(&Case::new(seed), None), start.elapsed());
    }
    let seconds = number("RIDGEPATH_JUDGE_SECONDS").unwrap_or(40);
    let until = match number("RIDGEPATH_JUDGE_SOLVES") {
        Some(solves) => Until::Solves(usize::try_from(solves).expect("a number of solves")),
        None => Until::Time(start + Duration::from_secs(seconds)),
    };
    let verdict = trial(0, &until, None);
    hold(&verdict, start.elapsed());
}

#[test]
fn every_figure_on_the_gpu_is_right_or_said_to_be_unknown() {
    let gpu = match pollster::block_on(Gpu::open(true)) {
        Ok(gpu) => gpu,
        Err(error) => {
            let required = std::env::var("RIDGEPATH_REQUIRE_GPU").is_ok_and(|value| value == "1");
            assert!(!required, "RIDGEPATH_REQUIRE_GPU=1, but {error}");
            eprintln!(
                "!!! NOT TESTED: this test needs a GPU or software Vulkan (mesa-vulkan-drivers), and found neither"
            );
            return;
        }
    };
    eprintln!("judged on {}", gpu.adapter());
    let start = Instant::now();
    if let Some(seed) = number("RIDGEPATH_JUDGE_SEED") {
        return hold(&try_case(&Case::new(seed), Some(&gpu)), start.elapsed());
    }
    // A software adapter is slow: a quarter of the time, or a fiftieth of the solves.
    let until = match number("RIDGEPATH_JUDGE_SOLVES") {
        Some(solves) => Until::Solves(usize::try_from(solves / 50).expect("a number of solves")),
        None => Until::Time(start + Duration::from_secs(number("RIDGEPATH_JUDGE_SECONDS").unwrap_or(40) / 4)),
    };
    let verdict = trial(1 << 32, &until, Some(&gpu));
    hold(&verdict, start.elapsed());
}
