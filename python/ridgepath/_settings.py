"""Settings of the core, made once where they are the usual ones."""

import warnings
from functools import lru_cache
from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from ridgepath._ridgepath import Settings

#: Constraints of the parameters that all estimators share.
CONSTRAINTS = {
    "n_jobs": [Integral, None],
    "backend": [StrOptions({"cpu", "gpu", "auto"})],
}

POSITIVE = Interval(Integral, 1, None, closed="left")


@lru_cache(maxsize=64)
def usual(intercept, backend, threads):
    """The core's settings for an intercept, a backend and a number of threads."""
    return Settings(intercept=intercept, backend=backend, threads=threads)


def threads(n_jobs):
    """The number of threads that scikit-learn's `n_jobs` stands for; None for that of the process."""
    if n_jobs is None:
        return None
    if n_jobs == 0:
        raise ValueError("n_jobs == 0 has no meaning")
    if n_jobs > 0:
        return int(n_jobs)
    from joblib import cpu_count

    return max(1, cpu_count() + 1 + int(n_jobs))


def answered_by(answer, asked):
    """The name of the backend that answered; a warning where another was asked for."""
    name, fallback = answer
    if fallback is not None and asked != "cpu":
        warnings.warn(f"backend={asked!r} was asked for, and {name} has answered: {fallback}", UserWarning, stacklevel=4)
    return name
