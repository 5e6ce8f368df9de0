"""The made data of `ridgepath bench`, bit for bit, and the right answers to them."""

import numpy

GOLDEN = 0x9E3779B97F4A7C15


def random(first, count):
    """Numbers `first` to `first + count` of SplitMix64, uniform between -1 and 1."""
    with numpy.errstate(over="ignore"):
        bits = numpy.arange(first + 1, first + count + 1, dtype=numpy.uint64)
        bits = bits * numpy.uint64(GOLDEN) + numpy.uint64(0x5EED)
        bits = (bits ^ (bits >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        bits ^= bits >> numpy.uint64(31)
    return (bits >> numpy.uint64(11)).astype(numpy.float64) / 2.0**52 - 1.0


def made(rows, features, targets):
    """X (rows × features) and Y (rows × targets), both column after column in memory."""
    x = numpy.empty((rows, features), order="F")
    for column in range(features):
        x[:, column] = random(column * rows, rows)
    y = numpy.empty((rows, targets), order="F")
    place = rows * features
    for target in range(targets):
        y[:, target] = random(place, rows)
        weights = random(place + rows, features)
        place += rows + features
        for column in range(features):
            y[:, target] += weights[column] * x[:, column]
    return x, y


def oracle(x, y, alphas):
    """W (alphas × targets × features) in double precision: the normal equations, and two corrections whose residuals come
    from the rows."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    gram, cross = x.T @ x, x.T @ y
    answers = []
    for alpha in alphas:
        shifted = gram + alpha * numpy.eye(len(gram))
        w = numpy.linalg.solve(shifted, cross)
        for _ in range(2):
            w += numpy.linalg.solve(shifted, x.T @ (y - x @ w) - alpha * w)
        answers.append(w.T)
    return numpy.stack(answers)


def deviation(found, wanted):
    """The largest ‖w − w'‖ / ‖w'‖ over alphas and targets."""
    found = numpy.asarray(found, dtype=numpy.float64)
    away = numpy.linalg.norm(found - wanted, axis=-1) / numpy.linalg.norm(wanted, axis=-1)
    return float(away.max())


def probes(count):
    """The alphas at which the accuracy is measured: the first, the middle and the last."""
    return sorted({0, count // 2, count - 1})
