"""Answers of a GPU; Mesa's software device will do."""

import os
import warnings

import numpy as np
import pytest

from ridgepath import Ridge, RidgePath

rng = np.random.default_rng(2)
X, y = rng.normal(size=(200, 30)), rng.normal(size=200)


def test_a_path_of_a_gpu_is_that_of_the_cpu():
    model = RidgePath(n_alphas=8, backend="gpu", allow_software_gpu=True)
    try:
        model.fit(X, y)
    except RuntimeError as error:
        if os.environ.get("RIDGEPATH_REQUIRE_GPU") == "1":
            raise
        pytest.skip(f"there is no adapter: {error}")
    assert model.path_.backend == "gpu" and model.path_.adapter
    np.testing.assert_allclose(model.coef_path_, RidgePath(n_alphas=8).fit(X, y).coef_path_, rtol=1e-10, atol=1e-13)


def test_who_answered_is_told():
    assert Ridge().fit(X, y).backend_ == "cpu"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert Ridge(backend="auto").fit(X, y).backend_


def test_a_gpu_that_is_not_there_is_an_error_that_says_so():
    try:
        found = Ridge(backend="gpu").fit(X, y).backend_
    except RuntimeError as error:
        assert "adapter" in str(error) or "GPU" in str(error)
    else:
        assert found.startswith("gpu")
