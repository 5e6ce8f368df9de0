"""Fits beside scikit-learn's, in turns, in one process:

    python bench/speed.py --markdown speed.md

The same data and alphas for both, and all cores; coefficients are held against each other. × is how many times as long scikit-learn takes,
the median of the rounds' ratios. `core` is the call of the compiled core alone, without an estimator around it.
"""

import argparse
import statistics
import time

import numpy as np
import sklearn.linear_model

import ridgepath
from ridgepath import _ridgepath as core

SIZES = [(100, 10), (1_000, 50), (20_000, 200)]
ALPHAS = np.logspace(-3, 3, 100)


def made(rows, features):
    """Rows with an intercept and noise."""
    rng = np.random.default_rng(rows + features)
    X = rng.normal(size=(rows, features))
    return X, X @ rng.normal(size=features) + 1.0 + rng.normal(size=rows)


def tasks(X, y):
    """Each task: its name, ours, scikit-learn's, and the core's call where one is told of it."""
    settings = core.Settings()
    ours, theirs = ridgepath, sklearn.linear_model
    return [
        ("Ridge", ours.Ridge(), theirs.Ridge(), lambda: core.fit_each(settings, X, y, [1.0], None)),
        (
            "RidgeCV, leave-one-out, 100 alphas",
            ours.RidgeCV(ALPHAS),
            theirs.RidgeCV(ALPHAS),
            lambda: core.choose(settings, X, y, ALPHAS, None, None, "mse", False),
        ),
        ("RidgeCV, 5 folds, 100 alphas", ours.RidgeCV(ALPHAS, cv=5), theirs.RidgeCV(ALPHAS, cv=5), None),
    ]


def seconds(run, times):
    """Of one run, the mean of some."""
    begun = time.perf_counter()
    for _ in range(times):
        run()
    return (time.perf_counter() - begun) / times


def race(runs, budget=2.0, rounds=7):
    """The seconds of each in every round, in turns; so many runs in a round that it takes some time."""
    once = [min(seconds(run, 1) for _ in range(2)) for run in runs]
    times = [max(1, min(2000, int(budget / rounds / own))) for own in once]
    rounds = rounds if max(once) < 3.0 else 2
    return list(zip(*([seconds(run, count) for run, count in zip(runs, times)] for _ in range(rounds))))


def told(value):
    """A time in a unit that suits it."""
    return f"{value * 1e6:.0f} µs" if value < 1e-3 else f"{value * 1e3:.1f} ms" if value < 1.0 else f"{value:.2f} s"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--markdown", help="where the table goes; standard output else")
    asked = arguments.parse_args()
    lines = ["| task | rows × features | ridgepath | scikit-learn | × | core |", "| --- | --- | --- | --- | --- | --- |"]
    for rows, features in SIZES:
        X, y = made(rows, features)
        for name, ours, theirs, alone in tasks(X, y):
            ours.fit(X, y), theirs.fit(X, y)
            np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-7, atol=1e-9)
            runs = [lambda: ours.fit(X, y), lambda: theirs.fit(X, y)] + ([alone] if alone else [])
            found = race(runs)
            ratio = statistics.median(other / own for own, other in zip(found[0], found[1]))
            cells = [name, f"{rows:,} × {features}", *(told(statistics.median(own)) for own in found[:2]), f"{ratio:.1f}"]
            cells.append(told(statistics.median(found[2])) if alone else "")
            lines.append("| " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
    if asked.markdown:
        with open(asked.markdown, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
