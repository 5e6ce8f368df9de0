//! Everyone who is timed.

use ridgepath::{Backend, Gpu, Strategy};

use crate::args::bench::{BenchArgs, BenchBackend, BenchPart};
use crate::args::solver::StrategyName::Auto;
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
    /// The GPU with a factorization for each λ, where `gpu` takes a few nodes by default.
    pub(crate) gpu_cholesky: Option<Contender>,
}

impl Lineup {
    /// Warms the contenders up and lets them take turns.
    pub(crate) fn timed(args: &BenchArgs, task: &Task, device: &std::result::Result<Gpu, String>) -> Result<Self> {
        let runs = args.repeat + 1;
        let meter = Meter::new(4 * runs, "runs");
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
        let mut gpu = match device {
            Err(reason) => absent(reason.clone()),
            Ok(device) => match start(task.ridge(args, Backend::Gpu).gpu(device.clone())) {
                Err(error) if error.is_device() && args.backend == BenchBackend::Auto => absent(error.to_string()),
                started => started.map_err(failure).map(Ok),
            },
        }?;
        let by_nodes = gpu.as_ref().is_ok_and(|own| own.path.backend().strategy == Strategy::Nodes);
        let mut gpu_cholesky = match device.as_ref().ok().filter(|_| by_nodes && matches!(args.strategy, Auto)) {
            Some(device) => {
                let ridge = task.ridge(args, Backend::Gpu).gpu(device.clone()).strategy(Strategy::Cholesky);
                Some(start(ridge).map_err(failure)?)
            }
            None => {
                meter.skip(runs);
                None
            }
        };
        let quick = args.reference || accuracy::reference_is_quick(task.shape);
        let mut reference = match (args.without(BenchPart::Reference), quick) {
            (true, _) => absent("left out".into()),
            (_, false) => absent("it would take long; --reference has it timed all the same".into()),
            _ => start(task.ridge(args, Backend::Reference)).map_err(failure).map(Ok),
        }?;
        let backends = [&mut reference, &mut cpu, &mut gpu].into_iter().filter_map(|contender| contender.as_mut().ok());
        let mut everyone: Vec<&mut Contender> = backends.chain(&mut gpu_cholesky).collect();
        race(&mut everyone, args.repeat, x, y, &meter).map_err(failure)?;
        meter.finish();
        Ok(Self { reference, cpu, gpu, gpu_cholesky })
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
        contender: Option<&'a Contender>,
        flops: f64,
        oracle: Option<&Oracle>,
        coefficients: bool,
    ) -> Option<Timing<'a>> {
        Some(contender?.timing(flops, self.cpu.as_ref().ok(), oracle, coefficients))
    }
}
