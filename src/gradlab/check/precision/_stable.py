"""Where a formula loses precision, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradlab.check._outcomes import PrecisionLoss
from gradlab.check.inputs._point import Mode, Point, caller
from gradlab.check.tracing import Program, trace
from gradlab.check.tracing._program import MOVES

# From this relative error on a value has lost its precision; numbers below the largest exponent of float16 count.
_LOST = 2.0**-9
_MOVES = {*MOVES, "constant", "where"}
_SQUARES = {"square", "power", "multiply"}
_SIGMOIDS = {"sigmoid", "expit", "divide", "reciprocal"}

_OVERFLOW = "subtract the largest exponent before exp (softmax, log-sum-exp), or use logaddexp"


@dataclass(frozen=True, slots=True)
class Culprit:
    """The operation that loses precision.

    Attributes:
        kind: How.
        place: The operation and the line it is in.
        stable: What to write instead; "" if unknown.
    """

    kind: PrecisionLoss
    place: str
    stable: str


def find_culprit(function: Any, gradient: Any, flat: np.ndarray, point: Point, dtype: str) -> Culprit | None:
    """Follow a formula in both precisions to the first operation whose result is lost while its operands are not.

    Returns:
        The operation; None if the formula cannot be followed, or if none stands out.
    """
    followed = gradient if callable(gradient) else function
    try:
        with np.errstate(all="ignore"):
            call = _as_list(caller(followed, point.original))
            program = trace(followed, *point.using(Mode.DOUBLE).by_leaves(call, flat))
            return _first_loss(program, dtype)
    except Exception:
        # A formula that cannot be followed is judged all the same, only without its place.
        return None


def _as_list(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(structure: Any) -> Any:
        result = call(structure)
        return list(result.values()) if isinstance(result, dict) else result

    return run


def _first_loss(program: Program, dtype: str) -> Culprit | None:
    low: list[np.ndarray] = [_rounded(value, dtype) for value in program.inputs]
    found: list[Culprit] = []
    for number, step in enumerate(program.steps, start=len(program.inputs)):
        arguments = []
        for operand, constant in zip(step.operands, step.constants, strict=True):
            arguments.append(low[operand] if operand is not None else _constant(constant, dtype))
        value = np.asarray(step.call(*arguments))
        value = _rounded(value, dtype) if value.dtype.kind == "f" else value
        low.append(value)
        operands = [operand for operand in step.operands if operand is not None]
        healthy = all(_error(low[operand], program.values[operand]) < _LOST for operand in operands)
        if healthy and step.operation not in _MOVES and _error(value, program.values[number]) >= _LOST:
            found.append(_culprit(program, number, value))
    # Terms that vanish beside others do no harm, so anything else is named first.
    return min(found, key=lambda culprit: culprit.kind is PrecisionLoss.UNDERFLOW, default=None)


def _error(low: np.ndarray, high: np.ndarray) -> float:
    """The largest relative error of any number of a value."""
    if high.size == 0:
        return 0.0
    wide = low.astype(np.float64)
    size = np.abs(high)
    relative = np.where(wide == high, 0.0, np.abs(wide - high) / np.where(size > 0, size, np.inf))
    relative = np.where((size == 0) & (wide != 0), np.inf, relative)
    relative = np.where(np.isfinite(high) & ~np.isfinite(wide), np.inf, relative)
    return float(np.nan_to_num(relative, nan=0.0, posinf=np.inf).max())


def _culprit(program: Program, number: int, value: np.ndarray) -> Culprit:
    step = program.step(number)
    operation = step.operation
    spot = f" ({step.place})" if str(step.place) else ""
    finite = np.isfinite(value).all()
    if operation in {"log", "log2", "log10"} and not finite:
        stable = "compute from the logits: logaddexp, log_softmax, or log1p for log(1 + x)"
        return Culprit(PrecisionLoss.LOG_OF_ZERO, f"log{spot}", stable)
    if not finite:
        kind = PrecisionLoss.NOT_A_NUMBER if np.isnan(value).any() else PrecisionLoss.OVERFLOW
        return Culprit(kind, f"{operation}{spot}", _OVERFLOW if operation in {"exp", "cosh", "sinh"} else "")
    if operation in {"add", "subtract", "sum", "mean", "matmul", "affine", "log"}:
        return Culprit(PrecisionLoss.CANCELLATION, f"{operation}{spot}", _instead_of(program, number))
    kind = PrecisionLoss.UNDERFLOW if (value == 0).any() else PrecisionLoss.ROUNDING
    return Culprit(kind, f"{operation}{spot}", "")


def _instead_of(program: Program, number: int) -> str:
    """The stable form of a difference or a logarithm that cancels, by what it is made of."""
    step = program.step(number)
    others = [program.step(value) for value in step.operands if value is not None and not program.is_given(value)]
    names = {other.operation for other in others}
    ones = [constant is not None and bool(np.all(np.abs(constant) == 1)) for constant in step.constants]
    if step.operation == "log":
        return "log1p(x) for log(1 + x)" if "add" in names else ""
    if not any(ones):
        return ""
    if "exp" in names:
        return "expm1(z) for exp(z) - 1"
    if "cos" in names:
        return "2 * sin(z / 2)**2 for 1 - cos(z)"
    inner = {
        program.step(operand).operation
        for other in others
        if other.operation in _SQUARES
        for operand in other.operands
        if operand is not None and not program.is_given(operand)
    }
    if "tanh" in inner:
        return "1 / cosh(z)**2 for 1 - tanh(z)**2"
    return "sigmoid(-z) for 1 - sigmoid(z)" if names & _SIGMOIDS else ""


def _rounded(value: np.ndarray, dtype: str) -> np.ndarray:
    if dtype != "bfloat16":
        return value.astype(dtype)
    # NumPy has no bfloat16: float32 with the last sixteen bits rounded off.
    bits = value.astype(np.float32).view(np.uint32)
    return ((bits + np.uint32(0x8000)) & np.uint32(0xFFFF0000)).view(np.float32)


def _constant(constant: np.ndarray | None, dtype: str) -> np.ndarray:
    array = np.asarray(constant)
    return _rounded(array, dtype) if array.dtype.kind == "f" else array
