"""Written expressions: the graph's expressions, and in them sums over an index and vectors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gradlab.graph import Apply, Differentiate, Expression, Partial, Ref

FREE = "?"  # in front of the names of variables that belong to no graph
TEMPLATE = "@"  # in front of names with an index that a sum runs over
OPEN, CLOSE = "⟨", "⟩"  # around that index

Path = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SumOver(Expression):
    """A sum over an index; names in the body that have the index are templates.

    Attributes:
        body: what is added up.
        index: the letter of the index.
        lower: where it begins.
        upper: where it ends: a number, or the free name of the size of a data set.
    """

    body: Expression
    index: str
    lower: int
    upper: int | str


@dataclass(frozen=True, slots=True)
class Vector(Expression):
    """A row or column of expressions; it stands at the top of a side only."""

    parts: tuple[Expression, ...]


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside one."""
    if isinstance(expression, Differentiate):
        return (expression.formula,)
    if isinstance(expression, SumOver):
        return (expression.body,)
    if isinstance(expression, Vector):
        return expression.parts
    return expression.args


def rebuild(expression: Expression, inside: tuple[Expression, ...]) -> Expression:
    """The same expression with others inside."""
    if isinstance(expression, Apply):
        return Apply(expression.primitive, inside)
    if isinstance(expression, Differentiate):
        return Differentiate(inside[0], expression.wrt)
    if isinstance(expression, SumOver):
        return SumOver(inside[0], expression.index, expression.lower, expression.upper)
    return Vector(inside) if isinstance(expression, Vector) else expression


def rewrite(expression: Expression, rule: Callable[[Expression], Expression | None]) -> Expression:
    """Rewrite from the leaves up; ``rule`` gives the replacement of a node, or None to keep it."""
    old = children(expression)
    if old:
        new = tuple(rewrite(child, rule) for child in old)
        if new != old:
            expression = rebuild(expression, new)
    replacement = rule(expression)
    return expression if replacement is None else replacement


def nodes(expression: Expression) -> Iterator[tuple[Path, Expression]]:
    """Every subexpression with the path to it, from the outside inwards, level by level."""
    level: list[tuple[Path, Expression]] = [((), expression)]
    while level:
        yield from level
        level = [((*path, i), child) for path, node in level for i, child in enumerate(children(node))]


def at_path(expression: Expression, path: Path) -> Expression:
    """The subexpression at the end of a path."""
    for i in path:
        expression = children(expression)[i]
    return expression


def replace_at(expression: Expression, path: Path, new: Expression) -> Expression:
    """The expression with another one at the end of a path."""
    if not path:
        return new
    inside = list(children(expression))
    inside[path[0]] = replace_at(inside[path[0]], path[1:], new)
    return rebuild(expression, tuple(inside))


def names_in(expression: Expression) -> dict[str, None]:
    """All names, those of derivatives too, in the order in which they are written."""
    found: dict[str, None] = {}
    for _, node in nodes(expression):
        if isinstance(node, Ref):
            found[node.name] = None
        elif isinstance(node, Partial):
            found[node.of] = found[node.wrt] = None
        elif isinstance(node, Differentiate):
            found[node.wrt] = None
        elif isinstance(node, SumOver) and isinstance(node.upper, str):
            found[node.upper] = None
    return found


def has_derivative(expression: Expression) -> bool:
    """Whether a derivative that is not worked out stands in it."""
    return any(isinstance(node, Partial | Differentiate) for _, node in nodes(expression))


class Writer:
    """LaTeX of written expressions.

    Args:
        symbols: the LaTeX of the graph's names.
    """

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = symbols

    def latex(self, expression: Expression) -> str:
        """The LaTeX of an expression."""
        if isinstance(expression, Vector):
            rows = r" \\ ".join(map(self.latex, expression.parts))
            return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"
        symbols = {name: self.name(name) for name in names_in(expression)}

        def as_symbol(node: Expression) -> Expression | None:
            name = f"S{len(symbols)}"
            if isinstance(node, Differentiate) and node is not expression:
                # In a product it would not be clear where the formula that is differentiated ends.
                symbols[name] = rf"\left({node.latex(symbols)}\right)"
                return Ref(name)
            if not isinstance(node, SumOver):
                return None
            upper = node.upper if isinstance(node.upper, int) else self.name(node.upper)
            body = node.body.latex(symbols)
            symbols[name] = rf"\sum_{{{node.index} = {node.lower}}}^{{{upper}}} \left({body}\right)"
            return Ref(name)

        return rewrite(expression, as_symbol).latex(symbols)

    def name(self, name: str) -> str:
        """The LaTeX of one name."""
        if name.startswith(FREE):
            return name[1:]
        if name.startswith(TEMPLATE):
            head, layer, sub = name[1:].split("|")
            sub = re.sub(f"[{OPEN}{CLOSE}]", "", sub)
            return head + (f"^{{({layer})}}" if layer else "") + (f"_{{{sub}}}" if sub else "")
        return self._symbols.get(name, name)
