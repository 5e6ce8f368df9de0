import os
import sys

import pytest

pytest.importorskip("pyspark.core.context", reason="pyspark with a JVM is not installed (pyspark-client has none)")

from contract import FEATURES, TARGETS, Contract, bits, rows  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from sessions import read  # noqa: E402

from ridgepath.engines import spark as engine  # noqa: E402


@pytest.fixture(scope="module")
def session():
    """Two executors, each a process with Python workers of its own."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("ridgepath")
    builder = builder.config("spark.ui.enabled", "false").config("spark.sql.execution.arrow.maxRecordsPerBatch", "100")
    session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    yield session
    session.stop()


class TestSpark(Contract):
    engine = engine

    @pytest.fixture
    def frame(self, session, tmp_path):
        return lambda parts: read(session, tmp_path, parts)


def killing(marker, above):
    """A task that passes rows on, and once, in the middle, kills the process that runs it, or the one above with a word in its name."""

    # Functions in functions travel whole; those of this file would have to be imported where the task runs.
    def process():
        import os

        found = os.getpid()
        while above is not None and found > 1:
            with open(f"/proc/{found}/cmdline", "rb") as words:
                if above in words.read():
                    break
            with open(f"/proc/{found}/stat") as words:
                found = int(words.read().rpartition(")")[2].split()[1])
        return found

    def task(batches):
        import os
        import signal

        for number, batch in enumerate(batches):
            yield batch
            if number == 1 and not os.path.exists(marker):
                with open(marker, "w") as note:
                    note.write(str(process()))
                os.kill(process(), signal.SIGKILL)

    return task


@pytest.mark.parametrize("above", [None, b"CoarseGrainedExecutorBackend"], ids=["worker", "executor"])
def test_a_process_that_is_killed_loses_and_doubles_nothing(session, tmp_path, above):
    frame = read(session, tmp_path, [rows(400, seed) for seed in range(4)])
    wanted = bits(engine.moments(frame, TARGETS, FEATURES))
    marker = tmp_path / "killed"
    found = engine.moments(frame.mapInArrow(killing(str(marker), above), frame.schema), TARGETS, FEATURES)
    killed = int(marker.read_text())
    assert killed > 1 and not os.path.exists(f"/proc/{killed}")
    assert bits(found) == wanted


def test_names_with_dots_and_quotes_are_found(session):
    frame = session.createDataFrame([(1.0, 2.0), (2.0, 1.0), (4.0, 3.0)], ["a.b`c", "y"])
    (found,) = engine.moments(frame, "y", folds=None)
    assert found.feature_names == ["a.b`c"] and found.n_samples == 3
