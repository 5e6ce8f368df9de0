"""Pictures of paths and scores, with matplotlib."""

import numpy as np

#: Curves that have a name at their end, at the most.
NAMED = 20


def axes(ax):
    """Where to draw."""
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("plots are drawn by matplotlib, which is not installed: pip install matplotlib") from error
    return plt.subplots()[1]


def coefficients(path, ax, target):
    """The coefficients of a target over alpha."""
    ax = axes(ax)
    order = np.argsort(path.alphas)
    alphas, values = path.alphas[order], path.coef[order, target]
    lines = ax.plot(alphas, values, linewidth=1)
    if (alphas > 0.0).sum() > 1:
        ax.set_xscale("log")
    names = path.feature_names
    if names is not None and len(names) <= NAMED:
        for line, name in zip(lines, names):
            line.set_label(name)
        ax.legend(fontsize="small", frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    ax.axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
    ax.set_xlabel("alpha")
    ax.set_ylabel("coefficient")
    return ax


def scores(model, ax):
    """The scores of every alpha, and the ones chosen."""
    ax = axes(ax)
    alphas = np.atleast_1d(np.asarray(model.alphas, dtype=np.float64))
    order = np.argsort(alphas)
    ax.plot(alphas[order], np.asarray(model.scores_)[order], marker=".", linewidth=1)
    if (alphas > 0.0).sum() > 1:
        ax.set_xscale("log")
    chosen, best = np.atleast_1d(model.alpha_), np.atleast_1d(model.best_score_)
    ax.plot(chosen, best, linestyle="none", marker="o", markerfacecolor="none", color="black", label="chosen")
    ax.set_xlabel("alpha")
    ax.set_ylabel("score")
    return ax


def choice(of, ax, target):
    """The scores of a target over alpha, with a standard error on both sides, and the one chosen."""
    ax = axes(ax)
    order = np.argsort(of.path.alphas)
    alphas, scores_, errors = of.path.alphas[order], of.scores[order, target], of.standard_errors[order, target]
    (line,) = ax.plot(alphas, scores_, marker=".", linewidth=1)
    if np.isfinite(errors).any():
        ax.fill_between(alphas, scores_ - errors, scores_ + errors, alpha=0.2, color=line.get_color(), linewidth=0)
    if (alphas > 0.0).sum() > 1:
        ax.set_xscale("log")
    ax.axvline(of.alpha[target], color="0.6", linewidth=1, linestyle=":")
    ax.set_xlabel("alpha")
    ax.set_ylabel(of.score)
    return ax
