"""
A descent, a network, and two hundred starts
============================================

The picture of the first page: a descent, a network, and what training it from 200 starts gives.
"""

from matplotlib.figure import Figure

import gradlab as gl

bowl = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
trace = gl.descend(bowl, start=(6.0, 6.0), learning_rate=0.55, max_steps=30, tolerance=1e-3)
net, data = gl.mlp([2, 2, 1]), gl.datasets.five_points()
runs = gl.train(net, data, learning_rate=1.0, steps=1000, restarts=200, seed=0)

figure = Figure(figsize=(14, 9), layout="constrained")
(left, right), (below, curves) = figure.subplots(2, 2, width_ratios=[1.25, 1])
gl.plot.network(net, ax=left)
gl.plot.contours(bowl, trace, ax=right)
gl.plot.decision_boundary(runs.best, data, ax=below)
gl.plot.loss_curves(runs, ax=curves)
gl.plot.save(figure, "gradlab.png", dpi=110)
print(f"{trace.outcome.name} after {len(trace.steps)} steps")
print(f"{int(runs.success.sum())} of 200 networks get all points right")
