"""The local derivatives of one formula by the quantities it is written with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from gradlab.derive._derivation import Rule
from gradlab.graph import ONE, PRIMITIVES, ZERO, Apply, Expression, Ref, add, mul, walk


@lru_cache(maxsize=4096)
def local_gradient(expression: Expression) -> Mapping[str, Expression]:
    """The derivatives of a formula by every name in it, all in one pass from the outside inwards.

    Args:
        expression: the formula.

    Returns:
        For each name in the formula, in the order of first appearance, the derivative by it.

    >>> from gradlab.graph import parse
    >>> {name: str(d) for name, d in local_gradient(parse("w*x + b")).items()}
    {'w': 'x', 'x': 'w', 'b': '1'}
    """
    terms: dict[str, list[Expression]] = {}

    def descend(node: Expression, outer: Expression) -> None:
        if isinstance(node, Ref):
            terms.setdefault(node.name, []).append(outer)
        if not isinstance(node, Apply):
            return
        row = PRIMITIVES[node.primitive]
        for i, argument in enumerate(node.args):
            if argument.names:
                inner = row.derivative(node.args, node, i)
                descend(argument, inner if outer == ONE else outer if inner == ONE else mul(outer, inner))

    descend(expression, ONE)
    return MappingProxyType({name: add(*parts) for name, parts in terms.items()})


def local_derivative(expression: Expression, wrt: str) -> Expression:
    """The derivative of a formula by one name; zero if the name does not occur."""
    return local_gradient(expression).get(wrt, ZERO)


def rules_used(expression: Expression, wrt: str) -> tuple[Rule, ...]:
    """The rules, in words, that differentiating a formula by a name needs; none for a linear formula."""

    def needs_rule(node: Apply) -> bool:
        depending = sum(wrt in arg.names for arg in node.args)
        return depending > (1 if node.primitive == "mul" else 0) and node.primitive not in ("add", "neg")

    used = (
        Rule(PRIMITIVES[node.primitive].rule, PRIMITIVES[node.primitive].rule_latex)
        for node in walk(expression)
        if isinstance(node, Apply) and needs_rule(node)
    )
    return tuple(dict.fromkeys(rule for rule in used if rule.text))
