"""
Train from two hundred starts at once
=====================================

Train a 2-2-1 network on five points from 200 starts at once, and draw the best one's decision boundary.
"""

import gradlab as gl

net = gl.mlp([2, 2, 1])
data = gl.datasets.five_points()
runs = gl.train(net, data, learning_rate=1.0, steps=1000, restarts=200, seed=0)
print(runs)
gl.plot.save(gl.plot.decision_boundary(runs.best, data), "boundary.png")
gl.plot.save(gl.plot.loss_curves(runs), "losses.svg")
