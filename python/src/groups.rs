//! Paths of many groups of rows.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use ridgepath::Groups;

use crate::arrays::{Array, array};
use crate::choice::with_weights;
use crate::path::words;
use crate::settings::{Settings, penalty};

/// Fits the rows of each label alone. Groups are in the order in which their labels, whole numbers, first appear.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what Python's keywords are told by")]
pub(crate) fn fit_groups<'py>(
    py: Python<'py>,
    settings: &Settings,
    x: Array<'py>,
    y: Array<'py>,
    labels: Vec<i64>,
    grid: &Bound<'py, PyAny>,
    lambdas: bool,
    weights: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let (ridge, cancellation) = settings.solver(penalty(grid, lambdas)?);
    let ridge = with_weights(ridge, weights)?;
    let (x, y) = (x.elements("X")?, y.elements("y")?);
    let (x, y) = (x.view(), y.view());
    let groups = Groups::new(&labels);
    let whole = ridge.shape(x, y);
    let shape = ridgepath::Shape { rows: whole.rows.div_ceil(groups.len().max(1)), ..whole };
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let work = settings.work(&ridge, shape, groups.len() as f64, cancellation);
    let paths = work.run(py, || ridge.fit_groups(x, y, &groups))?;
    let (p, k, n, t) = (paths.len(), paths.penalties(), paths.features(), paths.targets());
    let dict = PyDict::new(py);
    let of_lambdas = (0..p).flat_map(|problem| paths.lambdas(problem).to_vec()).collect();
    dict.set_item("lambdas", array(py, of_lambdas, &[p, k])?)?;
    dict.set_item("coef", array(py, paths.values().to_vec(), &[p, k, t, n])?)?;
    dict.set_item("intercept", array(py, paths.intercepts().to_vec(), &[p, k, t])?)?;
    let outcome = |at: usize| paths.outcome(at / (k * t), at / t % k, at % t).map_or_else(|| "refused".into(), words);
    dict.set_item("outcomes", (0..p * k * t).map(outcome).collect::<Vec<String>>())?;
    dict.set_item("rows", (0..p).map(|problem| paths.rows(problem)).collect::<Vec<usize>>())?;
    dict.set_item("labels", groups.labels().to_vec())?;
    let refused: Vec<(usize, String)> = paths.refused().map(|(problem, why)| (problem, why.to_string())).collect();
    dict.set_item("refused", refused)?;
    Ok(dict)
}
