import pytest

sail = pytest.importorskip("pysail.spark", reason="pysail is not installed")

from contract import FEATURES, TARGETS, Contract, bits, rows  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from sessions import read  # noqa: E402

from ridgepath.engines import spark as engine  # noqa: E402


@pytest.fixture(scope="module")
def session():
    """A server of Sail, and a client that speaks Spark's protocol with it."""
    server = sail.SparkConnectServer()
    server.start(background=True)
    _, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://localhost:{port}").getOrCreate()
    yield session
    session.stop()
    server.stop()


class TestSail(Contract):
    engine = engine

    @pytest.fixture
    def frame(self, session, tmp_path):
        return lambda parts: read(session, tmp_path, parts)


def test_equal_partitions_each_count(session, tmp_path):
    frame = read(session, tmp_path, [rows(300), rows(300)])
    assert sum(fold.n_samples for fold in engine.moments(frame, TARGETS, FEATURES)) == 600


def test_many_runs_of_many_partitions_have_the_same_bits(session, tmp_path):
    frame = read(session, tmp_path, [rows(500, seed) for seed in range(8)])
    wanted = bits(engine.moments(frame, TARGETS, FEATURES))
    for _ in range(5):
        assert bits(engine.moments(frame, TARGETS, FEATURES)) == wanted
