"""Those whom cpu.py compares: this library, Python's and Rust's.

Each is tried with a few alphas first, which tells how long more of them take; then it is given alphas, and takes its turns.
"""

import tempfile
import time
from statistics import median

import numpy

import made
import program

# A turn has as many runs as take so many seconds, and its time is their median: that of one short run is a lottery.
TURN = 0.1
RUNS = 25
# Bytes that himalaya's products may take.
BATCH = 1 << 28


class Task:
    """Made data, in memory and in a file."""

    def __init__(self, rows, features, targets):
        self.shape = rows, features, targets
        self.x, self.y = made.made(rows, features, targets)
        self.file = tempfile.NamedTemporaryFile()
        for own in (self.x, self.y):
            own.T.tofile(self.file)
        self.file.flush()

    def alphas(self, count):
        """From strong shrinkage to weak, for singular values of X near the square root of rows / 3."""
        return numpy.logspace(2, -3, count) * self.shape[0]


class Contender:
    """`time(alphas, runs)` gives the seconds of each run, after one that is not timed."""

    answer = first = strategy = None

    def __init__(self, task, most):
        self.task, self.most = task, most
        self.learn()

    def learn(self):
        """Seconds of one alpha, and of each more, told by the strongest, the middle and the weakest."""
        few = self.task.alphas(3)
        self.one = self.best(few[:1])
        if self.one > self.most:
            raise program.Missing(f"about {self.one:.3g} s for one alpha")
        self.more = max(0.0, self.best(few) - self.one) / 2

    def best(self, alphas):
        seconds = min(self.time(alphas, 2))
        return seconds if seconds > TURN else min(seconds, *self.time(alphas, 5))

    def expected(self, count):
        return self.one + self.more * (count - 1)

    def start(self, alphas):
        expected = self.expected(len(alphas))
        if expected > self.most:
            raise program.Missing(f"about {expected:.3g} s a run")
        self.alphas, self.runs = alphas, min(RUNS, 1 + int(TURN / expected))

    def run(self):
        return {"total": median(self.time(self.alphas, self.runs))}


class Process(Contender):
    """One that makes its runs in a process of its own, and tells of them in JSON: `tell(alphas, runs, limit)`."""

    def time(self, alphas, runs):
        # The data take their time too.
        own = self.tell(alphas, runs, limit=60.0 + 3.0 * (runs + 1) * self.most)
        self.answer, self.first, self.strategy = numpy.array(own["coefficients"]), own["first"], own.get("strategy")
        return own["samples"]


class Ours(Process):
    """This library's program."""

    def __init__(self, path, *task):
        self.path = path
        super().__init__(*task)

    def tell(self, alphas, runs, limit):
        rows, features, targets = self.task.shape
        arguments = program.task((rows, features, len(alphas), targets), alphas, runs)
        arguments += ["--backend", "cpu", "--strategy", self.asked, "--without", "reference"]
        return program.bench(self.path, arguments, limit)["cpu"]


class Cholesky(Ours):
    name, asked = "ridgepath, cholesky", "cholesky"


class Spectral(Ours):
    name, asked = "ridgepath, spectral", "spectral"


class Auto(Ours):
    """The strategy taken unasked. Many alphas have another than few, so it is told how long both take."""

    name, asked = "ridgepath", "auto"

    def __init__(self, path, strategies, *task):
        self.strategies = strategies
        super().__init__(path, *task)

    def learn(self):
        if not self.strategies:
            raise program.Missing("both strategies are left out")

    def expected(self, count):
        return min(own.expected(count) for own in self.strategies)


class Rust(Process):
    """The program in rust/, which has one library for each name."""

    def __init__(self, path, *task):
        self.path = path
        super().__init__(*task)

    def tell(self, alphas, runs, limit):
        sizes = [str(size) for size in self.task.shape]
        return program.told([self.path, self.crate, self.task.file.name, *sizes, str(runs), program.listed(alphas)], limit)


class Nalgebra(Rust):
    name, crate = "nalgebra, Cholesky", "nalgebra"


class Faer(Rust):
    name, crate = "faer, one eigendecomposition", "faer"


class Smartcore(Rust):
    name, crate = "smartcore, RidgeRegression in a loop", "smartcore"


class Linfa(Rust):
    name, crate = "linfa-elasticnet, 100 sweeps in a loop", "linfa"


class Python(Contender):
    """One that runs in this process: `solve(alphas)` gives W, alphas × targets × features, or nothing where one alpha alone
    is answered."""

    def __init__(self, task, most):
        self.x, self.y = task.x, task.y
        super().__init__(task, most)

    def prepare(self):
        pass

    def time(self, alphas, runs):
        self.prepare()
        self.solve(alphas)
        samples = []
        for _ in range(runs):
            begun = time.perf_counter()
            w = self.solve(alphas)
            samples.append(time.perf_counter() - begun)
        self.answer = None if w is None else numpy.asarray(w[made.probes(len(alphas))])
        return samples


class Numpy(Python):
    name = "numpy, syrk and one eigh"

    def solve(self, alphas):
        from scipy.linalg.blas import dsyrk

        x, y = self.x - self.x.mean(axis=0), self.y - self.y.mean(axis=0)
        values, vectors = numpy.linalg.eigh(dsyrk(1.0, x, trans=1, lower=1), UPLO="L")
        cross = (vectors.T @ (x.T @ y)).T
        return numpy.stack([(cross / (values + alpha)) @ vectors.T for alpha in alphas])


class SklearnLoop(Python):
    name = "scikit-learn, Ridge in a loop"

    def solve(self, alphas):
        from sklearn.linear_model import Ridge

        fit = lambda alpha: Ridge(alpha=alpha).fit(self.x, self.y).coef_.reshape(self.y.shape[1], -1)
        return numpy.stack([fit(alpha) for alpha in alphas])


class SklearnCV(Python):
    name = "scikit-learn, RidgeCV (one alpha's answer)"

    def solve(self, alphas):
        from sklearn.linear_model import RidgeCV

        RidgeCV(alphas=alphas).fit(self.x, self.y)


class Himalaya(Python):
    name, backend = "himalaya, svd", "numpy"

    def prepare(self):
        from himalaya.backend import set_backend

        set_backend(self.backend, on_error="raise")

    def solve(self, alphas):
        """One alpha a target: every target once for each alpha, so that one decomposition serves them all."""
        from himalaya.ridge import solve_ridge_svd

        x, y = self.x - self.x.mean(axis=0), self.y - self.y.mean(axis=0)
        targets = y.shape[1]
        every = numpy.repeat(alphas, targets)
        batch = max(1, BATCH // (8 * x.size))
        w = solve_ridge_svd(x, numpy.tile(y, len(alphas)), every, n_targets_batch=batch, warn=False)
        return w.T.reshape(len(alphas), targets, x.shape[1])


class HimalayaTorch(Himalaya):
    name, backend = "himalaya, svd, torch on the CPU", "torch"


OURS = [Auto, Cholesky, Spectral]
RUST = [Nalgebra, Faer, Smartcore, Linfa]
PYTHON = [Numpy, SklearnLoop, SklearnCV, Himalaya, HimalayaTorch]
NAMES = [kind.name for kind in [*OURS, *PYTHON, *RUST]]


def lineup(task, most, ours, rust, say):
    """Everyone who can take part, and {name: reason} of those who cannot. `ours` and `rust` are programs, or what there
    is instead: `program.Missing`."""
    there, missing = [], {}

    def enter(kind, *arguments):
        try:
            for own in arguments[:1]:
                if isinstance(own, program.Missing):
                    raise own
            there.append(kind(*arguments, task, most))
        except Exception as error:  # one that is not there, or that fails in whatever way, must not stop the others
            missing[kind.name] = program.reason(error)
            say(f"  !!! {kind.name} is not measured: {missing[kind.name]}")

    for kind in (Cholesky, Spectral):
        enter(kind, ours)
    enter(Auto, ours, list(there))
    for kind in PYTHON:
        enter(kind)
    for kind in RUST:
        enter(kind, rust)
    return there, missing
