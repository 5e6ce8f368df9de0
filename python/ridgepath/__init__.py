"""Ridge regression for a whole grid of penalties at once.

`Ridge` and `RidgeCV` take the place of scikit-learn's; `RidgePath` fits every penalty of a grid, `GroupRidge` every group of rows;
`Moments` are sums of rows that merge and travel, from which `fit_moments` and `choose` make paths without rows.
"""

from ridgepath._groups import GroupRidge
from ridgepath._moments import Choice, choose, fit_moments
from ridgepath._path import Path, RidgePath
from ridgepath._ridge import Ridge
from ridgepath._ridge_cv import RidgeCV
from ridgepath._ridgepath import Moments, __version__, get_num_threads, set_num_threads
from ridgepath._threads import register as _register_threads

_register_threads()

__all__ = [
    "Choice",
    "GroupRidge",
    "Moments",
    "Path",
    "Ridge",
    "RidgeCV",
    "RidgePath",
    "__version__",
    "choose",
    "fit_moments",
    "get_num_threads",
    "set_num_threads",
]
