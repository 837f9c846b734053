"""
Train from two hundred starts at once
=====================================

Train a 2-2-1 network on five points from 200 starts: the best one's decision boundary, three that fail, and all losses.
"""

import numpy as np
from matplotlib.figure import Figure

import gradlab as gl

net = gl.mlp([2, 2, 1])
data = gl.datasets.five_points()
runs = gl.train(net, data, learning_rate=1.0, steps=1000, restarts=200, seed=0)
print(runs)

figure = Figure(figsize=(11, 3.2), layout="constrained")
for ax, loss in zip(figure.subplots(1, 4), (0.0, 0.28, 0.38, 0.50), strict=True):
    run = runs.run(int(np.argmin(abs(runs.losses - loss))))
    gl.plot.decision_boundary(run, data, ax=ax, title=f"loss {run.loss:.2f}")
gl.plot.save(figure, "boundaries.png", dpi=110)
gl.plot.save(gl.plot.loss_curves(runs), "losses.svg")
