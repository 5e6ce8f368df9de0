import logging
import os

import pyarrow as pa
import pytest

ray = pytest.importorskip("ray", reason="ray is not installed")
data = pytest.importorskip("ray.data", reason="ray[data] is not installed")

from contract import FEATURES, TARGETS, Contract, bits, rows  # noqa: E402

from ridgepath.engines import ray as engine  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """A scheduler, a store and two workers, each a process."""
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=200 << 20, logging_level=logging.WARNING)
    data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


class TestRay(Contract):
    engine = engine

    @pytest.fixture(params=["arrow", "pandas", "parquet"])
    def frame(self, request, tmp_path):
        def make(parts):
            if request.param == "arrow":
                return data.from_arrow(parts)
            if request.param == "pandas":
                return data.from_pandas([part.to_pandas() for part in parts])
            import pyarrow.parquet as pq

            for number, part in enumerate(parts):
                pq.write_table(part, tmp_path / f"{number}.parquet")
            return data.read_parquet(str(tmp_path))

        return make


def test_a_worker_that_is_killed_loses_and_doubles_nothing(tmp_path):
    frame = data.from_arrow([rows(400, seed) for seed in range(4)])
    wanted = bits(engine.moments(frame, TARGETS, FEATURES))
    marker = str(tmp_path / "killed")

    def killing(table):
        import os
        import signal

        if not os.path.exists(marker):
            with open(marker, "w") as note:
                note.write(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return table

    found = engine.moments(frame.map_batches(killing, batch_format="pyarrow", batch_size=None), TARGETS, FEATURES)
    assert os.path.exists(marker)
    assert bits(found) == wanted


def test_blocks_with_the_same_rows_each_count():
    table = rows(300)
    found = engine.moments(data.from_arrow([table, pa.table(table.to_pydict())]), TARGETS, FEATURES)
    assert sum(fold.n_samples for fold in found) == 600
