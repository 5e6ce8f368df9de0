"""scikit-learn's tests of Ridge and RidgeCV, with ridgepath's classes in place of its own:

    python -m pytest -p judge --pyargs sklearn.linear_model.tests.test_ridge

in this folder. What is known to differ is listed in DEVIATIONS with its reason, and must differ. The end of the report counts fits.
"""

import re

import pytest
import sklearn.linear_model
from sklearn.linear_model import _ridge as theirs

import ridgepath

#: Fits by who did them.
FITS = {"ridgepath": 0, "scikit-learn": 0}

#: What of scikit-learn's tests cannot hold, by a pattern of the test's name, and why.
DEVIATIONS = {}


def counted(cls, name):
    """Counts the calls of a class's `fit` under a name."""
    fit = cls.fit

    def counting(self, *args, **kwargs):
        FITS[name] += 1
        return fit(self, *args, **kwargs)

    counting.__wrapped__ = fit
    counting.__doc__ = fit.__doc__
    cls.fit = counting


def pytest_configure(config):
    for ours in (ridgepath.Ridge, ridgepath.RidgeCV):
        counted(ours, "ridgepath")
        setattr(sklearn.linear_model, ours.__name__, ours)
    for cls in (theirs.Ridge, theirs.RidgeCV):
        counted(cls, "scikit-learn")


def pytest_collection_modifyitems(items):
    for item in items:
        for pattern, why in DEVIATIONS.items():
            if re.search(pattern, item.name):
                item.add_marker(pytest.mark.xfail(reason=why, strict=True))


def pytest_terminal_summary(terminalreporter):
    ours, others = FITS["ridgepath"], FITS["scikit-learn"]
    terminalreporter.write_line(f"fits of Ridge and RidgeCV: {ours} by ridgepath, {others} by scikit-learn")


def pytest_sessionfinish(session, exitstatus):
    if FITS["scikit-learn"] or not FITS["ridgepath"]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
