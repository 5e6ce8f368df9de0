"""Ridge with alpha chosen from a list."""

import numbers
import warnings
from inspect import signature

import numpy as np
import sklearn.linear_model
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, check_scalar
from sklearn.utils._metadata_requests import _routing_enabled
from sklearn.utils.metadata_routing import _raise_for_params, process_routing
from sklearn.utils.validation import _check_method_params

from ridgepath import _plot
from ridgepath import _ridgepath as core
from ridgepath._data import checked, is_plain, set_features
from ridgepath._ridge import Ridge
from ridgepath._settings import CONSTRAINTS, answered_by, threads, usual

#: Scores that the core computes, by the names that scikit-learn has for them, and the sign that makes the greater the better.
SCORES = {
    "r2": ("r2", 1.0),
    "neg_mean_squared_error": ("mse", -1.0),
    "neg_root_mean_squared_error": ("rmse", -1.0),
    "neg_mean_absolute_error": ("mae", -1.0),
}


class RidgeCV(sklearn.linear_model.RidgeCV):
    """Ridge regression with alpha chosen by cross-validation.

    It takes the place of scikit-learn's `RidgeCV`, with the same arguments and attributes. Without `cv` rows are left out one at a time,
    exactly, from one decomposition for all alphas; with `cv` each fold is fitted for all alphas at once.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,), default=(0.1, 1.0, 10.0)
        The penalties to choose from; positive, with `cv` at least 0. Of equal scores the first is taken.
    fit_intercept : bool, default=True
        Whether an intercept is fitted.
    scoring : str or callable, default=None
        A scorer's name or a callable ``scorer(estimator, X, y)``. None: the negative mean squared error without `cv`, else R².
    cv : int, splitter or iterable of (train, test), default=None
        None for leave-one-out; a number of folds of consecutive rows; or splits of scikit-learn's kind.
    gcv_mode : {'auto', 'svd', 'eigen'}, default=None
        Makes no difference: the decomposition is chosen by the shape and the condition of X.
    store_cv_results : bool, default=False
        Whether `cv_results_` is kept; only without `cv`.
    alpha_per_target : bool, default=False
        Whether each target has an alpha of its own; only without `cv`.
    n_jobs : int, default=None
        Threads; None for as many as `ridgepath.set_num_threads` or threadpoolctl allow, -1 for all cores.
    backend : {'cpu', 'gpu', 'auto'}, default='cpu'
        Where paths are solved.

    Attributes
    ----------
    alpha_ : float or ndarray of shape (n_targets,)
        The penalty chosen.
    best_score_ : float or ndarray of shape (n_targets,)
        Its score; the greater, the better.
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients at `alpha_`.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercepts; 0.0 where none is fitted.
    scores_ : ndarray of shape (n_alphas,) or (n_alphas, n_targets)
        The score of each alpha, which scikit-learn does not keep; the greater, the better.
    cv_results_ : ndarray of shape (n_samples, n_alphas) or (n_samples, n_targets, n_alphas)
        Squared leave-one-out errors of the rows, times their weights, or with `scoring` their predictions; with `store_cv_results`.
    backend_ : str
        Who answered, with the name of the GPU where one did.
    n_features_in_ : int
        Features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X has some that are strings.

    See Also
    --------
    RidgePath : Every alpha of a grid, with what it is worth.

    Examples
    --------
    >>> import numpy as np
    >>> from ridgepath import RidgeCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(50, 3))
    >>> y = X @ [1.0, 2.0, 3.0] + rng.normal(size=50)
    >>> float(RidgeCV(alphas=[0.1, 1.0, 10.0]).fit(X, y).alpha_)
    0.1
    """

    _parameter_constraints = {**sklearn.linear_model.RidgeCV._parameter_constraints, **CONSTRAINTS}

    def __init__(
        self,
        alphas=(0.1, 1.0, 10.0),
        *,
        fit_intercept=True,
        scoring=None,
        cv=None,
        gcv_mode=None,
        store_cv_results=False,
        alpha_per_target=False,
        n_jobs=None,
        backend="cpu",
    ):
        super().__init__(
            alphas=alphas,
            fit_intercept=fit_intercept,
            scoring=scoring,
            cv=cv,
            gcv_mode=gcv_mode,
            store_cv_results=store_cv_results,
            alpha_per_target=alpha_per_target,
        )
        self.n_jobs = n_jobs
        self.backend = backend

    def fit(self, X, y, sample_weight=None, **params):
        """Choose alpha, and fit with it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0, for fits and scores; with metadata routing scores are weighted where that is asked for.
        **params : dict
            For the scorer and the splitter, with metadata routing.

        Returns
        -------
        self : RidgeCV
        """
        _raise_for_params(params, self, "fit")
        if not params and self._is_usual() and is_plain(X, y, sample_weight) and not _routing_enabled():
            alphas = _alphas(self.alphas, self.cv)
            try:
                self._leave_one_out(X, y, sample_weight, alphas)
            except ValueError:
                # scikit-learn's checks say what is wrong in its own words; what they let pass is told in the library's.
                pass
            else:
                set_features(self, X)
                return self
        self._validate_params()
        alphas = _alphas(self.alphas, self.cv)
        if self.cv is not None:
            if self.store_cv_results:
                raise ValueError("cv!=None and store_cv_results=True are incompatible")
            if self.alpha_per_target:
                raise ValueError("cv!=None and alpha_per_target=True are incompatible")
        scorer = self._get_scorer()
        if sample_weight is not None:
            params["sample_weight"] = sample_weight
        score_params, split_params = {}, {}
        if sample_weight is not None and (self.cv is None or _takes_weights(scorer, self)):
            score_params = {"sample_weight": sample_weight}
        if _routing_enabled():
            routed = process_routing(self, "fit", **params)
            score_params, split_params = routed.scorer.score, routed.splitter.split
        given = X
        X, y, sample_weight, back = checked(self, X, y, sample_weight, 2)
        if self.cv is None and self.scoring is None:
            self._leave_one_out(X, y, sample_weight, alphas)
        elif self.cv is None:
            self._leave_one_out_scored(X, y, sample_weight, alphas, scorer, score_params)
        else:
            self._folds(given, X, y, sample_weight, alphas, scorer, score_params, split_params)
        if back is not None:
            self.coef_, self.scores_ = back(self.coef_), back(self.scores_)
            if self.fit_intercept:
                self.intercept_ = back(self.intercept_)
            if self.store_cv_results:
                self.cv_results_ = back(self.cv_results_)
            if np.ndim(self.alpha_) == 1:
                self.alpha_, self.best_score_ = back(self.alpha_), back(self.best_score_)
        return self

    def _is_usual(self):
        """Whether the parameters are so plain that nothing but alphas is to be checked."""
        return (
            self.cv is None
            and self.scoring is None
            and self.gcv_mode is None
            and self.store_cv_results is False
            and type(self.fit_intercept) is bool
            and type(self.alpha_per_target) is bool
            and self.n_jobs is None
            and self.backend == "cpu"
        )

    def _settings(self):
        return usual(bool(self.fit_intercept), self.backend, threads(self.n_jobs))

    def _leave_one_out(self, X, y, sample_weight, alphas):
        """Chooses by the leave-one-out squared errors, Σ s(y − ŷ)² over the rows."""
        settings = self._settings()
        errors, _, index, coef, intercept, answer = core.choose(
            settings, X, y, alphas, sample_weight, None, "mse", self.alpha_per_target
        )
        rows = X.shape[0]
        if sample_weight is not None:
            errors = errors * (sample_weight.sum() / rows)
        scores = -errors if self.alpha_per_target and y.ndim > 1 else -errors.mean(axis=1)
        if self.store_cv_results:
            residuals = core.leave_one_out_residuals(settings, X, y, alphas, sample_weight)
            squares = residuals**2
            if sample_weight is not None:
                squares = np.where(sample_weight > 0.0, squares * sample_weight, 0.0)
            self._store(squares, y, X.dtype)
        self._set(alphas, scores, np.asarray(index), coef, intercept, X, y, answer)

    def _leave_one_out_scored(self, X, y, sample_weight, alphas, scorer, score_params):
        """Chooses by a scorer of the leave-one-out predictions."""
        settings = self._settings()
        residuals = core.leave_one_out_residuals(settings, X, y, alphas, sample_weight)
        coef, intercept, answer = core.coefficients(settings, X, y, alphas, sample_weight)
        columns = y if y.ndim == 2 else y[:, None]
        predictions = columns.T - residuals
        if sample_weight is not None and np.any(sample_weight == 0.0):
            # Such a row has no part in the fit: nothing changes where it is left out.
            left_out = sample_weight == 0.0
            predictions[:, :, left_out] = coef @ X[left_out].T + intercept[:, :, None]
        if self.store_cv_results:
            self._store(predictions, y, X.dtype)
        each = self.alpha_per_target and y.ndim == 2 and y.shape[1] > 1
        judge = _Known()

        def scored(own):
            if each:
                return [scorer(judge, own[target], y[:, target], **score_params) for target in range(y.shape[1])]
            return scorer(judge, own.T if y.ndim == 2 else own[0], y, **score_params)

        scores = np.asarray([scored(own) for own in predictions], dtype=np.float64)
        index = np.broadcast_to(_first_best(scores), columns.shape[1:])
        targets = np.arange(columns.shape[1])
        self._set(alphas, scores, index, coef[index, targets], intercept[index, targets], X, y, answer)

    def _folds(self, given, X, y, sample_weight, alphas, scorer, score_params, split_params):
        """Chooses by the mean of the folds' scores."""
        splitter = check_cv(self.cv)
        name = "r2" if self.scoring is None else self.scoring
        settings = self._settings()
        # The core weighs scores as it does fits.
        alike = set(score_params) == ({"sample_weight"} if sample_weight is not None else set())
        if isinstance(name, str) and name in SCORES and alike:
            folds = _partition(splitter, given, y, split_params)
            if folds is not None:
                score, sign = SCORES[name]
                try:
                    scores, _, index, coef, intercept, answer = core.choose(
                        settings, X, y, alphas, sample_weight, folds, score, False
                    )
                except ValueError:
                    # A fold of which a score is not defined, such as R² of a constant: scikit-learn's scorer has a rule for it.
                    pass
                else:
                    self._set(alphas, sign * scores.mean(axis=1), np.asarray(index), coef, intercept, X, y, answer)
                    return
        scores = []
        model = Ridge(fit_intercept=self.fit_intercept, n_jobs=self.n_jobs, backend=self.backend)
        for train, test in splitter.split(given, y, **split_params):
            weights = None if sample_weight is None else sample_weight[train]
            *own, answer = core.coefficients(settings, X[train], y[train], alphas, weights)
            left_out, wanted = _safe_indexing(X, test), _safe_indexing(y, test)
            own_params = _check_method_params(X, params=score_params, indices=test)
            set_features(model, X)
            own_scores = []
            for coef, intercept in zip(*own):
                model._set((coef, intercept, (), answer), X, y)
                own_scores.append(scorer(model, left_out, wanted, **own_params))
            scores.append(own_scores)
        scores = np.mean(np.asarray(scores, dtype=np.float64), axis=0)
        best = int(_first_best(scores))
        coef, intercept, _, answer = core.fit_each(settings, X, y, [alphas[best]], sample_weight)
        index = np.full(coef.shape[0], best)
        self._set(alphas, scores, index, coef, intercept, X, y, answer)

    def _store(self, of_rows, y, dtype):
        """Keeps what was found of each alpha, target and row."""
        results = np.moveaxis(of_rows, (2, 1, 0), (0, 1, 2))
        results = results[:, 0] if y.ndim == 1 else results
        self.cv_results_ = np.ascontiguousarray(results, dtype=dtype)

    def _set(self, alphas, scores, index, coef, intercept, X, y, answer):
        self.backend_ = answered_by(answer, self.backend)
        self.scores_ = scores.astype(X.dtype)
        if scores.ndim == 2 and y.ndim == 2 and y.shape[1] > 1:
            self.alpha_ = np.asarray(alphas)[index]
            self.best_score_ = scores[index, np.arange(index.size)]
        else:
            scores = scores.reshape(len(alphas), -1)
            self.alpha_ = alphas[index[0]]
            # One target with an alpha of its own has a score of its own, in an array where y has two axes.
            self.best_score_ = scores[index[0]] if self.alpha_per_target and y.ndim == 2 else scores[index[0], 0]
        if X.dtype == np.float32:
            coef, intercept = coef.astype(np.float32), intercept.astype(np.float32)
        self.coef_ = coef[0] if y.ndim == 1 or y.shape[1] == 1 else coef
        if not self.fit_intercept:
            self.intercept_ = 0.0
        else:
            self.intercept_ = intercept[0] if y.ndim == 1 else intercept

    def plot(self, ax=None):
        """Draw the scores over alpha, with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        ax : matplotlib.axes.Axes
        """
        return _plot.scores(self, ax)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags


class _Known(RegressorMixin, BaseEstimator):
    """A fitted estimator whose predictions are its X."""

    def fit(self, X, y):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, X):
        return X


def _alphas(alphas, cv):
    """The penalties, positive ones where there is no `cv`."""
    boundaries = "neither" if cv is None else "left"
    values = np.asarray(alphas)
    if isinstance(alphas, np.ndarray) and values.dtype == np.float64 and values.ndim == 1 and values.size > 1:
        if (values > 0.0).all() and values.max() < np.inf:
            return values
    if np.ndim(alphas) == 0:
        return np.array([check_scalar(alphas, "alphas", numbers.Real, min_val=0.0, include_boundaries=boundaries)], dtype=np.float64)
    for index, alpha in enumerate(alphas):
        name = f"alphas[{index}]" if len(alphas) > 1 else "alphas"
        check_scalar(alpha, name, numbers.Real, min_val=0.0, include_boundaries=boundaries)
    return np.asarray(alphas, dtype=np.float64)


def _takes_weights(scorer, estimator):
    """Whether a scorer takes weights; scikit-learn's warning where it does not."""
    takes = getattr(scorer, "_accept_sample_weight", None)
    takes = "sample_weight" in signature(scorer).parameters if takes is None else takes()
    if not takes:
        warnings.warn(
            f"The scoring {scorer} does not support sample_weight, which may lead to statistically incorrect results when fitting "
            f"{estimator} with sample_weight. "
        )
    return takes


def _first_best(scores):
    """The number of the greatest score, of equal ones the first; along the first axis."""
    return np.argmax(np.where(np.isnan(scores), -np.inf, scores), axis=0)


def _partition(splitter, X, y, split_params):
    """A label for each row, where each is held out once and fits take all others; else None."""
    labels = np.full(y.shape[0], -1, dtype=np.int64)
    rows = 0
    for fold, (train, test) in enumerate(splitter.split(X, y, **split_params)):
        train, test = (np.flatnonzero(own) if np.asarray(own).dtype == bool else np.asarray(own) for own in (train, test))
        if test.size == 0 or train.size + test.size != y.shape[0] or (labels[test] != -1).any():
            return None
        counted = np.zeros(y.shape[0], dtype=np.int8)
        np.add.at(counted, train, 1)
        np.add.at(counted, test, 1)
        if (counted != 1).any():
            return None
        labels[test] = fold
        rows += test.size
    return labels.tolist() if rows == y.shape[0] else None
