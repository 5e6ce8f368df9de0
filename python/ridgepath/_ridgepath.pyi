"""The compiled core: arrays in, arrays out. Estimators and functions of the package have the defaults, and say what is what."""

from typing import Any, Callable, Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str

Floats = NDArray[np.float64]

class Settings:
    def __init__(
        self,
        *,
        intercept: bool = True,
        standardize: Optional[str] = None,
        penalty_factors: Optional[Sequence[float]] = None,
        backend: str = "cpu",
        allow_software_gpu: bool = False,
        precision: str = "double",
        minimum_norm: bool = True,
        threads: Optional[int] = None,
        progress: Optional[Callable[[int, int], Any]] = None,
    ) -> None: ...

class Moments:
    def __init__(self, features: Union[int, Sequence[str]], targets: Union[int, Sequence[str]]) -> None: ...
    def push(self, data: Any, y: Optional[ArrayLike] = None, sample_weight: Union[ArrayLike, str, None] = None) -> Moments: ...
    def merge(self, other: Moments) -> Moments: ...
    def remove(self, other: Moments) -> float: ...
    def to_bytes(self) -> bytes: ...
    @staticmethod
    def from_bytes(
        data: bytes, features: Optional[Sequence[str]] = None, targets: Optional[Sequence[str]] = None
    ) -> Moments: ...
    @property
    def feature_names(self) -> list[str]: ...
    @property
    def target_names(self) -> list[str]: ...
    @property
    def n_samples(self) -> int: ...
    @property
    def n_features(self) -> int: ...
    @property
    def n_targets(self) -> int: ...
    @property
    def weight_sum(self) -> float: ...
    @property
    def mean_x(self) -> Floats: ...
    @property
    def mean_y(self) -> Floats: ...
    @property
    def gram(self) -> Floats: ...
    @property
    def cross(self) -> Floats: ...

def fit_path(
    settings: Settings,
    x: NDArray[Any],
    y: NDArray[Any],
    grid: Union[int, Sequence[float], Floats],
    lambdas: bool,
    weights: Optional[Floats],
    criteria: bool,
) -> dict[str, Any]: ...
def coefficients(
    settings: Settings, x: NDArray[Any], y: NDArray[Any], alphas: Union[Sequence[float], Floats], weights: Optional[Floats]
) -> tuple[Floats, Floats, tuple[str, Optional[str]]]: ...
def fit_each(
    settings: Settings, x: NDArray[Any], y: NDArray[Any], alphas: Sequence[float], weights: Optional[Floats]
) -> tuple[Floats, Floats, list[tuple[int, str]], tuple[str, Optional[str]]]: ...
def choose(
    settings: Settings,
    x: NDArray[Any],
    y: NDArray[Any],
    alphas: Union[Sequence[float], Floats],
    weights: Optional[Floats],
    folds: Union[int, Sequence[int], None],
    score: str,
    per_target: bool,
) -> tuple[Floats, Floats, list[int], Floats, Floats, tuple[str, Optional[str]]]: ...
def leave_one_out_residuals(
    settings: Settings, x: NDArray[Any], y: NDArray[Any], grid: Union[Sequence[float], Floats], weights: Optional[Floats]
) -> Floats: ...
def fit_groups(
    settings: Settings,
    x: NDArray[Any],
    y: NDArray[Any],
    labels: Sequence[int],
    grid: Union[int, Sequence[float], Floats],
    lambdas: bool,
    weights: Optional[Floats],
) -> dict[str, Any]: ...
def fit_moments(
    settings: Settings, moments: Moments, grid: Union[int, Sequence[float], Floats], lambdas: bool
) -> dict[str, Any]: ...
def choose_of_moments(
    settings: Settings,
    folds: Sequence[Moments],
    grid: Union[int, Sequence[float], Floats],
    lambdas: bool,
    asked: tuple[str, bool],
    by: Union[str, float],
    per_target: bool,
) -> dict[str, Any]: ...
def get_num_threads() -> int: ...
def set_num_threads(threads: int) -> None: ...
