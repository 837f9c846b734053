"""Rows of factors: parts that have been read already, and how parts are put together."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab.graph import Apply, Const, Expression, Ref, as_number, is_apply, neg
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._parser import Item
from gradlab.prove._tree import Vector


@dataclass(frozen=True, slots=True)
class Ready:
    """A part of a row that has been read already.

    Attributes:
        value: what it means; None for a derivative operator.
        at: where it begins.
        wrts: by what the operator differentiates.
        derivative: whether it is a derivative.
    """

    value: Expression | None
    at: int
    wrts: tuple[str, ...] = ()
    derivative: bool = False


Part = Item | Ready


def product_of(factors: list[Expression], at: int) -> Expression:
    """A product as it is written."""
    return factors[0] if len(factors) == 1 else combine("mul", factors, at)


def quotient(over: Expression, under: Expression, at: int) -> Expression:
    """A quotient as it is written; of two numbers, the number."""
    a, b = as_number(over), as_number(under)
    if a is not None and b and a >= 0 and b > 0:
        return Const(a / b)
    return combine("div", [over, under], at)


def combine(primitive: str, parts: list[Expression], at: int) -> Expression:
    """An operation, entry by entry where one of its parts is a vector."""
    vectors = [part for part in parts if isinstance(part, Vector)]
    if not vectors:
        if primitive == "neg":
            return neg(parts[0])
        if primitive == "pow" and parts[0] == Ref("e"):
            return Apply("exp", (parts[1],))
        if primitive == "mul" and any(is_apply(part, "mul") for part in parts):
            return Apply(
                "mul", tuple(inner for part in parts for inner in (part.args if is_apply(part, "mul") else (part,)))
            )
        return Apply(primitive, tuple(parts))
    sizes = {len(vector.parts) for vector in vectors}
    allowed = {
        "add": len(vectors) == len(parts),
        "mul": len(vectors) == 1,
        "neg": True,
        "div": parts[0] in vectors and len(vectors) == 1,
    }
    if len(sizes) != 1 or not allowed.get(primitive, False):
        raise NotUnderstoodError("this operation on vectors is not understood", at)
    rows = range(sizes.pop())
    pick = [[part.parts[i] if isinstance(part, Vector) else part for part in parts] for i in rows]
    return Vector(tuple(combine(primitive, row, at) for row in pick))
