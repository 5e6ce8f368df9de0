//! A ridge path by another Rust library, timed in a process of its own, for `benches/peers/cpu.py`, which hands in the data.
//!
//! `ridge-peers PEER FILE ROWS FEATURES TARGETS RUNS ALPHA,ALPHA,…` with X and Y in the file as 64-bit floats in this
//! machine's order, column after column. Prints JSON as `ridgepath bench` does: the seconds of each run after one that is
//! not timed, their median, and the coefficients [alpha, target, feature] at the first, the middle and the last alpha.

mod data;
mod peers;

use std::env;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use serde_json::json;

use data::Data;
use peers::PEERS;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [peer, file, rows, features, targets, runs, alphas] = arguments.as_slice() else {
        let usage = "PEER FILE ROWS FEATURES TARGETS RUNS ALPHA,ALPHA,…";
        return Err(format!("found {} arguments, wanted {usage}", arguments.len()).into());
    };
    let names = PEERS.map(|(name, _)| name).join(", ");
    let (_, path) = PEERS
        .into_iter()
        .find(|(name, _)| name == peer)
        .ok_or_else(|| format!("PEER: found {peer:?}, wanted one of {names}"))?;
    let runs = count("RUNS", runs)?;
    let data = Data::read(file, count("ROWS", rows)?, count("FEATURES", features)?, count("TARGETS", targets)?)?;
    let number = |text: &str| text.parse::<f64>().map_err(|_| format!("ALPHA: found {text:?}, wanted a number"));
    let alphas = alphas.split(',').map(number).collect::<Result<Vec<_>, _>>()?;

    let timed = || {
        let begun = Instant::now();
        path(black_box(&data), black_box(&alphas)).map(|answer| (begun.elapsed().as_secs_f64(), answer))
    };
    let (first, mut answer) = timed()?;
    let mut samples = Vec::with_capacity(runs);
    for _ in 0..runs {
        let (seconds, latest) = timed()?;
        samples.push(seconds);
        answer = latest;
    }
    let mut sorted = samples.clone();
    sorted.sort_by(f64::total_cmp);

    let mut probes = vec![0, alphas.len() / 2, alphas.len() - 1];
    probes.dedup();
    let by_target = |probe: usize| answer[probe].chunks(data.features).collect::<Vec<_>>();
    let coefficients: Vec<_> = probes.into_iter().map(by_target).collect();
    println!(
        "{}",
        json!({"seconds": sorted[runs / 2], "samples": samples, "first": first, "coefficients": coefficients})
    );
    Ok(())
}

fn count(name: &str, text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("{name}: found {text:?}, wanted a whole number above 0")),
    }
}
