//! What is asked of a solver, beside its data.

use std::process;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use ridgepath::{Backend, Cancellation, Penalty, Precision, Ridge, Shape, Standardize};

use crate::arrays::numbers;
use crate::run::Work;

/// Solvers by process and whether a software device will do: their clones share the GPU that is opened at first need.
static SOLVERS: Mutex<Vec<((u32, bool), Ridge)>> = Mutex::new(Vec::new());

/// What is asked of a solver, beside its data and penalties.
#[pyclass(frozen, module = "ridgepath._ridgepath")]
pub(crate) struct Settings {
    intercept: bool,
    standardize: Standardize,
    factors: Option<Vec<f64>>,
    backend: Backend,
    allow_software_gpu: bool,
    precision: Precision,
    minimum_norm: bool,
    pub(crate) threads: Option<usize>,
    progress: Option<Py<PyAny>>,
}

#[pymethods]
impl Settings {
    #[new]
    #[pyo3(signature = (*, intercept=true, standardize=None, penalty_factors=None, backend="cpu", allow_software_gpu=false,
        precision="double", minimum_norm=true, threads=None, progress=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords")]
    fn new(
        intercept: bool,
        standardize: Option<&str>,
        penalty_factors: Option<&Bound<'_, PyAny>>,
        backend: &str,
        allow_software_gpu: bool,
        precision: &str,
        minimum_norm: bool,
        threads: Option<usize>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        Ok(Self {
            intercept,
            standardize: named(
                "standardize",
                standardize.unwrap_or("no"),
                &[("no", Standardize::No), ("population", Standardize::Population), ("sample", Standardize::Sample)],
            )?,
            factors: penalty_factors.map(|factors| numbers(factors, "penalty_factors")).transpose()?,
            backend: named(
                "backend",
                backend,
                &[
                    ("cpu", Backend::Cpu),
                    ("gpu", Backend::Gpu),
                    ("auto", Backend::Auto),
                    ("reference", Backend::Reference),
                ],
            )?,
            allow_software_gpu,
            precision: named("precision", precision, &[("double", Precision::Double), ("single", Precision::Single)])?,
            minimum_norm,
            threads,
            progress,
        })
    }
}

impl Settings {
    /// The solver for a grid, and the way to end its work.
    pub(crate) fn solver(&self, penalty: Penalty) -> (Ridge, Cancellation) {
        let cancellation = Cancellation::new();
        let mut ridge = self
            .with_device()
            .penalty(penalty)
            .intercept(self.intercept)
            .standardize(self.standardize)
            .backend(self.backend)
            .precision(self.precision)
            .minimum_norm(self.minimum_norm)
            .cancellation(&cancellation);
        if let Some(factors) = &self.factors {
            ridge = ridge.penalty_factors(factors.clone());
        }
        if let Some(progress) = &self.progress {
            let progress = Python::attach(|py| progress.clone_ref(py));
            let ended = cancellation.clone();
            ridge = ridge.on_progress(move |done, all| {
                Python::attach(|py| {
                    // What a callback raises is told where exceptions go that nobody can catch, and ends the work.
                    if let Err(error) = progress.call1(py, (done, all)) {
                        error.write_unraisable(py, None);
                        ended.cancel();
                    }
                });
            });
        }
        (ridge, cancellation)
    }

    /// A solver that shares the GPU of all others of this process.
    fn with_device(&self) -> Ridge {
        if matches!(self.backend, Backend::Cpu | Backend::Reference) {
            return Ridge::new();
        }
        let key = (process::id(), self.allow_software_gpu);
        let mut solvers = SOLVERS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, ridge)) = solvers.iter().find(|(own, _)| *own == key) {
            return ridge.clone();
        }
        let ridge = Ridge::new().allow_software_gpu(self.allow_software_gpu);
        solvers.push((key, ridge.clone()));
        ridge
    }

    /// How the work of a shape is done, `times` of it.
    pub(crate) fn work(&self, ridge: &Ridge, shape: Shape, times: f64, cancellation: Cancellation) -> Work {
        Work { seconds: times * ridge.seconds_on_cpu(shape), threads: self.threads, cancellation }
    }
}

/// The penalties asked for: how many of a grid scaled from the data; or each of them, λ or alpha.
pub(crate) fn penalty(grid: &Bound<'_, PyAny>, lambdas: bool) -> PyResult<Penalty> {
    if let Ok(count) = grid.extract::<usize>() {
        return Ok(Penalty::Auto(count));
    }
    let values = numbers(grid, if lambdas { "lambdas" } else { "alphas" })?;
    Ok(if lambdas { Penalty::Lambdas(values) } else { Penalty::Alphas(values) })
}

/// The value of a name.
pub(crate) fn named<T: Copy>(what: &str, found: &str, known: &[(&str, T)]) -> PyResult<T> {
    known.iter().find(|(name, _)| *name == found).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        PyValueError::new_err(format!("{what}: found {found:?}, wanted one of {}", names.join(", ")))
    })
}
