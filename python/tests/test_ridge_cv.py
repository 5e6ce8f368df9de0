"""RidgeCV against scikit-learn's."""

import numpy as np
import pytest
import sklearn.linear_model
from sklearn.metrics import make_scorer, mean_squared_error
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut, ShuffleSplit, TimeSeriesSplit

import ridgepath
from ridgepath import RidgeCV

rng = np.random.default_rng(3)
ALPHAS = np.logspace(-3, 4, 15)


def made(rows, features, targets=None):
    X = rng.normal(size=(rows, features)) + 1.0
    w = rng.normal(size=(features, targets) if targets else features)
    return X, X @ w + 4.0 + 3.0 * rng.normal(size=(rows, targets) if targets else rows)


def alike(X, y, sample_weight=None, **parameters):
    """Both classes, fitted, after everything that both have was found the same."""
    ours = RidgeCV(ALPHAS, **parameters).fit(X, y, sample_weight)
    theirs = sklearn.linear_model.RidgeCV(ALPHAS, **parameters).fit(X, y, sample_weight)
    np.testing.assert_array_equal(ours.alpha_, theirs.alpha_)
    np.testing.assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-9)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-8, atol=1e-10)
    assert np.shape(ours.coef_) == np.shape(theirs.coef_)
    assert np.shape(ours.intercept_) == np.shape(theirs.intercept_)
    assert np.shape(ours.best_score_) == np.shape(theirs.best_score_)
    return ours, theirs


@pytest.mark.parametrize("rows, features", [(50, 5), (20, 40)])
@pytest.mark.parametrize("targets", [None, 1, 3])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha_per_target", [False, True])
@pytest.mark.parametrize("scoring", [None, "r2", "neg_mean_absolute_error"])
def test_leave_one_out_is_that_of_scikit_learn(
    rows, features, targets, fit_intercept, weighted, alpha_per_target, scoring
):
    X, y = made(rows, features, targets)
    if targets is None and alpha_per_target and scoring is not None:
        # scikit-learn's fails there: it takes columns of a y that has none.
        assert RidgeCV(ALPHAS, scoring=scoring, alpha_per_target=True).fit(X, y).alpha_ in ALPHAS
        return
    weights = rng.uniform(0.5, 2.0, rows) if weighted else None
    ours, theirs = alike(
        X,
        y,
        weights,
        fit_intercept=fit_intercept,
        alpha_per_target=alpha_per_target,
        scoring=scoring,
        store_cv_results=True,
    )
    assert ours.cv_results_.shape == theirs.cv_results_.shape
    np.testing.assert_allclose(ours.cv_results_, theirs.cv_results_, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("cv", [3, KFold(4, shuffle=True, random_state=1), ShuffleSplit(4, random_state=2), TimeSeriesSplit(3)])
@pytest.mark.parametrize("scoring", [None, "neg_mean_squared_error", "neg_root_mean_squared_error", "explained_variance"])
@pytest.mark.parametrize("targets", [None, 2])
def test_folds_are_those_of_scikit_learn(cv, scoring, targets):
    X, y = made(60, 7, targets)
    alike(X, y, cv=cv, scoring=scoring)


def test_weights_are_those_of_the_fits_in_folds():
    X, y = made(60, 7)
    alike(X, y, rng.uniform(0.1, 3.0, 60), cv=4)


def test_callables_iterables_and_leave_one_out_as_a_splitter_are_taken():
    X, y = made(40, 4)
    alike(X, y, scoring=make_scorer(mean_squared_error, greater_is_better=False))
    alike(X, y, cv=4, scoring=lambda model, X, y: -np.abs(y - model.predict(X)).max())
    alike(X, y, cv=list(GroupKFold(4).split(X, y, np.arange(40) % 8)))
    alike(X, y, cv=LeaveOneOut(), scoring="neg_mean_squared_error")


def test_rows_of_weight_zero_are_not_there():
    X, y = made(40, 4)
    weights = (np.arange(40) % 4 != 0).astype(float)
    for scoring in (None, "neg_mean_squared_error"):
        found = RidgeCV(ALPHAS, scoring=scoring).fit(X, y, weights)
        wanted = RidgeCV(ALPHAS, scoring=scoring).fit(X[weights > 0], y[weights > 0])
        np.testing.assert_allclose(found.coef_, wanted.coef_, rtol=1e-10)


def test_the_first_of_equal_scores_is_taken():
    X = rng.normal(size=(30, 3))
    assert RidgeCV([3.0, 1.0, 2.0]).fit(X, np.zeros(30)).alpha_ == 3.0
    assert RidgeCV([3.0, 1.0, 2.0], cv=3, scoring="neg_mean_squared_error").fit(X, np.zeros(30)).alpha_ == 3.0


def test_metadata_reaches_scorer_and_splitter():
    with sklearn.config_context(enable_metadata_routing=True):
        X, y = made(60, 5)
        weights, groups = rng.uniform(0.1, 2.0, 60), np.arange(60) % 6
        scorer = make_scorer(mean_squared_error, greater_is_better=False).set_score_request(sample_weight=True)
        for cv in (None, GroupKFold(3)):
            metadata = {} if cv is None else {"groups": groups}
            both = [own(ALPHAS, cv=cv, scoring=scorer) for own in (RidgeCV, sklearn.linear_model.RidgeCV)]
            ours, theirs = (own.fit(X, y, sample_weight=weights, **metadata) for own in both)
            assert ours.alpha_ == theirs.alpha_
            np.testing.assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-9)


def test_scores_are_kept_for_each_alpha():
    X, y = made(60, 5, 2)
    model = RidgeCV(ALPHAS, alpha_per_target=True).fit(X, y)
    assert model.scores_.shape == (15, 2)
    np.testing.assert_array_equal(model.scores_.max(axis=0), model.best_score_)
    model = RidgeCV(ALPHAS, cv=5).fit(X, y)
    assert model.scores_.shape == (15,) and model.scores_.max() == model.best_score_


def test_plots_are_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    X, y = made(60, 5, 2)
    for model in (RidgeCV(ALPHAS), RidgeCV(ALPHAS, alpha_per_target=True), RidgeCV(ALPHAS, cv=3)):
        axes = model.fit(X, y).plot()
        assert axes.get_xscale() == "log" and axes.get_lines()


@pytest.mark.parametrize(
    "parameters, words",
    [
        ({"alphas": [0.0, 1.0]}, r"alphas\[0\] == 0.0, must be > 0.0"),
        ({"alphas": [1.0, -1.0], "cv": 3}, r"alphas\[1\]"),
        ({"alphas": []}, "alphas|grid|empty"),
        ({"cv": 3, "store_cv_results": True}, "store_cv_results=True are incompatible"),
        ({"cv": 3, "alpha_per_target": True}, "alpha_per_target=True are incompatible"),
        ({"cv": 41}, "n_splits=41"),
        ({"scoring": "magic"}, "scoring"),
        ({"gcv_mode": "magic"}, "gcv_mode"),
    ],
)
def test_bad_parameters_are_refused_by_name(parameters, words):
    X, y = made(40, 3)
    with pytest.raises(ValueError, match=words):
        RidgeCV(**parameters).fit(X, y)


def test_one_row_cannot_be_left_out():
    with pytest.raises(ValueError):
        RidgeCV().fit([[1.0, 2.0]], [1.0])


def test_the_version_is_told():
    assert ridgepath.__version__.count(".") == 2
