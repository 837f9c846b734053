r"""What may be meant though it is not written: where that would change a verdict, there is none.

``s'(z) = s(z)(1 - s(z))`` is false for most functions, and right for the one that is meant; ``AB = BA`` is true for
numbers, and false for matrices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gradlab.graph import Apply, Expression, Partial, Ref, as_number, is_apply
from gradlab.prove.read._infinitesimals import Differential
from gradlab.prove.read._nodes import Array, Call, Derivative, Index, Indexed, Operation, Tensor, Total, mapped
from gradlab.prove.read._statements import Function, Known

_CAPITAL = re.compile(r"\?\\?[A-Z][a-z]*")
_AT_TIME = re.compile(r"\?[a-z]+(?:_|\^)(?:t|\{\(?t(?:[-+]1)?\)?\})")
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
    r"""The sides with matrices for capitals, where nothing but those and small letters stands in them; else None.

    A derivative by a letter that stands nowhere else is a differential then, and ``A(t)`` a matrix that changes.
    """
    nodes = [node for side in sides for node in every(side)]
    by = {node.wrt[0] for node in nodes if isinstance(node, Derivative) and len(node.wrt) == 1}
    by |= {node.arguments[0] for node in nodes if isinstance(node, Call) and _is_flow(node)}
    names = {node.name for node in nodes if isinstance(node, Ref)} - names_of(by)
    names |= {node.function for node in nodes if isinstance(node, Call)}
    capitals = {name for name in names if re.fullmatch(r"\?[A-Z]", name)}
    arrays = {node.name for node in nodes if isinstance(node, Tensor)}
    said = {*known.quantities, *known.functions}
    changes = by or any(isinstance(node, Differential) for node in nodes)
    plain = all(re.fullmatch(r"\?[A-Za-z]", name) and name not in said for name in names)
    bars = any(is_apply(node, "abs") and isinstance(node.args[0], Ref | Apply) for node in nodes)
    if not plain or not capitals or len(capitals | arrays) < (1 if changes or bars else 2) or len(by) > 1:
        return None
    if any(is_apply(node, "div") and names_of(every(node.args[1])) & capitals and not bars for node in nodes):
        return None
    if any(isinstance(n, Indexed) or (isinstance(n, Call) and not _is_flow(n)) for n in nodes):
        return None
    if not arrays and not changes and any(isinstance(n, Operation) for n in nodes):
        return None
    if not any(isinstance(node, Apply) and node.primitive in ("mul", "pow", "exp", "abs") for node in nodes):
        return None
    made = tuple(Tensor(name, 2) for name in sorted(capitals | arrays))

    def rule(node: Expression) -> Expression | None:
        if isinstance(node, Derivative | Differential):
            return Differential(mapped(node.body, rule), made)
        if isinstance(node, Call):
            matrix = Tensor(node.function, 2)
            return Differential(matrix, made) if node.orders[0] else matrix
        if is_apply(node, "abs"):
            return Operation("det", (mapped(node.args[0], rule),))
        base = node.args[0] if is_apply(node, "pow") else None
        power = as_number(node.args[1]) if base is not None else None
        if isinstance(base, Ref) and base.name in capitals and power is not None and power < 0 == power % 1:
            inverse = Operation("inverse", (Tensor(base.name, 2),))
            return inverse if power == -1 else Apply("mul", (inverse,) * int(-power))
        return Tensor(node.name, 2) if isinstance(node, Ref) and node.name in capitals else None

    found = tuple(mapped(side, rule) for side in sides)
    return None if any(names_of(every(side)) & names_of(by) for side in found) else found


def _is_flow(node: Expression) -> bool:
    r"""Whether a node is a capital function of time, which may be a matrix, or its first derivative: ``A(t)``."""
    if not isinstance(node, Call) or len(node.arguments) != 1 or max(node.orders) > 1:
        return False
    time = getattr(node.arguments[0], "name", "") in ("?t", "?s", r"?\tau")
    return time and re.fullmatch(r"\?[A-EJ-Z]", node.function) is not None


def inverted(sides: tuple[Expression, ...]) -> str:
    """The capital by which a negative power of it is differentiated: it may be a matrix, and that its inverse."""
    nodes = [node for side in sides for node in every(side)]
    by = {
        wrt
        for node in nodes
        if isinstance(node, Derivative)
        for wrt in node.wrt
        if _CAPITAL.fullmatch(str(getattr(wrt, "name", "")))
    }
    for node in nodes:
        if is_apply(node, "pow") and node.args[0] in by and (as_number(node.args[1]) or 0) < 0:
            return str(getattr(node.args[0], "name", "")).removeprefix("?")
    return ""


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
    r"""The capital that is multiplied as a whole in what sides are made of: ``W^{(l)} a``, ``W h_{t-1}``."""
    for node in reached(sides, known):
        factors = node.args if isinstance(node, Apply) and node.primitive == "mul" else ()
        if sum(bool(names_of(every(factor))) for factor in factors) < 2:
            continue
        times = any(_AT_TIME.fullmatch(name) for name in names_of(factors))
        layers = [name for name in names_of(factors) if re.fullmatch(r"\?[A-Z]\^\{\(\d\)\}", name)]
        if layers and isinstance(node, Apply) and all(isinstance(factor, Ref | Call) for factor in factors):
            return layers[0].removeprefix("?")
        for factor in factors if times else ():
            if (
                isinstance(factor, Ref)
                and re.fullmatch(r"\?[A-Z](?:_.*)?", factor.name)
                and factor.name not in known.quantities
            ):
                return factor.name.removeprefix("?")
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


def says_zero(left: Expression, right: Expression) -> bool:
    """Whether a side is zero, and the other one no sum of derivatives, of which zero says how they are related."""
    other = left if is_zero(right) else right
    terms = other.args if is_apply(other, "add") else ()
    related = terms and all(any(isinstance(node, Derivative) for node in every(term)) for term in terms)
    return (is_zero(left) or is_zero(right)) and not related


def is_zero(side: Expression) -> bool:
    """Whether a side is the number zero."""
    return as_number(side) == 0


def turns_a_list(sides: Iterable[Expression]) -> bool:
    """Whether something written out is transposed: where the shapes do not fit, another layout may be meant."""
    nodes = (node for side in sides for node in every(side) if isinstance(node, Operation))
    return any(node.kind == "transpose" and isinstance(node.operands[0], Array) for node in nodes)
