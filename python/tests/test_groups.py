"""Many regressions in one call."""

import numpy as np
import pytest

from ridgepath import GroupRidge, Ridge

rng = np.random.default_rng(9)
X = rng.normal(size=(300, 3))
Y = rng.normal(size=(300, 2)) + X @ rng.normal(size=(3, 2))
LABELS = np.array(["north", "south", "west"])[rng.integers(0, 3, 300)]


@pytest.mark.parametrize("labels", [LABELS, LABELS.astype(object), (LABELS == "west").astype(float)])
@pytest.mark.parametrize("y", [Y, Y[:, 0]])
def test_each_group_is_as_fitted_alone(labels, y):
    model = GroupRidge(alphas=0.7).fit(X, y, labels)
    assert set(model.groups_.tolist()) == set(labels.tolist())
    for number, label in enumerate(model.groups_):
        rows = labels == label
        alone = Ridge(0.7).fit(X[rows], y[rows])
        np.testing.assert_allclose(model.coef_[number], alone.coef_, rtol=1e-12)
        np.testing.assert_allclose(model.predict(X[rows], labels[rows]), alone.predict(X[rows]), rtol=1e-11)
        assert model.rows_[number] == rows.sum()


def test_a_bad_group_spoils_no_other():
    bad = X.copy()
    bad[np.argmax(LABELS == "south")] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        GroupRidge().fit(bad, Y, LABELS)
    alone = np.where(np.arange(300) == 5, "alone", LABELS)
    model = GroupRidge(alphas=[1.0, 0.0]).fit(X, Y[:, 0], alone)
    assert model.coef_.shape == (4, 2, 3) and np.isfinite(model.coef_[model.groups_ != "alone"]).all()


def test_groups_are_checked():
    for groups, words in [(LABELS[:-1], "shape"), (np.full(300, np.nan), "NaN"), (np.array([None] * 300), "None")]:
        with pytest.raises(ValueError, match=words):
            GroupRidge().fit(X, Y, groups)
    model = GroupRidge().fit(X, Y, LABELS)
    with pytest.raises(ValueError, match="'east' was not there"):
        model.predict(X[:1], ["east"])
    with pytest.raises(ValueError, match="label of each row"):
        model.predict(X)
