"""A backward pass is asked as it will be used: with any grad_output, in any layout, more than once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Literal

import numpy as np

from gradlab.check.differences._fit import EPSILON, SINGLE, is_narrow
from gradlab.check.inputs import _torch
from gradlab.check.inputs._claims import Claims
from gradlab.check.inputs._function import Function
from gradlab.check.inputs._point import Mode, has_torch

_NUMBER = -0.7
_MOVE = 0.01
_USE = "the backward pass is not proportional to grad_output"
# A claim that varies by more than this from call to call cannot be judged.
_VARIES = 1e-4
# So small a grad_output is let through by what clips.
_SMALL = 1e-3
# Losses are scaled up against underflow and down by averaging: grad_output may have any size.
_SIZES = (1e5, 1e-5)
# So near are claims that are the same, in single and in double precision.
_SINGLE, _DOUBLE = 1e-3, 1e-6
# Larger numbers may overflow in float32, and smaller ones lose their digits, also if grad_output is small.
_LARGEST, _SUBNORMAL = 1e30, 1e-32
# So often the point is rounded to see how exact the claims are, and so much more than that a difference has to be.
_ROUNDED, _JITTERS = 3, 16


@dataclass(frozen=True, slots=True)
class Deviation:
    """A way of asking that gave something else than the plain way.

    Attributes:
        rows: The combinations of outputs that were asked for, shape (M, N).
        claimed: What was claimed for them, shape (M, P).
        note: What is to be said about it.
        way: How to ask in this way at any point; "kept" if that makes no sense.
        kind: What it is about: "grad_output", "repeated" or "layout".
    """

    rows: np.ndarray
    claimed: np.ndarray
    note: str
    way: Callable[[np.ndarray], np.ndarray] | Literal["kept"] = "kept"
    kind: Literal["grad_output", "repeated", "layout"] = "repeated"


def deviation(claims: Claims, function: Function, flat: np.ndarray, claimed: np.ndarray) -> Deviation | None:
    """Ask again in other ways; the derivative of a function is linear in grad_output and the same each time.

    Returns:
        The first way that gave something else; None if all gave the same, or if the claims are random.
    """
    # A gradient may refuse a strided grad_output or a second call: what is refused is no wrong number.
    try:
        return _deviation(claims, function, flat, claimed)
    except Exception as problem:
        claims.problem = f"{type(problem).__name__}: {problem}"
        return None


def _deviation(claims: Claims, function: Function, flat: np.ndarray, claimed: np.ndarray) -> Deviation | None:
    with suppress(Exception):
        if claims.takes_cotangents and _is_as_foretold(claims, function, flat, claimed):
            return None
    again = claims(flat)
    near = _Near(_SINGLE if function.point.mode is Mode.NATIVE else _DOUBLE)
    if not near(again, claimed, np.abs(claimed)):
        return _remembering(claims, near, claimed, again, claims(flat))
    if not claims.takes_cotangents:
        return None
    rows = claims.rows()
    weights = _weights(len(rows))
    asked, expected, size = weights @ rows, weights @ claimed, np.abs(weights) @ np.abs(claimed)
    for way in _ways(claims, function, flat, asked, expected):
        ask = partial(way.ask, claims)
        pulled = ask(flat)
        near = _near(function, pulled) if near.relative < _SINGLE else near
        off = near.misses(pulled, expected, size)
        if off.any() and _exceeds(np.where(off, np.abs(pulled - expected), 0.0), ask, flat, near):
            told = _use_of(claims, flat, asked, near) if way.told is _USE else way.told
            return _deviating(told, ask, pulled, (rows, asked, float(weights[0])))
    return None


def _is_as_foretold(claims: Claims, function: Function, flat: np.ndarray, claimed: np.ndarray) -> bool:
    """Whether all ways of asking, taken together in one forward pass and few backward passes, give what is expected."""
    rows = claims.rows()
    weights = _alternating(len(rows))
    asked, expected, size = weights @ rows, weights @ claimed, np.abs(weights) @ np.abs(claimed)
    even = np.arange(len(asked)) % 2 == 0
    largest = np.max(np.abs(expected), initial=0.0)
    by = [each if largest * each < _LARGEST else 1.0 for each in _SIZES]
    cotangents = [by[0] * asked * even, by[1] * asked * ~even, by[1] * asked]
    arrange: list[_torch.Arrange | None] = [None, None, None]
    between = None
    if claims.passes and has_torch(function.point):
        arrange[:2], between = [_transposed, _strided], _elsewhere(function, flat)
        if len(asked) > 1:
            cotangents += 2 * [np.ones_like(asked)]
            arrange += [None, _expanded]
    pulled = claims.pull(flat, np.array(cotangents), **_options(claims, tuple(arrange), between))
    near = _near(function, pulled)
    parts, whole = pulled[0] / by[0] + pulled[1] / by[1], pulled[2] / by[1]
    same = len(pulled) == 3 or near(pulled[4], pulled[3], np.abs(pulled[3]))
    return same and near(parts, expected, size) and near(whole, expected, size)


@lru_cache(maxsize=64)
def _alternating(count: int) -> np.ndarray:
    """Factors of different sizes, with either sign in turn."""
    return np.random.default_rng(4).uniform(0.5, 2.0, count) * (-1.0) ** np.arange(1, count + 1)


def _near(function: Function, pulled: np.ndarray) -> _Near:
    """What is the same for derivatives that are computed in float32, whatever they are given, or in float64."""
    return _Near(_SINGLE if function.point.mode is Mode.NATIVE or is_narrow(pulled) else _DOUBLE)


def _exceeds(apart: np.ndarray, ask: Callable[[np.ndarray], np.ndarray], flat: np.ndarray, near: _Near) -> bool:
    """Whether a difference is more than what comes of rounding the point, which shows how exact the claims are."""
    random, plain = np.random.default_rng(7), ask(flat)
    moved = [ask(flat * (1 + near.grain * random.choice([-1.0, 1.0], len(flat)))) for _ in range(_ROUNDED)]
    jitter = np.max(np.abs(np.stack(moved) - plain), axis=0)
    # Of a single number it may be small by luck.
    return not np.all(apart <= _JITTERS * np.maximum(jitter, np.sqrt(np.mean(jitter**2))))


def _use_of(claims: Claims, flat: np.ndarray, asked: np.ndarray, near: _Near) -> str:
    """How a backward pass that is not proportional to grad_output uses it."""
    first, small = np.full_like(asked, asked[0]), _SMALL * asked
    plain, doubled, turned, only, little, less = claims.pull(
        flat, np.stack([asked, 2 * asked, -asked, first, small, _SMALL * small])
    )
    shown = f"{asked[0]:.3g}" if len(asked) == 1 else f"numbers of both signs, the first of them {asked[0]:.3g}"

    def same(some: np.ndarray, other: np.ndarray) -> bool:
        return near(some, other, np.abs(some) + np.abs(other))

    told = _USE
    if all(same(plain, other) for other in (doubled, turned, little)):
        told = "the backward pass forgets grad_output: it gives the same for any"
    elif len(asked) > 1 and same(plain, only):
        told = "the backward pass uses the first entry of grad_output alone"
    elif same(plain, doubled) and same(plain, -turned) and same(plain, little):
        told = "the backward pass uses the sign or the direction of grad_output alone, not its size"
    elif little.any() and same(_SMALL * little, less) and not same(_SMALL * plain, little):
        told = "the backward pass is proportional to small grad_output alone: larger ones are clipped"
    return f"{told}; judged with grad_output = {shown}."


def _remembering(
    claims: Claims, near: _Near, claimed: np.ndarray, again: np.ndarray, third: np.ndarray
) -> Deviation | None:
    """What a gradient is judged by that said something else when asked again; None if it is random."""
    note = "the gradient accumulates from call to call: this is what the second call gave."
    if near(third - again, again - claimed, np.abs(claimed)):
        return Deviation(claims.rows(), again, note)
    if near(third, again, np.abs(again)):
        note = "the gradient remembers its first call: this is what the second and the third call gave."
        return Deviation(claims.rows(), again, note)
    width = np.maximum(np.abs(again - claimed), np.abs(third - claimed))
    claims.random = width > _VARIES * np.maximum(np.abs(again), np.abs(claimed))
    return None


def _deviating(
    told: str, ask: Callable[[np.ndarray], np.ndarray], pulled: np.ndarray, asked: tuple[np.ndarray, np.ndarray, float]
) -> Deviation:
    rows, combination, weight = asked
    kind = "repeated" if "another forward" in told else "layout" if "differs for a" in told else "grad_output"
    if len(rows) > 1:
        return Deviation(combination[None], pulled[None], told, lambda at: ask(at)[None], kind)
    note = f"{told} The claimed values are divided by it."
    return Deviation(rows, pulled[None] / weight, note, lambda at: ask(at)[None] / weight, kind)


def _weights(count: int) -> np.ndarray:
    """Factors of either sign and different sizes, some of them 0."""
    if count == 1:
        return np.array([_NUMBER])
    random = np.random.default_rng(5)
    weights = random.choice([-1.0, 1.0], count) * random.uniform(0.5, 2.0, count)
    weights[0], weights[-1] = -abs(weights[0]), abs(weights[-1])
    weights[1:-1][random.random(count - 2) < 0.3] = 0.0
    return weights


def _alone(rows: np.ndarray) -> np.ndarray:
    return rows[0]


def _added(rows: np.ndarray) -> np.ndarray:
    return rows.sum(axis=0)


@dataclass(frozen=True, slots=True)
class _Way:
    """A way of asking for what the plain claims foretell.

    Attributes:
        told: What is said if it gives something else.
        cotangents: What is asked for, shape (n, N).
        join: From what each of them gives, shape (n, P), to what is foretold.
        arrange: How each lies in memory; None for contiguous.
        between: What is done between the forward and the backward passes.
    """

    told: str
    cotangents: np.ndarray
    join: Callable[[np.ndarray], np.ndarray] = _alone
    arrange: tuple[_torch.Arrange | None, ...] = (None,)
    between: Callable[[], None] | None = None

    def ask(self, claims: Claims, at: np.ndarray) -> np.ndarray:
        """Ask at a point, shape (P,)."""
        return self.join(claims.pull(at, self.cotangents, **_options(claims, self.arrange, self.between)))


def _options(claims: Claims, arrange: tuple[Any, ...], between: Any = None) -> dict[str, Any]:
    """How torch is asked; others have one way."""
    return {"arrange": arrange, "between": between} if claims.passes and has_torch(claims.point) else {}


def _ways(
    claims: Claims, function: Function, flat: np.ndarray, asked: np.ndarray, expected: np.ndarray
) -> Iterator[_Way]:
    """The ways of asking in which all have to give what is expected."""
    count = len(asked)
    yield _Way(_USE, asked[None])
    for size in _SIZES:
        if np.max(np.abs(expected), initial=0.0) * size < _LARGEST:
            told = f"{_USE}; judged with one that is {size:g} times as large."
            yield _Way(told, size * asked[None], lambda rows, size=size: rows[0] / size)
    both = (None, None)
    if count == 1:
        told = "for grad_output = 0 the backward pass does not give 0."
        yield _Way(told, np.stack([asked, np.zeros(1)]), _added, both)
    else:
        even = np.arange(count) % 2 == 0
        told = "the backward pass does not add up: with zeros in parts of grad_output it differs."
        yield _Way(told, np.stack([asked * even, asked * ~even]), _added, both)
    if not (claims.passes and has_torch(function.point)):
        return
    for told, arrange in _layouts(function.shape):
        yield _Way(told, asked[None], arrange=(arrange,))
    if count > 1:
        ones = np.ones(count)
        told = "the backward pass differs for an expanded grad_output, as sum() hands it."
        yield _Way(told, np.stack([asked, ones, ones]), lambda r: r[0] + r[1] - r[2], (None, _expanded, None))
    told = "the backward pass differs after another forward pass: what it needs is kept outside ctx."
    yield _Way(told, asked[None], between=_elsewhere(function, flat))


def _elsewhere(function: Function, flat: np.ndarray) -> Callable[[], None]:
    """Another forward pass, at a point a little off."""
    moved = flat * (1 + _MOVE * _shifts(len(flat))) + _MOVE * (flat == 0)

    def run() -> None:
        # Outside its domain the function raises, and then there is no other forward pass.
        with suppress(Exception):
            function.call(function.point.build(moved))

    return run


@lru_cache(maxsize=64)
def _shifts(count: int) -> np.ndarray:
    return np.random.default_rng(6).uniform(-1, 1, count)


def _layouts(shape: tuple[int, ...]) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    if len(shape) > 1:
        yield "the backward pass differs for a transposed grad_output.", _transposed
    if shape:
        yield "the backward pass differs for a strided grad_output.", _strided


def _transposed(weight: Any) -> Any:
    return weight.transpose(0, -1).contiguous().transpose(0, -1) if weight.ndim > 1 else weight


def _strided(weight: Any) -> Any:
    return weight.repeat_interleave(2, dim=-1)[..., ::2] if weight.ndim else weight


def _expanded(weight: Any) -> Any:
    return weight.reshape(-1)[:1].reshape([1] * weight.ndim).expand(weight.shape) if weight.ndim else weight


class _Near:
    """Whether two claims are the same, but for rounding."""

    def __init__(self, relative: float) -> None:
        self.relative = relative
        self.grain, self.least = (SINGLE, _SUBNORMAL) if relative > _DOUBLE else (EPSILON, 1e-300)

    def __call__(self, found: np.ndarray, wanted: np.ndarray, size: np.ndarray) -> bool:
        return not self.misses(found, wanted, size).any()

    def misses(self, found: np.ndarray, wanted: np.ndarray, size: np.ndarray) -> np.ndarray:
        """Where they are not, of claims of a size."""
        missed = ~(np.abs(found - wanted) <= self.relative * size)
        if not missed.any():
            return missed
        both = np.isnan(found) & np.isnan(wanted)
        largest = np.max(size[np.isfinite(size)], initial=0.0)
        allowed = self.relative * size + 1e-3 * self.relative * largest + self.least
        return missed & ~(both | (np.abs(found - wanted) <= allowed) | (found == wanted))
