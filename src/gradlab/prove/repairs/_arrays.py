"""Products of vectors and matrices: a transpose that is missing or too much, factors in the wrong order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

from gradlab.graph import Apply, Expression, Ref, is_apply
from gradlab.prove._functions import derivative
from gradlab.prove._verdict import Fault
from gradlab.prove.judge.arrays._choices import holds_array
from gradlab.prove.judge.arrays._layers import DEPTH, NUMBERED
from gradlab.prove.read._nodes import Call, Entrywise, Operation, Tensor
from gradlab.prove.read._write import Writer
from gradlab.prove.repairs._paths import replace_at
from gradlab.prove.repairs._search import Change, Search

MOST_FACTORS = 4


def transposes(search: Search) -> Iterator[Change]:
    """Every array transposed, and not; the factors of every product in another order; products entry by entry."""
    if not any(holds_array(side) for side in search.written):
        return
    for path, node in search.nodes:
        for other, message in turned(search.writer, node):
            yield Change(Fault.TRANSPOSE, replace_at(search.side, path, other), message, search.latex(other))
    for path, node in search.nodes:
        if is_apply(node, "mul") and 1 < len(node.args) <= MOST_FACTORS:
            for order in permutations(node.args):
                if order != node.args:
                    yield from ordered(search, path, node, order)


def turned(writer: Writer, node: Expression) -> Iterator[tuple[Expression, str]]:
    """A part transposed, or without its transpose."""
    if isinstance(node, Operation) and node.kind == "transpose":
        inner = node.operands[0]
        yield inner, f"write {writer.latex(inner)} for {writer.latex(node)}"
    elif isinstance(node, Tensor) or (isinstance(node, Operation) and node.kind != "hadamard"):
        new = Operation("transpose", (node,))
        yield new, f"write {writer.latex(new)} for {writer.latex(node)}"


def layers(search: Search) -> Iterator[Change]:
    """Every array of a layer as that of another one; the derivative of an activation that is missing."""
    numbered = [(path, node) for path, node in search.nodes if isinstance(node, Tensor) and NUMBERED.search(node.name)]
    for path, node in numbered:
        for number in range(DEPTH + 1):
            other = replace(node, name=NUMBERED.sub(f"^{{({number})}}", node.name))
            if other != node:
                message = f"write {search.latex(other)} for {search.latex(node)}"
                yield Change(Fault.WRONG_INDEX, replace_at(search.side, path, other), message, search.latex(other))
    for name, formula in search.known.quantities.items() if numbered else ():
        slope = _slope_of(formula) if NUMBERED.search(name) else None
        if slope is not None:
            side, shown = Operation("hadamard", (search.side, slope)), search.latex(slope)
            yield Change(Fault.MISSING_FACTOR, side, f"the factor {shown} is missing, entry by entry", shown)


def _slope_of(formula: Expression) -> Expression | None:
    """The derivative of an activation of something, entry by entry; None for any other formula."""
    if isinstance(formula, Call) and len(formula.arguments) == 1 and isinstance(formula.arguments[0], Tensor):
        return Call(formula.function, formula.arguments, (1,))
    if isinstance(formula, Apply) and len(formula.args) == 1 and isinstance(formula.args[0], Tensor):
        name = formula.primitive
        written = r"\sigma'" if name == "sigmoid" else rf"\operatorname{{{name}}}'"
        return None if name == "neg" else Entrywise(written, derivative(name, Ref("x"), 1), formula.args[0])
    return None


def ordered(search: Search, path: tuple[int, ...], node: Expression, order: tuple[Expression, ...]) -> Iterator[Change]:
    """The factors of a product in another order, one of them transposed where that is needed."""
    plain = Apply("mul", order)
    choices = [plain]
    for k, factor in enumerate(order):
        choices += [Apply("mul", (*order[:k], other, *order[k + 1 :])) for other, _ in turned(search.writer, factor)]
    for other in choices:
        message = f"write {search.latex(other)} for {search.latex(node)}"
        yield Change(Fault.TRANSPOSE, replace_at(search.side, path, other), message, search.latex(other))
    if len(order) == 2:
        each = Operation("hadamard", order)
        message = f"write {search.latex(each)} for {search.latex(node)}"
        yield Change(Fault.TRANSPOSE, replace_at(search.side, path, each), message, search.latex(each))
