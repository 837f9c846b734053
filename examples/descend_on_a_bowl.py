"""
Descend on a bowl
=================

The pen-and-paper table of three gradient steps, in exact fractions, and what too large a rate does.
"""

import gradlab as gl

bowl = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
print(bowl)
print("gradient:", bowl.gradient())
print()
print(gl.descend(bowl, start=(6, 6), steps=["1/2", "1/3", "1/4"]))
print()

for rate in (0.1, 0.8):
    trace = gl.descend(bowl, start=(6.0, 6.0), learning_rate=rate, max_steps=1000, tolerance=1e-8)
    print(f"rate {rate}: {trace.outcome.name} after {len(trace.steps)} steps.\n{trace.outcome.remedy}\n")

trace = gl.descend(bowl, start=(9.0, 1.0), learning_rate=0.5, max_steps=20)
gl.plot.save(gl.plot.contours(bowl, trace), "bowl.png", dpi=110)
