"""How an expression depends on something: not at all, linearly, or otherwise."""

from __future__ import annotations

from collections.abc import Callable

from gradlab.graph import Apply, Const, Expression, Partial, Ref, as_number, is_apply, walk
from gradlab.prove.read._nodes import Derivative, Indexed, Tensor, Total

OTHERWISE = 2
_SMALLEST = 1e-6  # in equations that somebody wants to solve; smaller numbers are there to mislead
_HIGHEST = 12  # likewise for exponents
_ALGEBRA = frozenset(("add", "mul", "neg", "div", "pow", "sqrt"))


def degree_in(expression: Expression, by: Expression, formula: Callable[[str], Expression | None]) -> int:
    """The degree of an expression in a name: 0, 1, or 2 for everything else.

    Args:
        expression: what depends.
        by: a `Ref`, or an `Indexed`: then every entry of the family counts.
        formula: gives for a name how it is computed.
    """
    known: dict[str, int] = {}
    own = _name(by) if isinstance(by, Indexed | Tensor) else ""

    def of(node: Expression) -> int:
        if node == by or (own and own == _name(node)):
            return 1
        if isinstance(node, Ref | Tensor):
            if node.name not in known:
                known[node.name] = 0  # until it is known; there are no circles
                computed = formula(node.name)
                known[node.name] = 0 if computed is None or computed == node else of(computed)
            return known[node.name]
        if isinstance(node, Indexed):
            return of(Ref(node.head))
        degrees = [of(arg) for arg in node.args]
        if isinstance(node, Total):
            return degrees[0]
        if isinstance(node, Apply) and node.primitive in ("add", "neg"):
            return max(degrees, default=0)
        if isinstance(node, Apply) and node.primitive == "mul":
            return min(OTHERWISE, sum(degrees))
        if isinstance(node, Apply) and node.primitive == "div" and degrees[1] == 0:
            return degrees[0]
        return OTHERWISE if any(degrees) else 0

    return of(expression)


def degree_of(derivative: Expression, formula_of: Callable[[str], Expression | None], through: bool = False) -> int:
    """The degree of what is differentiated, in what one differentiates by: 0, 1, or 2 for more.

    In a written formula only what stands there counts, as where one looks for the zero of it, unless ``through``.
    """
    if isinstance(derivative, Partial):
        return degree_in(Ref(derivative.of), Ref(derivative.wrt), formula_of)
    if not isinstance(derivative, Derivative):
        return OTHERWISE
    formula = formula_of if through or isinstance(derivative.body, Ref) else lambda _name: None
    return max(degree_in(derivative.body, by, formula) for by in derivative.wrt)


def _name(node: Expression) -> str:
    """The name of an array, or of the one that an entry belongs to; empty for anything else."""
    return node.head if isinstance(node, Indexed) else node.name if isinstance(node, Tensor) else ""


def is_algebra(side: Expression) -> bool:
    """Whether a side has powers and roots at most, and no numbers but those that one meets in equations to solve."""
    for node in walk(side):
        if isinstance(node, Apply) and node.primitive not in _ALGEBRA:
            return False
        if isinstance(node, Const) and node.value and not _SMALLEST <= abs(node.value) <= 1 / _SMALLEST:
            return False
        if is_apply(node, "pow") and abs(as_number(node.args[1]) or 0) > _HIGHEST:
            return False
    return True
