"""The array libraries that gpu.py measures, and how each solves for all alphas: a path of weights, or the scores of folds."""

import time

import numpy

import program

# Bytes of factors held at a time, as much as this library takes unless told otherwise.
AT_ONCE = 1 << 30


class Peer:
    """A peer on an array library: `array` uploads, `wait` waits, `host` downloads."""

    def __init__(self, kind, dtype, task, solve):
        self.kind, self.dtype, self.solve = kind, dtype, solve
        self.name = f"{kind.name} {solve.__name__.replace('_', ' ')}, {'single' if dtype == 'float32' else 'double'}"
        self.x, self.y = (numpy.ascontiguousarray(own, dtype=dtype) for own in task["data"])
        self.alphas = task["alphas"].astype(dtype)
        self.answer = None
        begun = time.perf_counter()
        self.run()
        self.first = time.perf_counter() - begun

    def run(self):
        begun = time.perf_counter()
        x, y, alphas = (self.kind.array(own) for own in (self.x, self.y, self.alphas))
        self.kind.wait()
        uploaded = time.perf_counter()
        w = self.solve(self.kind, x, y, alphas)
        self.kind.wait()
        solved = time.perf_counter()
        self.answer = self.kind.host(w)
        done = time.perf_counter()
        return {"up": uploaded - begun, "device": solved - uploaded, "down": done - solved, "total": done - begun}


def element_bytes(x):
    """Of whichever library's array."""
    return numpy.dtype(str(x.dtype).rpartition(".")[2]).itemsize


def chunks(gram, alphas):
    """Runs of alphas whose factors fit."""
    own = max(1, AT_ONCE // (len(gram) ** 2 * element_bytes(gram)))
    return [alphas[first : first + own] for first in range(0, len(alphas), own)]


class Torch:
    """torch; W is alphas × targets × features."""

    name = "torch"

    def __init__(self, device):
        import torch

        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
        torch.set_float32_matmul_precision("highest")
        self.torch, self.device = torch, device
        if device == "cuda" and not torch.cuda.is_available():
            raise program.Missing("torch finds no CUDA device")
        self.solvers = [cholesky, eigh]

    def array(self, values):
        return self.torch.from_numpy(values).to(self.device)

    def host(self, values):
        return values.cpu().numpy()

    def wait(self):
        if self.device == "cuda":
            self.torch.cuda.synchronize()

    def cholesky(self, gram, cross, alphas):
        shifted = gram + alphas[:, None, None] * self.torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
        factor, info = self.torch.linalg.cholesky_ex(shifted)
        if int(info.max()):
            raise ArithmeticError("a matrix is not positive definite to working precision")
        return self.torch.cholesky_solve(cross.expand(len(alphas), *cross.shape), factor).transpose(1, 2)

    def eigh(self, gram):
        return self.torch.linalg.eigh(gram)

    def stack(self, parts):
        return self.torch.cat(parts)


class CuPy:
    """CuPy."""

    name = "CuPy"

    def __init__(self, device):
        if device != "cuda":
            raise program.Missing("CuPy needs a CUDA device")
        import os

        os.environ["CUPY_TF32"] = "0"
        import cupy

        if cupy.cuda.runtime.getDeviceCount() == 0:
            raise program.Missing("CuPy finds no CUDA device")
        self.cupy = cupy
        self.solvers = [cholesky, eigh]

    def array(self, values):
        return self.cupy.asarray(values)

    def host(self, values):
        return self.cupy.asnumpy(values)

    def wait(self):
        self.cupy.cuda.runtime.deviceSynchronize()

    def cholesky(self, gram, cross, alphas):
        """`posv` has one right-hand side a matrix in a batch, so a batch a target."""
        from cupyx.lapack import posv

        shifted = gram + alphas[:, None, None] * self.cupy.eye(len(gram), dtype=gram.dtype)
        columns = []
        for target in range(cross.shape[1]):
            right = self.cupy.repeat(cross[None, :, target : target + 1], len(alphas), axis=0)
            columns.append(posv(shifted, right))
        return self.cupy.concatenate(columns, axis=2).transpose(0, 2, 1)

    def eigh(self, gram):
        return self.cupy.linalg.eigh(gram)

    def stack(self, parts):
        return self.cupy.concatenate(parts)


class Himalaya:
    """himalaya, whose solver has one alpha a target: every target once for each alpha, so that one decomposition of X
    serves them all."""

    name = "himalaya"

    def __init__(self, device):
        from himalaya.backend import set_backend

        self.torch = Torch(device)
        self.backend = set_backend("torch_cuda" if device == "cuda" else "torch", on_error="raise")
        self.solvers = [svd]
        self.array, self.host, self.wait = self.torch.array, self.torch.host, self.torch.wait


def centred(x):
    return x - x.mean(0)


def factored(kind, gram, cross, alphas):
    return kind.stack([kind.cholesky(gram, cross, own) for own in chunks(gram, alphas)])


def decomposed(kind, gram, cross, alphas):
    values, vectors = kind.eigh(gram)
    scaled = (vectors.T @ cross).T[None] / (values + alphas[:, None])[:, None, :]
    return scaled @ vectors.T


def path(kind, x, y, alphas, solve):
    x, y = centred(x), centred(y)
    return solve(kind, x.T @ x, x.T @ y, alphas)


def cholesky(kind, x, y, alphas):
    return path(kind, x, y, alphas, factored)


def eigh(kind, x, y, alphas):
    return path(kind, x, y, alphas, decomposed)


def svd(kind, x, y, alphas):
    from himalaya.ridge import solve_ridge_svd

    x, y = centred(x), centred(y)
    targets = y.shape[1]
    every = kind.torch.torch.repeat_interleave(alphas, targets)
    # It holds a matrix as large as X for each target of a batch.
    batch = max(1, AT_ONCE // (x.numel() * element_bytes(x)))
    w = solve_ridge_svd(x, y.repeat(1, len(alphas)), every, n_targets_batch=batch, warn=False)
    return w.T.reshape(len(alphas), targets, x.shape[1])


def scores(kind, x, y, alphas, count, solve):
    """Mean squared errors [alpha, target] over folds of consecutive rows. Every row is summed once: the sums of the rows that a
    fold is fitted to are those of all rows, less its own, about another mean."""
    x, y = centred(x), centred(y)
    rows, targets = y.shape
    gram, cross = x.T @ x, x.T @ y
    total = 0.0
    for part in numpy.array_split(numpy.arange(rows), count):
        own = slice(int(part[0]), int(part[-1]) + 1)
        held_x, held_y, rest = x[own], y[own], rows - len(part)
        mean_x, mean_y = -held_x.sum(0) / rest, -held_y.sum(0) / rest
        of_rest = gram - held_x.T @ held_x - rest * mean_x[:, None] * mean_x[None]
        cross_of_rest = cross - held_x.T @ held_y - rest * mean_x[:, None] * mean_y[None]
        w = solve(kind, of_rest, cross_of_rest, alphas)
        predicted = (held_x - mean_x) @ w.reshape(-1, x.shape[1]).T
        off = (held_y - mean_y)[:, None, :] - predicted.reshape(len(part), len(alphas), targets)
        total = total + (off**2).mean(0)
    return total / count


def folds(solve, count):
    """The solver of Peer that gives scores of so many folds, as a path is solved."""
    inner = {cholesky: factored, eigh: decomposed}.get(solve)
    if inner is None:
        raise program.Missing("its own cross-validation has other scores; cv.py has it on the CPU")

    def solver(kind, x, y, alphas):
        return scores(kind, x, y, alphas, count, inner)

    solver.__name__ = solve.__name__
    return solver
