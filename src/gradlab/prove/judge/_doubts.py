r"""What may be meant though it is not written: where that would change a verdict, there is none.

``s'(z) = s(z)(1 - s(z))`` is false for most functions, and right for the one that is meant; ``AB = BA`` is true for
numbers, and false for matrices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradlab.graph import Apply, Expression, Ref
from gradlab.prove.read._nodes import Call, Derivative, Index, Indexed, Operation, Tensor, Total, mapped
from gradlab.prove.read._statements import Function, Known

MEANT = ("sigmoid", "tanh")  # functions that go by other letters in texts on networks


def named_functions(sides: tuple[Expression, ...], known: Known) -> Iterator[tuple[str, Known]]:
    """What is known if the one unknown function of a differential equation is one that is often meant."""
    calls = [node for side in sides for node in every(side) if isinstance(node, Call)]
    unknown = {call.function for call in calls if call.function not in known.functions}
    slopes = any(any(call.orders) for call in calls) or any(
        isinstance(node, Derivative) for side in sides for node in every(side)
    )
    if len(unknown) != 1 or not slopes or any(len(call.arguments) != 1 for call in calls):
        return
    name = unknown.pop()
    for meant in MEANT:
        body = Function(("?t",), Apply(meant, (Ref("?t"),)))
        yield meant, Known(
            known.graph, known.quantities, {**known.functions, name: body}, known.families, known.shapes,
            known.domains, known.layout,
        )  # fmt: skip


def as_matrices(sides: tuple[Expression, ...], known: Known) -> tuple[Expression, ...] | None:
    """The sides with matrices for capitals, where nothing but capitals stands in them; None elsewhere."""
    nodes = [node for side in sides for node in every(side)]
    names = {node.name for node in nodes if isinstance(node, Ref)}
    plain = all(re.fullmatch(r"\?[A-Z]", name) and name not in known.quantities for name in names)
    arrays = {node.name for node in nodes if isinstance(node, Tensor)}
    if (
        not names
        or len(names | arrays) < 2
        or not plain
        or any(isinstance(n, Call | Derivative | Indexed) for n in nodes)
    ):
        return None
    if not arrays and any(isinstance(n, Operation) for n in nodes):
        return None
    if not any(isinstance(node, Apply) and node.primitive in ("mul", "pow", "exp") for node in nodes):
        return None
    return tuple(mapped(side, lambda node: Tensor(node.name, 2) if isinstance(node, Ref) else None) for side in sides)


def free_letters(expression: Expression, bound: frozenset[str] = frozenset()) -> frozenset[str]:
    """The letters of indices that no sum in an expression runs over."""
    if isinstance(expression, Index):
        return frozenset((expression.letter,)) - bound
    inner = bound | {expression.letter} if isinstance(expression, Total) else bound
    return frozenset[str]().union(*(free_letters(part, inner) for part in expression.args))


def strangers(left: Expression, right: Expression) -> bool:
    """Whether each side has an index that the other one has not: then one was lost or taken for another."""
    a, b = free_letters(left), free_letters(right)
    return bool(a - b) and bool(b - a)


def every(expression: Expression) -> Iterator[Expression]:
    """Every part of an expression."""
    stack = [expression]
    while stack:
        node = stack.pop()
        yield node
        stack += node.args
