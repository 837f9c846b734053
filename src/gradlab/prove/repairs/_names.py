"""One quantity for another: a wrong index, in for out, the label for the prediction."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradlab.graph import Expression, Partial, Ref
from gradlab.prove._names import FREE
from gradlab.prove._verdict import Fault
from gradlab.prove.read._nodes import Call, Derivative, Index, Indexed, Tensor
from gradlab.prove.repairs._parts import plausible
from gradlab.prove.repairs._paths import nodes, replace_at, rewrite
from gradlab.prove.repairs._search import Change, Search, partial_of
from gradlab.prove.repairs._whole import size_names

MOST_NAMES = 120


def indices(search: Search) -> Iterator[Change]:
    """Every name with another index."""
    yield from replaced(search, siblings=True)


def names(search: Search) -> Iterator[Change]:
    """Every name replaced by any other."""
    yield from replaced(search, siblings=False)


def replaced(search: Search, siblings: bool) -> Iterator[Change]:
    """Every name in turn replaced by others: those that differ in an index alone, or those that do not."""
    known = known_names(search)
    fault = Fault.WRONG_INDEX if siblings else Fault.WRONG_NAME
    for path, node in search.nodes:
        pair = partial_of(node)
        if pair is not None:
            of, wrt = pair
            for name in search.computed:
                if name != of and is_sibling(search, search.named(of), search.named(name)) is siblings:
                    side = replace_at(search.side, path, search.slope(name, wrt))
                    yield change(search, fault, side, search.named(name), search.named(of))
        if not isinstance(node, Ref | Indexed | Tensor):
            continue
        for other in known:
            if other == node or is_sibling(search, node, other) is not siblings:
                continue
            if plausible(search, path, node, other):
                yield change(search, fault, replace_at(search.side, path, other), other, node)


def change(search: Search, fault: Fault, side: Expression, new: Expression, old: Expression) -> Change:
    """A name for another, as a change."""
    shown = search.latex(new)
    return Change(fault, side, f"write {shown} for {search.latex(old)}", shown)


def known_names(search: Search) -> list[Expression]:
    """The names worth trying: those of the chain, with other letters in their indices, then those that are computed."""
    found: dict[Expression, None] = {}
    letters: dict[str, None] = {}
    for side in search.written:
        for _, node in nodes(side):
            if isinstance(node, Ref | Indexed | Tensor):
                found[node] = None
                letters |= {part.letter: None for part in node.args if isinstance(part, Index)}
            if isinstance(node, Derivative):
                by = (index for wrt in node.wrt for index in wrt.args)
                letters |= {part.letter: None for part in by if isinstance(part, Index)}
    for node in [node for node in found if isinstance(node, Indexed)]:
        found[Indexed(node.head, node.below[::-1], node.above)] = None
        for place, index in enumerate(node.args):
            for letter in letters if isinstance(index, Index) else ():
                found[node.with_args((*node.args[:place], Index(letter), *node.args[place + 1 :]))] = None
    sizes = set(size_names(search))
    kept = [node for node in found if not (isinstance(node, Ref) and node.name in sizes)]
    if any(isinstance(node, Ref) and (not node.name.startswith(FREE) or node.name in search.computed) for node in kept):
        kept += [search.named(name) for name in search.quantities]
    kept += [search.named(name) for of, _ in search.partials for name in search.computed.get(of, ())]
    calls = {node.function for side in search.written for _, node in nodes(side) if isinstance(node, Call)}
    bodies = [search.known.functions[name].body for name in sorted(calls) if name in search.known.functions]
    kept += [node for body in bodies for _, node in nodes(body) if isinstance(node, Ref)]
    return list(dict.fromkeys(kept))[:MOST_NAMES]


def shape(latex: str) -> str:
    """A name with its numbers left away: what names that differ in an index alone have in common."""
    return re.sub(r"\d+|[{},_]", "", latex)


def is_sibling(search: Search, a: Expression, b: Expression) -> bool:
    """Whether two names differ in an index alone."""
    if isinstance(a, Indexed) and isinstance(b, Indexed):
        return a.head == b.head
    return shape(search.latex(a)) == shape(search.latex(b))


def throughout(search: Search) -> Iterator[Change]:
    """A name replaced wherever it stands, and one number in all indices by another."""
    known = known_names(search)
    used = list(dict.fromkeys(node for _, node in search.nodes if isinstance(node, Ref | Indexed | Tensor)))
    for old in used:
        for new in known:
            if new != old:
                fault = Fault.WRONG_INDEX if is_sibling(search, old, new) else Fault.WRONG_NAME
                shown = search.latex(new)
                message = f"write {shown} wherever {search.latex(old)} stands"
                yield Change(fault, renamed(search.side, {old: new}), message, shown)
    by_latex = {search.writer.name(quantity.name): quantity.name for quantity in search.graph}
    names_ = [node.name for node in used if isinstance(node, Ref)]
    names_ += [name for _, node in search.nodes if isinstance(node, Partial) for name in (node.of, node.wrt)]
    digits = sorted({digit for name in names_ for digit in re.findall(r"\d", search.writer.name(name))})
    for a in digits:
        for b in sorted({digit for latex in by_latex for digit in re.findall(r"\d", latex)} - {a}):
            moved = {name: by_latex.get(search.writer.name(name).replace(a, b), name) for name in names_}
            shown = ", ".join(search.writer.name(new) for old, new in moved.items() if new != old)
            if shown:
                side = renamed(search.side, {Ref(old): Ref(new) for old, new in moved.items()})
                yield Change(Fault.WRONG_INDEX, side, f"the index {b} is meant where {a} stands: {shown}", shown)


def renamed(side: Expression, new: dict[Expression, Expression]) -> Expression:
    """A side with other names."""

    def rule(node: Expression) -> Expression | None:
        if isinstance(node, Partial):
            of, wrt = (new.get(Ref(name), Ref(name)) for name in (node.of, node.wrt))
            return Partial(of.name, wrt.name) if isinstance(of, Ref) and isinstance(wrt, Ref) else None
        return new.get(node)

    return rewrite(side, rule)
