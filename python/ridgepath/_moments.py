"""Paths and choices of moments, without rows."""

from dataclasses import dataclass, field

import numpy as np

from ridgepath import _ridgepath as core
from ridgepath._path import Path, grid


def _settings(fit_intercept, standardize, penalty_factors, n_jobs):
    from ridgepath._settings import threads

    return core.Settings(
        intercept=fit_intercept,
        standardize=standardize,
        penalty_factors=None if penalty_factors is None else np.asarray(penalty_factors, dtype=np.float64),
        threads=threads(n_jobs),
    )


def fit_moments(
    moments, alphas=None, *, lambdas=None, n_alphas=100, fit_intercept=True, standardize=None, penalty_factors=None, n_jobs=None
):
    """The ridge path of the rows that moments were summed from.

    Parameters
    ----------
    moments : Moments
    alphas, lambdas, n_alphas, fit_intercept, standardize, penalty_factors, n_jobs
        As in `RidgePath`.

    Returns
    -------
    Path

    Examples
    --------
    >>> import numpy as np
    >>> from ridgepath import Moments, fit_moments
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 2))
    >>> parts = [Moments(2, 1).push(rows, rows @ [1.0, -1.0]) for rows in np.split(X, 3)]
    >>> whole = parts[0].merge(parts[1]).merge(parts[2])
    >>> fit_moments(whole, alphas=[0.0]).coef[0, 0].round(6).tolist()
    [1.0, -1.0]
    """
    values, is_lambda = grid(alphas, lambdas, n_alphas)
    found = core.fit_moments(_settings(fit_intercept, standardize, penalty_factors, n_jobs), moments, values, is_lambda)
    return Path._of(found, moments.feature_names, moments.target_names)


@dataclass(frozen=True, repr=False)
class Choice:
    """A penalty chosen, and all that speaks for it.

    Attributes
    ----------
    path : Path
        Every penalty, of all rows.
    index : ndarray of int of shape (t,)
        Of each target the number of the penalty chosen.
    alpha, best_score : ndarray of shape (t,)
        The penalty, and its score.
    scores, standard_errors : ndarray of shape (k, t)
        The mean over the folds of their scores, and its standard error; or the criterion, and NaN.
    fold_scores : ndarray of shape (k, t, folds)
    score : str
        The name of the score.
    greater_is_better : bool
    """

    path: Path
    index: np.ndarray
    best_score: np.ndarray
    scores: np.ndarray
    standard_errors: np.ndarray
    fold_scores: np.ndarray
    score: str
    greater_is_better: bool
    alpha: np.ndarray = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "alpha", self.path.alphas[self.index])

    @property
    def coef(self):
        """Coefficients at the penalty of each target, (t, n)."""
        return self.path.coef[self.index, np.arange(self.index.size)]

    @property
    def intercept(self):
        """Intercepts at the penalty of each target, (t,)."""
        return self.path.intercept[self.index, np.arange(self.index.size)]

    def predict(self, X):
        """Predictions at the penalty of each target, (n_samples, t)."""
        return np.asarray(X) @ self.coef.T + self.intercept

    def __repr__(self):
        return f"Choice(alpha={self.alpha.tolist()}, {self.score}={self.best_score.tolist()})"

    def plot(self, ax=None, target=0):
        """Draw the scores of a target over alpha, with matplotlib, and one standard error on both sides."""
        from ridgepath import _plot

        return _plot.choice(self, ax, target)

    def _repr_html_(self):
        return self.path._repr_html_()


def choose(
    moments,
    alphas=None,
    *,
    lambdas=None,
    n_alphas=100,
    score="mse",
    rule="best",
    rolling=False,
    per_target=False,
    fit_intercept=True,
    standardize=None,
    penalty_factors=None,
    n_jobs=None,
):
    """Choose a penalty from the moments of each fold's rows, which may have been summed anywhere.

    Parameters
    ----------
    moments : list of Moments
        Those of each fold. Of a criterion one will do.
    alphas, lambdas, n_alphas, fit_intercept, standardize, penalty_factors, n_jobs
        As in `RidgePath`.
    score : {'mse', 'rmse', 'r2'} or {'gcv', 'aic', 'aicc', 'bic', 'cp', 'evidence'}, default='mse'
        What a fold's predictions are judged by; or a criterion, of all rows.
    rule : {'best', '1se'} or float, default='best'
        The best score; the largest penalty within one standard error of it, or within so many percent.
    rolling : bool, default=False
        Whether folds are in the order of time: each but the first is predicted from those before it.
    per_target : bool, default=False
        Whether each target has a penalty of its own.

    Returns
    -------
    Choice

    Examples
    --------
    >>> import numpy as np
    >>> from ridgepath import Moments, choose
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 2))
    >>> y = X @ [1.0, -1.0] + rng.normal(size=60)
    >>> folds = [Moments(2, 1).push(X[part], y[part]) for part in np.split(np.arange(60), 5)]
    >>> choose(folds, alphas=[0.1, 1.0, 1000.0]).alpha.tolist()
    [1.0]
    """
    values, is_lambda = grid(alphas, lambdas, n_alphas)
    moments = list(moments) if not isinstance(moments, core.Moments) else [moments]
    settings = _settings(fit_intercept, standardize, penalty_factors, n_jobs)
    found = core.choose_of_moments(settings, moments, values, is_lambda, (score, rolling), rule, per_target)
    path = Path._of(found, moments[0].feature_names, moments[0].target_names)
    return Choice(
        path=path,
        index=np.asarray(found["index"]),
        best_score=np.asarray(found["best_score"]),
        scores=found["score"],
        standard_errors=found["score_standard_error"],
        fold_scores=found["fold_scores"],
        score=found["score_name"],
        greater_is_better=found["greater_is_better"],
    )
