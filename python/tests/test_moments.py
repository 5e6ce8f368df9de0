"""Sums of rows: they merge, travel, and choose."""

import copy
import pickle

import numpy as np
import pytest

from ridgepath import Moments, RidgePath, choose, fit_moments

rng = np.random.default_rng(5)
X = rng.normal(size=(120, 4)) + 1.0
Y = X @ rng.normal(size=(4, 2)) + rng.normal(size=(120, 2))


def test_parts_merge_to_the_whole():
    whole = Moments(4, 2).push(X, Y)
    parts = [Moments(4, 2).push(X[rows], Y[rows]) for rows in np.split(np.arange(120), [7, 60])]
    merged = parts[0].merge(parts[1]).merge(parts[2])
    assert merged.n_samples == 120 and merged.weight_sum == 120.0
    np.testing.assert_allclose(merged.gram, whole.gram, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(whole.gram, (X - X.mean(0)).T @ (X - X.mean(0)), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(whole.cross, (X - X.mean(0)).T @ (Y - Y.mean(0)), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(whole.mean_x, X.mean(0), rtol=1e-14)
    found, wanted = fit_moments(merged, [10.0, 0.1]), RidgePath([10.0, 0.1]).fit(X, Y).path_
    np.testing.assert_allclose(found.coef, wanted.coef, rtol=1e-12)
    np.testing.assert_allclose(found.intercept, wanted.intercept, rtol=1e-12)
    assert 0.0 <= merged.remove(parts[1]) < 3.0 and merged.n_samples == 120 - 53


def test_bytes_pickles_and_copies_hold_every_bit():
    own = Moments(["a", "b", "c", "d"], ["u", "v"]).push(X, Y, rng.uniform(0.1, 1.0, 120))
    for other in (Moments.from_bytes(own.to_bytes()), pickle.loads(pickle.dumps(own)), copy.deepcopy(own)):
        assert other.to_bytes() == own.to_bytes()
    assert pickle.loads(pickle.dumps(own)).feature_names == ["a", "b", "c", "d"]
    damaged = bytearray(own.to_bytes())
    damaged[40] ^= 1
    with pytest.raises(ValueError, match="not a usable moments"):
        Moments.from_bytes(bytes(damaged))
    with pytest.raises(ValueError):
        Moments.from_bytes(b"")
    with pytest.raises(ValueError, match="features: found 1 names, wanted 4"):
        Moments.from_bytes(own.to_bytes(), features=["a"])


def test_frames_and_batches_are_read_by_name():
    pyarrow = pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    pandas = pytest.importorskip("pandas")
    columns = {"b": X[:, 1], "y": Y[:, 0], "a": X[:, 0], "w": np.arange(120.0)}
    wanted = Moments(2, 1).push(X[:, :2], Y[:, 0])
    table = pyarrow.table(columns)
    reader = pyarrow.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=7))
    for frame in (table, table.to_batches()[0], reader, polars.DataFrame(columns), pandas.DataFrame(columns)):
        found = Moments(["a", "b"], ["y"]).push(frame)
        assert found.n_samples == 120
        np.testing.assert_allclose(found.gram, wanted.gram, rtol=1e-13)
        np.testing.assert_allclose(found.cross, wanted.cross, rtol=1e-12)
    weighted = Moments(["a", "b"], ["y"]).push(table, sample_weight="w")
    assert weighted.weight_sum == np.arange(120.0).sum()
    assert Moments(["a"], ["y"]).push(table.slice(0, 0)).n_samples == 0


def test_bad_frames_are_refused_by_column():
    pyarrow = pytest.importorskip("pyarrow")
    own = Moments(["a"], ["y"])
    for columns, words in [
        ({"a": [1.0, None], "y": [1.0, 2.0]}, "null"),
        ({"a": ["x", "y"], "y": [1.0, 2.0]}, '"a"|`a`|a '),
        ({"b": [1.0, 2.0], "y": [1.0, 2.0]}, '"a"|`a`|a '),
        ({"a": [1.0, float("nan")], "y": [1.0, 2.0]}, "NaN"),
    ]:
        with pytest.raises(ValueError, match=words):
            own.push(pyarrow.table(columns))
    assert own.n_samples == 0
    with pytest.raises(TypeError, match="frame"):
        own.push(3)
    with pytest.raises(ValueError, match="by name"):
        Moments(1, 1).push(pyarrow.table({"a": [1.0]}))


def test_other_shapes_are_refused():
    own = Moments(4, 2)
    with pytest.raises(ValueError, match="features"):
        own.push(X[:, :3], Y)
    with pytest.raises(ValueError, match="rows"):
        own.push(X[:-1], Y)
    with pytest.raises(ValueError, match="features"):
        own.merge(Moments(3, 2).push(X[:, :3], Y))
    with pytest.raises(ValueError, match="0 features"):
        Moments(0, 1)


def test_a_choice_by_folds_is_that_of_the_rows():
    alphas = np.logspace(-2, 4, 20)
    parts = np.split(np.arange(120), 5)
    found = choose([Moments(4, 2).push(X[part], Y[part]) for part in parts], alphas, per_target=True)
    for target in range(2):
        errors = np.zeros(20)
        for part in parts:
            rest = np.setdiff1d(np.arange(120), part)
            predicted = RidgePath(alphas, criterion=None).fit(X[rest], Y[rest, target]).predict_path(X[part])
            errors += ((predicted - Y[part, target]) ** 2).mean(axis=1) / 5
        np.testing.assert_allclose(found.scores[:, target], errors, rtol=1e-9)
        assert found.alpha[target] == alphas[np.argmin(errors)]
    assert found.coef.shape == (2, 4) and found.predict(X).shape == (120, 2)
    assert found.fold_scores.shape == (20, 2, 5) and "mse" in repr(found)
    assert (choose([Moments(4, 2).push(X, Y)], alphas, score="gcv").alpha > 0).all()
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    assert found.plot().get_lines()


def test_what_a_choice_lacks_is_told():
    with pytest.raises(ValueError, match="moments"):
        choose([])
    with pytest.raises(ValueError, match="score"):
        choose([Moments(4, 2).push(X, Y)] * 2, score="magic")
    with pytest.raises(ValueError, match="rule"):
        choose([Moments(4, 2).push(X, Y)] * 2, rule="magic")
