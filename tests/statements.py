"""Short ways to say what a reader would have read, for tests of the judge alone."""

from __future__ import annotations

from gradlab.graph import Apply, Const, Expression, Graph, Ref, number, parse, transform
from gradlab.prove._errors import Deadline
from gradlab.prove.judge import Finding, findings
from gradlab.prove.read._nodes import (
    Call,
    Condition,
    Derivative,
    Index,
    Indexed,
    Operation,
    Tensor,
    Total,
)
from gradlab.prove.read._statements import Chain, Known


def formula(text: str) -> Expression:
    """A formula over free names."""
    return transform(parse(text), lambda node: Ref(f"?{node.name}") if isinstance(node, Ref) else None)


def ref(name: str) -> Ref:
    """A free name."""
    return Ref(f"?{name}")


def call(name: str, *arguments: Expression, primes: int = 0) -> Call:
    """A function of the text at arguments."""
    return Call(f"?{name}", arguments, (primes, *(0 for _ in arguments[1:])))


def item(head: str, *below: str | int) -> Indexed:
    """An entry of a family."""
    return Indexed(f"?{head}", tuple(Index(b) if isinstance(b, str) else number(b) for b in below))


def total(letter: str, body: Expression, upper: str = "", *conditions: Condition) -> Total:
    """A sum."""
    return Total("sum", body, letter, None, ref(upper) if upper else None, conditions)


def slope(body: Expression, *by: Expression, style: str = "partial") -> Derivative:
    """A derivative."""
    return Derivative(body, by, style)


def vector(name: str) -> Tensor:
    """A vector."""
    return Tensor(f"?{name}", 1)


def matrix(name: str) -> Tensor:
    """A matrix."""
    return Tensor(f"?{name}", 2)


def op(kind: str, *operands: Expression) -> Operation:
    """An operation on arrays."""
    return Operation(kind, operands)


def turned(array: Expression) -> Operation:
    """The transpose."""
    return op("transpose", array)


def times(*factors: Expression) -> Apply:
    """A product as it is written."""
    return Apply("mul", factors)


def plus(*terms: Expression) -> Apply:
    """A sum as it is written."""
    return Apply("add", terms)


def minus(a: Expression, b: Expression) -> Apply:
    """A difference."""
    return plus(a, Apply("neg", (b,)))


def to_the(base: Expression, exponent: int) -> Apply:
    """A power."""
    return Apply("pow", (base, Const(number(exponent).value)))  # type: ignore[attr-defined]


def judged(
    *sides: Expression,
    where: tuple[Condition, ...] = (),
    digits: int | None = None,
    graph: Graph | None = None,
    **known,
) -> list[Finding]:
    """The verdicts on a chain."""
    chain = Chain(sides, (digits,) * (len(sides) - 1), where)
    return findings(chain, Known(graph or Graph([]), **known), Deadline(20_000_000))


def letter(*sides: Expression, **more) -> str:
    """The verdict on a step: T, F or N."""
    return "".join(finding.truth.name[0] for finding in judged(*sides, **more))
