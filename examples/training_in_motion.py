"""
Watch a network train
=====================

The decision boundary of one network and the losses of fifty, step by step, as a moving picture.
"""

from matplotlib.animation import PillowWriter
from matplotlib.figure import Figure

import gradlab as gl

net, data = gl.mlp([2, 2, 1]), gl.datasets.five_points()
moments = [0, 2, 4, 6, 8, 10, 13, 16, 20, 25, 30, 36, 43, 50, 60, 70, 80, 95, 110, 130, 150, 200, 300, 500]
whole = gl.train(net, data, learning_rate=1.0, steps=moments[-1], restarts=50, seed=0)
best = whole.best.index

figure = Figure(figsize=(8, 3.6), dpi=80)
left, right = figure.subplots(1, 2, gridspec_kw={"left": 0.06, "right": 0.98, "bottom": 0.15, "top": 0.9})
writer = PillowWriter(fps=4)
with writer.saving(figure, "training.gif", dpi=80):
    for steps in moments:
        runs = gl.train(net, data, learning_rate=1.0, steps=steps, restarts=50, seed=0)
        left.clear()
        left.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal", title=f"after {steps} steps")
        axis = [i / 20 - 1.5 for i in range(61)]
        grid = [[(x, y) for x in axis] for y in axis]
        left.contourf(axis, axis, runs.run(best).predict(grid), levels=10, vmin=0, vmax=1, cmap="cividis")
        left.scatter(*data.x.T, c=data.y, cmap="cividis", vmin=0, vmax=1, edgecolors="white", s=60, zorder=3)
        right.clear()
        right.semilogy(runs.curves.T, color="tab:blue", alpha=0.3, linewidth=0.8)
        right.set(xlim=(0, moments[-1]), ylim=(2e-3, 3), xlabel="step", title="loss of 50 runs")
        writer.grab_frame()
print(f"training.gif: {len(moments)} frames; {int(whole.success.sum())} of 50 networks get all points right")
