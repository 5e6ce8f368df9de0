//! Everyone who is timed.

use ridgepath::{Backend, Gpu};

use crate::args::bench::{BenchArgs, BenchBackend, BenchPart};
use crate::machine::failure::{Failure, Result};
use crate::measure::accuracy::{self, Oracle};
use crate::measure::contender::{Contender, Timing, race};
use crate::measure::progress_meter::Meter;
use crate::measure::task::Task;

/// A contender, or why it could not be timed.
pub(crate) type Timed = std::result::Result<Contender, String>;

pub(crate) struct Lineup {
    pub(crate) reference: Timed,
    pub(crate) cpu: Timed,
    pub(crate) gpu: Timed,
}

impl Lineup {
    /// Warms the contenders up and lets them take turns.
    pub(crate) fn timed(args: &BenchArgs, task: &Task, gpu: &std::result::Result<Gpu, String>) -> Result<Self> {
        let runs = args.repeat + 1;
        let meter = Meter::new(3 * runs, "runs");
        let (x, y) = (task.x()?, task.y()?);
        let failure = |error| task.failure(error);
        let start = |ridge| Contender::warmed_up(ridge, x, y, &meter);
        let absent = |reason: String| {
            meter.skip(runs);
            Ok(Err(reason))
        };

        let mut cpu = match args.without(BenchPart::Cpu) {
            true => absent("left out".into()),
            false => start(task.ridge(args, Backend::Cpu)).map_err(failure).map(Ok),
        }?;
        let mut gpu = match gpu {
            Err(reason) => absent(reason.clone()),
            Ok(gpu) => match start(task.ridge(args, Backend::Gpu).gpu(gpu.clone())) {
                Err(error) if error.is_device() && args.backend == BenchBackend::Auto => absent(error.to_string()),
                started => started.map_err(failure).map(Ok),
            },
        }?;
        let quick = args.reference || accuracy::reference_is_quick(task.shape);
        let mut reference = match (args.without(BenchPart::Reference), quick) {
            (true, _) => absent("left out".into()),
            (_, false) => absent("it would take long; --reference has it timed all the same".into()),
            _ => start(task.ridge(args, Backend::Reference)).map_err(failure).map(Ok),
        }?;
        let mut everyone: Vec<&mut Contender> =
            [&mut reference, &mut cpu, &mut gpu].into_iter().filter_map(|contender| contender.as_mut().ok()).collect();
        race(&mut everyone, args.repeat, x, y, &meter).map_err(failure)?;
        meter.finish();
        Ok(Self { reference, cpu, gpu })
    }

    /// Someone who was timed.
    pub(crate) fn any(&self) -> Result<&Contender> {
        let found = [&self.cpu, &self.gpu, &self.reference].into_iter().find_map(|contender| contender.as_ref().ok());
        found.ok_or_else(|| {
            let reason = |contender: &Timed| contender.as_ref().err().cloned().unwrap_or_default();
            let [cpu, gpu, reference] = [&self.cpu, &self.gpu, &self.reference].map(reason);
            Failure::Input(format!("there is nothing to time; CPU: {cpu}; GPU: {gpu}; reference: {reference}"))
        })
    }

    pub(crate) fn timing<'a>(
        &self,
        contender: &'a Timed,
        flops: f64,
        oracle: Option<&Oracle>,
        coefficients: bool,
    ) -> Option<Timing<'a>> {
        Some(contender.as_ref().ok()?.timing(flops, self.cpu.as_ref().ok(), oracle, coefficients))
    }
}
