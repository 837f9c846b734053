"""ONE catalogue of functions for the tests of every backend and of the gradient checker.

Each entry has its text, the box from which points are drawn, where it has kinks, and the exact gradient from outside:
written by hand below, in terms of mpmath, so that nothing of gradlab or of PyTorch is its own judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from gradlab.graph import PRIMITIVES

M = mpmath


@dataclass(frozen=True)
class Entry:
    """One function: its variables are those of ``box``, in this order.

    Attributes:
        text: the formula.
        box: for each variable the interval from which points are drawn; it holds no kink inside.
        value: the value, from mpmath numbers.
        gradient: the exact derivatives, from mpmath numbers.
        rational: whether it takes rationals to rationals.
        kinks: points at which a one-sided derivative jumps, with the derivative PyTorch chooses there.
    """

    text: str
    box: dict[str, tuple[float, float]]
    value: Callable[..., Any]
    gradient: Callable[..., tuple[Any, ...]]
    rational: bool = False
    kinks: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(self.box)

    def points(self, count: int, seed: int = 0) -> np.ndarray:
        """Points inside the box, shape (count, n), multiples of 1/64 so that they are exact everywhere."""
        low, high = np.array(list(self.box.values())).T
        drawn = np.random.default_rng(seed).uniform(low, high, (count, len(low)))
        return np.clip(np.round(drawn * 64) / 64, np.ceil(low * 64) / 64, np.floor(high * 64) / 64)

    def exact(self, point: Any) -> tuple[float, list[float]]:
        """The value and the gradient, correct to the last bit of a float."""
        with mpmath.workdps(40):
            numbers = [mpmath.mpf(float(x)) for x in point]
            return float(self.value(*numbers)), [float(part) for part in self.gradient(*numbers)]


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + M.exp(-x))


def _bend(x: Any) -> Any:
    """What the approximate gelu takes the sigmoid of."""
    return M.sqrt(8 / M.pi) * (x + M.mpf(44715) / 10**6 * x**3)


def _softmax(k: int, *v: Any) -> Any:
    return M.exp(v[k]) / sum(map(M.exp, v))


WIDE, POSITIVE, UNIT = (-3.0, 3.0), (0.25, 4.0), (-0.9, 0.9)

CATALOGUE = (
    Entry("(x1 - 6)**2 + x2**2 - x1*x2", {"x1": (-9, 9), "x2": (-9, 9)},
          lambda a, b: (a - 6) ** 2 + b**2 - a * b, lambda a, b: (2 * (a - 6) - b, 2 * b - a), rational=True),
    Entry("3*x**4 - x/7 + 1/3", {"x": WIDE}, lambda x: 3 * x**4 - x / 7 + M.mpf(1) / 3,
          lambda x: (12 * x**3 - M.mpf(1) / 7,), rational=True),
    Entry("x*y*z - x/y + (x + z)**3", {"x": WIDE, "y": POSITIVE, "z": WIDE},
          lambda x, y, z: x * y * z - x / y + (x + z) ** 3,
          lambda x, y, z: (y * z - 1 / y + 3 * (x + z) ** 2, x * z + x / y**2, x * y + 3 * (x + z) ** 2),
          rational=True),
    Entry("1/(1 + x**2)", {"x": WIDE}, lambda x: 1 / (1 + x**2), lambda x: (-2 * x / (1 + x**2) ** 2,), rational=True),
    Entry("x**-3", {"x": POSITIVE}, lambda x: x**-3, lambda x: (-3 * x**-4,), rational=True),
    Entry("x**0 + x", {"x": WIDE}, lambda x: 1 + x, lambda x: (1,), rational=True),
    Entry("-x", {"x": WIDE}, lambda x: -x, lambda x: (-1,), rational=True),
    Entry("(1 - x)**2 + 100*(y - x**2)**2", {"x": (-2, 2), "y": (-1, 3)},
          lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
          lambda x, y: (-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)), rational=True),
    Entry("exp(x)", {"x": WIDE}, M.exp, lambda x: (M.exp(x),)),
    Entry("log(x)", {"x": POSITIVE}, M.log, lambda x: (1 / x,)),
    Entry("sqrt(x)", {"x": POSITIVE}, M.sqrt, lambda x: (1 / (2 * M.sqrt(x)),)),
    Entry("x**0.5", {"x": POSITIVE}, M.sqrt, lambda x: (1 / (2 * M.sqrt(x)),)),
    Entry("sqrt(x)**2", {"x": POSITIVE}, lambda x: x, lambda x: (1,)),
    Entry("sin(x)", {"x": WIDE}, M.sin, lambda x: (M.cos(x),)),
    Entry("cos(x)", {"x": WIDE}, M.cos, lambda x: (-M.sin(x),)),
    Entry("tanh(x)", {"x": WIDE}, M.tanh, lambda x: (M.sech(x) ** 2,)),
    Entry("sigmoid(x)", {"x": WIDE}, _sigmoid, lambda x: (M.exp(-x) / (1 + M.exp(-x)) ** 2,)),
    Entry("softplus(x)", {"x": WIDE}, lambda x: M.log(1 + M.exp(x)), lambda x: (_sigmoid(x),)),
    Entry("swish(x)", {"x": WIDE}, lambda x: x * _sigmoid(x),
          lambda x: (_sigmoid(x) + x * _sigmoid(x) * _sigmoid(-x),)),
    Entry("gelu(x)", {"x": WIDE}, lambda x: x * M.ncdf(x), lambda x: (M.ncdf(x) + x * M.npdf(x),)),
    Entry("gelu_tanh(x)", {"x": WIDE}, lambda x: x * _sigmoid(_bend(x)),
          lambda x: (_sigmoid(_bend(x)) * (1 + x * _sigmoid(-_bend(x)) * M.diff(_bend, x)),)),
    Entry("elu(x)", {"x": (0.1, 3)}, lambda x: x, lambda x: (1,), kinks=(((0.0,), (1.0,)),)),
    Entry("elu(x)*x", {"x": (-3, -0.1)}, lambda x: M.expm1(x) * x, lambda x: (M.exp(x) * x + M.expm1(x),)),
    Entry("leaky_relu(x)", {"x": (0.1, 3)}, lambda x: x, lambda x: (1,), rational=True, kinks=(((0.0,), (0.01,)),)),
    Entry("leaky_relu(x) + 0*x", {"x": (-3, -0.1)}, lambda x: x / 100, lambda x: (M.mpf(1) / 100,), rational=True),
    Entry("softsign(x)", {"x": WIDE}, lambda x: x / (1 + abs(x)), lambda x: (1 / (1 + abs(x)) ** 2,), rational=True),
    Entry("arctan(x)", {"x": WIDE}, M.atan, lambda x: (1 / (1 + x**2),)),
    Entry("erf(x)", {"x": WIDE}, M.erf, lambda x: (2 * M.exp(-(x**2)) / M.sqrt(M.pi),)),
    Entry("log1p(x)", {"x": (-0.9, 4.0)}, M.log1p, lambda x: (1 / (1 + x),)),
    Entry("expm1(x)", {"x": WIDE}, M.expm1, lambda x: (M.exp(x),)),
    Entry("huber(x)", {"x": (-0.9, 0.9)}, lambda x: x * x / 2, lambda x: (x,), rational=True),
    Entry("huber(x)*x", {"x": (-3, -1.1)}, lambda x: (-x - M.mpf(1) / 2) * x, lambda x: (-2 * x - M.mpf(1) / 2,),
          rational=True),
    Entry("relu(x)", {"x": (0.1, 3)}, lambda x: x, lambda x: (1,), rational=True, kinks=(((0.0,), (0.0,)),)),
    Entry("relu(x) + 0*x", {"x": (-3, -0.1)}, lambda x: 0, lambda x: (0,), rational=True),
    Entry("abs(x)", {"x": (0.1, 3)}, lambda x: x, lambda x: (1,), rational=True, kinks=(((0.0,), (0.0,)),)),
    Entry("abs(x)*x", {"x": (-3, -0.1)}, lambda x: -x * x, lambda x: (-2 * x,), rational=True),
    Entry("sign(x)*x + step(x)", {"x": (-3, -0.1)}, lambda x: -x, lambda x: (-1,), rational=True),
    Entry("max(x, y)", {"x": (1, 2), "y": (-2, 0.9)}, lambda x, y: x, lambda x, y: (1, 0), rational=True,
          kinks=(((1.0, 1.0), (0.5, 0.5)),)),
    Entry("min(x, y)", {"x": (1, 2), "y": (-2, 0.9)}, lambda x, y: y, lambda x, y: (0, 1), rational=True,
          kinks=(((1.0, 1.0), (0.5, 0.5)),)),
    Entry("max(x, y, z)*2 - min(x, y, 1/2)", {"x": (1, 2), "y": (-2, 0.4), "z": (2.1, 3)},
          lambda x, y, z: 2 * z - y, lambda x, y, z: (0, -1, 2), rational=True,
          # PyTorch compares from the left: the pair shares a half, and the third has the other half.
          kinks=(((2.0, 2.0, 2.0), (0.5, 0.5, 1.0)),)),
    Entry("x**y", {"x": POSITIVE, "y": WIDE}, lambda x, y: x**y, lambda x, y: (y * x ** (y - 1), x**y * M.log(x))),
    Entry("2**x", {"x": WIDE}, lambda x: M.mpf(2) ** x, lambda x: (M.mpf(2) ** x * M.log(2),)),
    Entry("x**x", {"x": POSITIVE}, lambda x: x**x, lambda x: (x**x * (M.log(x) + 1),)),
    Entry("exp(1)*x + pi", {"x": WIDE}, lambda x: M.e * x + M.pi, lambda x: (M.e,)),
    Entry("softmax(2, a, b, c)", {"a": WIDE, "b": WIDE, "c": WIDE}, lambda *v: _softmax(1, *v),
          lambda *v: tuple(_softmax(1, *v) * ((i == 1) - _softmax(i, *v)) for i in range(3))),
    Entry("log_softmax(1, a, b)", {"a": WIDE, "b": WIDE}, lambda *v: M.log(_softmax(0, *v)),
          lambda *v: (1 - _softmax(0, *v), -_softmax(1, *v))),
    Entry("-log(sigmoid(x))", {"x": WIDE}, lambda x: M.log(1 + M.exp(-x)), lambda x: (_sigmoid(x) - 1,)),
    Entry("log(1 + exp(x))", {"x": WIDE}, lambda x: M.log(1 + M.exp(x)), lambda x: (_sigmoid(x),)),
    Entry("exp(-x**2/2)*cos(3*x)", {"x": WIDE}, lambda x: M.exp(-(x**2) / 2) * M.cos(3 * x),
          lambda x: (-M.exp(-(x**2) / 2) * (x * M.cos(3 * x) + 3 * M.sin(3 * x)),)),
    Entry("tanh(w*x + b)*u", {"b": WIDE, "u": WIDE, "w": UNIT, "x": UNIT},
          lambda b, u, w, x: M.tanh(w * x + b) * u,
          lambda b, u, w, x: (u * M.sech(w * x + b) ** 2, M.tanh(w * x + b), u * x * M.sech(w * x + b) ** 2,
                              u * w * M.sech(w * x + b) ** 2)),
    Entry("log(x + sqrt(1 + x**2))", {"x": WIDE}, M.asinh, lambda x: (1 / M.sqrt(1 + x**2),)),
    Entry("f + 2*L", {"L": WIDE, "f": WIDE}, lambda L, f: f + 2 * L, lambda L, f: (2, 1), rational=True),
)  # fmt: skip

# Every function of the table is in the catalogue.
NAMED = {name for name, row in PRIMITIVES.items() if row.arity != 0 and name not in ("add", "mul", "neg", "div", "pow")}
