"""Draws the pictures of the README: python docs/pictures.py, in the folder python."""

from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes

from ridgepath import RidgeCV, RidgePath

HERE = Path(__file__).parent

X, y = load_diabetes(return_X_y=True, as_frame=True)
for name, model in [
    ("path", RidgePath(standardize="population").fit(X, y)),
    ("scores", RidgeCV(np.logspace(-4, 2, 60), cv=5).fit(X, y)),
]:
    figure, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    model.plot(ax)
    figure.savefig(HERE / f"{name}.png", dpi=110)
