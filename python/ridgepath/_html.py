"""What notebooks show, and the bar of a long work."""

from contextlib import contextmanager
from html import escape

import numpy as np

#: Penalties of a table, at the most.
ROWS = 12


def path(of):
    """A table of some penalties of a path."""
    k, t, n = of.coef.shape
    some = np.unique(np.linspace(0, k - 1, min(k, ROWS)).round().astype(int))
    heads = ["alpha", "λ", "R²", "‖w‖²", "error ≤", "outcome"]
    if of.df is not None:
        heads[2:2] = ["df"]

    def row(index):
        outcomes = sorted(set(of.outcomes[index]))
        cells = [of.alphas[index], of.lambdas[index], of.r2[index].mean(), of.squared_norm[index].mean()]
        cells.append(of.error_bound[index].max())
        if of.df is not None:
            cells[2:2] = [of.df[index]]
        return [f"{value:.4g}" for value in cells] + [escape(", ".join(outcomes))]

    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row(index)) + "</tr>" for index in some)
    head = "".join(f"<th>{name}</th>" for name in heads)
    title = f"ridge path: {k} penalties, {t} targets, {n} features, {of.rows} rows; {escape(of.backend)}, {escape(of.method)}"
    return f"<table><caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@contextmanager
def bar(verbose):
    """What tells a bar of tqdm how far the work is; None where there is none."""
    if not verbose:
        yield None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield None
        return
    with tqdm(unit="λ", leave=False) as own:

        def progress(done, total):
            own.total = total
            own.update(done - own.n)

        yield progress
