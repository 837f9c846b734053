"""The parts of what was read, with the way to each, and other parts in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradlab.graph import Apply, Expression
from gradlab.prove.read._nodes import At, Cases, Condition, Derivative, Index, Indexed, Limit, Node, Total

Path = tuple[int, ...]


def children(expression: Expression) -> tuple[Expression, ...]:
    """The parts directly inside that may be wrong: no indices, bounds, conditions, limits."""
    if isinstance(expression, Total | Derivative | At):
        return (expression.body,)
    if isinstance(expression, Cases):
        return expression.values
    if isinstance(expression, Indexed | Index | Condition | Limit):
        return ()
    return expression.args


def rebuild(expression: Expression, inside: tuple[Expression, ...]) -> Expression:
    """The same expression with others inside."""
    if isinstance(expression, Apply):
        return Apply(expression.primitive, inside)
    assert isinstance(expression, Node)
    return expression.with_args((*inside, *expression.args[len(inside) :]))


def rewrite(expression: Expression, rule: Callable[[Expression], Expression | None]) -> Expression:
    """Rewrite from the leaves up; ``rule`` gives the replacement of a part, or None to keep it."""
    old = children(expression)
    if old:
        new = tuple(rewrite(child, rule) for child in old)
        if new != old:
            expression = rebuild(expression, new)
    replacement = rule(expression)
    return expression if replacement is None else replacement


def nodes(expression: Expression) -> Iterator[tuple[Path, Expression]]:
    """Every part with the path to it, from the outside inwards, level by level."""
    level: list[tuple[Path, Expression]] = [((), expression)]
    while level:
        yield from level
        level = [((*path, i), child) for path, node in level for i, child in enumerate(children(node))]


def at_path(expression: Expression, path: Path) -> Expression:
    """The part at the end of a path."""
    for i in path:
        expression = children(expression)[i]
    return expression


def replace_at(expression: Expression, path: Path, new: Expression) -> Expression:
    """The expression with another part at the end of a path."""
    if not path:
        return new
    inside = list(children(expression))
    inside[path[0]] = replace_at(inside[path[0]], path[1:], new)
    return rebuild(expression, tuple(inside))
