"""The tables of a trace."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from gradlab.descent import descend


class Bowl:
    variables = ("x1", "x2")

    def __call__(self, point):
        x1, x2 = np.moveaxis(np.asarray(point, dtype=float), -1, 0)
        return (x1 - 6) ** 2 + x2**2 - x1 * x2, np.stack([2 * x1 - x2 - 12, 2 * x2 - x1], axis=-1)

    def exact(self, point):
        x1, x2 = point
        return (x1 - 6) ** 2 + x2**2 - x1 * x2, (2 * x1 - x2 - 12, 2 * x2 - x1)


PAPER = """\
k  x1  x2    f  df/dx1  df/dx2   step
0   6   6    0      -6       6    1/2
1   9   3   -9       3      -3    1/3
2   8   4  -12       0       0  (1/4)

CONVERGED after 2 steps: (8, 4) is a fixed point, with the value -12. The step 1/4 and every other
leaves it where it is, since the gradient there is 0."""


def test_the_pen_and_paper_table():
    trace = descend(Bowl(), (6, 6), steps=["1/2", "1/3", "1/4"])
    assert trace.table() == str(trace) == PAPER


def test_floats_show_six_digits():
    trace = descend(Bowl(), (6.0, 6.0), steps=[0.1, 1 / 3])
    assert trace.table().splitlines()[:4] == [
        "k   x1   x2      f  df/dx1  df/dx2      step",
        "0    6    6      0      -6       6       0.1",
        "1  6.6  5.4  -6.12    -4.2     4.2  0.333333",
        "2    8    4    -12       0       0",
    ]


def test_a_long_run_is_shortened_in_the_middle():
    trace = descend(Bowl(), (6.0, 6.0), learning_rate=0.1)
    lines = trace.table(max_rows=6).splitlines()
    assert [line.split()[0] for line in lines[1:8]] == ["0", "1", "2", "...", "55", "56", "57"]
    assert len({len(line) for line in lines[:7]}) <= 2
    assert trace.latex(max_rows=4).count("\\vdots") == 7
    assert trace.markdown(max_rows=4).count("⋮") == 7
    for shape in (trace.table, trace.latex, trace.markdown):
        with pytest.raises(ValueError, match="at least 2"):
            shape(max_rows=1)


def test_latex_and_markdown_show_fractions():
    trace = descend(Bowl(), ("1/2", 6), steps=["1/2"])
    assert trace.points[1].tolist() == [9, Fraction(1, 4)]
    latex = trace.latex()
    assert latex.splitlines()[0] == r"\begin{array}{r|rr|r|rr|r}"
    assert r"x_1 & x_2" in latex
    assert r"0 & \tfrac{1}{2} & 6 & \tfrac{253}{4} & -17 & \tfrac{23}{2} & \tfrac{1}{2} \\" in latex
    assert latex.endswith("\\end{array}")
    markdown = trace.markdown().splitlines()
    assert markdown[1] == "|" + " ---: |" * 7
    assert markdown[2].startswith(r"| $0$ | $\tfrac{1}{2}$ | $6$ |")
    assert trace._repr_markdown_() == trace.markdown()


def test_latex_numbers():
    trace = descend(lambda x: x**4 * 1e-9, 10.0, gradient=lambda x: 4e-9 * x**3, steps=[1e12])
    assert r"1 \cdot 10^{-5}" in trace.latex()
    trace = descend(lambda x: np.float64(-1) / x, 0.0, gradient=lambda x: 1.0, steps=[1.0])
    assert r"-\infty" in trace.latex()


def test_repr_is_one_line():
    trace = descend(Bowl(), (6, 6), steps=["1/2"])
    assert repr(trace) == (
        "<Trace of 1 steps. MAX_STEPS after 1 step: at (9, 3) the value is -9 and the gradient's norm 4.24 "
        "is above "
        "the tolerance 1.5e-08.>"
    )
