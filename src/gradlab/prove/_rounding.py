"""Numbers that are written with decimals: what they may be rounded from."""

from __future__ import annotations

from fractions import Fraction

from gradlab.graph import Apply, Const, Expression, evaluate
from gradlab.prove._definitions import walk
from gradlab.prove._verdict import Step
from gradlab.prove.read._nodes import Array, mapped
from gradlab.prove.read._part import Row
from gradlab.prove.read._pieces import Piece
from gradlab.prove.read._statements import Kind

ROUNDING = 1e-6  # relative: as numbers in single precision differ
_OPEN = "this holds for some numbers that are rounded to those that are written: write more digits"


def of_numbers(piece: Piece, i: int, step: Step, left: Expression, right: Expression) -> tuple[Kind, str] | None:
    """What two numbers are that differ: rounded ones, each to its digits, or one that is cut off; None if false."""
    rough = isinstance(right, Array) or piece.relations[i].text == "~"
    near = _within_decimals(piece.sides[i + 1], left, right, rough)
    if near or (rough and _within_decimals(piece.sides[i], right, left, rough)):
        return Kind.APPROXIMATION, "these numbers are equal up to the rounding of the decimals that are written"
    if _is_cut_off(piece.sides[i], piece.sides[i + 1], left, right):
        return Kind.APPROXIMATION, "its decimals are cut off, not rounded"
    if within_rounding(piece.sides[i : i + 2], left, right):
        return Kind.APPROXIMATION, _OPEN
    return _rounded(step, 1e-2 if rough else ROUNDING)


def within_rounding(sides: list[Row], left: Expression, right: Expression) -> bool:
    """Whether two sides are equal for some numbers whose decimals are cut off or rounded to those that are written.

    A number that stands alone is a result; where nothing else has decimals, it is rounded itself.
    """
    halves = [_halves(row) for row in sides]
    computed = any(found and not _is_result(row) for found, row in zip(halves, sides, strict=True))
    if not computed or not all(isinstance(node, Const | Apply) for side in (left, right) for node in walk(side)):
        return False
    try:
        differences = [abs(_difference(left, right))]
        for number, half in (halves[0] | halves[1]).items():
            if number.denominator > 1:
                changed = [
                    [_with(side, number, number + sign * 2 * half) for side in (left, right)] for sign in (1, -1)
                ]
                differences.append(max(abs(_difference(*pair) - _difference(left, right)) for pair in changed))
        return differences[0] <= sum(differences[1:]) * (1 + 1e-9)
    except (ArithmeticError, ValueError, TypeError):
        return False


def _difference(left: Expression, right: Expression) -> float:
    return float(evaluate(left, {}, exact=False) - evaluate(right, {}, exact=False))


def _with(side: Expression, number: Fraction, other: Fraction) -> Expression:
    return mapped(side, lambda node: Const(other) if node == Const(number) else None)


def _is_result(row: Row) -> bool:
    """Whether a row is one number."""
    return [part.kind for part in row if part.kind != "minus"] == ["number"]


def _within_decimals(row: Row, left: Expression, right: Expression, rough: bool = False) -> bool:
    """Whether two numbers differ by no more than half a unit in each decimal that is written in the second.

    Where they are said to be rough ones, the zeros at the end of a whole number may be rounded too.
    """
    if not all(isinstance(node, Const | Apply) for side in (left, right) for node in walk(side)):
        return False
    try:
        value = evaluate(right, {}, exact=False)
        off = 0.0
        for number, half in _halves(row, rough).items():
            off += abs(evaluate(_with(right, number, number + half), {}, exact=False) - value)
        return abs(evaluate(left, {}, exact=False) - value) <= off * (1 + 1e-9)
    except (ArithmeticError, ValueError):
        return False


def _is_cut_off(computed: Row, row: Row, left: Expression, right: Expression) -> bool:
    """Whether a row is the number that something comes to, without the decimals that would follow."""
    parts, before = ([part for part in each if part.kind != "minus"] for each in (row, computed))
    if len(parts) != 1 or parts[0].kind != "number" or "." not in parts[0].text:
        return False
    if len(before) == 1 and before[0].kind == "number" and before[0].bare:
        return False
    try:
        value, number = (evaluate(side, {}, exact=False) for side in (left, right))
    except (ArithmeticError, ValueError, TypeError):
        return False
    more = abs(value) - abs(number)
    return value * number > 0 and 0 <= more < 10.0 ** -len(parts[0].text.partition(".")[2])


def _halves(row: Row, rough: bool = False) -> dict[Fraction, Fraction]:
    """The decimals that are written in a row, each with half a unit of its last place."""
    waiting, halves = [row], dict[Fraction, Fraction]()
    while waiting:
        for part in waiting.pop():
            waiting += [*part.inside, *(script for script in (part.sub, part.sup) if script)]
            if part.kind == "number" and "." in part.text:
                halves[Fraction(part.text)] = Fraction(1, 2 * 10 ** len(part.text.partition(".")[2]))
            elif rough and part.kind == "number" and part.text.endswith("0") and part.text.strip("0"):
                halves[Fraction(part.text)] = Fraction(10 ** (len(part.text) - len(part.text.rstrip("0"))), 2)
    return halves


def _rounded(step: Step, within: float) -> tuple[Kind, str] | None:
    """Whether two numbers are the same but for the rounding of machine numbers."""
    if step.witness is None:
        return None
    try:
        a, b = float(step.witness.left), float(step.witness.right)
    except ValueError:  # so near to each other that the difference is written beside the number
        return None
    same = abs(a - b) <= within * abs(a)
    return (Kind.APPROXIMATION, "these numbers are equal up to rounding") if same else None
