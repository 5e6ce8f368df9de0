"""Ridge against scikit-learn's, and against exact answers."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
import sklearn.linear_model
from sklearn.base import clone

from ridgepath import Ridge

rng = np.random.default_rng(7)


def made(rows, features, targets=None, dtype=np.float64):
    """Rows with an intercept and noise."""
    X = rng.normal(size=(rows, features)) + 3.0
    w = rng.normal(size=(features, targets) if targets else features)
    noise = rng.normal(size=(rows, targets) if targets else rows)
    return X.astype(dtype), (X @ w + 5.0 + noise).astype(dtype)


@pytest.mark.parametrize("rows, features", [(40, 6), (12, 30), (300, 80)])
@pytest.mark.parametrize("targets", [None, 1, 4])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_coefficients_are_those_of_scikit_learn(rows, features, targets, fit_intercept, weighted):
    X, y = made(rows, features, targets)
    weights = rng.uniform(0.5, 2.0, rows) if weighted else None
    found = Ridge(alpha=2.5, fit_intercept=fit_intercept).fit(X, y, weights)
    wanted = sklearn.linear_model.Ridge(alpha=2.5, fit_intercept=fit_intercept, solver="svd").fit(X, y, weights)
    np.testing.assert_allclose(found.coef_, wanted.coef_, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.intercept_, wanted.intercept_, rtol=1e-10, atol=1e-12)
    assert found.coef_.shape == wanted.coef_.shape
    assert np.shape(found.intercept_) == np.shape(wanted.intercept_)
    np.testing.assert_allclose(found.predict(X), wanted.predict(X), rtol=1e-10)


def exact(X, y, alpha):
    """The coefficients without an intercept, by elimination in fractions."""
    n = X.shape[1]
    rows = [[Fraction(value) for value in row] for row in X.tolist()]
    right = [Fraction(value) for value in y.tolist()]
    table = [[sum(row[i] * row[j] for row in rows) + (Fraction(alpha) if i == j else 0) for j in range(n)] for i in range(n)]
    for i in range(n):
        table[i].append(sum(row[i] * value for row, value in zip(rows, right)))
    for i in range(n):
        pivot = next(k for k in range(i, n) if table[k][i] != 0)
        table[i], table[pivot] = table[pivot], table[i]
        for k in range(n):
            if k != i:
                factor = table[k][i] / table[i][i]
                table[k] = [a - factor * b for a, b in zip(table[k], table[i])]
    return np.array([float(table[i][n] / table[i][i]) for i in range(n)])


def test_digits_are_kept_where_scikit_learn_loses_them():
    """Powers of a column, with a condition number of about 1e7 before it is squared."""
    x = np.linspace(0.0, 1.0, 25)
    X, y = np.vander(x, 9), np.exp(x)
    wanted = exact(X, y, 1e-12)

    def error(model):
        return np.abs(model.fit(X, y).coef_ - wanted).max() / np.abs(wanted).max()

    ours = error(Ridge(alpha=1e-12, fit_intercept=False))
    theirs = error(sklearn.linear_model.Ridge(alpha=1e-12, fit_intercept=False))
    assert ours <= 1e-10, ours
    assert theirs >= 10 * ours, (theirs, ours)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_strides_make_no_difference(dtype):
    X, y = made(60, 5, dtype=dtype)
    wanted = Ridge().fit(X, y).coef_
    wide = np.zeros((120, 15), dtype=dtype)
    wide[::2, ::3] = X
    backwards = np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1]
    unaligned = np.frombuffer(b"x" + X.tobytes(), dtype=np.uint8)[1:].view(dtype).reshape(X.shape)
    for same in (np.asfortranarray(X), wide[::2, ::3], backwards, unaligned):
        np.testing.assert_allclose(Ridge().fit(same, y).coef_, wanted, rtol=1e-6 if dtype == np.float32 else 1e-13)
    read_only = X.copy()
    read_only.flags.writeable = False
    np.testing.assert_array_equal(Ridge().fit(read_only, y).coef_, wanted)
    assert wanted.dtype == dtype


def test_numbers_of_the_other_byte_order_are_read():
    X, y = made(30, 3)
    found = Ridge().fit(X.astype(X.dtype.newbyteorder()), y.astype(y.dtype.newbyteorder()))
    np.testing.assert_array_equal(found.coef_, Ridge().fit(X, y).coef_)


def test_each_target_has_its_penalty():
    X, y = made(50, 8, 3)
    alphas = [0.1, 10.0, 0.1]
    found = Ridge(alpha=alphas).fit(X, y)
    for target, alpha in enumerate(alphas):
        alone = Ridge(alpha=alpha).fit(X, y[:, target])
        np.testing.assert_allclose(found.coef_[target], alone.coef_, rtol=1e-12)
        np.testing.assert_allclose(found.intercept_[target], alone.intercept_, rtol=1e-12)


def test_without_a_penalty_dependent_features_have_the_least_norm():
    X, y = made(20, 4)
    X = np.c_[X, X[:, 0]]
    found = Ridge(alpha=0.0).fit(X, y)
    centred, target = X - X.mean(axis=0), y - y.mean()
    np.testing.assert_allclose(found.coef_, np.linalg.lstsq(centred, target, rcond=None)[0], rtol=1e-9)
    assert "minimum norm" in found.notes_[0]


@pytest.mark.parametrize("backend", ["cpu", "auto"])
def test_parameters_survive_clone_and_pickle(backend):
    X, y = made(30, 4)
    model = Ridge(alpha=0.3, n_jobs=1, backend=backend)
    copied = pickle.loads(pickle.dumps(clone(model).fit(X, y)))
    np.testing.assert_array_equal(copied.predict(X), model.fit(X, y).predict(X))
    assert copied.get_params() == model.get_params()


@pytest.mark.parametrize(
    "change, error, words",
    [
        (lambda X, y: (X * np.nan, y), ValueError, "NaN"),
        (lambda X, y: (np.where(X > 4, np.inf, X), y), ValueError, "infinity"),
        (lambda X, y: (X, y * np.nan), ValueError, "NaN"),
        (lambda X, y: (X.astype(complex), y), ValueError, "Complex"),
        (lambda X, y: (X[:, 0], y), ValueError, "2D"),
        (lambda X, y: (X[None], y), ValueError, "dim 3"),
        (lambda X, y: (X, y[:-1]), ValueError, "inconsistent"),
        (lambda X, y: (X[:0], y[:0]), ValueError, "0 sample"),
        (lambda X, y: (X[:, :0], y), ValueError, "0 feature"),
        (lambda X, y: (np.full(X.shape, "a", dtype=object), y), ValueError, "could not convert"),
    ],
)
def test_bad_arrays_are_refused_in_words(change, error, words):
    X, y = made(20, 3)
    with pytest.raises(error, match=words):
        Ridge().fit(*change(X, y))


@pytest.mark.parametrize(
    "parameters, words",
    [
        ({"alpha": -1.0}, "alpha"),
        ({"alpha": np.nan}, "alpha"),
        ({"alpha": np.inf}, "alpha|shift|finite"),
        ({"alpha": [1.0, 2.0]}, "targets and number of penalties"),
        ({"alpha": [-1.0]}, "must be >= 0"),
        ({"positive": True}, "positive=True"),
        ({"solver": "lbfgs"}, "lbfgs"),
        ({"solver": "magic"}, "solver"),
        ({"backend": "tpu"}, "backend"),
        ({"n_jobs": 0}, "n_jobs"),
    ],
)
def test_bad_parameters_are_refused_by_name(parameters, words):
    X, y = made(20, 3)
    with pytest.raises(ValueError, match=words):
        Ridge(**parameters).fit(X, y)


def test_sparse_rows_are_refused_by_name():
    from scipy import sparse

    X, y = made(20, 3)
    with pytest.raises(TypeError, match="Ridge.*toarray"):
        Ridge().fit(sparse.csr_matrix(X), y)


@pytest.mark.parametrize("weights, words", [(-np.ones(20), "weight"), (np.ones(19), "sample_weight"), (np.zeros(20), "weight")])
def test_bad_weights_are_refused(weights, words):
    X, y = made(20, 3)
    with pytest.raises(ValueError, match=words):
        Ridge().fit(X, y, weights)


def test_frames_keep_their_names_and_outputs_are_set():
    pandas = pytest.importorskip("pandas")
    X, y = made(20, 3)
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    model = Ridge().fit(frame, y)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(model.coef_, Ridge().fit(X, y).coef_)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"a": "z"}))
    model.fit(X, y)
    assert not hasattr(model, "feature_names_in_")
    with pytest.raises(ValueError, match="NaN"):
        Ridge().fit(frame.where(frame > 3.0), y)
    with pytest.raises(ValueError, match="could not convert"):
        Ridge().fit(frame.assign(c="text"), y)


def test_frames_of_polars_and_tables_of_pyarrow_are_read():
    polars = pytest.importorskip("polars")
    X, y = made(20, 3)
    frame = polars.DataFrame(X, schema=["a", "b", "c"])
    model = Ridge().fit(frame, y)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(model.coef_, Ridge().fit(X, y).coef_)
