"""scikit-learn's own checks of an estimator, without one left out."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from ridgepath import GroupRidge, Ridge, RidgeCV, RidgePath


@parametrize_with_checks([Ridge(), RidgeCV(), RidgeCV(cv=3), RidgePath(n_alphas=5), GroupRidge()])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", [Ridge, RidgeCV, RidgePath, GroupRidge])
def test_every_parameter_and_attribute_is_described(estimator):
    text = estimator.__doc__
    for name in estimator().get_params():
        assert f"\n    {name} :" in text or f" {name}" in text, name
