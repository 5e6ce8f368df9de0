import pytest

polars = pytest.importorskip("polars", reason="polars is not installed")

from contract import FEATURES, Contract, bits, rows  # noqa: E402

from ridgepath.engines import polars as engine  # noqa: E402


class TestPolars(Contract):
    engine = engine

    @pytest.fixture(params=["eager", "lazy", "parquet"])
    def frame(self, request, tmp_path):
        def make(parts):
            whole = polars.concat([polars.from_arrow(part) for part in parts], rechunk=False)
            if request.param == "parquet":
                whole.write_parquet(tmp_path / "rows.parquet", row_group_size=100)
                return polars.scan_parquet(tmp_path / "rows.parquet")
            return whole.lazy() if request.param == "lazy" else whole

        return make


def test_how_rows_are_cut_moves_no_bit():
    table = rows(5000)
    whole = polars.from_arrow(table)
    pieces = polars.concat([whole[start : start + 77] for start in range(0, 5000, 77)], rechunk=False)
    assert bits(engine.moments(whole, "y", FEATURES)) == bits(engine.moments(pieces.lazy(), "y", FEATURES))
