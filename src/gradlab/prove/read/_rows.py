"""What the reader and its rooms pass to each other: parts already read, places with several readings, products."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab.graph import ONE, Apply, Const, Expression, as_number, is_apply
from gradlab.prove.read._part import Part

Row = tuple[Part, ...]
EULER = Apply("exp", (ONE,))


@dataclass(frozen=True, slots=True)
class Choice:
    """A place that can be read in several ways.

    Attributes:
        count: in how many.
        why: what is not clear, and what to write.
        usual: whether the first way is the usual one, trusted where it is true.
        at: where it is.
    """

    count: int
    why: str
    usual: bool
    at: int


@dataclass(frozen=True, slots=True)
class Ready:
    """A part of a row that has been read already.

    Attributes:
        value: what it means; None for a derivative operator.
        at: where it begins.
        end: where it ends.
        wrt: by what an operator differentiates.
        style: how an operator is written.
        derivative: whether it is a derivative.
    """

    value: Expression | None
    at: int
    end: int
    wrt: tuple[Expression, ...] = ()
    style: str = "partial"
    derivative: bool = False

    @property
    def kind(self) -> str:
        """As what it counts in a row."""
        return "operator" if self.value is None else "derivative" if self.derivative else "ready"


Item = Part | Ready


def product_of(factors: list[Expression]) -> Expression:
    """A product as it is written."""
    if len(factors) == 1:
        return factors[0]
    flat: list[Expression] = []
    for factor in factors:
        flat += factor.args if is_apply(factor, "mul") else (factor,)
    return Apply("mul", tuple(flat))


def quotient(over: Expression, under: Expression) -> Expression:
    """A quotient as it is written; of two numbers, the number."""
    if getattr(over, "kind", "") == "ones":
        over = ONE  # above each entry of what stands below
    a, b = as_number(over), as_number(under)
    if a is not None and b and a >= 0 and b > 0:
        return Const(a / b)
    return Apply("div", (over, under))
