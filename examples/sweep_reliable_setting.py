"""
Find a setting that trains reliably
===================================

Which learning rate and scale of the initial parameters train the 2-2-1 network on five points reliably?
"""

import numpy as np

import gradlab as gl

net = gl.mlp([2, 2, 1])
data = gl.datasets.five_points()
rates = np.geomspace(0.2, 20, 12).round(2)
grid = gl.sweep(net, data, learning_rate=rates, init_scale=[0.1, 0.3, 0.5, 0.7, 1, 2, 4], steps=200, restarts=500)
recommendation = gl.recommend(grid)
print(recommendation)
gl.plot.save(gl.plot.success_map(grid, recommendation), "success.png")
