//! How far the answers lie from an oracle's, at a few λ.

use ridgepath::{Backend, Precision, RidgePath, Shape};
use serde::Serialize;

use crate::args::bench::{BenchArgs, BenchPart};
use crate::machine::failure::Result;
use crate::measure::task::Task;

/// Work of the reference up to which it is run, about two seconds of one core.
const REFERENCE_UP_TO: f64 = 1e10;

/// Numbers of the first, the middle and the last λ of a path.
pub(crate) fn probes(lambdas: usize) -> Vec<usize> {
    let mut probes = vec![0, lambdas / 2, lambdas - 1];
    probes.dedup();
    probes
}

/// The answers at the probes that other answers are held against.
pub(crate) struct Oracle {
    path: RidgePath,
    /// Numbers of the λs in a contender's path, and in the oracle's.
    pairs: Vec<(usize, usize)>,
    against: &'static str,
}

/// What the accuracy of the contenders is measured against, and where.
#[derive(Serialize)]
pub(crate) struct Accuracy {
    /// Who is the oracle: `"reference"`; `"cpu"` where the reference would take long; nothing where there is neither.
    pub(crate) against: Option<&'static str>,
    pub(crate) lambdas: Vec<f64>,
    pub(crate) alphas: Vec<f64>,
}

impl Accuracy {
    /// The accuracy at the probes of a path.
    pub(crate) fn new(path: &RidgePath, oracle: Option<&Oracle>) -> Self {
        let at = |values: &[f64]| probes(path.len()).into_iter().map(|index| values[index]).collect();
        Self { against: oracle.map(|oracle| oracle.against), lambdas: at(path.lambdas()), alphas: at(path.shifts()) }
    }
}

/// The coefficients of a path at the probes, by target.
pub(crate) fn coefficients(path: &RidgePath) -> Vec<Vec<&[f64]>> {
    let at = |index: usize| (0..path.targets()).map(|target| path.coefficients(index, target)).collect();
    probes(path.len()).into_iter().map(at).collect()
}

/// Floating-point operations of the reference: G, and for each λ a factor, its inverse, and the residuals of the rows.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(crate) fn reference_flops(shape: Shape) -> f64 {
    let [m, n, t, k] = [shape.rows, shape.features, shape.targets, shape.penalties].map(|size| size as f64);
    2.0 * m * n * (n + t) + k * (3.0 * n.powi(3) + 4.0 * t * m * n)
}

/// Whether a run of the reference ends soon.
pub(crate) fn reference_is_quick(shape: Shape) -> bool {
    reference_flops(shape) <= REFERENCE_UP_TO
}

impl Oracle {
    /// The reference; or the CPU in double precision, where it was timed and the reference would take long.
    pub(crate) fn new(
        args: &BenchArgs,
        task: &Task,
        like: &RidgePath,
        cpu: Option<&RidgePath>,
    ) -> Result<Option<Self>> {
        let chosen = probes(like.len());
        if args.without(BenchPart::Reference) {
            return Ok(None);
        }
        if !reference_is_quick(Shape { penalties: chosen.len(), ..task.shape }) {
            let cpu = cpu.filter(|path| path.backend().precision == Precision::Double);
            let pairs = chosen.iter().map(|index| (*index, *index)).collect();
            return Ok(cpu.map(|path| Self { path: path.clone(), pairs, against: "cpu" }));
        }
        let lambdas: Vec<f64> = chosen.iter().map(|index| like.lambdas()[*index]).collect();
        let ridge = task.ridge(args, Backend::Reference).precision(Precision::Double).lambdas(lambdas);
        let path = ridge.fit(task.x()?, task.y()?).map_err(|error| task.failure(error))?;
        Ok(Some(Self { path, pairs: chosen.into_iter().zip(0..).collect(), against: "reference" }))
    }

    /// How far a path is from the oracle's; nothing for whoever is the oracle.
    pub(crate) fn deviation(&self, path: &RidgePath) -> Option<f64> {
        let other = path.backend().name.to_string() != self.against;
        other.then(|| largest_deviation(path, &self.path, self.pairs.iter().copied()))
    }
}

/// The largest ‖w − w′‖ / ‖w′‖ over pairs of λ (here, there) and all targets.
pub(crate) fn largest_deviation(
    path: &RidgePath,
    from: &RidgePath,
    pairs: impl Iterator<Item = (usize, usize)>,
) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let mut worst = 0.0;
    for (here, there) in pairs {
        for target in 0..path.targets() {
            let (found, wanted) = (path.coefficients(here, target), from.coefficients(there, target));
            let distance = norm(&mut found.iter().zip(wanted).map(|(a, b)| a - b));
            let relative = if distance == 0.0 { 0.0 } else { distance / norm(&mut wanted.iter().copied()) };
            // A NaN stays.
            worst = if relative > worst || relative.is_nan() { relative } else { worst };
        }
    }
    worst
}
