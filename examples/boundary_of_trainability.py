"""
Draw the boundary of trainability
=================================

One network, trained with every pair of learning rates for its two layers: which pairs converge?
"""

import gradlab as gl

made = gl.trainability(width=8, resolution=128, steps=100)
print(f"{100 * float(made['converged'].mean()):.0f} % of the pairs converge")
print(f"dimension of the boundary: {gl.boundary_dimension(made)}")
gl.plot.save(gl.plot.trainability(made), "trainability.png", dpi=110)
