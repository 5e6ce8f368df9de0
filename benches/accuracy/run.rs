//! The backends' answers, judged.

use ridgepath::{Backend, Gpu, Outcome, Precision, Ridge, Route, Strategy, View};

use crate::Case;
use crate::oracle::Worth;

/// One contestant.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    ridge: Ridge,
    /// Whether its test ratio and bounds are a promise.
    pub(crate) double: bool,
    /// Whether its bound is one in the units measured here; the reference's is in natural ones.
    pub(crate) bounded: bool,
}

/// What one backend said of one shift, and what that is worth.
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    pub(crate) condition: f64,
    pub(crate) bound: f64,
    /// `None` where there is no answer, or no exact one to compare with.
    pub(crate) worth: Option<Worth>,
}

/// LAPACK's limit.
const GREATEST_RATIO: f64 = 30.0;

/// All that can run here, and the adapter's name.
pub(crate) fn backends() -> (Vec<Contestant>, String) {
    let on = |name, backend, precision, gpu: Option<&Gpu>| {
        let ridge = Ridge::new().backend(backend).precision(precision);
        let ridge = gpu.map_or(ridge.clone(), |gpu| ridge.gpu(gpu.clone()));
        Contestant { name, ridge, double: precision == Precision::Double, bounded: backend != Backend::Reference }
    };
    // A software adapter computes as any other does: digits, unlike times, may be taken from it.
    let gpu = pollster::block_on(Gpu::open(true));
    let adapter = match &gpu {
        Ok(gpu) => gpu.adapter().name.clone(),
        Err(error) => format!("none ({error})"),
    };
    let gpu = gpu.ok();
    let mut all = vec![on("cpu double", Backend::Cpu, Precision::Double, None)];
    let mut spectral = on("cpu spectral", Backend::Cpu, Precision::Double, None);
    spectral.ridge = spectral.ridge.strategy(Strategy::Spectral);
    all.push(spectral);
    all.extend(gpu.as_ref().map(|gpu| on("gpu double", Backend::Gpu, Precision::Double, Some(gpu))));
    all.push(on("cpu single", Backend::Cpu, Precision::Single, None));
    all.extend(gpu.as_ref().map(|gpu| on("gpu single", Backend::Gpu, Precision::Single, Some(gpu))));
    all.push(on("reference", Backend::Reference, Precision::Double, None));
    (all, adapter)
}

pub(crate) fn answers(contestant: &Contestant, case: &Case) -> Vec<Answer> {
    let set = &case.set;
    let x = View::row_major(&set.x, set.m, set.n).expect("the slice holds the matrix");
    let ridge = contestant.ridge.clone().intercept(set.intercept).alphas(set.shifts.clone());
    let path = ridge.fit(x, &set.y).expect("the set can be solved");
    (0..path.len())
        .map(|k| {
            let outcome = path.outcome(k, 0);
            let (w, b) = (path.coefficients(k, 0), path.intercept(k, 0));
            let worth = match (&case.truths[k], outcome) {
                (Some(truth), outcome) if !matches!(outcome, Outcome::Singular { .. }) => {
                    let mut worth = case.oracle.worth(set, set.shifts[k], truth, w, b);
                    if !contestant.double && outcome == Outcome::Solved {
                        worth.ratio /= 2f64.powi(29); // the unit is then that of 32 bits
                    }
                    Some(worth)
                }
                _ => None,
            };
            Answer { outcome, condition: path.condition(k), bound: path.error_bound(k, 0), worth }
        })
        .collect()
}

impl Answer {
    /// What is wrong with it, if anything is.
    pub(crate) fn failure(&self, contestant: &Contestant, singular: bool) -> Option<String> {
        let answered = !matches!(self.outcome, Outcome::Singular { .. });
        if singular && answered && contestant.bounded {
            return Some("answered, though the matrix has no inverse".into());
        }
        let worth = self.worth?;
        // Written so that NaN fails.
        if contestant.bounded && !(worth.error <= self.bound) {
            return Some(format!("error {:.1e} above its bound {:.1e}", worth.error, self.bound));
        }
        let tested = contestant.bounded && contestant.double;
        (tested && !(worth.ratio < GREATEST_RATIO)).then(|| format!("test ratio {:.1}", worth.ratio))
    }

    /// The outcome in a few letters.
    pub(crate) fn outcome(&self) -> String {
        match self.outcome {
            Outcome::Solved => String::new(),
            Outcome::Refined { steps } => format!("r{steps}"),
            Outcome::Rerouted { route: Route::Double } => "d".into(),
            Outcome::Rerouted { route: Route::Qr } => "q".into(),
            Outcome::Singular { order } => format!("singular {order}"),
            _ => "?".into(),
        }
    }
}
