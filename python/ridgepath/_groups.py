"""Many small regressions in one call."""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from ridgepath import _ridgepath as core
from ridgepath._data import checked, refuse_sparse
from ridgepath._path import grid
from ridgepath._settings import CONSTRAINTS, threads


class GroupRidge(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """A ridge regression for each group of rows, all in one call.

    Each is what `Ridge` makes of the rows of the group alone, bit for bit. A group that cannot be fitted has the reason in its place, and
    spoils no other.

    Parameters
    ----------
    alphas : float or array-like of shape (n_alphas,), default=1.0
        The penalties.
    fit_intercept : bool, default=True
        Whether each group has an intercept.
    standardize : {'population', 'sample'} or None, default=None
        Divides the columns of each group by their standard deviation there before the penalty acts.
    n_jobs : int, default=None
        Threads; None for as many as `ridgepath.set_num_threads` or threadpoolctl allow, -1 for all cores.
    backend : {'cpu', 'gpu', 'auto'}, default='cpu'
        Where it is solved.

    Attributes
    ----------
    groups_ : ndarray of shape (n_groups,)
        The labels, in the order in which they first appear.
    coef_ : ndarray of shape (n_groups, n_alphas, n_targets, n_features)
        Coefficients; NaN where there are none. The axes of alphas and targets are left out where one alpha, or y of one axis, was given.
    intercept_ : ndarray of shape (n_groups, n_alphas, n_targets)
        Intercepts, with axes as above.
    outcomes_ : ndarray of str
        How each answer came about, with the axes of `intercept_`.
    refused_ : dict
        Why a group has no answer, by its label.
    rows_ : ndarray of shape (n_groups,)
        The rows of each group.
    n_features_in_ : int
        Features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X has some that are strings.

    Examples
    --------
    >>> import numpy as np
    >>> from ridgepath import GroupRidge
    >>> X = np.array([[1.0], [1.0], [2.0], [2.0], [3.0], [3.0]])
    >>> model = GroupRidge(alphas=0.0).fit(X, [1.0, 5.0, 2.0, 3.0, 3.0, 1.0], groups=["a", "b", "a", "b", "a", "b"])
    >>> model.coef_.round(6).tolist()
    [[1.0], [-2.0]]
    """

    _parameter_constraints = {
        "alphas": ["array-like", Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "standardize": [StrOptions({"population", "sample"}), None],
        **CONSTRAINTS,
    }

    def __init__(self, alphas=1.0, *, fit_intercept=True, standardize=None, n_jobs=None, backend="cpu"):
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.n_jobs = n_jobs
        self.backend = backend

    def fit(self, X, y, groups=None, sample_weight=None):
        """Fit each group.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in any order.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        groups : array-like of shape (n_samples,), default=None
            The label of each row; None for one group of all.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : GroupRidge
        """
        self._validate_params()
        alphas, _ = grid(np.atleast_1d(self.alphas), None, 0)
        X, y, sample_weight, _ = checked(self, X, y, sample_weight)
        codes, labels = _codes(groups, X.shape[0])
        settings = core.Settings(
            intercept=bool(self.fit_intercept), standardize=self.standardize, threads=threads(self.n_jobs), backend=self.backend
        )
        found = core.fit_groups(settings, X, y, codes, alphas, False, sample_weight)
        of_alphas = 0 if np.ndim(self.alphas) == 0 else slice(None)
        of_targets = 0 if y.ndim == 1 else slice(None)

        def part(array):
            return array[:, of_alphas][(Ellipsis, of_targets)] if array.ndim == 3 else array[:, of_alphas][..., of_targets, :]

        self.groups_ = labels[found["labels"]]
        self.coef_ = part(found["coef"])
        self.intercept_ = part(found["intercept"])
        self.outcomes_ = part(np.asarray(found["outcomes"], dtype=object).reshape(found["intercept"].shape))
        self.refused_ = {self.groups_[number]: why for number, why in found["refused"]}
        self.rows_ = np.asarray(found["rows"])
        return self

    def predict(self, X, groups=None):
        """Predictions of rows by their group's regression, of which there must be one alpha.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        groups : array-like of shape (n_samples,), default=None
            The label of each row; None where there was one group.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            NaN for rows of a group that has no answer.
        """
        check_is_fitted(self)
        refuse_sparse(self, X)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        if np.ndim(self.alphas) != 0:
            raise ValueError("predictions are those of one alpha; GroupRidge was fitted with a list of them, wanted coef_ and intercept_")
        if groups is None:
            if len(self.groups_) != 1:
                raise ValueError(f"groups: found None, wanted the label of each row, of {len(self.groups_)} groups")
            numbers = np.zeros(X.shape[0], dtype=np.int64)
        else:
            known = {label: number for number, label in enumerate(self.groups_.tolist())}
            groups = np.asarray(groups)
            if groups.shape != X.shape[:1]:
                raise ValueError(f"groups: found shape {groups.shape}, wanted one label for each of the {X.shape[0]} rows")
            try:
                numbers = np.array([known[label] for label in groups.tolist()], dtype=np.int64)
            except KeyError as error:
                raise ValueError(f"groups: {error.args[0]!r} was not there in fit") from None
        # Group by group, so that no row has coefficients of its own.
        predictions = np.empty(X.shape[:1] + self.intercept_.shape[1:])
        for number in np.unique(numbers):
            rows = numbers == number
            predictions[rows] = X[rows] @ self.coef_[number].T + self.intercept_[number]
        return predictions


def _codes(groups, rows):
    """A number for each row, and the labels by these numbers."""
    if groups is None:
        return [0] * rows, np.zeros(1, dtype=np.int64)
    groups = np.asarray(groups)
    if groups.shape != (rows,):
        raise ValueError(f"groups: found shape {groups.shape}, wanted one label for each of the {rows} rows")
    if groups.dtype.kind == "f" and np.isnan(groups).any():
        raise ValueError(f"groups[{int(np.argmax(np.isnan(groups)))}] is NaN; wanted a label")
    if groups.dtype == object:
        missing = [number for number, label in enumerate(groups) if label is None or label != label]
        if missing:
            raise ValueError(f"groups[{missing[0]}] is {groups[missing[0]]}; wanted a label")
        known = {}
        codes = [known.setdefault(label, len(known)) for label in groups]
        labels = np.empty(len(known), dtype=object)
        labels[:] = list(known)
        return codes, labels
    labels, codes = np.unique(groups, return_inverse=True)
    return codes.tolist(), labels
