"""The same formula in lower precision: does the gradient lose what its inputs do not force it to lose?

The formula is run in the lower precision and in float64 at the same point. What rounding the inputs may change is
measured by rounding them at random; an error that is far larger is the formula's own.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check._outcomes import Precision, PrecisionFinding, PrecisionLoss, PrecisionVerdict
from gradlab.check.inputs import _torch
from gradlab.check.inputs._claims import Claims
from gradlab.check.inputs._function import Function, make_call
from gradlab.check.inputs._point import Mode, make_point
from gradlab.check.inputs._trees import is_jax, is_module, is_tensor, kind_of, map_structure
from gradlab.check.precision._stable import Culprit, find_culprit
from gradlab.check.verdict._engine import Engine

# The relative spacing, and the smallest number that has all its digits.
_TYPES = {"float32": (2.0**-23, 2.0**-126), "float16": (2.0**-10, 2.0**-14), "bfloat16": (2.0**-7, 2.0**-126)}
_ROUNDINGS = 6
# An error counts from so many roundings, if it is also so much larger than the inputs force.
_OWN, _FORCED = 2.0**10, 64.0
_LISTED = 12


def examine_precision(
    function: Any, gradient: Any, at: Any, claims: Claims, engine: Engine, wanted: str | None
) -> Precision | None:
    """Judge the formula of a gradient in lower precision.

    Args:
        function: The user's function.
        gradient: The gradient as the user wrote it.
        at: The point as the user wrote it.
        claims: The same gradient in the precision of the check.
        engine: The check itself.
        wanted: "float32", "float16" or "bfloat16"; None for that of the point.

    Returns:
        The verdict; None if nothing lower than float64 is asked for.

    Raises:
        CheckError: There is no such precision.
    """
    if wanted is not None and wanted not in _TYPES:
        raise CheckError(f"precision is {wanted!r}; write one of {', '.join(map(repr, _TYPES))}.")
    given = [leaf.dtype for leaf in engine.function.point.leaves if leaf.dtype in _TYPES]
    if wanted is None and not given:
        return None
    dtype = wanted or max(given, key=lambda name: _TYPES[name][0])

    def untested(reason: str) -> Precision:
        return Precision(PrecisionVerdict.UNTESTED, dtype, (), reason)

    if not claims.is_callable:
        return untested("only the value of the gradient was given, not its formula")
    if engine.function.point.mode is Mode.NATIVE:
        return untested("the function does not run in float64, so there is nothing to compare with")
    try:
        low, flat = _lower(function, gradient, at, dtype, claims, engine)
        high = claims(flat)
        forced = _forced(claims, flat, high, dtype)
    except Exception as problem:
        return untested(f"it does not run in {dtype}: {type(problem).__name__}: {problem}")
    return _compare(low, high, forced, dtype, engine, (function, gradient, flat))


def _lower(
    function: Any, gradient: Any, at: Any, dtype: str, claims: Claims, engine: Engine
) -> tuple[np.ndarray, np.ndarray]:
    """The claims computed in lower precision, and the point as that can hold it."""
    judged = engine.function.point
    narrow = map_structure(_torch.parameters_of(at) if is_module(at) else at, lambda item: _cast(item, dtype))
    point = make_point(narrow).without([slot.label for slot in judged.fixed], "not judged").using(Mode.NATIVE)
    runner = Function(make_call(function, at if is_module(at) else narrow, Mode.NATIVE), point)
    runner.shape, runner.mixing = engine.function.shape, engine.function.mixing
    lower = Claims(gradient, runner, at if is_module(at) else narrow, claims.cotangent)
    return lower(point.values), point.values


def _cast(item: Any, dtype: str) -> Any:
    if kind_of(item) not in {"real", "number"}:
        return item
    if is_tensor(item):
        return item.detach().to(getattr(sys.modules["torch"], dtype))
    if is_jax(item):
        return item.astype(dtype)
    return np.asarray(item).astype(dtype)


def _forced(claims: Claims, flat: np.ndarray, high: np.ndarray, dtype: str) -> np.ndarray:
    """How much the gradient changes when its inputs are rounded."""
    random, unit = np.random.default_rng(4), _TYPES[dtype][0] / 2
    forced = np.zeros_like(high)
    for _ in range(_ROUNDINGS):
        moved = claims(flat * (1 + unit * random.choice([-1.0, 1.0], len(flat))))
        forced = np.fmax(forced, np.abs(moved - high))
    return forced


def _compare(
    low: np.ndarray, high: np.ndarray, forced: np.ndarray, dtype: str, engine: Engine, formula: tuple[Any, Any, Any]
) -> Precision:
    unit, smallest = _TYPES[dtype]
    error = np.abs(low - high)
    largest = (2 - unit) * 2.0 ** (15 if dtype == "float16" else 127)
    own = (error > _OWN * unit * np.abs(high)) & (error > _FORCED * forced) & (error > smallest)
    lost = np.isfinite(high) & (np.abs(high) < largest) & (own | ~np.isfinite(low))
    places = np.flatnonzero(lost)
    if not len(places):
        return Precision(PrecisionVerdict.KEPT, dtype)
    with np.errstate(all="ignore"):
        relative = np.nan_to_num(error / np.abs(high), nan=np.inf, posinf=np.inf).reshape(-1)
        allowed = (forced / np.abs(high)).reshape(-1)
    places = places[np.argsort(-relative[places], kind="stable")][:_LISTED]
    culprit = find_culprit(*formula, engine.function.point, dtype)
    findings = [
        PrecisionFinding(
            engine.names[place],
            float(low.reshape(-1)[place]),
            float(high.reshape(-1)[place]),
            float(allowed[place]),
            float(relative[place]),
            _kind(culprit, float(low.reshape(-1)[place])),
            culprit.place if culprit else "",
            culprit.stable if culprit else "",
        )
        for place in places
    ]
    return Precision(PrecisionVerdict.LOST, dtype, tuple(findings))


def _kind(culprit: Culprit | None, low: float) -> PrecisionLoss:
    if culprit is not None:
        return culprit.kind
    if np.isinf(low):
        return PrecisionLoss.OVERFLOW
    if np.isnan(low):
        return PrecisionLoss.NOT_A_NUMBER
    return PrecisionLoss.UNDERFLOW if low == 0 else PrecisionLoss.ROUNDING
