//! The planner held against the clock: what the strategy chosen takes, over the best that could have been chosen.
//!
//! `cargo bench --bench planner -- [FEATURES TARGETS LAMBDAS]`, each a list such as 10,50,200; without them a small grid, with
//! `RIDGEPATH_BENCH=full` all of it, which takes many minutes. m = 2n rows; every strategy forced, in turns, and then the times
//! of those that the default and the measured rates choose over the least. A ratio above 1.3 is marked.

mod task;

use std::env;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use ridgepath::{Backend, Plan, Rates, Request, Ridge, Strategy};

use task::Task;

/// Seconds after which no further round is begun.
const PATIENCE: f64 = 3.0;
/// Rounds at least and at most.
const ROUNDS: [usize; 2] = [3, 25];
/// What the planner may cost.
const WANTED: f64 = 1.3;
const STRATEGIES: [Strategy; 2] = [Strategy::Cholesky, Strategy::Spectral];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [features, targets, lambdas] = match arguments.as_slice() {
        [features, targets, lambdas] => [list(features)?, list(targets)?, list(lambdas)?],
        [] if task::full() => {
            [vec![10, 20, 50, 100, 200, 500, 1000], vec![1, 100], vec![1, 2, 5, 10, 30, 100, 300, 1000]]
        }
        [] => [vec![10, 50, 200], vec![1, 100], vec![1, 10, 100]],
        other => {
            return Err(format!("found {} arguments, wanted features, targets and λs, or none", other.len()).into());
        }
    };
    let measured = Rates::measure();
    println!("default   {}\nmeasured  {measured}\n", Rates::default());
    println!("| n | t | k | cholesky, ms | spectral, ms | default rates | ratio | measured rates | ratio |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut worst = [1.0f64; 2];
    for &n in &features {
        for &t in &targets {
            for &k in &lambdas {
                let task = Task::new(2 * n, n, t, k);
                let seconds = race(&task)?;
                let best = seconds[0].min(seconds[1]);
                let mut line = format!("| {n} | {t} | {k} | {:.3} | {:.3} |", 1e3 * seconds[0], 1e3 * seconds[1]);
                for (rates, worst) in [Rates::default(), measured].into_iter().zip(&mut worst) {
                    let plan =
                        Plan::new(task.shape, Request { backend: Backend::Cpu, rates, ..Request::default() }, None)?;
                    let ratio = seconds[usize::from(plan.strategy == Strategy::Spectral)] / best;
                    let mark = if ratio > WANTED { " !" } else { "" };
                    line += &format!(" {:?} | {ratio:.2}{mark} |", plan.strategy);
                    *worst = worst.max(ratio);
                }
                println!("{line}");
            }
        }
    }
    println!("\nworst: {:.2} by the default rates, {:.2} by the measured; wanted {WANTED} at most", worst[0], worst[1]);
    Ok(())
}

fn list(text: &str) -> Result<Vec<usize>, Box<dyn Error>> {
    let number = |part: &str| match part.trim().parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("found {part:?}, wanted whole numbers from 1 on, such as 10,50,200").into()),
    };
    text.split(',').map(number).collect()
}

/// The medians of what each strategy takes, in turns.
fn race(task: &Task) -> Result<[f64; 2], ridgepath::Error> {
    let (x, y) = (task.x(), task.y());
    let ridges =
        STRATEGIES.map(|strategy| Ridge::new().backend(Backend::Cpu).strategy(strategy).lambdas(task.lambdas()));
    let time = |ridge: &Ridge| {
        let begun = Instant::now();
        black_box(ridge.fit(black_box(x), y)?);
        Ok::<f64, ridgepath::Error>(begun.elapsed().as_secs_f64())
    };
    for ridge in &ridges {
        time(ridge)?;
    }
    let begun = Instant::now();
    let mut samples = [const { Vec::new() }; 2];
    for round in 0..ROUNDS[1] {
        if round >= ROUNDS[0] && begun.elapsed().as_secs_f64() > PATIENCE {
            break;
        }
        for (ridge, samples) in ridges.iter().zip(&mut samples) {
            samples.push(time(ridge)?);
        }
    }
    Ok(samples.map(|mut own| {
        own.sort_by(f64::total_cmp);
        own[own.len() / 2]
    }))
}
