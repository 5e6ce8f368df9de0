"""What holds for every engine: a class of tests, of which each engine's file makes its own."""

import numpy as np
import pyarrow as pa
import pytest

from ridgepath import Moments, choose, fit_moments

FEATURES = [f"x{number}" for number in range(5)]
TARGETS = ["y", "z"]


def rows(count=3000, seed=0):
    """A table of features of unlike scales, two targets, weights, folds as text and as numbers."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 5)) * [1.0, 10.0, 0.1, 1.0, 3.0] + [0.0, 100.0, 0.0, -5.0, 1.0]
    # So much noise that the best penalty is well inside of the grid, where scores differ by more than they are rounded.
    y = x @ (rng.normal(size=(5, 2)) / [[1.0], [10.0], [0.1], [1.0], [3.0]]) + rng.normal(scale=30.0, size=(count, 2))
    columns = {**dict(zip(FEATURES, x.T)), **dict(zip(TARGETS, y.T))}
    columns["weight"] = rng.uniform(0.5, 2.0, size=count)
    columns["day"] = np.array(["tue", "mon", "wed"])[rng.integers(3, size=count)]
    columns["part"] = rng.integers(8, 12, size=count)
    return pa.table(columns)


def alone(table, weight=None):
    """The moments of all rows, on one machine."""
    return Moments(FEATURES, TARGETS).push(table, sample_weight=weight)


def of_labels(table, column, order, weight=None):
    """The moments of the rows of each label, on one machine."""
    labels = np.array(table[column].to_pylist())
    return [alone(table.filter(pa.array(labels == label)), weight) for label in order]


def apart(found, wanted):
    """The largest relative distance of two arrays of vectors along the last axis."""
    assert found.shape == wanted.shape
    return float(np.max(np.linalg.norm(found - wanted, axis=-1) / np.linalg.norm(wanted, axis=-1)))


def bits(moments):
    return [own.to_bytes() for own in moments]


class Contract:
    """`engine` is the module; `frame` a fixture that makes a frame of a list of tables, one a partition where there are any."""

    engine = None

    def test_a_choice_is_that_of_one_machine(self, frame):
        table = rows()
        for column, order in (("day", ["mon", "tue", "wed"]), ("part", [8, 9, 10, 11])):
            parts = [table.slice(0, 1400), table.slice(1400)]
            found = self.engine.choose(frame(parts), TARGETS, FEATURES, fold_column=column, sample_weight="weight", per_target=True)
            wanted = choose(of_labels(table, column, order, "weight"), lambdas=found.path.lambdas, per_target=True)
            whole = alone(table, "weight")
            path = fit_moments(whole, lambdas=found.path.lambdas)
            assert apart(found.path.coef, path.coef) <= 1e-13
            # b = mean of y - wᵀ mean of x: what rounds is the size of the terms, which may cancel.
            terms = np.abs(whole.mean_y) + np.abs(path.coef) @ np.abs(whole.mean_x)
            assert np.all(np.abs(found.path.intercept - path.intercept) <= 1e-13 * terms)
            assert found.index.tolist() == wanted.index.tolist()
            assert apart(found.fold_scores, wanted.fold_scores) <= 1e-12
            assert found.path.feature_names == FEATURES and found.path.target_names == TARGETS

    def test_a_criterion_judges_by_all_rows(self, frame):
        table = rows()
        found = self.engine.choose(frame([table]), TARGETS, FEATURES, score="gcv", folds=None)
        wanted = choose(alone(table), lambdas=found.path.lambdas, score="gcv")
        assert found.index.tolist() == wanted.index.tolist()
        assert apart(found.path.coef, wanted.path.coef) <= 1e-13

    def test_two_runs_have_the_same_bits(self, frame):
        parts = [rows(900, seed) for seed in range(4)]
        first, second = (self.engine.moments(frame(parts), TARGETS, FEATURES, folds=3, seed=7) for _ in range(2))
        assert bits(first) == bits(second)
        assert bits(first) != bits(self.engine.moments(frame(parts), TARGETS, FEATURES, folds=3, seed=8))

    def test_every_row_is_in_one_fold(self, frame):
        table = rows(2000)
        found = self.engine.moments(frame([table.slice(0, 700), table.slice(700)]), "y", FEATURES, folds=4)
        assert len(found) == 4
        assert sum(fold.n_samples for fold in found) == 2000
        assert all(400 < fold.n_samples < 600 for fold in found)

    def test_partitions_without_rows_and_of_one_row_count_as_they_are(self, frame):
        table = rows(500)
        parts = [table.slice(0, 0), table.slice(0, 1), table.slice(1, 250), table.slice(251, 0), table.slice(251)]
        (found,) = self.engine.moments(frame(parts), TARGETS, FEATURES, folds=None)
        assert found.n_samples == 500
        wanted = fit_moments(alone(table), alphas=[1.0, 100.0])
        assert apart(fit_moments(found, alphas=[1.0, 100.0]).coef, wanted.coef) <= 1e-13

    def test_all_other_columns_are_features(self, frame):
        table = rows(400).drop_columns(["day", "z"])
        found = self.engine.choose(frame([table]), "y", fold_column="part", sample_weight="weight", n_alphas=3)
        assert found.path.feature_names == FEATURES

    def test_text_is_refused_by_name(self, frame):
        with pytest.raises(ValueError, match="features: column 'day' holds .*, wanted numbers"):
            self.engine.choose(frame([rows(50)]), "y")
        with pytest.raises(ValueError, match="target: column 'day' holds"):
            self.engine.choose(frame([rows(50)]), "day", FEATURES)

    def test_a_null_is_refused_by_name(self, frame):
        table = rows(300)
        values = table["x3"].to_pylist()
        values[170] = None
        table = table.set_column(3, "x3", pa.array(values, pa.float64()))
        with pytest.raises(ValueError, match="column 'x3': row 170 of (a partition|partition 0) is null"):
            self.engine.choose(frame([table]), "y", FEATURES)

    def test_infinity_is_refused_by_name(self, frame):
        table = rows(300)
        values = table["y"].to_pylist()
        values[20] = float("-inf")
        table = table.set_column(5, "y", pa.array(values, pa.float64()))
        with pytest.raises(ValueError, match="column 'y': row 20 of (a partition|partition 0) is not finite"):
            self.engine.choose(frame([table]), "y", FEATURES)

    def test_a_fold_without_rows_is_refused(self, frame):
        with pytest.raises(ValueError, match="fold [0-9]+ of 50 has no rows: 10 rows are too few"):
            self.engine.choose(frame([rows(10)]), "y", FEATURES, folds=50)

    def test_a_frame_of_another_kind_is_refused(self):
        with pytest.raises(TypeError, match="frame: found builtins.list, wanted a"):
            self.engine.choose([1, 2], "y")
