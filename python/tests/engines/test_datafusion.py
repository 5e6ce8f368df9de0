import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

datafusion = pytest.importorskip("datafusion", reason="datafusion is not installed")

from contract import FEATURES, TARGETS, Contract, alone, apart, rows  # noqa: E402

from ridgepath import Moments, fit_moments  # noqa: E402
from ridgepath.engines import datafusion as engine  # noqa: E402

SUMMED = f"ridge_moments(y, {', '.join(FEATURES)})"
ALPHAS = [0.01, 1.0, 100.0]


def session(**parts):
    """A session with the function, and of each name a table of these parts, each a partition."""
    ctx = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(4))
    engine.register(ctx)
    for name, tables in parts.items():
        ctx.register_record_batches(name, [table.to_batches() or [empty(table)] for table in tables])
    return ctx


def empty(table):
    return pa.RecordBatch.from_pylist([], schema=table.schema)


def replaced(table, name, changes):
    values = table[name].to_pylist()
    for row, value in changes.items():
        values[row] = value
    return table.set_column(table.schema.get_field_index(name), name, pa.array(values, pa.float64()))


def coef(data):
    return fit_moments(Moments.from_bytes(data), alphas=ALPHAS).coef


class TestDataFusion(Contract):
    engine = engine

    @pytest.fixture(params=["partitions", "parquet"])
    def frame(self, request, tmp_path):
        def make(parts):
            if request.param == "partitions":
                return session(rows=parts).table("rows")
            import pyarrow.parquet as pq

            pq.write_table(pa.concat_tables(parts), tmp_path / "rows.parquet", row_group_size=100)
            return session().read_parquet(str(tmp_path / "rows.parquet"))

        return make

    def test_two_runs_have_the_same_bits(self, frame):
        # Not the bits, which DataFusion's order of merging decides: the rows of each fold.
        parts = [rows(900, seed) for seed in range(4)]
        first, second, other = (self.engine.moments(frame(parts), TARGETS, FEATURES, folds=3, seed=seed) for seed in (7, 7, 8))
        counts = [fold.n_samples for fold in first]
        assert counts == [fold.n_samples for fold in second] and counts != [fold.n_samples for fold in other]
        for one, two in zip(first, second):
            assert np.allclose(one.gram, two.gram, rtol=1e-13, atol=1e-13 * np.abs(one.gram).max())

    def test_a_null_is_refused_by_name(self, frame):
        table = replaced(rows(300), "x3", {170: None, 171: None})
        with pytest.raises(ValueError, match="column 'x3': 2 rows are null; a number is needed"):
            self.engine.choose(frame([table]), "y", FEATURES)

    def test_infinity_is_refused_by_name(self, frame):
        table = replaced(rows(300), "y", {20: float("-inf")})
        with pytest.raises(ValueError, match="column 'y': found -inf, wanted a finite number"):
            self.engine.choose(frame([table]), "y", FEATURES)


def test_the_value_of_a_query_is_the_moments_of_all_rows():
    parts = [rows(count, seed) for seed, count in enumerate([900, 1, 2500, 7])]
    (batch,) = session(rows=parts).sql(f"SELECT {SUMMED} AS moments FROM rows").collect()
    whole = Moments(FEATURES, ["y"]).push(pa.concat_tables(parts))
    (data,) = batch["moments"].to_pylist()
    assert Moments.from_bytes(data).n_samples == 3408
    assert apart(coef(data), fit_moments(whole, alphas=ALPHAS).coef) <= 1e-13


@pytest.mark.parametrize("count", [3_000, 60_000])
def test_each_of_a_thousand_groups_is_as_fitted_alone(count):
    table = rows(count).append_column("shop", pa.array(np.random.default_rng(3).integers(1000, size=count)))
    parts = [table.slice(start, count // 3) for start in range(0, count, count // 3)]
    found = session(rows=parts).sql(f"SELECT shop, {SUMMED} AS moments FROM rows GROUP BY shop").to_arrow_table().to_pylist()
    shops = table["shop"].to_numpy()
    assert sorted(record["shop"] for record in found) == np.unique(shops).tolist()
    order = np.argsort(shops, kind="stable")
    ends = np.cumsum(np.bincount(shops, minlength=1000))
    ordered = table.take(order)
    for record in found:
        end = ends[record["shop"]]
        start = ends[record["shop"] - 1] if record["shop"] else 0
        wanted = Moments(FEATURES, ["y"]).push(ordered.slice(start, end - start))
        own = Moments.from_bytes(record["moments"])
        assert own.n_samples == end - start
        if own.n_samples > 1:
            # Of few rows a path is worse conditioned than its sums, which are what is summed here.
            assert np.max(np.abs(own.gram - wanted.gram)) <= 1e-13 * np.max(np.abs(wanted.gram))
        if own.n_samples > 30:
            assert apart(coef(record["moments"]), fit_moments(wanted, alphas=ALPHAS).coef) <= 1e-12


def test_groups_nearly_as_many_as_rows_lose_none():
    # So many that DataFusion gives up to aggregate before it parts rows by group, and asks for rows as states.
    count = 150_000
    table = pa.table({"y": np.arange(count) % 11.0, "x": np.arange(count) % 7.0, "own": np.arange(count) // 2 * 7919 % count})
    found = session(rows=[table]).sql("SELECT own, ridge_moments(y, x) AS moments FROM rows GROUP BY own").to_arrow_table()
    assert found.num_rows == len(np.unique(table["own"].to_numpy()))
    sizes = [Moments.from_bytes(data).n_samples for data in found["moments"].to_pylist()]
    assert sum(sizes) == count


def test_rows_with_a_null_are_left_out():
    table = replaced(replaced(rows(500), "x3", {3: None, 200: None}), "y", {3: None, 77: None})
    kept = table.filter(pa.array([row not in (3, 77, 200) for row in range(500)]))
    for by in ("", " GROUP BY 'one'"):
        (data,) = session(rows=[table]).sql(f"SELECT {SUMMED} AS moments FROM rows{by}").to_arrow_table()["moments"].to_pylist()
        assert Moments.from_bytes(data).n_samples == 497
        wanted = Moments(FEATURES, ["y"]).push(kept)
        assert apart(coef(data), fit_moments(wanted, alphas=ALPHAS).coef) <= 1e-13


def test_the_value_of_no_rows_is_null():
    ctx = session(none=[rows(10).slice(0, 0)], rows=[rows(100)])
    assert ctx.sql(f"SELECT {SUMMED} AS moments FROM none").to_pydict() == {"moments": [None]}
    assert ctx.sql(f"SELECT {SUMMED} AS moments FROM rows WHERE part < 0").to_pydict() == {"moments": [None]}
    filtered = ctx.sql(f"SELECT part, {SUMMED} FILTER (WHERE part <> 9) AS moments FROM rows GROUP BY part").to_arrow_table()
    assert {record["part"] for record in filtered.to_pylist() if record["moments"] is None} == {9}


def test_a_frame_without_rows_is_refused():
    with pytest.raises(ValueError, match="found no rows"):
        engine.choose(session(none=[rows(10).slice(0, 0)]).table("none"), "y", FEATURES, score="gcv")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused_by_name(value):
    ctx = session(rows=[replaced(rows(400), "x2", {301: value})])
    for by in ("", " GROUP BY part"):
        with pytest.raises(Exception, match="column 'x2': found (NaN|inf), wanted a finite number, or NULL"):
            ctx.sql(f"SELECT {SUMMED} FROM rows{by}").collect()


def test_text_is_refused_by_name_when_a_query_is_planned():
    with pytest.raises(Exception, match="column 'day' holds Utf8.*, wanted numbers"):
        session(rows=[rows(10)]).sql("SELECT ridge_moments(y, x0, day) FROM rows")


def test_too_few_columns_are_refused_when_a_query_is_planned():
    with pytest.raises(Exception, match="found 1 arguments, wanted 2 or more: a target and features"):
        session(rows=[rows(10)]).sql("SELECT ridge_moments(y) FROM rows")


def test_distinct_is_refused():
    with pytest.raises(Exception, match="DISTINCT"):
        session(rows=[rows(10)]).sql("SELECT ridge_moments(DISTINCT y, x0) FROM rows").collect()


def test_whole_numbers_decimals_and_truths_are_numbers():
    columns = {"y": pa.array([1, 5, 2, 8], pa.int16()), "a": pa.array([1, 2, 3, 5], pa.uint64())}
    columns["b"] = pa.array([1, 0, 2, 7], pa.int64()).cast(pa.decimal128(21, 2))
    columns["c"] = pa.array([True, False, False, True])
    (data,) = session(rows=[pa.table(columns)]).sql("SELECT ridge_moments(y, a, b, c) AS m FROM rows").to_pydict()["m"]
    x = np.array([[1.0, 1.0, 1.0], [2.0, 0.0, 0.0], [3.0, 2.0, 0.0], [5.0, 7.0, 1.0]])
    wanted = Moments(3, 1).push(x, np.array([1.0, 5.0, 2.0, 8.0]))
    assert np.allclose(Moments.from_bytes(data).gram, wanted.gram, rtol=1e-14)


def test_how_rows_are_parted_moves_them_to_no_other_fold():
    table = rows(4000)
    frame = session(rows=[table]).table("rows")
    one = engine.moments(frame, TARGETS, FEATURES, folds=4, sample_weight="weight")
    for other in (frame.repartition(7), session(rows=[table.slice(900), table.slice(0, 900)]).table("rows")):
        two = engine.moments(other, TARGETS, FEATURES, folds=4, sample_weight="weight")
        assert [fold.n_samples for fold in one] == [fold.n_samples for fold in two]
        for first, second in zip(one, two):
            assert np.max(np.abs(first.gram - second.gram)) <= 1e-13 * np.max(np.abs(first.gram))


def test_weights_and_targets_are_those_of_one_machine():
    table = replaced(rows(1000), "weight", {row: 0.0 for row in range(0, 1000, 3)})
    (found,) = engine.moments(session(rows=[table]).table("rows"), TARGETS, FEATURES, folds=None, sample_weight="weight")
    wanted = alone(table.filter(pa.array([row % 3 != 0 for row in range(1000)])), "weight")
    assert found.n_samples == wanted.n_samples
    assert np.allclose(found.weight_sum, wanted.weight_sum, rtol=1e-14)
    assert apart(fit_moments(found, alphas=ALPHAS).coef, fit_moments(wanted, alphas=ALPHAS).coef) <= 1e-13


def test_names_are_found_as_they_are_written():
    table = rows(100).select(["x0", "y"]).rename_columns(['A "b".c', "Y"])
    (found,) = engine.moments(session(rows=[table]).table("rows"), "Y", folds=None)
    assert found.feature_names == ['A "b".c'] and found.n_samples == 100


def test_an_answer_does_not_depend_on_memory_that_is_too_little_for_all_groups():
    count = 40_000
    table = rows(count).append_column("shop", pa.array(np.arange(count) * 7919 % 8000))
    query = f"SELECT shop, {SUMMED} AS moments FROM rows GROUP BY shop"
    runtime = datafusion.RuntimeEnvBuilder().with_disk_manager_os().with_fair_spill_pool(16 << 20)
    config = datafusion.SessionConfig().with_target_partitions(2)
    config = config.set("datafusion.execution.sort_spill_reservation_bytes", str(1 << 18))
    little = datafusion.SessionContext(config, runtime)
    engine.register(little)
    little.register_record_batches("rows", [table.to_batches()])
    plan = str(little.sql(f"EXPLAIN ANALYZE {query}").to_pydict())
    assert re.search("spill_count=[1-9]", plan), plan
    sorted_by_shop = (ctx.sql(query).to_arrow_table().sort_by("shop") for ctx in (little, session(rows=[table])))
    found, wanted = (table["moments"].to_pylist() for table in sorted_by_shop)
    assert len(found) == len(wanted) == 8000
    for one, two in zip(map(Moments.from_bytes, found), map(Moments.from_bytes, wanted)):
        assert one.n_samples == two.n_samples
        assert np.max(np.abs(one.gram - two.gram)) <= 1e-13 * np.max(np.abs(two.gram))


def test_the_code_of_the_page_runs(tmp_path, monkeypatch):
    page = Path(__file__).parents[3] / "docs" / "ways-in" / "datafusion.md"
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, str(page), "exec"), {})
