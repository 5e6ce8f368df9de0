"""Every penalty of a grid at once."""

from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Optional

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from ridgepath import _html, _plot
from ridgepath import _ridgepath as core
from ridgepath._data import checked, from_namespace, refuse_sparse, to_numpy
from ridgepath._settings import CONSTRAINTS, threads


@dataclass(frozen=True, repr=False)
class Path:
    """A ridge path: what there is of every penalty (k) and target (t).

    Attributes
    ----------
    lambdas, alphas : ndarray of shape (k,)
        λ of ``1/(2W) Σ s (y - xᵀw - b)² + λ ||w||²``, W the sum of the weights s; and scikit-learn's alpha = 2Wλ.
    coef : ndarray of shape (k, t, n)
        Coefficients of n features. NaN where there is no answer.
    intercept : ndarray of shape (k, t)
        Intercepts, 0 where none is fitted.
    outcomes : ndarray of str of shape (k, t)
        How each answer came about: 'solved', or what else there is to say.
    condition : ndarray of shape (k,)
        An estimate of the condition number of the equations.
    residual, error_bound, intercept_error_bound : ndarray of shape (k, t)
        The relative residual of the equations, and bounds of the relative error of the coefficients, and of the error of the intercept.
    rss, r2, squared_norm : ndarray of shape (k, t)
        Σ s(y - ŷ)², R² and ||w||² of the rows fitted.
    df : ndarray of shape (k,), or None
        Effective degrees of freedom, with the intercept's.
    gcv : ndarray of shape (k, t), or None
        The generalised cross-validation score W·RSS/(W - df)²: weights count as repetitions of a row, as they do in scikit-learn.
    backend, method, precision : str
        Who answered, by which method, in which arithmetic.
    adapter, fallback : str or None
        The GPU, where one answered; why another backend or method answered than the one asked for.
    rows : int
    weight_sum : float
        The number of the rows, and the sum of their weights.
    feature_names, target_names : list of str, or None
        Names, where there are any.
    """

    lambdas: np.ndarray
    alphas: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    outcomes: np.ndarray
    condition: np.ndarray
    residual: np.ndarray
    error_bound: np.ndarray
    intercept_error_bound: np.ndarray
    rss: np.ndarray
    r2: np.ndarray
    squared_norm: np.ndarray
    backend: str
    method: str
    precision: str
    rows: int
    weight_sum: float
    adapter: Optional[str] = None
    fallback: Optional[str] = None
    df: Optional[np.ndarray] = None
    gcv: Optional[np.ndarray] = None
    feature_names: Optional[list] = None
    target_names: Optional[list] = None

    @classmethod
    def _of(cls, found, feature_names=None, target_names=None):
        """That of what the core has found."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in found.items() if name in known}
        values["outcomes"] = np.asarray(values["outcomes"], dtype=object).reshape(values["intercept"].shape)
        return cls(**values, feature_names=feature_names or None, target_names=target_names or None)

    def __len__(self):
        return self.alphas.size

    def __repr__(self):
        k, t, n = self.coef.shape
        return f"Path({k} penalties, {t} targets, {n} features, {self.rows} rows)"

    def predict(self, X):
        """Predictions of every penalty.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (k, n_samples, t)
        """
        return np.asarray(X) @ self.coef.transpose(0, 2, 1) + self.intercept[:, None, :]

    def plot(self, ax=None, target=0):
        """Draw the coefficients of a target over alpha, with matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; None for a new figure.
        target : int, default=0
            The number of the target.

        Returns
        -------
        ax : matplotlib.axes.Axes
        """
        return _plot.coefficients(self, ax, target)

    def _repr_html_(self):
        return _html.path(self)


class RidgePath(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Ridge regression for every penalty of a grid at once.

    One call fits the whole path, and says of every answer how good it is. A single model, for `predict` and `score`, is that of the penalty
    which generalised cross-validation favours, as a mean over the targets.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,), default=None
        Penalties as scikit-learn counts them, at least 0.
    lambdas : array-like of shape (n_lambdas,), default=None
        Penalties per row, in place of `alphas`: λ = alpha / (2 Σ sample_weight).
    n_alphas : int, default=100
        Without either, so many penalties from all but nothing to all shrunk, scaled from the data.
    fit_intercept : bool, default=True
        Whether an intercept is fitted, which is not penalised.
    standardize : {'population', 'sample'} or None, default=None
        Divides the columns by their standard deviation before the penalty acts; coefficients are told on the original scale.
    penalty_factors : array-like of shape (n_features,), default=None
        What the penalty is multiplied by for each feature; 0 for one that is not penalised.
    criterion : {'gcv'} or None, default='gcv'
        What one penalty is favoured by. None saves a decomposition of X; then there is no single model.
    precision : {'double', 'single'}, default='double'
        The arithmetic.
    n_jobs : int, default=None
        Threads; None for as many as `ridgepath.set_num_threads` or threadpoolctl allow, -1 for all cores.
    backend : {'cpu', 'gpu', 'auto'}, default='cpu'
        Where it is solved. 'auto' takes a GPU where there is one and it pays.
    allow_software_gpu : bool, default=False
        Whether a software device, such as Mesa's, may be taken for a GPU.
    verbose : bool, default=False
        Whether a bar of tqdm shows how far the work is, where tqdm is installed.

    Attributes
    ----------
    path_ : Path
        All that was found.
    alphas_, lambdas_ : ndarray of shape (n_alphas,)
        The penalties, in the order asked for; scaled from the data, the largest first.
    coef_path_ : ndarray of shape (n_alphas, n_features) or (n_alphas, n_targets, n_features)
        Coefficients.
    intercept_path_ : ndarray of shape (n_alphas,) or (n_alphas, n_targets)
        Intercepts.
    outcomes_, error_bounds_, gcv_ : ndarray of shape (n_alphas,) or (n_alphas, n_targets)
        How each answer came about; a bound of the relative error of its coefficients; generalised cross-validation.
    df_ : ndarray of shape (n_alphas,)
        Effective degrees of freedom.
    alpha_ : float
        The penalty favoured.
    coef_, intercept_ : ndarray
        The model at `alpha_`.
    n_features_in_ : int
        Features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X has some that are strings.

    Examples
    --------
    >>> import numpy as np
    >>> from ridgepath import RidgePath
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(50, 3))
    >>> model = RidgePath(n_alphas=5).fit(X, X @ [1.0, 2.0, 3.0])
    >>> model.coef_path_.shape
    (5, 3)
    """

    _parameter_constraints = {
        "alphas": ["array-like", None],
        "lambdas": ["array-like", None],
        "n_alphas": [Interval(Integral, 1, None, closed="left")],
        "fit_intercept": ["boolean"],
        "standardize": [StrOptions({"population", "sample"}), None],
        "penalty_factors": ["array-like", None],
        "criterion": [StrOptions({"gcv"}), None],
        "precision": [StrOptions({"double", "single"})],
        "allow_software_gpu": ["boolean"],
        "verbose": ["boolean", Interval(Real, 0, None, closed="left")],
        **CONSTRAINTS,
    }

    def __init__(
        self,
        alphas=None,
        *,
        lambdas=None,
        n_alphas=100,
        fit_intercept=True,
        standardize=None,
        penalty_factors=None,
        criterion="gcv",
        precision="double",
        n_jobs=None,
        backend="cpu",
        allow_software_gpu=False,
        verbose=False,
    ):
        self.alphas = alphas
        self.lambdas = lambdas
        self.n_alphas = n_alphas
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.penalty_factors = penalty_factors
        self.criterion = criterion
        self.precision = precision
        self.n_jobs = n_jobs
        self.backend = backend
        self.allow_software_gpu = allow_software_gpu
        self.verbose = verbose

    def fit(self, X, y, sample_weight=None):
        """Fit the path.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : RidgePath
        """
        self._validate_params()
        values, is_lambda = grid(self.alphas, self.lambdas, int(self.n_alphas))
        X, y, sample_weight, back = checked(self, X, y, sample_weight)
        with _html.bar(self.verbose) as progress:
            settings = core.Settings(
                intercept=bool(self.fit_intercept),
                standardize=self.standardize,
                penalty_factors=None if self.penalty_factors is None else np.asarray(self.penalty_factors, dtype=np.float64),
                precision=self.precision,
                threads=threads(self.n_jobs),
                backend=self.backend,
                allow_software_gpu=bool(self.allow_software_gpu),
                progress=progress,
            )
            found = core.fit_path(settings, X, y, values, is_lambda, sample_weight, self.criterion is not None)
        if self.criterion is not None and sample_weight is not None:
            found["gcv"] = _of_repeated_rows(found, np.count_nonzero(sample_weight))
        names = getattr(self, "feature_names_in_", None)
        self.path_ = path = Path._of(found, None if names is None else list(names))
        alone = y.ndim == 1

        def of_targets(array):
            return array[:, 0] if alone else array

        convert = (lambda array: array) if back is None else back
        self.alphas_, self.lambdas_ = path.alphas, path.lambdas
        self.coef_path_, self.intercept_path_ = convert(of_targets(path.coef)), convert(of_targets(path.intercept))
        self.outcomes_, self.error_bounds_ = of_targets(path.outcomes), of_targets(path.error_bound)
        for name in ("df_", "gcv_", "alpha_", "coef_", "intercept_"):
            vars(self).pop(name, None)
        if self.criterion is not None:
            self.df_, self.gcv_ = path.df, of_targets(path.gcv)
            means = path.gcv.mean(axis=1)
            best = int(np.argmin(np.where(np.isnan(means), np.inf, means)))
            self.alpha_ = path.alphas[best]
            dtype = X.dtype
            self.coef_ = convert(of_targets(path.coef)[best].astype(dtype))
            self.intercept_ = convert(of_targets(path.intercept)[best].astype(dtype))
        return self

    def predict(self, X):
        """Predictions at `alpha_`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        check_is_fitted(self)
        if not hasattr(self, "coef_"):
            raise AttributeError("criterion=None has favoured no penalty; wanted predict_path, or criterion='gcv'")
        X, back = self._checked(X)
        return back(X @ to_numpy(self.coef_).T + to_numpy(self.intercept_))

    def predict_path(self, X):
        """Predictions of every penalty.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_alphas, n_samples) or (n_alphas, n_samples, n_targets)
        """
        check_is_fitted(self)
        X, back = self._checked(X)
        predictions = self.path_.predict(X)
        return back(predictions[:, :, 0] if self.outcomes_.ndim == 1 else predictions)

    def _checked(self, X):
        """X as NumPy's, and what takes arrays back to where it came from."""
        refuse_sparse(self, X)
        X, _, _, back = from_namespace(X, None, None)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return X, back if back is not None else lambda array: array

    def plot(self, ax=None, target=0):
        """Draw the coefficients of a target over alpha, with matplotlib; see `Path.plot`."""
        check_is_fitted(self)
        ax = self.path_.plot(ax, target)
        if hasattr(self, "alpha_") and self.alpha_ > 0.0:
            ax.axvline(self.alpha_, color="0.6", linewidth=1, linestyle=":")
        return ax


def _of_repeated_rows(found, rows):
    """GCV of W rows: that of m rows by m·RSS/(m - df)² tells m - df without cancellation."""
    rss, total = found["spectrum_rss"], found["weight_sum"]
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.sqrt(rows * rss / found["gcv"]) + (total - rows)
        return np.where(left > 0.0, total * rss / left**2, np.nan)


def grid(alphas, lambdas, count):
    """What the core takes for a grid: its values or how many, and whether they are λ."""
    if alphas is not None and lambdas is not None:
        raise ValueError("alphas and lambdas are both given; wanted one of them")
    values = alphas if lambdas is None else lambdas
    if values is None:
        return count, False
    name = "alphas" if lambdas is None else "lambdas"
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"{name}: found an array of shape {values.shape}, wanted one axis with a penalty at the least")
    return values, lambdas is not None
