r"""What may be meant though it is not written: where that would change a verdict, there is none.

``s'(z) = s(z)(1 - s(z))`` is false for most functions, and right for the one that is meant; ``AB = BA`` is true for
numbers, and false for matrices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gradlab.graph import Apply, Expression, Partial, Ref
from gradlab.prove.read._nodes import Call, Derivative, Index, Indexed, Operation, Tensor, Total, mapped
from gradlab.prove.read._statements import Function, Known

_CAPITAL = re.compile(r"\?\\?[A-Z][a-z]*")
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


def reached(sides: tuple[Expression, ...], known: Known) -> Iterator[Expression]:
    """Every part of expressions, and of what their names are computed by."""
    met: set[str] = set()
    waiting = list(sides)
    while waiting:
        for node in every(waiting.pop()):
            yield node
            name = node.function if isinstance(node, Call) else getattr(node, "head", "") or getattr(node, "name", "")
            if name not in met:
                met.add(name)
                waiting += [rows[name].body for rows in (known.functions, known.families) if name in rows]
                waiting += [known.quantities[name]] if name in known.quantities else []


def unrelated(sides: tuple[Expression, ...], known: Known) -> bool:
    """Whether something is differentiated by a name that does not stand in what it is computed from."""
    for node in reached(sides, known):
        body, by = (node.body, node.wrt) if isinstance(node, Derivative) else (node, ())
        if isinstance(node, Partial):
            body, by = Ref(node.of), (Ref(node.wrt),)
        names = names_of(reached((body,), known)) if by else set[str]()
        if names and not all(names_of(every(wrt)) & names for wrt in by):
            return True
        if any(isinstance(wrt, Indexed) for wrt in by):
            return True
    return False


def of_whole_layers(sides: tuple[Expression, ...], known: Known) -> str:
    r"""The capital with a layer alone, ``W^{(l)}``, that is multiplied by something in what sides are made of."""
    for node in reached(sides, known):
        factors = node.args if isinstance(node, Apply) and node.primitive == "mul" else ()
        if sum(bool(names_of(every(factor))) for factor in factors) < 2:
            continue
        for factor in factors:
            whole = factor.operands[0] if isinstance(factor, Operation) and factor.operands else factor
            if isinstance(whole, Indexed) and whole.above and not whole.below and _CAPITAL.fullmatch(whole.head):
                return whole.head.removeprefix("?")
    return ""


def names_of(parts: Iterable[Expression]) -> set[str]:
    """The names and heads of parts."""
    return {getattr(node, "head", "") or getattr(node, "name", "") for node in parts} - {""}


def varied(sides: Iterable[Expression]) -> set[str]:
    """The names by which sides differentiate."""
    names: set[str] = set()
    for node in (node for side in sides for node in every(side)):
        names |= {node.wrt} if isinstance(node, Partial) else set[str]()
        names |= names_of(node.wrt) if isinstance(node, Derivative) else set[str]()
    return names


def without(known: Known, names: set[str]) -> Known:
    """What is known but for how some names are computed; the same object where that is not known."""
    if names.isdisjoint((*known.quantities, *known.families)):
        return known
    quantities = {name: formula for name, formula in known.quantities.items() if name not in names}
    families = {name: family for name, family in known.families.items() if name not in names}
    return replace(known, quantities=quantities, families=families)
