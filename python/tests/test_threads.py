"""Threads, forks, and work that is interrupted."""

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import threadpoolctl

import ridgepath
from ridgepath import Ridge, RidgeCV, RidgePath

rng = np.random.default_rng(1)
X, y = rng.normal(size=(3000, 150)), rng.normal(size=3000)


def test_the_bits_do_not_depend_on_the_number_of_threads():
    wanted = RidgePath(n_alphas=20, n_jobs=1).fit(X, y).coef_path_
    for n_jobs in (2, 3, -1, None):
        np.testing.assert_array_equal(RidgePath(n_alphas=20, n_jobs=n_jobs).fit(X, y).coef_path_, wanted)


def test_threadpoolctl_sets_and_tells_the_number_of_threads():
    def told():
        return [own for own in threadpoolctl.threadpool_info() if own["user_api"] == "ridgepath"]

    assert told()[0]["version"] == ridgepath.__version__
    with threadpoolctl.threadpool_limits(1, user_api="ridgepath"):
        assert ridgepath.get_num_threads() == 1 and told()[0]["num_threads"] == 1
        Ridge().fit(X, y)
    assert ridgepath.get_num_threads() == told()[0]["num_threads"] == len(os.sched_getaffinity(0))


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="this system does not tell of threads")
def test_moments_are_summed_by_as_many_threads_as_were_set():
    script = """
import os
import numpy as np
import pyarrow
import ridgepath
ridgepath.set_num_threads(1)
X, y = np.ones((20_000, 40)), np.ones(20_000)
before = len(os.listdir("/proc/self/task"))
ridgepath.Moments(["x"], ["y"]).push(pyarrow.record_batch({"x": y, "y": y}))
ridgepath.Moments(40, 1).push(X, y)
print(len(os.listdir("/proc/self/task")) - before)
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["1"]


def test_threads_may_share_an_estimator_class_and_data():
    wanted = Ridge().fit(X, y).coef_
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: Ridge().fit(X, y).coef_, range(32)):
            np.testing.assert_array_equal(found, wanted)


def test_threads_may_fit_one_estimator():
    model = RidgeCV([1.0])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: model.fit(X[:200], y[:200]), range(16)))
    np.testing.assert_array_equal(model.coef_, RidgeCV([1.0]).fit(X[:200], y[:200]).coef_)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process")
def test_a_fork_after_use_works_on():
    wanted = RidgePath(n_alphas=20).fit(X, y).coef_path_
    child = os.fork()
    if child == 0:
        # Nothing of pytest is to run here.
        same = np.array_equal(RidgePath(n_alphas=20).fit(X, y).coef_path_, wanted)
        os._exit(0 if same and np.isfinite(Ridge().fit(X[:50, :3], y[:50]).coef_).all() else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_an_interrupt_ends_the_work():
    code = """
        import signal
        import numpy as np
        from ridgepath import RidgePath
        signal.signal(signal.SIGINT, signal.default_int_handler)
        X = np.random.default_rng(0).normal(size=(4000, 800))
        print("ready", flush=True)
        try:
            while True:
                RidgePath(n_alphas=1000, criterion=None).fit(X, X[:, :40] @ np.ones((40, 20)))
        except KeyboardInterrupt:
            print("interrupted", flush=True)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.5)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0] == "interrupted\n" and process.returncode == 0
    finally:
        process.kill()


def test_other_threads_run_while_a_path_is_fitted():
    """The interpreter's lock is free: a thread counts on."""
    import threading

    counted, ended = [0], threading.Event()

    def count():
        while not ended.wait(0.001):
            counted[0] += 1

    thread = threading.Thread(target=count)
    thread.start()
    before = counted[0]
    RidgePath(n_alphas=200, criterion=None).fit(rng.normal(size=(8000, 400)), rng.normal(size=8000))
    during = counted[0] - before
    ended.set()
    thread.join()
    assert during >= 5
