//! Scores of every λ, and the λ chosen by them.

use numpy::{IxDyn, PyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use ridgepath::choose::{Better, Criterion, Scheme};
use ridgepath::{CrossValidation, Folds, Ridge, Rule, Score, Selection};

use crate::arrays::{Array, array, numbers};
use crate::path::{answered_by, described};
use crate::settings::{Settings, named, penalty};

/// Folds of rows as they are named.
#[derive(FromPyObject)]
pub(crate) enum FoldsAsked {
    /// So many of consecutive rows.
    Count(usize),
    /// A label for each row.
    Labels(Vec<usize>),
}

/// Of a choice: scores and their standard errors [k, t]; of each target the number of the alpha chosen, the coefficients [t, n] and the
/// intercepts [t]; and who answered.
type Chosen<'py> = (Numbers<'py>, Numbers<'py>, Vec<usize>, Numbers<'py>, Numbers<'py>, (String, Option<String>));
type Numbers<'py> = Bound<'py, PyArray<f64, IxDyn>>;

/// Chooses an alpha by exact leave-one-out, or by folds where there are any: that of the best score, or of equal ones the first, for
/// each target alone or by the mean over them.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "what Python's keywords are told by")]
pub(crate) fn choose<'py>(
    py: Python<'py>,
    settings: &Settings,
    x: Array<'py>,
    y: Array<'py>,
    alphas: &Bound<'py, PyAny>,
    weights: Option<&Bound<'py, PyAny>>,
    folds: Option<FoldsAsked>,
    score: &str,
    per_target: bool,
) -> PyResult<Chosen<'py>> {
    let (ridge, cancellation) = settings.solver(penalty(alphas, false)?);
    let ridge = with_weights(ridge, weights)?;
    let (x, y) = (x.elements("X")?, y.elements("y")?);
    let (x, y) = (x.view(), y.view());
    let shape = ridge.shape(x, y);
    let score = self::score(score)?;
    let better = score.better();
    let (scheme, times) = match folds {
        None => (Scheme::LeaveOneOut, 3),
        Some(FoldsAsked::Count(count)) => (Scheme::Folds(Folds::Contiguous(count)), count + 1),
        Some(FoldsAsked::Labels(labels)) => {
            let count = labels.iter().max().map_or(0, |most| most + 1);
            (Scheme::Folds(Folds::Given(labels)), count + 1)
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let work = settings.work(&ridge, shape, times as f64, cancellation);
    let validation = CrossValidation::new(ridge).scheme(scheme).score(score).per_target(per_target);
    let chosen = work.run(py, || validation.fit_chosen(x, y))?;
    let (k, t) = (shape.penalties, shape.targets);
    let each = |of: &dyn Fn(usize, usize) -> f64| -> Vec<f64> { (0..k * t).map(|at| of(at / t, at % t)).collect() };
    let scores = each(&|index, target| chosen.mean(index, target));
    let errors = each(&|index, target| chosen.standard_error(index, target));
    let indices: Vec<usize> = if per_target {
        (0..t).map(|target| first_best(k, better, |index| scores[index * t + target])).collect()
    } else {
        vec![first_best(k, better, |index| scores[index * t..][..t].iter().sum::<f64>()); t]
    };
    let (coefficients, intercepts, backend) =
        if indices.iter().enumerate().all(|(target, index)| chosen.choice(target).index == *index) {
            (chosen.values().to_vec(), chosen.intercepts().to_vec(), chosen.backend().clone())
        } else {
            // Of equal scores the library takes the largest alpha, not the first.
            let selection = work.run(py, || validation.fit(x, y))?;
            let (path, places) = (selection.path(), || indices.iter().enumerate());
            let coefficients =
                places().flat_map(|(target, index)| path.coefficients(*index, target)).copied().collect();
            let intercepts = places().map(|(target, index)| path.intercept(*index, target)).collect();
            (coefficients, intercepts, path.backend().clone())
        };
    Ok((
        array(py, scores, &[k, t])?,
        array(py, errors, &[k, t])?,
        indices,
        array(py, coefficients, &[t, shape.features])?,
        array(py, intercepts, &[t])?,
        answered_by(&backend),
    ))
}

/// The number of the best of some scores, of equal ones the first; a NaN is never it, unless there is nothing else.
fn first_best(count: usize, better: Better, score: impl Fn(usize) -> f64) -> usize {
    let known = (0..count).filter(|index| !score(*index).is_nan());
    known.reduce(|best, index| if better.reaches(score(best), score(index)) { best } else { index }).unwrap_or(0)
}

/// The leave-one-out residuals of every alpha, target and row, [k, t, m].
#[pyfunction]
pub(crate) fn leave_one_out_residuals<'py>(
    py: Python<'py>,
    settings: &Settings,
    x: Array<'py>,
    y: Array<'py>,
    grid: &Bound<'py, PyAny>,
    weights: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyArray<f64, IxDyn>>> {
    let (ridge, cancellation) = settings.solver(penalty(grid, false)?);
    let ridge = with_weights(ridge, weights)?;
    let (x, y) = (x.elements("X")?, y.elements("y")?);
    let (x, y) = (x.view(), y.view());
    let shape = ridge.shape(x, y);
    let work = settings.work(&ridge, shape, 3.0, cancellation);
    let residuals = work.run(py, || Ok(ridge.spectrum(x, y)?.loo_residuals()))?;
    array(py, residuals, &[shape.penalties, shape.targets, shape.rows])
}

pub(crate) fn with_weights(ridge: Ridge, weights: Option<&Bound<'_, PyAny>>) -> PyResult<Ridge> {
    Ok(match weights {
        Some(weights) => ridge.weights(numbers(weights, "sample_weight")?),
        None => ridge,
    })
}

pub(crate) fn score(name: &str) -> PyResult<Score> {
    const NAMES: [&str; 5] = ["mse", "rmse", "mae", "r2", "correlation"];
    let number = named("score", name, &std::array::from_fn::<_, 5, _>(|at| (NAMES[at], at)))?;
    Ok([Score::Mse, Score::Rmse, Score::Mae, Score::R2, Score::Correlation][number].clone())
}

pub(crate) fn criterion(name: &str) -> PyResult<Criterion> {
    named(
        "criterion",
        name,
        &[
            ("gcv", Criterion::Gcv),
            ("aic", Criterion::Aic),
            ("aicc", Criterion::Aicc),
            ("bic", Criterion::Bic),
            ("cp", Criterion::Cp),
            ("evidence", Criterion::Evidence),
        ],
    )
}

/// best, 1se, or the percent that a score may be worse than the best.
pub(crate) fn rule(asked: &Bound<'_, PyAny>) -> PyResult<Rule> {
    match asked.extract::<f64>() {
        Ok(percent) => Ok(Rule::WithinPercent(percent)),
        Err(_) => named("rule", asked.extract()?, &[("best", Rule::Best), ("1se", Rule::OneStandardError)]),
    }
}

/// What a selection holds: that of its path, scores by λ and target, those of the folds, and of each target the number of the λ chosen.
pub(crate) fn selected<'py>(py: Python<'py>, selection: &Selection) -> PyResult<Bound<'py, PyDict>> {
    let path = selection.path();
    let (k, t, folds) = (path.len(), path.targets(), selection.folds());
    let dict = described(py, path)?;
    let each = |of: &dyn Fn(usize, usize) -> f64| -> Vec<f64> { (0..k * t).map(|at| of(at / t, at % t)).collect() };
    dict.set_item("score", array(py, each(&|index, target| selection.mean(index, target)), &[k, t])?)?;
    let errors = each(&|index, target| selection.standard_error(index, target));
    dict.set_item("score_standard_error", array(py, errors, &[k, t])?)?;
    let of_folds =
        (0..k * t).flat_map(|at| (0..folds).map(move |fold| selection.fold_score(at / t, at % t, fold))).collect();
    dict.set_item("fold_scores", array(py, of_folds, &[k, t, folds])?)?;
    dict.set_item("score_name", selection.score_name())?;
    dict.set_item("greater_is_better", selection.better() == Better::Higher)?;
    let choices = (0..t).map(|target| selection.choice(target));
    dict.set_item("index", choices.clone().map(|choice| choice.index).collect::<Vec<usize>>())?;
    dict.set_item("best_score", choices.map(|choice| choice.score).collect::<Vec<f64>>())?;
    Ok(dict)
}
