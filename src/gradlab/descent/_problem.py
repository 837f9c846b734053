"""What is descended on: any of the accepted kinds of function as one evaluation at a NumPy point."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from gradlab._errors import GradlabError
from gradlab._function import Function
from gradlab._words import counted
from gradlab.descent._errors import DescentError
from gradlab.descent._numbers import is_rational, parse_numbers

# Digits double or triple with each exact step on a function of degree two or three in the point's entries.
_MAX_BITS = 1 << 16

_NO_GRADIENT = (
    "descend has no gradient for this function; pass gradient=... (a callable that gives it at a point), or a "
    'function that knows its own: gradlab.function("...") or a torch callable such as MyFunction.apply.'
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A function with its gradient, and the arithmetic it is descended in.

    `evaluate` maps a point (n,) to its value and its gradient (n,). `start` and gradients hold Fractions
    (dtype object) if `exact`, else float64; `dtype` is the precision points are rounded to. `derived` says that the
    gradient is gradlab's own, so that nobody need doubt it.
    """

    evaluate: Callable[[np.ndarray], tuple[Any, np.ndarray]]
    start: np.ndarray
    names: tuple[str, ...]
    exact: bool = False
    dtype: Any = np.float64
    derived: bool = False

    @property
    def epsilon(self) -> float:
        """The unit of rounding; 0 where nothing is rounded."""
        return 0.0 if self.exact else float(np.finfo(self.dtype).eps)

    def exact_rate(self, rate: Any) -> Any:
        """The size of a step of an exact run.

        Raises:
            DescentError: It is a float.
        """
        if is_rational(rate):
            return rate
        raise DescentError(
            f"the schedule gave the float {rate} after exact rates; return Fractions throughout, or start from floats "
            "such as (6.0, 6.0) for a run in floating point."
        )

    def settled(self, moved: np.ndarray) -> np.ndarray:
        """A new point, rounded to this problem's precision.

        Raises:
            DescentError: Exact numbers have grown beyond use.
        """
        if not self.exact:
            return moved if self.dtype == np.float64 else moved.astype(self.dtype).astype(np.float64)
        if max(max(x.numerator.bit_length(), x.denominator.bit_length()) for x in moved) > _MAX_BITS:
            raise DescentError(
                "the exact fractions have grown past 20000 digits; take fewer steps, or run in floating point with a "
                "start such as (6.0, 6.0)."
            )
        return moved


def make_problem(function: Any, gradient: Any, start: Any, rational_rates: bool) -> Problem:
    """Decide how `function` is evaluated, and in which arithmetic: exact where the start and the step sizes are.

    Raises a DescentError if the function, its gradient (a callable or None) or the start cannot be used.
    """
    if gradient is not None and not callable(gradient):
        raise DescentError(
            f"gradient is {gradient!r}, which cannot be called; write a callable, such as lambda x: 2 * x."
        )
    if _is_torch(function, gradient, start):
        from gradlab.descent._torch import torch_problem

        return torch_problem(function, gradient, start)
    if not callable(function):
        raise DescentError(
            f'function is {function!r}, which cannot be called; write gradlab.function("...") or a Python callable.'
        )
    names, scalar, numbers = _read_start(function, start)
    if rational_rates and gradient is None and hasattr(function, "exact") and all(map(is_rational, numbers)):
        exact = _exact_problem(function, numbers, names)
        if exact is not None:
            return exact
    point = np.array([float(number) for number in numbers])
    derived = gradient is None and isinstance(function, Function)
    return Problem(_float_evaluation(function, gradient, scalar, len(point)), point, names, derived=derived)


def _is_torch(function: Any, gradient: Any, start: Any) -> bool:
    torch = sys.modules.get("torch")
    if torch is None or hasattr(function, "exact"):
        return False
    owner = getattr(function, "__self__", function)
    kind = owner if isinstance(owner, type) else type(owner)
    return isinstance(start, torch.Tensor) or issubclass(kind, torch.autograd.Function | torch.nn.Module)


def _read_start(function: Any, start: Any) -> tuple[tuple[str, ...], bool, list[Any]]:
    scalar = isinstance(start, str) or not hasattr(start, "__iter__") or getattr(start, "shape", None) == ()
    if isinstance(start, dict | set):
        raise DescentError(f"start is a {type(start).__name__}; write the coordinates in order, such as start=(6, 6).")
    if np.ma.is_masked(start):
        raise DescentError("start holds masked entries; write one number for each variable, such as start=(6, 6).")
    entries: Any = [start] if scalar else list(start)
    if not entries:
        raise DescentError("start is empty; write one number for each variable, such as start=(6, 6).")
    long = [
        entry for entry in entries if not isinstance(entry, str) and getattr(entry, "shape", hasattr(entry, "__len__"))
    ]
    if long:
        raise DescentError(
            f"start holds {type(long[0]).__name__}s of several numbers; write all as one row, such as start=(6, 6)."
        )
    variables = tuple(getattr(function, "variables", ()))
    if variables and len(variables) != len(entries):
        raise DescentError(
            f"start has {len(entries)} numbers, the function has {len(variables)} variables "
            f"({', '.join(variables)}); write one number for each."
        )
    single = scalar and not variables
    names = variables or (("x",) if single else tuple(f"x[{index}]" for index in range(len(entries))))
    return names, single, parse_numbers(entries, "start")


def _exact_problem(function: Any, numbers: list[Fraction], names: tuple[str, ...]) -> Problem | None:
    try:
        function.exact(tuple(numbers))
    except (GradlabError, ZeroDivisionError):
        # Not a rational function, or not defined at the start: floating point goes on, or names the latter.
        return None

    def evaluate(point: np.ndarray) -> tuple[Any, np.ndarray]:
        try:
            value, slope = function.exact(tuple(point))
        except (GradlabError, ZeroDivisionError):
            return math.nan, np.full(len(point), math.nan, dtype=object)
        return value, _objects(slope)

    return Problem(evaluate, _objects(numbers), names, exact=True, derived=True)


def _objects(numbers: Any) -> np.ndarray:
    array = np.empty(len(numbers), dtype=object)
    array[:] = numbers
    return array


def _float_evaluation(function: Any, gradient: Any, scalar: bool, size: int) -> Callable[[np.ndarray], Any]:
    def argument(point: np.ndarray) -> Any:
        # A copy, so that a function that writes into its argument cannot move the descent; a NumPy number,
        # since it overflows to infinity where Python's own would raise.
        return point[0] if scalar else point.copy()

    def evaluate(point: np.ndarray) -> tuple[float, np.ndarray]:
        try:
            return measure(point)
        except ArithmeticError:
            # Python's numbers raise where NumPy's become infinite or NaN.
            return math.nan, np.full(size, math.nan)

    def measure(point: np.ndarray) -> tuple[float, np.ndarray]:
        result = _called(function, argument(point), size)
        if gradient is None:
            if not (isinstance(result, tuple) and len(result) == 2):
                raise DescentError(_NO_GRADIENT)
            value, slope = result
        else:
            value, slope = result, gradient(argument(point))
        return scalar_value(value), gradient_vector(slope, size)

    return evaluate


def _called(function: Any, point: Any, size: int) -> Any:
    try:
        return function(point)
    except TypeError as problem:
        try:
            inspect.signature(function).bind(point)
        except TypeError as unfit:
            raise DescentError(
                f"the function is called with one argument, the point ({counted(size, 'number')}), and {unfit}; "
                "write for example lambda x: (x[0] - 1)**2 + x[1]**2."
            ) from None
        except ValueError:
            pass
        raise problem


def scalar_value(value: Any) -> float:
    """The function's value as a float; raises a DescentError if it is not one real number."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "fiub":
        raise DescentError(
            f"the function gave {_describe(array)}, not one real number; descend needs a scalar, such as a "
            f"sum or a mean."
        )
    return float(array.reshape(()))


def gradient_vector(slope: Any, size: int) -> np.ndarray:
    """The gradient as a new float64 array (n,); a DescentError if it has not one real number for each coordinate."""
    if np.ma.is_masked(slope):
        raise DescentError("the gradient holds masked entries; return one real number for each coordinate.")
    array = np.asarray(slope)
    if array.dtype.kind not in "fiub" or array.size != size or array.ndim > 1:
        raise DescentError(
            f"the gradient is {_describe(array)}, the point has the shape ({size},); return one real number for "
            "each coordinate of the point."
        )
    return np.array(array, dtype=np.float64).reshape(size)


def _describe(array: np.ndarray) -> str:
    if array.dtype.kind == "O":
        return f"an object ({type(array.reshape(-1)[0]).__name__})" if array.size else "an empty object"
    return f"an array of shape {array.shape} and type {array.dtype}"
