//! Paths of one problem.

use numpy::{IxDyn, PyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use ridgepath::choose::Criterion;
use ridgepath::{BackendUsed, Outcome, Penalty, RidgePath, Route};

use crate::arrays::{Array, array};
use crate::choice::with_weights;
use crate::settings::{Settings, penalty};

/// A matrix of coefficients [t, n], the intercepts [t], what there is to say of some targets (their number, and an outcome), and who
/// answered.
type Fitted<'py> =
    (Bound<'py, PyArray<f64, IxDyn>>, Bound<'py, PyArray<f64, IxDyn>>, Vec<(usize, String)>, (String, Option<String>));

/// The coefficients [k, t, n] and the intercepts [k, t] of a path, and who answered.
type Path<'py> = (Bound<'py, PyArray<f64, IxDyn>>, Bound<'py, PyArray<f64, IxDyn>>, (String, Option<String>));

/// Fits every λ of a grid. `grid` is how many λs are to be scaled from the data, or holds each of them; with `criteria` df and GCV
/// are found too.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what Python's keywords are told by")]
pub(crate) fn fit_path<'py>(
    py: Python<'py>,
    settings: &Settings,
    x: Array<'py>,
    y: Array<'py>,
    grid: &Bound<'py, PyAny>,
    lambdas: bool,
    weights: Option<&Bound<'py, PyAny>>,
    criteria: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let (ridge, cancellation) = settings.solver(penalty(grid, lambdas)?);
    let ridge = with_weights(ridge, weights)?;
    let (x, y) = (x.elements("X")?, y.elements("y")?);
    let (x, y) = (x.view(), y.view());
    let work = settings.work(&ridge, ridge.shape(x, y), if criteria { 2.0 } else { 1.0 }, cancellation);
    let (path, found) = work.run(py, || {
        let path = ridge.fit(x, y)?;
        let found = match criteria {
            true => {
                let spectrum = ridge.spectrum(x, y)?;
                let df = (0..spectrum.len()).map(|index| spectrum.df(index)).collect::<Vec<f64>>();
                Some((df, spectrum.criterion(Criterion::Gcv), spectrum.rss()))
            }
            false => None,
        };
        Ok((path, found))
    })?;
    let dict = described(py, &path)?;
    if let Some((df, gcv, rss)) = found {
        dict.set_item("df", array(py, df, &[path.len()])?)?;
        dict.set_item("gcv", array(py, gcv, &[path.len(), path.targets()])?)?;
        dict.set_item("spectrum_rss", array(py, rss, &[path.len(), path.targets()])?)?;
    }
    Ok(dict)
}

/// Fits each target at an alpha of its own, or all at one.
#[pyfunction]
pub(crate) fn fit_each<'py>(
    py: Python<'py>,
    settings: &Settings,
    x: Array<'py>,
    y: Array<'py>,
    alphas: Vec<f64>,
    weights: Option<&Bound<'py, PyAny>>,
) -> PyResult<Fitted<'py>> {
    let mut distinct: Vec<f64> = Vec::new();
    let mut places = Vec::with_capacity(alphas.len());
    for alpha in &alphas {
        let known = distinct.iter().position(|own| own.to_bits() == alpha.to_bits());
        places.push(known.unwrap_or_else(|| {
            distinct.push(*alpha);
            distinct.len() - 1
        }));
    }
    let (ridge, cancellation) = settings.solver(Penalty::Alphas(distinct));
    let ridge = with_weights(ridge, weights)?;
    let (x, y) = (x.elements("X")?, y.elements("y")?);
    let (x, y) = (x.view(), y.view());
    let shape = ridge.shape(x, y);
    if alphas.len() != 1 && alphas.len() != shape.targets {
        let (found, wanted) = (alphas.len(), shape.targets);
        return Err(PyValueError::new_err(format!(
            "alphas: found {found}, wanted one, or one for each of the {wanted} targets"
        )));
    }
    let work = settings.work(&ridge, shape, 1.0, cancellation);
    let path = work.run(py, || ridge.fit(x, y))?;
    let (n, t) = (shape.features, shape.targets);
    let mut coefficients = Vec::with_capacity(t * n);
    let mut intercepts = Vec::with_capacity(t);
    let mut said = Vec::new();
    for target in 0..t {
        let index = places[if places.len() == 1 { 0 } else { target }];
        coefficients.extend_from_slice(path.coefficients(index, target));
        intercepts.push(path.intercept(index, target));
        match path.outcome(index, target) {
            Outcome::Solved | Outcome::Refined { .. } | Outcome::Rerouted { .. } => {}
            other => said.push((target, words(other))),
        }
    }
    Ok((array(py, coefficients, &[t, n])?, array(py, intercepts, &[t])?, said, answered_by(path.backend())))
}

/// The coefficients [k, t, n] and intercepts [k, t] of some alphas, and nothing else.
#[pyfunction]
pub(crate) fn coefficients<'py>(
    py: Python<'py>,
    settings: &Settings,
    x: Array<'py>,
    y: Array<'py>,
    alphas: &Bound<'py, PyAny>,
    weights: Option<&Bound<'py, PyAny>>,
) -> PyResult<Path<'py>> {
    let (ridge, cancellation) = settings.solver(penalty(alphas, false)?);
    let ridge = with_weights(ridge, weights)?;
    let (x, y) = (x.elements("X")?, y.elements("y")?);
    let (x, y) = (x.view(), y.view());
    let work = settings.work(&ridge, ridge.shape(x, y), 1.0, cancellation);
    let path = work.run(py, || ridge.fit(x, y))?;
    let (k, t, n) = (path.len(), path.targets(), path.features());
    let coefficients = array(py, path.values().to_vec(), &[k, t, n])?;
    Ok((coefficients, array(py, path.intercepts().to_vec(), &[k, t])?, answered_by(path.backend())))
}

/// The backend with its adapter, and why not the one asked for, where it is not.
pub(crate) fn answered_by(backend: &BackendUsed) -> (String, Option<String>) {
    let name = match &backend.adapter {
        Some(adapter) => format!("{} ({adapter})", backend.name),
        None => backend.name.to_string(),
    };
    (name, backend.fallback())
}

/// What a path holds, as arrays by their names.
pub(crate) fn described<'py>(py: Python<'py>, path: &RidgePath) -> PyResult<Bound<'py, PyDict>> {
    let (k, n, t) = (path.len(), path.features(), path.targets());
    let each = |of: &dyn Fn(usize, usize) -> f64| -> Vec<f64> { (0..k * t).map(|at| of(at / t, at % t)).collect() };
    let dict = PyDict::new(py);
    dict.set_item("lambdas", array(py, path.lambdas().to_vec(), &[k])?)?;
    dict.set_item("alphas", array(py, path.shifts().to_vec(), &[k])?)?;
    dict.set_item("coef", array(py, path.values().to_vec(), &[k, t, n])?)?;
    dict.set_item("condition", array(py, (0..k).map(|index| path.condition(index)).collect(), &[k])?)?;
    let of_targets: [(&str, Vec<f64>); 7] = [
        ("intercept", path.intercepts().to_vec()),
        ("residual", each(&|index, target| path.residual(index, target))),
        ("error_bound", each(&|index, target| path.error_bound(index, target))),
        ("intercept_error_bound", each(&|index, target| path.intercept_error_bound(index, target))),
        ("rss", each(&|index, target| path.rss(index, target))),
        ("r2", each(&|index, target| path.r2(index, target))),
        ("squared_norm", each(&|index, target| path.squared_norm(index, target))),
    ];
    for (name, values) in of_targets {
        dict.set_item(name, array(py, values, &[k, t])?)?;
    }
    let outcomes: Vec<String> = (0..k * t).map(|at| words(path.outcome(at / t, at % t))).collect();
    dict.set_item("outcomes", outcomes)?;
    let backend = path.backend();
    dict.set_item("backend", backend.name.to_string())?;
    dict.set_item("adapter", backend.adapter.clone())?;
    dict.set_item("method", backend.method())?;
    dict.set_item("precision", backend.precision.to_string())?;
    dict.set_item("fallback", backend.fallback())?;
    dict.set_item("rows", path.rows())?;
    dict.set_item("weight_sum", path.weight_sum())?;
    Ok(dict)
}

/// An outcome in words.
pub(crate) fn words(outcome: Outcome) -> String {
    match outcome {
        Outcome::Solved => "solved".into(),
        Outcome::Refined { steps } => format!("refined in {steps} steps"),
        Outcome::Rerouted { route: Route::Double } => "solved in double precision".into(),
        Outcome::Rerouted { route: Route::Qr } => "solved by QR".into(),
        Outcome::Rerouted { route: Route::Form } => "solved in the other form".into(),
        Outcome::Singular { order } => format!("singular at feature {order}"),
        Outcome::MinimumNorm { rank } => format!("minimum norm, rank {rank}"),
        Outcome::OutOfRange => "out of range".into(),
        other => format!("{other:?}"),
    }
}
