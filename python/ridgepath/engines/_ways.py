"""The two functions that every engine has, of the one in which engines differ."""

from importlib import import_module
from numbers import Integral

from ridgepath._moments import choose as choose_of_moments
from ridgepath._path import grid
from ridgepath.engines._columns import Columns
from ridgepath.engines._sums import Request

#: Scores of rows that were held out, and those that judge by all rows.
_FOLDS, _CRITERIA = ("mse", "rmse", "r2"), ("gcv", "aic", "aicc", "bic", "cp", "evidence")


def required(module, requirement):
    """A module, or an error that says what to install."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f"{module} cannot be imported ({error}); it comes with: pip install '{requirement}'") from error


def refuse(frame, wanted):
    """The error of a frame that is of no kind of an engine's."""
    return TypeError(f"frame: found {type(frame).__module__}.{type(frame).__qualname__}, wanted {wanted}")


def ways(module, frame_words, order_words, prepare):
    """`moments` and `choose` of an engine.

    `prepare` takes a frame and gives its columns, as `Columns.of` takes them, and a function that takes a `Request` and gives moments.
    """

    def summed(frame, target, features, folds, seed, fold_column, sample_weight):
        required("pyarrow", "pyarrow")
        if folds is not None and (not isinstance(folds, Integral) or isinstance(folds, bool) or folds < 1):
            raise ValueError(f"folds: found {folds!r}, wanted a whole number of at least 1, or None")
        if not isinstance(seed, Integral) or isinstance(seed, bool):
            raise ValueError(f"seed: found {seed!r}, wanted a whole number")
        found, sums = prepare(frame)
        columns = Columns.of(found, target, features, sample_weight, fold_column)
        return sums(Request(columns, None if folds is None else int(folds), int(seed)))

    def moments(frame, target, features=None, *, folds=5, seed=0, fold_column=None, sample_weight=None):
        return summed(frame, target, features, folds, seed, fold_column, sample_weight)

    def choose(
        frame,
        target,
        features=None,
        *,
        alphas=None,
        lambdas=None,
        n_alphas=100,
        folds=5,
        seed=0,
        fold_column=None,
        sample_weight=None,
        score="mse",
        rule="best",
        per_target=False,
        fit_intercept=True,
        standardize=None,
        penalty_factors=None,
    ):
        # What needs no rows is refused before a cluster reads them.
        grid(alphas, lambdas, n_alphas)
        if score not in (*_FOLDS, *_CRITERIA):
            raise ValueError(f"score: found {score!r}, wanted one of {', '.join((*_FOLDS, *_CRITERIA))}")
        if score in _FOLDS and fold_column is None and (folds is None or folds == 1):
            raise ValueError(f"score={score!r} takes two folds at the least, found folds={folds}; of all rows score='gcv' judges")
        parts = summed(frame, target, features, folds if score in _FOLDS else None, seed, fold_column, sample_weight)
        if score in _FOLDS and len(parts) < 2:
            raise ValueError(f"fold_column: found one label in {fold_column!r}, wanted two folds at the least")
        return choose_of_moments(
            parts,
            alphas,
            lambdas=lambdas,
            n_alphas=n_alphas,
            score=score,
            rule=rule,
            per_target=per_target,
            fit_intercept=fit_intercept,
            standardize=standardize,
            penalty_factors=penalty_factors,
        )

    for function, words in ((moments, _MOMENTS), (choose, _CHOOSE)):
        function.__module__ = module
        function.__qualname__ = function.__name__
        function.__doc__ = words.replace("FRAME", frame_words).replace("ORDER", order_words).replace("ROWS", _ROWS)
    return moments, choose


_ROWS = """frame : FRAME
    target : str or list of str
        The column that is predicted, or several.
    features : list of str, default=None
        The columns that it is predicted from; None for all others, each of which must hold numbers."""

_MOMENTS = """The moments of each fold's rows, summed where the rows lie.

    ORDER

    Parameters
    ----------
    ROWS
    folds : int or None, default=5
        Rows are dealt out to so many folds, by a hash of the seed, the partition and their place in it. None: one for all.
    seed : int, default=0
    fold_column : str, default=None
        A column of whole numbers, text or dates: rows of one label are a fold, and folds are in the order of their labels. In place of
        `folds`.
    sample_weight : str, default=None
        A column of weights, at least 0.

    Returns
    -------
    list of Moments

    Raises
    ------
    ValueError
        Where a column is not there or holds no numbers, a value is null or not finite, or a fold has no rows.
    """

_CHOOSE = """Choose a penalty from rows that are summed where they lie.

    ORDER

    Parameters
    ----------
    ROWS
    alphas, lambdas, n_alphas, fit_intercept, standardize, penalty_factors
        As in `RidgePath`.
    folds : int or None, default=5
        Rows are dealt out to so many folds, by a hash of the seed, the partition and their place in it.
    seed : int, default=0
    fold_column : str, default=None
        A column of whole numbers, text or dates: rows of one label are a fold, and folds are in the order of their labels. In place of
        `folds`.
    sample_weight : str, default=None
        A column of weights, at least 0.
    score : {'mse', 'rmse', 'r2'} or {'gcv', 'aic', 'aicc', 'bic', 'cp', 'evidence'}, default='mse'
        What a fold's predictions are judged by; or a criterion, of all rows, which takes no folds.
    rule : {'best', '1se'} or float, default='best'
        The best score; the largest penalty within one standard error of it, or within so many percent.
    per_target : bool, default=False
        Whether each target has a penalty of its own.

    Returns
    -------
    Choice

    Raises
    ------
    ValueError
        Where a column is not there or holds no numbers, a value is null or not finite, or a fold has no rows.
    """
