"""What engines share, without one."""

import random
import sys

import numpy as np
import pyarrow as pa
import pytest
from contract import FEATURES, TARGETS, bits, rows

from ridgepath.engines import dask, duckdb, polars, ray, spark
from ridgepath.engines._columns import Columns, of_arrow
from ridgepath.engines._folds import hashed
from ridgepath.engines._sums import Request, gathered, summed


def request_of(table, folds=3, **columns):
    return Request(Columns.of(of_arrow(table.schema), TARGETS, FEATURES, **columns), folds)


def records(request, parts):
    return [summed(request, [part], number) for number, part in enumerate(parts)]


def test_the_order_in_which_records_come_moves_no_bit():
    parts = [rows(300, seed) for seed in range(6)]
    request = request_of(parts[0])
    found = records(request, parts)
    wanted = bits(gathered(request, pa.concat_tables(found)))
    random.Random(1).shuffle(found)
    assert bits(gathered(request, pa.concat_tables(found))) == wanted


def test_the_order_moves_no_bit_where_an_engine_tells_no_numbers():
    parts = [rows(300, seed) for seed in range(6)]
    request = request_of(parts[0])
    found = [summed(request, [part]) for part in parts]
    wanted = bits(gathered(request, pa.concat_tables(found), numbered=False))
    assert bits(gathered(request, pa.concat_tables(found[::-1]), numbered=False)) == wanted


def test_a_partition_that_came_twice_counts_once():
    parts = [rows(300, seed) for seed in range(3)]
    request = request_of(parts[0])
    found = records(request, parts)
    assert bits(gathered(request, pa.concat_tables([*found, found[1]]))) == bits(gathered(request, pa.concat_tables(found)))


def test_a_partition_that_came_twice_with_other_rows_is_an_error():
    request = request_of(rows(1))
    twice = [summed(request, [rows(300, seed)], 0) for seed in (1, 2)]
    with pytest.raises(RuntimeError, match="partition 0 came twice"):
        gathered(request, pa.concat_tables(twice))


def test_equal_partitions_each_count_where_an_engine_tells_no_numbers():
    table = rows(300)
    request = request_of(table)
    found = gathered(request, pa.concat_tables([summed(request, [table])] * 2), numbered=False)
    assert sum(fold.n_samples for fold in found) == 600


def test_batches_move_no_bit():
    table = pa.concat_tables([rows(50_000, seed) for seed in range(3)])
    for folds, columns in ((3, {}), (None, {}), (3, {"fold_column": "day"})):
        request = request_of(table, folds, **columns)
        whole, pieces = (summed(request, table.to_batches(max_chunksize=size), 4) for size in (1 << 20, 999))
        assert whole.equals(pieces)


def test_the_first_problem_is_told_whatever_came_first():
    table = rows(100)
    gap = table.set_column(0, "x0", pa.nulls(100, pa.float64()))
    request = request_of(table)
    found = records(request, [table, gap, gap])
    with pytest.raises(ValueError, match="column 'x0': row 0 of partition 1 is null"):
        gathered(request, pa.concat_tables(found[::-1]))


def test_a_row_without_a_fold_is_refused():
    table = rows(100)
    table = table.set_column(table.schema.get_field_index("day"), "day", pa.array(["a"] * 40 + [None] + ["b"] * 59))
    request = request_of(table, fold_column="day")
    with pytest.raises(ValueError, match="column 'day': row 40 of partition 0 is null; every row needs a fold"):
        gathered(request, summed(request, [table], 0))


def test_folds_of_a_hash_are_even_and_of_each_row_alone():
    folds = hashed(5, 3, 17, 0, 100_000)
    counts = np.bincount(folds, minlength=5)
    assert counts.size == 5 and np.all(np.abs(counts - 20_000) < 5 * np.sqrt(16_000))
    assert np.array_equal(hashed(5, 3, 17, 60_000, 40_000), folds[60_000:])
    for other in (hashed(5, 4, 17, 0, 100_000), hashed(5, 3, 18, 0, 100_000)):
        assert 0.19 < np.mean(folds == other) < 0.21


def test_labels_are_sorted_as_numbers_and_as_text():
    table = rows(100)
    for labels, order in (([10, 9, 100], [9, 10, 100]), (["b", "a", "ab"], ["a", "ab", "b"])):
        own = table.append_column("label", pa.array(labels * 33 + labels[:1]))
        request = request_of(own, fold_column="label")
        found = gathered(request, summed(request, [own], 0))
        assert [fold.n_samples for fold in found] == [34 if label == labels[0] else 33 for label in order]


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"target": "w"}, "target: 0 columns are named 'w'"),
        ({"target": []}, "target: found \\[\\], wanted names"),
        ({"target": "y", "features": ["x0", "y"]}, "column 'y' is named as target and as features"),
        ({"target": "y", "features": ["x0", "x0"]}, "column 'x0' is named as features and as features"),
        ({"target": "y", "features": FEATURES, "sample_weight": "day"}, "sample_weight: column 'day' holds string"),
        ({"target": "y", "features": FEATURES, "fold_column": "weight"}, "fold_column: column 'weight' holds double"),
        ({"target": "y", "features": FEATURES, "fold_column": "y"}, "column 'y' is named as target and as fold_column"),
    ],
)
def test_columns_that_cannot_be_are_refused_by_name(named, words):
    with pytest.raises(ValueError, match=words):
        Columns.of(of_arrow(rows(1).schema), **named)


@pytest.mark.parametrize(
    ("engine", "module", "requirement"),
    [
        (spark, "pyspark.sql", "pyspark>=4.0"),
        (dask, "dask.dataframe", "dask\\[dataframe\\]"),
        (ray, "ray.data", "ray\\[data\\]"),
        (polars, "polars", "polars>=1.34"),
        (duckdb, "duckdb", "duckdb>=1.4"),
    ],
)
def test_an_engine_that_is_missing_is_named(engine, module, requirement, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"{module} cannot be imported .*pip install '{requirement}'"):
        engine.choose(None, "y")


def test_what_needs_no_rows_is_refused_before_they_are_read():
    for settings, words in (
        ({"score": "mse", "folds": None}, "takes two folds"),
        ({"score": "mae"}, "score: found 'mae'"),
        ({"alphas": []}, "alphas"),
        ({"alphas": [1.0], "lambdas": [1.0]}, "both given"),
    ):
        with pytest.raises(ValueError, match=words):
            polars.choose(None, "y", **settings)
