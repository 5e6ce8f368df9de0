import os

import pandas as pd
import pytest

dd = pytest.importorskip("dask.dataframe", reason="dask[dataframe] is not installed")
distributed = pytest.importorskip("distributed", reason="dask[distributed] is not installed")

from contract import FEATURES, TARGETS, Contract, bits, rows  # noqa: E402

from ridgepath.engines import dask as engine  # noqa: E402


@pytest.fixture(scope="module")
def client():
    """Two workers, each a process."""
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def frame_of(parts):
    return dd.concat([dd.from_pandas(part.to_pandas(), npartitions=1) for part in parts])


class TestDask(Contract):
    engine = engine

    @pytest.fixture
    def frame(self, client):
        return frame_of


class TestDaskWithoutWorkers(Contract):
    engine = engine

    @pytest.fixture
    def frame(self):
        import dask

        with dask.config.set(scheduler="threads"):
            yield frame_of


def test_a_worker_that_is_killed_loses_and_doubles_nothing(client, tmp_path):
    frame = frame_of([rows(400, seed) for seed in range(4)])
    wanted = bits(engine.moments(frame, TARGETS, FEATURES))
    marker = str(tmp_path / "killed")

    def killing(part):
        import os
        import signal

        if not os.path.exists(marker):
            with open(marker, "w") as note:
                note.write(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return part

    found = engine.moments(frame.map_partitions(killing, meta=frame._meta), TARGETS, FEATURES)
    assert os.path.exists(marker)
    assert bits(found) == wanted


def test_what_pandas_has_for_missing_is_refused_by_name(client):
    part = rows(100).to_pandas()
    part.loc[30, "x1"] = pd.NA
    with pytest.raises(ValueError, match="column 'x1': row 30 of partition 0 is null"):
        engine.moments(dd.from_pandas(part, npartitions=1), TARGETS, FEATURES)
