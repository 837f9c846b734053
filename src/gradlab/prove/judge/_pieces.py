"""Points on the pieces of functions that are put together of several: on both sides of every kink, far out too.

Where ``relu``, ``abs``, ``max``, ``sign``, ``step`` or cases stand in a claim, or an even power below a root or a
logarithm, the claim may hold on one piece and not on the next. The signs of what decides (the argument, the difference
of two arguments) are looked at, and for each combination that was not met among the points so far one is looked for by
climbing, from values of all sizes and from the numbers that stand in the claim.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from gradlab.graph import Apply, Const, Expression, as_number, neg, subtract
from gradlab.prove.judge._balls import TooRoughError
from gradlab.prove.judge._points import Ground, MachinePoint, Points, Undefined
from gradlab.prove.read._nodes import Cases, Condition

MOST_DECIDING = 6
MOST_PATTERNS = 12
MOST_STEPS = 300  # of a climb
LADDER = tuple(sign * 10.0**k for k in (-2, -1, 0, 0.5, 1, 2, 3, 4, 6, 8) for sign in (1, -1))
Pattern = tuple[int, ...]


def sought(
    points: Points,
    variant: Any,
    numbers: Sequence[int],
    reached: Sequence[Expression],
    conditions: tuple[Condition, ...],
    enough: bool,
) -> Iterator[int]:
    """Numbers of new points, one for each combination of signs that was not met.

    Args:
        points: the points; new ones are added.
        variant: for which variant.
        numbers: the points so far.
        reached: all that is computed.
        conditions: what must hold at the points.
        enough: whether there are enough points already, so that a few for each combination do.
    """
    ground = points.grounds[variant]
    limits = [limit for condition in conditions for limit in _limits(condition)]
    inside = list(dict.fromkeys(expression for node in reached for expression in domain(node)))
    needed = [*limits, *inside]
    own = [number for number in numbers if points.variant(number) == variant]
    found = _different(ground, dict.fromkeys(node for part in reached for node in deciding(part)))
    met = {pattern for number in own if (pattern := _pattern(points, number, found, needed)) is not None}
    start = own[:3] or [0]
    values = _constants(reached)
    missing = [pattern for pattern in _patterns(len(found), met) if pattern not in met or not enough]
    for pattern in missing[:MOST_PATTERNS]:
        wanted = [part if sign > 0 else neg(part) for part, sign in zip(found, pattern, strict=True)]
        for number in start[:2]:
            place = _place(points, variant, number, [*needed, *wanted], ())
            place = place or _place(points, variant, number, [*needed, *wanted], (*LADDER, *values))
            if place is not None:
                yield from _around(points, variant, place, [*needed, *wanted], few=enough)
                break


def deciding(node: Expression) -> Iterator[Expression]:
    """What decides by its sign which piece of a function counts."""
    if isinstance(node, Cases):
        for branch in node.conditions:
            for condition in branch:
                yield subtract(condition.left, condition.right)
    if not isinstance(node, Apply):
        return
    name, args = node.primitive, node.args
    if name in ("relu", "abs", "sign", "step"):
        yield args[0]
    elif name in ("max", "min"):
        yield from (subtract(a, b) for a, b in combinations(args, 2))
    elif name in ("sqrt", "log") or (name == "pow" and not _is_whole(args[1])):
        yield from _even_bases(args[0])
    elif name == "pow" and as_number(args[1]) is None:
        yield args[0]
    elif name not in _KNOWN and len(args) == 1:
        yield args[0]  # a primitive made of others may have a kink at zero


_KNOWN = frozenset((
    "add", "mul", "neg", "div", "pow", "exp", "sin", "cos", "tanh", "sigmoid", "softplus", "pi", "softmax",
    "log_softmax", "arctan", "erf", "swish", "gelu", "gelu_tanh",
))  # fmt: skip


def domain(node: Expression) -> Iterator[Expression]:
    """What must be positive for a function to be defined."""
    if isinstance(node, Apply):
        broken = node.primitive == "pow" and not _is_whole(node.args[1])
        if broken or node.primitive in ("log", "sqrt"):
            yield node.args[0]


def _is_whole(exponent: Expression) -> bool:
    number = as_number(exponent)
    return number is not None and number.denominator == 1


def _even_bases(expression: Expression) -> Iterator[Expression]:
    stack = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, Apply) and node.primitive == "pow" and _is_whole(node.args[1]):
            yield node.args[0]
        elif isinstance(node, Apply) and node.primitive == "mul":
            yield from (factor for factor in node.args if node.args.count(factor) > 1)
        stack += node.args


def _limits(condition: Condition) -> Iterator[Expression]:
    if condition.relation in (">", ">="):
        yield subtract(condition.left, condition.right)
    elif condition.relation in ("<", "<="):
        yield subtract(condition.right, condition.left)


def _different(ground: Ground, found: dict[Expression, None]) -> list[Expression]:
    """What decides, without what is a multiple of another."""
    kept: list[tuple[Expression, list[float]]] = []
    for part in found:
        if not ground.given_in(part):
            continue
        try:
            values = [MachinePoint(ground, number, number % 4).value(part) for number in (0, 2, 6)]
        except Undefined:
            kept.append((part, []))
            continue
        if not any(_proportional(values, other) for _, other in kept):
            kept.append((part, values))
    return [part for part, _ in kept][:MOST_DECIDING]


def _proportional(a: list[float], b: list[float]) -> bool:
    if not b or any(y == 0 for y in b):
        return False
    ratios = [x / y for x, y in zip(a, b, strict=True)]
    return max(ratios) - min(ratios) <= 1e-9 * max(map(abs, ratios))


def _pattern(points: Points, number: int, found: Sequence[Expression], needed: Sequence[Expression]) -> Pattern | None:
    point = points.precise(number)
    try:
        if any(point.balls.sign(point.value(part)) < 0 for part in needed):
            return None
        return tuple(point.balls.sign(point.value(part)) for part in found)
    except (*Undefined, TooRoughError):
        return None


def _patterns(count: int, met: set[Pattern]) -> Iterator[Pattern]:
    """Combinations of signs: all of a few, else those beside one that was met, and all of one sign."""
    if count <= 3:
        yield from product((1, -1), repeat=count)
        return
    yield from ((sign,) * count for sign in (1, -1))
    for pattern in sorted(met)[:2]:
        for i in range(count):
            yield (*pattern[:i], -pattern[i] or 1, *pattern[i + 1 :])


def _constants(reached: Sequence[Expression]) -> tuple[float, ...]:
    """The numbers that stand in a claim, with both signs and a little beside: kinks are often there."""
    found = dict.fromkeys(float(node.value) for node in reached if isinstance(node, Const) and node.value > 1)
    return tuple(sign * value * near for value in list(found)[:4] for near in (1.05, 0.95) for sign in (1, -1))


def _place(
    points: Points, variant: Any, number: int, wanted: Sequence[Expression], ladder: tuple[float, ...]
) -> dict[str, Fraction] | None:
    """Values of names at which all of some expressions are positive, or None; values on the ladder are tried first."""
    key = variant, number, tuple(wanted), ladder
    if key not in points.climbed:
        points.climbed[key] = _climb(points, variant, number, wanted, ladder)
    return points.climbed[key]


def _climb(
    points: Points, variant: Any, number: int, wanted: Sequence[Expression], ladder: tuple[float, ...]
) -> dict[str, Fraction] | None:
    ground, mode = points.grounds[variant], points.mode(number)
    hanging: dict[str, list[int]] = {}  # for each name, which of the expressions are computed from it
    for k, part in enumerate(wanted):
        for name in ground.given_in(part):
            hanging.setdefault(name, []).append(k)
    names = [name for name in ground.given_in(*wanted) if name not in ground.labels]
    place = {name: float(points.fixed(number).get(name) or ground.draw(name, number, mode)) for name in names}

    def height(k: int, here: MachinePoint) -> float:
        """How far an expression is above zero, in orders of size."""
        try:
            value = here.value(wanted[k])
        except Undefined:
            return -math.inf
        return math.asinh(1e3 * value) if math.isfinite(value) else -math.inf

    here = MachinePoint(ground, number, mode, place)
    heights = [height(k, here) for k in range(len(wanted))]
    best, step, steps = min(heights, default=math.inf), 1.0, 1
    while best <= 0 and steps < MOST_STEPS and step > 1e-5:
        points.deadline.check()
        before = best
        for name in names:
            old = place[name]
            near = (old + step, old - step, old * (1 + step), old * (1 - step))
            for value in (*ladder, *near) if step == 1.0 else near:
                steps += 1
                trial = {**place, name: float(f"{value:.6g}")}
                here, found = MachinePoint(ground, number, mode, trial), heights.copy()
                for k in hanging[name]:
                    found[k] = height(k, here)
                if min(found) > best:
                    best, place, heights = min(found), trial, found
        if best <= before:
            step /= 4
    return {name: Fraction(repr(value)) for name, value in place.items()} if best > 0 else None


def _around(
    points: Points, variant: Any, place: dict[str, Fraction], wanted: Sequence[Expression], few: bool
) -> Iterator[int]:
    """A point that was found, and others near it where the same signs hold."""
    ground = points.grounds[variant]
    yield points.fix(variant, 0, place)
    for k in range(1, 3 if few else 10):
        near = {
            name: Fraction(f"{float(value) * (1 + float(ground.draw(name, k, 2)) / 8):.6g}")
            for name, value in place.items()
        }
        here = MachinePoint(ground, k, k % 4, {name: float(value) for name, value in near.items()})
        try:
            holds = all(here.value(part) > 0 for part in wanted)
        except Undefined:
            continue
        if holds:
            yield points.fix(variant, k % 4, near)
