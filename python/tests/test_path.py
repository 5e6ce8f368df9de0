"""Paths of every penalty."""

import pickle

import numpy as np
import pytest

from ridgepath import Ridge, RidgeCV, RidgePath

rng = np.random.default_rng(11)


def made(rows=50, features=6, targets=None):
    X = rng.normal(size=(rows, features)) + 2.0
    w = rng.normal(size=(features, targets) if targets else features)
    return X, X @ w + 1.0 + rng.normal(size=(rows, targets) if targets else rows)


@pytest.mark.parametrize("targets", [None, 3])
def test_each_penalty_is_as_fitted_alone(targets):
    X, y = made(targets=targets)
    alphas = np.logspace(3, -3, 40)
    model = RidgePath(alphas).fit(X, y)
    for index, alpha in enumerate(alphas):
        alone = Ridge(alpha).fit(X, y)
        np.testing.assert_allclose(model.coef_path_[index], alone.coef_, rtol=1e-10)
        np.testing.assert_allclose(model.intercept_path_[index], alone.intercept_, rtol=1e-10)
    assert (model.outcomes_ == "solved").all()
    assert (model.error_bounds_ < 1e-9).all()
    np.testing.assert_allclose(model.predict_path(X)[7], Ridge(alphas[7]).fit(X, y).predict(X), rtol=1e-10)


def test_degrees_of_freedom_and_gcv_are_those_of_their_formulas():
    X, y = made()
    alphas = np.array([100.0, 1.0, 0.01])
    model = RidgePath(alphas).fit(X, y)
    s = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)
    df = 1.0 + (s**2 / (s**2 + alphas[:, None])).sum(axis=1)
    np.testing.assert_allclose(model.df_, df, rtol=1e-12)
    rss = ((y - model.predict_path(X)) ** 2).sum(axis=1)
    np.testing.assert_allclose(model.path_.rss[:, 0], rss, rtol=1e-10)
    np.testing.assert_allclose(model.gcv_, len(y) * rss / (len(y) - df) ** 2, rtol=1e-10)
    assert model.alpha_ == alphas[np.argmin(model.gcv_)]
    np.testing.assert_array_equal(model.coef_, model.coef_path_[np.argmin(model.gcv_)])


def test_weights_count_as_repetitions():
    X, y = made()
    counts = rng.integers(0, 4, len(y))
    found = RidgePath(n_alphas=9).fit(X, y, counts)
    wanted = RidgePath(n_alphas=9).fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    for name in ("alphas_", "coef_path_", "df_", "gcv_", "coef_"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-9, err_msg=name)


def test_lambdas_are_penalties_per_row():
    X, y = made()
    weights = rng.uniform(0.5, 2.0, len(y))
    lambdas = np.array([1.0, 0.1])
    model = RidgePath(lambdas=lambdas).fit(X, y, weights)
    np.testing.assert_allclose(model.alphas_, 2.0 * weights.sum() * lambdas, rtol=1e-15)
    np.testing.assert_allclose(model.coef_path_[1], Ridge(model.alphas_[1]).fit(X, y, weights).coef_, rtol=1e-11)


def test_the_grid_is_scaled_from_the_data_and_reaches_from_none_to_all_shrunk():
    X, y = made()
    model = RidgePath().fit(X * 1e6, y)
    assert len(model.alphas_) == 100 and (np.diff(model.alphas_) < 0).all()
    assert model.df_[0] < 1.1 and model.df_[-1] > 6.9


def test_standardised_columns_and_penalty_factors_are_heeded():
    X, y = made()
    scales = X.std(axis=0)
    standardised = RidgePath([5.0], standardize="population").fit(X, y)
    np.testing.assert_allclose(standardised.coef_path_[0] * scales, Ridge(5.0).fit(X / scales, y).coef_, rtol=1e-11)
    free = RidgePath([1e12], penalty_factors=[0, 1, 1, 1, 1, 1]).fit(X, y).coef_path_[0]
    x = X[:, 0] - X[:, 0].mean()
    np.testing.assert_allclose(free[0], x @ (y - y.mean()) / (x @ x), rtol=1e-6)
    assert (np.abs(free[1:]) < 1e-6).all()


def test_singular_penalties_are_told():
    X, y = made()
    model = RidgePath([1.0, 0.0]).fit(np.c_[X, X[:, 0]], y)
    assert model.outcomes_[0] == "solved" and model.outcomes_[1].startswith("minimum norm")


def test_without_a_criterion_there_is_no_single_model():
    X, y = made()
    model = RidgePath(criterion=None).fit(X, y)
    assert not hasattr(model, "coef_") and not hasattr(model, "df_")
    with pytest.raises(AttributeError, match="predict_path"):
        model.predict(X)


def test_paths_are_pickled_and_shown():
    X, y = made()
    path = RidgePath(n_alphas=30).fit(X, y).path_
    copied = pickle.loads(pickle.dumps(path))
    np.testing.assert_array_equal(copied.coef, path.coef)
    assert "<table>" in path._repr_html_() and path._repr_html_().count("<tr>") == 13
    assert repr(path) == "Path(30 penalties, 1 targets, 6 features, 50 rows)" and len(path) == 30


def test_plots_are_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    pandas = pytest.importorskip("pandas")
    X, y = made()
    model = RidgePath().fit(pandas.DataFrame(X, columns=list("abcdef")), y)
    axes = model.plot()
    assert len(axes.get_lines()) == 6 + 2
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list("abcdef")


def test_single_precision_is_told():
    X, y = made()
    path = RidgePath([1.0], precision="single").fit(X, y).path_
    assert path.precision == "single" or path.fallback


@pytest.mark.parametrize(
    "parameters, words",
    [
        ({"alphas": [1.0], "lambdas": [1.0]}, "both"),
        ({"alphas": []}, "alphas"),
        ({"alphas": [-1.0]}, "-1"),
        ({"alphas": [[1.0]]}, "alphas"),
        ({"lambdas": [np.nan]}, "NaN"),
        ({"n_alphas": 0}, "n_alphas"),
        ({"penalty_factors": [1.0]}, "factor"),
        ({"standardize": "yes"}, "standardize"),
    ],
)
def test_bad_parameters_are_refused_by_name(parameters, words):
    X, y = made()
    with pytest.raises(ValueError, match=words):
        RidgePath(**parameters).fit(X, y)


def test_predictions_of_leave_one_out_favour_about_what_gcv_does():
    X, y = made(200)
    alphas = np.logspace(-2, 4, 30)
    by_gcv, by_rows = RidgePath(alphas).fit(X, y).alpha_, RidgeCV(alphas).fit(X, y).alpha_
    assert 0.2 < by_gcv / by_rows < 5.0


def test_a_bar_shows_how_far_the_work_is(capsys):
    pytest.importorskip("tqdm")
    X, y = made()
    quiet = RidgePath(n_alphas=20).fit(X, y)
    assert capsys.readouterr().err == ""
    shown = RidgePath(n_alphas=20, verbose=True).fit(X, y)
    assert "λ" in capsys.readouterr().err
    np.testing.assert_array_equal(shown.coef_path_, quiet.coef_path_)
