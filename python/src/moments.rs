//! Sums of rows, which merge, travel, and are all that a path needs.

use std::sync::{Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;
use numpy::{IxDyn, PyArray};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use pyo3_arrow::input::AnyRecordBatch;
use ridgepath::{Batch, ColumnNames, CrossValidation, Folds, Problem, Stream};

use crate::arrays::{Array, array, numbers};
use crate::choice::{criterion, rule, score, selected};
use crate::errors::raised;
use crate::path::described;
use crate::run::Work;
use crate::settings::{Settings, penalty};
use crate::threads::detached;

/// Moments(features, targets)
/// --
///
/// The sums of rows that a ridge path needs, and nothing else of them: their number and weight, means, and centred sums of squares
/// and products.
///
/// Rows are added by `push`, sums of other rows by `merge`; `to_bytes` and pickle carry them between processes and machines.
///
/// Parameters
/// ----------
/// features, targets : int or list of str
///     How many there are, or the names of their columns. Names are needed to push data frames.
#[pyclass(frozen, module = "ridgepath")]
pub(crate) struct Moments {
    sums: Mutex<ridgepath::Moments>,
    features: Vec<String>,
    targets: Vec<String>,
}

/// A number of columns, or their names.
#[derive(FromPyObject)]
enum Columns {
    Count(usize),
    Names(Vec<String>),
}

impl Columns {
    fn names(self) -> (usize, Vec<String>) {
        match self {
            Self::Count(count) => (count, Vec::new()),
            Self::Names(names) => (names.len(), names),
        }
    }
}

#[pymethods]
impl Moments {
    #[new]
    fn new(features: Columns, targets: Columns) -> PyResult<Self> {
        let ((n, features), (t, targets)) = (features.names(), targets.names());
        if n == 0 || t == 0 {
            return Err(PyValueError::new_err(format!(
                "found {n} features and {t} targets, wanted one of each at the least"
            )));
        }
        Ok(Self { sums: Mutex::new(ridgepath::Moments::try_new(n, t).map_err(raised)?), features, targets })
    }

    /// push($self, data, y=None, sample_weight=None)
    /// --
    ///
    /// Adds rows: X and y as arrays, or a frame or batch with Arrow's interface (of pyarrow, polars, pandas, DuckDB and others), or a
    /// stream of these, in which columns are found by their names.
    ///
    /// Parameters
    /// ----------
    /// data : array of shape (n_samples, n_features), or anything with `__arrow_c_array__` or `__arrow_c_stream__`
    /// y : array of shape (n_samples,) or (n_samples, n_targets), beside an array
    /// sample_weight : array of shape (n_samples,), or beside a frame the name of a column
    ///
    /// Returns
    /// -------
    /// self
    #[pyo3(signature = (data, y=None, sample_weight=None))]
    fn push<'py>(
        slf: PyRef<'py, Self>,
        data: &Bound<'py, PyAny>,
        y: Option<Array<'py>>,
        sample_weight: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<PyRef<'py, Self>> {
        let py = slf.py();
        let Some(y) = y else {
            let weights = match sample_weight {
                Some(name) => Some(name.extract().map_err(|_| {
                    PyTypeError::new_err("sample_weight: beside a frame, wanted the name of the column of weights")
                })?),
                None => None,
            };
            slf.push_frame(py, data, weights)?;
            return Ok(slf);
        };
        let x: Array<'py> = data.extract()?;
        let weights = sample_weight.map(|weights| numbers(weights, "sample_weight")).transpose()?;
        let (x, y) = (x.elements("X")?, y.elements("y")?);
        let (x, y) = (x.view(), y.view());
        let own = &*slf;
        detached(py, || {
            let problem = Problem::new(x, y)?;
            let problem = match &weights {
                Some(weights) => problem.with_weights(weights)?,
                None => problem,
            };
            own.lock().push(&problem)
        })?
        .map_err(raised)?;
        Ok(slf)
    }

    /// merge($self, other)
    /// --
    ///
    /// Adds the rows of other moments. Returns self.
    fn merge<'py>(slf: PyRef<'py, Self>, other: &Self) -> PyResult<PyRef<'py, Self>> {
        let other = other.lock().clone();
        slf.lock().merge(&other).map_err(raised)?;
        Ok(slf)
    }

    /// remove($self, other)
    /// --
    ///
    /// Takes rows away that were added. Unlike merging this cancels: returns how many decimal digits it cost the worst column, of 16.
    fn remove(&self, other: &Self) -> PyResult<f64> {
        let other = other.lock().clone();
        self.lock().remove(&other).map_err(raised)
    }

    /// to_bytes($self)
    /// --
    ///
    /// All sums, exactly, with a version and a checksum; without names.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.lock().to_bytes())
    }

    /// from_bytes(data, features=None, targets=None)
    /// --
    ///
    /// Moments from the bytes of `to_bytes`; the names of their columns may be given.
    #[staticmethod]
    #[pyo3(signature = (data, features=None, targets=None))]
    fn from_bytes(data: &[u8], features: Option<Vec<String>>, targets: Option<Vec<String>>) -> PyResult<Self> {
        let sums = ridgepath::Moments::from_bytes(data).map_err(raised)?;
        let names = |what: &str, names: Option<Vec<String>>, count: usize| match names {
            Some(names) if !names.is_empty() && names.len() != count => {
                let found = names.len();
                Err(PyValueError::new_err(format!("{what}: found {found} names, wanted {count} as the moments have")))
            }
            names => Ok(names.unwrap_or_default()),
        };
        let features = names("features", features, sums.features())?;
        let targets = names("targets", targets, sums.targets())?;
        Ok(Self { sums: Mutex::new(sums), features, targets })
    }

    fn __reduce__<'py>(
        slf: &Bound<'py, Self>,
    ) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyBytes>, Vec<String>, Vec<String>))> {
        let (py, own) = (slf.py(), slf.get());
        let make = slf.get_type().getattr("from_bytes")?;
        Ok((make, (own.to_bytes(py), own.features.clone(), own.targets.clone())))
    }

    fn __copy__(&self) -> Self {
        Self { sums: Mutex::new(self.lock().clone()), features: self.features.clone(), targets: self.targets.clone() }
    }

    fn __deepcopy__(&self, _memo: &Bound<'_, PyAny>) -> Self {
        self.__copy__()
    }

    fn __repr__(&self) -> String {
        let sums = self.lock();
        format!("Moments({} rows, {} features, {} targets)", sums.rows(), sums.features(), sums.targets())
    }

    /// Names of the features, where they were given.
    #[getter]
    fn feature_names(&self) -> Vec<String> {
        self.features.clone()
    }

    /// Names of the targets, where they were given.
    #[getter]
    fn target_names(&self) -> Vec<String> {
        self.targets.clone()
    }

    #[getter]
    fn n_samples(&self) -> usize {
        self.lock().rows()
    }

    #[getter]
    fn n_features(&self) -> usize {
        self.lock().features()
    }

    #[getter]
    fn n_targets(&self) -> usize {
        self.lock().targets()
    }

    /// The sum of the weights; without weights the number of rows.
    #[getter]
    fn weight_sum(&self) -> f64 {
        self.lock().weight_sum()
    }

    /// The means of the features.
    #[getter]
    fn mean_x<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray<f64, IxDyn>>> {
        let sums = self.lock();
        let n = sums.features();
        array(py, (0..n).map(|j| sums.mean_x(j)).collect(), &[n])
    }

    /// The means of the targets.
    #[getter]
    fn mean_y<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray<f64, IxDyn>>> {
        let sums = self.lock();
        let t = sums.targets();
        array(py, (0..t).map(|j| sums.mean_y(j)).collect(), &[t])
    }

    /// Centred sums of products of the features, (n_features, n_features).
    #[getter]
    fn gram<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray<f64, IxDyn>>> {
        let sums = self.lock();
        let n = sums.features();
        array(py, sums.gram_matrix().as_slice().to_vec(), &[n, n])
    }

    /// Centred sums of products of features and targets, (n_features, n_targets).
    #[getter]
    fn cross<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray<f64, IxDyn>>> {
        let sums = self.lock();
        array(py, sums.cross_matrix().transpose().as_slice().to_vec(), &[sums.features(), sums.targets()])
    }
}

impl Moments {
    fn lock(&self) -> MutexGuard<'_, ridgepath::Moments> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the rows of a record batch or of a stream of them.
    fn push_frame(&self, py: Python<'_>, data: &Bound<'_, PyAny>, weights: Option<String>) -> PyResult<()> {
        if self.features.is_empty() || self.targets.is_empty() {
            return Err(PyValueError::new_err(
                "columns of a frame are found by name: Moments([features…], [targets…]) has none",
            ));
        }
        let frame: AnyRecordBatch = data.extract().map_err(|_| {
            PyTypeError::new_err(format!(
                "found {}, wanted X and y as arrays of float64 or float32, or a frame with Arrow's interface",
                data.get_type()
            ))
        })?;
        let names = ColumnNames::new(self.targets.clone()).features(self.features.clone());
        let names = match weights {
            Some(weights) => names.weights(weights),
            None => names,
        };
        let sums = detached(py, || -> ridgepath::Result<Option<ridgepath::Moments>> {
            let mut rows = 0;
            let mut batch_of = |batch: RecordBatch| {
                let own = Batch::of_arrow(&batch, &names, rows).map(|(own, _)| own);
                rows += batch.num_rows() as u64;
                own
            };
            let mut batches: Box<dyn Iterator<Item = ridgepath::Result<Batch>> + Send> = match frame {
                AnyRecordBatch::RecordBatch(batch) => Box::new(std::iter::once(batch_of(batch.into_inner()))),
                AnyRecordBatch::Stream(stream) => {
                    let reader = stream.into_reader().map_err(ridgepath::Error::source)?;
                    Box::new(reader.map(move |batch| batch.map_err(ridgepath::Error::source).and_then(&mut batch_of)))
                }
            };
            let first = loop {
                match batches.next().transpose()? {
                    Some(batch) if batch.rows() == 0 => {}
                    first => break first,
                }
            };
            let Some(first) = first else { return Ok(None) };
            let all = std::iter::once(Ok(first)).chain(batches);
            ridgepath::Moments::from_stream(&mut Stream::once(all)).map(Some)
        })?;
        match sums.map_err(raised)? {
            Some(sums) => self.lock().merge(&sums).map_err(raised),
            None => Ok(()),
        }
    }
}

/// The path of moments.
#[pyfunction]
pub(crate) fn fit_moments<'py>(
    py: Python<'py>,
    settings: &Settings,
    moments: &Moments,
    grid: &Bound<'py, PyAny>,
    lambdas: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let (ridge, cancellation) = settings.solver(penalty(grid, lambdas)?);
    let sums = moments.lock().clone();
    let work = settings.work(&ridge, ridge.shape_of_moments(&sums), 1.0, cancellation);
    let path = work.run(py, || ridge.fit_moments(&sums))?;
    described(py, &path)
}

/// Chooses λ from the moments of each fold, or by a criterion from all of them.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what Python's keywords are told by")]
pub(crate) fn choose_of_moments<'py>(
    py: Python<'py>,
    settings: &Settings,
    folds: Vec<PyRef<'py, Moments>>,
    grid: &Bound<'py, PyAny>,
    lambdas: bool,
    asked: (&str, bool),
    by: &Bound<'py, PyAny>,
    per_target: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let (ridge, cancellation) = settings.solver(penalty(grid, lambdas)?);
    let (name, rolling) = asked;
    let validation = CrossValidation::new(ridge.clone()).rule(rule(by)?).per_target(per_target);
    let validation = match criterion(name) {
        Ok(criterion) => validation.criterion(criterion),
        Err(_) => validation.folds(if rolling { Folds::RollingLabels } else { Folds::Labelled }).score(score(name)?),
    };
    let folds: Vec<ridgepath::Moments> = folds.iter().map(|fold| fold.lock().clone()).collect();
    let Some(first) = folds.first() else {
        return Err(PyValueError::new_err("found no moments, wanted those of each fold"));
    };
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let work: Work = settings.work(&ridge, ridge.shape_of_moments(first), folds.len() as f64 + 1.0, cancellation);
    let selection = work.run(py, || validation.fit_moments(&folds))?;
    selected(py, &selection)
}
