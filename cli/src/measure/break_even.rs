//! From which sizes on the GPU wins.

use ridgepath::{Backend, Gpu, Penalty, Ridge, Shape};
use serde::Serialize;

use crate::args::bench::BenchArgs;
use crate::machine::failure::{Failure, Result};
use crate::measure::contender::{Contender, race, ratio};
use crate::measure::device_clock::Clock;
use crate::measure::median::median;
use crate::measure::progress_meter::Meter;
use crate::measure::stage_work::StageWork;
use crate::measure::task::{Task, least_flops};

const ROUNDS: usize = 3;

/// The break-even table, and from where on the GPU wins.
#[derive(Serialize)]
pub(crate) struct BreakEven {
    pub(crate) cells: Vec<Cell>,
    pub(crate) wins: Vec<Wins>,
}

/// One size of the break-even table.
#[derive(Serialize)]
pub(crate) struct Cell {
    pub(crate) features: usize,
    pub(crate) lambdas: usize,
    /// The median; nothing where a run would have taken too long.
    pub(crate) cpu_seconds: Option<f64>,
    /// The median; nothing where a run would have taken too long, or does not fit the device.
    pub(crate) gpu_seconds: Option<f64>,
    /// Seconds of the stages, in single precision, with the rows on the device already.
    pub(crate) on_device_seconds: Option<f64>,
    /// How many times as fast as the CPU the GPU is: the median of the rounds' ratios.
    pub(crate) gpu_ratio: Option<f64>,
    /// How many times as fast as the CPU the stages are, with the rows on the device already.
    pub(crate) on_device_ratio: Option<f64>,
}

/// The number of features from which on the GPU won every cell measured.
#[derive(Serialize)]
pub(crate) struct Wins {
    pub(crate) lambdas: usize,
    pub(crate) data_on_host_from: Option<usize>,
    pub(crate) data_on_device_from: Option<usize>,
}

/// Powers of `base` up to a size, and the size itself.
pub(crate) fn ladder(base: usize, size: usize) -> Vec<usize> {
    let powers = std::iter::successors(Some(base), |step| step.checked_mul(base));
    let mut steps: Vec<usize> = powers.take_while(|step| *step < size).collect();
    steps.push(size);
    steps
}

pub(crate) fn measure(args: &BenchArgs, task: &Task, gpu: &Gpu) -> Result<BreakEven> {
    let clock = Clock::new(gpu);
    let features = ladder(4, task.shape.features);
    let mut lambdas = ladder(10, task.shape.penalties);
    lambdas.insert(0, 1);
    lambdas.dedup();
    let meter = Meter::new(features.len() * lambdas.len() * 2 * (ROUNDS + 1), "runs for the break-even table");
    // Seconds of a floating-point operation, of the CPU and the GPU, so far.
    let mut paces = [0.0; 2];
    let mut cells = Vec::new();
    for n in &features {
        for k in &lambdas {
            let shape = Shape { features: *n, penalties: *k, ..task.shape };
            let ridge = |backend| task.ridge(args, backend).penalty(Penalty::Auto(*k));
            let quick = paces.map(|pace| pace * least_flops(shape) <= args.cell_seconds);
            let ridges = [ridge(Backend::Cpu), ridge(Backend::Gpu).gpu(gpu.clone())];
            let cell = cell(task, &clock, shape, ridges, quick, args.memory_budget, &meter)?;
            for (pace, seconds) in paces.iter_mut().zip([cell.cpu_seconds, cell.gpu_seconds]) {
                *pace = seconds.map_or(*pace, |seconds| seconds / least_flops(shape));
            }
            cells.push(cell);
        }
    }
    let wins = lambdas.iter().map(|k| wins(&cells, *k)).collect();
    Ok(BreakEven { cells, wins })
}

fn cell(
    task: &Task,
    clock: &Clock<'_>,
    shape: Shape,
    [cpu, gpu]: [Ridge; 2],
    quick: [bool; 2],
    budget: Option<u64>,
    meter: &Meter,
) -> Result<Cell> {
    let (x, y) = (task.first_features(shape.features)?, task.y()?);
    let failure = |error| task.failure(error);
    // What does not fit the device has no time, and the rest of the table goes on.
    let open = |ridge: Ridge, quick: bool| match quick.then(|| Contender::warmed_up(ridge, x, y, meter)).transpose() {
        Err(error) if error.is_device() => Ok(None),
        opened => opened.map_err(failure),
    };
    let mut both = [open(cpu, quick[0])?, open(gpu, quick[1])?];
    race(&mut both.iter_mut().flatten().collect::<Vec<_>>(), ROUNDS, x, y, meter).map_err(failure)?;
    meter.skip(both.iter().filter(|contender| contender.is_none()).count() * (ROUNDS + 1));
    let on_device = || {
        let work = StageWork::new(clock, task, shape.features, &Penalty::Auto(shape.penalties), budget)?;
        work.rows_on_device()?;
        (0..ROUNDS).map(|_| work.rows_on_device()).collect::<Result<Vec<_>>>()
    };
    let on_device = match both[1].is_some().then(on_device).transpose() {
        Err(Failure::Other(_)) => None,
        samples => samples?.as_deref().map(median),
    };
    let [cpu, gpu] = &both;
    let seconds = |contender: &Option<Contender>| contender.as_ref().map(Contender::seconds);
    Ok(Cell {
        features: shape.features,
        lambdas: shape.penalties,
        cpu_seconds: seconds(cpu),
        gpu_seconds: seconds(gpu),
        on_device_seconds: on_device,
        gpu_ratio: cpu.as_ref().zip(gpu.as_ref()).map(|(cpu, gpu)| ratio(cpu, gpu)),
        on_device_ratio: seconds(cpu).zip(on_device).map(|(cpu, device)| cpu / device),
    })
}

fn wins(cells: &[Cell], lambdas: usize) -> Wins {
    let from = |ratio: fn(&Cell) -> Option<f64>| {
        let cells = cells.iter().filter(|cell| cell.lambdas == lambdas);
        let known: Vec<(usize, f64)> = cells.filter_map(|cell| Some((cell.features, ratio(cell)?))).collect();
        let lost = known.iter().rposition(|(_, ratio)| *ratio <= 1.0).map_or(0, |at| at + 1);
        known.get(lost).map(|(features, _)| *features)
    };
    Wins {
        lambdas,
        data_on_host_from: from(|cell| cell.gpu_ratio),
        data_on_device_from: from(|cell| cell.on_device_ratio),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, ladder, wins};

    #[test]
    fn ladders_end_at_the_size() {
        assert_eq!(ladder(4, 256), [4, 16, 64, 256]);
        assert_eq!(ladder(4, 300), [4, 16, 64, 256, 300]);
        assert_eq!(ladder(4, 3), [3]);
        assert_eq!(ladder(10, 1), [1]);
    }

    #[test]
    fn a_win_counts_from_where_none_is_lost_any_more() {
        let cell = |(features, gpu_ratio): (usize, Option<f64>)| Cell {
            features,
            lambdas: 7,
            cpu_seconds: None,
            gpu_seconds: None,
            on_device_seconds: None,
            gpu_ratio,
            on_device_ratio: None,
        };
        let from = |ratios: [Option<f64>; 4]| {
            let cells: Vec<Cell> = [4, 16, 64, 256].into_iter().zip(ratios).map(cell).collect();
            let wins = wins(&cells, 7);
            assert_eq!(wins.data_on_device_from, None);
            wins.data_on_host_from
        };
        assert_eq!(from([Some(0.1), Some(2.0), Some(3.0), Some(9.0)]), Some(16));
        assert_eq!(from([Some(2.0), Some(0.5), Some(3.0), None]), Some(64));
        assert_eq!(from([Some(2.0), Some(2.0), Some(3.0), Some(0.9)]), None);
        assert_eq!(from([None; 4]), None);
    }
}
