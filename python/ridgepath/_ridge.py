"""Ridge at one penalty, or one for each target."""

from numbers import Real

import numpy as np
import sklearn.linear_model
from sklearn.utils._param_validation import Interval

from ridgepath import _ridgepath as core
from ridgepath._data import checked, is_plain, set_features, to_numpy
from ridgepath._settings import CONSTRAINTS, answered_by, threads, usual


class Ridge(sklearn.linear_model.Ridge):
    """Linear least squares with an L2 penalty.

    Minimises ``||y - Xw - b||² + alpha ||w||²``, of weighted rows ``Σ s (y - xᵀw - b)² + alpha ||w||²``; b is not penalised. It takes the
    place of scikit-learn's `Ridge`, with the same arguments and attributes. The answer is solved directly, to the last digits that double
    precision has: whatever the `solver` asked for, which is checked and then makes no difference, as do `tol`, `max_iter`, `copy_X` and
    `random_state`.

    Parameters
    ----------
    alpha : float or array-like of shape (n_targets,), default=1.0
        The penalty, at least 0, for all targets or for each. At 0 the coefficients are those of least norm where they are not unique.
    fit_intercept : bool, default=True
        Whether b is fitted, else it is 0.
    copy_X : bool, default=True
        Makes no difference: X is read where it lies, and never written to.
    max_iter : int, default=None
        Makes no difference.
    tol : float, default=1e-4
        Makes no difference.
    solver : {'auto', 'svd', 'cholesky', 'lsqr', 'sparse_cg', 'sag', 'saga', 'lbfgs'}, default='auto'
        Makes no difference.
    positive : bool, default=False
        Must be False: coefficients of one sign are not solved for.
    random_state : int, RandomState instance, default=None
        Makes no difference.
    n_jobs : int, default=None
        Threads; None for as many as `ridgepath.set_num_threads` or threadpoolctl allow, -1 for all cores.
    backend : {'cpu', 'gpu', 'auto'}, default='cpu'
        Where it is solved. 'auto' takes a GPU where there is one and it pays.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        w.
    intercept_ : float or ndarray of shape (n_targets,)
        b; 0.0 where none is fitted.
    n_iter_ : None or ndarray of shape (n_targets,)
        None of a `solver` that iterates nowhere, else 1 of each target: each is solved once.
    solver_ : str
        The `solver` asked for, 'cholesky' for 'auto'; the work is the same.
    notes_ : dict
        What there is to say of a target's answer, by its number, such as that it is the one of least norm. Mostly empty.
    backend_ : str
        Who answered, with the name of the GPU where one did.
    n_features_in_ : int
        Features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X has some that are strings.

    See Also
    --------
    RidgeCV : Chooses alpha.
    RidgePath : Every alpha of a grid at once.

    Examples
    --------
    >>> import numpy as np
    >>> from ridgepath import Ridge
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> Ridge(alpha=1.0).fit(X, [1.0, 3.0, 5.0, 7.0]).coef_.round(6)
    array([1.666667])
    """

    _parameter_constraints = {**sklearn.linear_model.Ridge._parameter_constraints, **CONSTRAINTS}

    def __init__(
        self,
        alpha=1.0,
        *,
        fit_intercept=True,
        copy_X=True,
        max_iter=None,
        tol=1e-4,
        solver="auto",
        positive=False,
        random_state=None,
        n_jobs=None,
        backend="cpu",
    ):
        super().__init__(
            alpha=alpha,
            fit_intercept=fit_intercept,
            copy_X=copy_X,
            max_iter=max_iter,
            tol=tol,
            solver=solver,
            positive=positive,
            random_state=random_state,
        )
        self.n_jobs = n_jobs
        self.backend = backend

    def fit(self, X, y, sample_weight=None):
        """Fit the coefficients.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows. Arrays of float64 and float32 are read where they lie, whatever their strides.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weights of the rows, at least 0.

        Returns
        -------
        self : Ridge
        """
        if is_plain(X, y, sample_weight) and self._is_usual():
            try:
                fitted = self._solve(X, y, sample_weight, [float(self.alpha)])
            except ValueError:
                # scikit-learn's checks say what is wrong in its own words; what they let pass is told in the library's.
                pass
            else:
                set_features(self, X)
                return self._set(fitted, X, y)
        self._validate_params()
        self._check_solver()
        X, y, sample_weight, back = checked(self, X, y, sample_weight)
        return self._set(self._solve(X, y, sample_weight, self._alphas(y)), X, y, back)

    def _is_usual(self):
        """Whether all parameters are so plain that nothing is to be checked."""
        return (
            type(self.alpha) is float
            and 0.0 <= self.alpha < np.inf
            and type(self.fit_intercept) is bool
            and self.solver == "auto"
            and self.positive is False
            and self.tol == 1e-4
            and self.max_iter is None
            and self.random_state is None
            and self.copy_X is True
            and self.n_jobs is None
            and self.backend == "cpu"
        )

    def _check_solver(self):
        if self.solver == "lbfgs" and not self.positive:
            raise ValueError("'lbfgs' solver can be used only when positive=True. Please use another solver.")
        if self.positive and self.solver not in ("auto", "lbfgs"):
            raise ValueError(
                f"solver='{self.solver}' does not support positive fitting. Please set the solver to 'auto' or 'lbfgs', or set "
                "`positive=False`"
            )
        if self.positive:
            raise ValueError("positive=True is not solved for by ridgepath; scikit-learn's Ridge(positive=True) does")

    def _alphas(self, y):
        """The penalties, one or one for each target."""
        alphas = np.asarray(to_numpy(self.alpha), dtype=np.float64).ravel()
        targets = 1 if y.ndim == 1 else y.shape[1]
        if alphas.size not in (1, targets):
            raise ValueError(
                f"Number of targets and number of penalties do not correspond: {alphas.size} != {targets}"
            )
        for alpha in alphas:
            Interval(Real, 0, None, closed="left").is_satisfied_by(alpha) or _refuse_alpha(alpha)
        return alphas.tolist()

    def _solve(self, X, y, sample_weight, alphas):
        settings = usual(bool(self.fit_intercept), self.backend, threads(self.n_jobs))
        return core.fit_each(settings, X, y, alphas, sample_weight)

    def _set(self, fitted, X, y, back=None):
        coef, intercept, notes, answer = fitted
        self.backend_ = answered_by(answer, self.backend)
        if X.dtype == np.float32:
            coef, intercept = coef.astype(np.float32), intercept.astype(np.float32)
        if coef.shape[0] == 1:
            coef = coef[0]
        self.coef_ = coef if back is None else back(coef)
        if not self.fit_intercept:
            self.intercept_ = 0.0
        elif y.ndim == 1:
            self.intercept_ = intercept[0] if back is None else back(intercept[0])
        else:
            self.intercept_ = intercept if back is None else back(intercept)
        self.notes_ = dict(notes)
        # scikit-learn's direct solvers tell None; its iterative ones a number for each target.
        direct = self.solver in ("svd", "cholesky", "sparse_cg")
        once = np.ones(1 if y.ndim == 1 else y.shape[1], dtype=np.int32)
        self.n_iter_ = None if direct else once if back is None else back(once)
        self.solver_ = "cholesky" if self.solver == "auto" else self.solver
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags


def _refuse_alpha(alpha):
    raise ValueError(f"alpha == {alpha}, must be >= 0.0.")
