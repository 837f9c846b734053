"""
The sixteen derivatives of a small network
==========================================

The sixteen derivatives of a 2-2-1 network, each as written steps.
"""

import gradlab as gl

net = gl.mlp([2, 2, 1], hidden="tanh", output="sigmoid", loss="binary_cross_entropy")
gl.plot.save(gl.plot.network(net), "network.png", dpi=110)
questions = [
    ("L", "f_out"), ("f_out", "f_in"), "sigmoid", "tanh", ("f_in", "c"), ("f_in", "u_1"), ("L", "c"), ("L", "u_1"),
    ("f_in", "z_2out"), ("z_2out", "z_2in"), ("z_2in", "b_2"), ("z_2in", "w_12"), ("z_2in", "x_1"), ("L", "b_2"),
    ("L", "w_12"), ("L", "x_1"),
]  # fmt: skip

for number, question in enumerate(questions, 1):
    derivation = gl.derive_rule(question) if isinstance(question, str) else net.derive(*question)
    print(f"{number}.")
    print(derivation)
    print()

shared, expanded = net.backprop().multiplications()
print(f"The whole gradient takes {shared} multiplications with shared deltas, {expanded} path by path.")
