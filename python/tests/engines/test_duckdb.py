import pyarrow as pa
import pytest

duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")

from contract import FEATURES, Contract, bits, rows  # noqa: E402

from ridgepath.engines import duckdb as engine  # noqa: E402


class TestDuckDB(Contract):
    engine = engine

    @pytest.fixture(params=["relation", "query", "parquet"])
    def frame(self, request, tmp_path):
        with duckdb.connect() as connection:

            def make(parts):
                connection.register("rows", pa.concat_tables(parts))
                if request.param == "relation":
                    return connection.table("rows")
                if request.param == "query":
                    return connection, "SELECT * FROM rows"
                connection.table("rows").write_parquet(str(tmp_path / "rows.parquet"))
                return f"SELECT * FROM '{tmp_path}/rows.parquet'"

            yield make


def test_how_rows_are_cut_moves_no_bit():
    table = rows(5000)
    pieces = pa.concat_tables([table.slice(start, 77) for start in range(0, 5000, 77)])
    with duckdb.connect() as connection:
        found = [bits(engine.moments(connection.from_arrow(rows), "y", FEATURES)) for rows in (table, pieces)]
    assert found[0] == found[1]


def test_names_with_quotes_are_found():
    with duckdb.connect() as connection:
        table = rows(100).select(["x0", "y"]).rename_columns(['a "b".c', "y"])
        (found,) = engine.moments(connection.from_arrow(table), "y", folds=None)
    assert found.feature_names == ['a "b".c'] and found.n_samples == 100
