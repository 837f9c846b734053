"""One quantity for another: a wrong index, in for out, the label for the prediction."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradlab.graph import Expression, Partial, Ref
from gradlab.prove._tree import FREE, TEMPLATE, names_in, replace_at, rewrite
from gradlab.prove._verdict import Fault
from gradlab.prove.repairs._nodes import plausible
from gradlab.prove.repairs._search import Change, Search

MOST_NAMES = 120


def indices(search: Search) -> Iterator[Change]:
    """Every name with another index."""
    yield from replaced(search, siblings=True)


def names(search: Search) -> Iterator[Change]:
    """Every name replaced by any other."""
    yield from replaced(search, siblings=False)


def replaced(search: Search, siblings: bool) -> Iterator[Change]:
    known = known_names(search)
    fault = Fault.WRONG_INDEX if siblings else Fault.WRONG_NAME
    for path, node in search.nodes:
        if isinstance(node, Partial):
            for name in known:
                if name in search.graph and is_sibling(search, node.of, name) is siblings and name != node.of:
                    new: Expression = Partial(name, node.wrt)
                    yield change(search, fault, replace_at(search.side, path, new), name, node.of)
        if not isinstance(node, Ref) or node.name.startswith(TEMPLATE):
            continue
        for name in known:
            if name == node.name or is_sibling(search, node.name, name) is not siblings:
                continue
            if plausible(search, path, node, Ref(name)):
                yield change(search, fault, replace_at(search.side, path, Ref(name)), name, node.name)


def change(search: Search, fault: Fault, side: Expression, new: str, old: str) -> Change:
    """A name for another, as a change."""
    shown = search.writer.name(new)
    return Change(fault, side, f"write {shown} for {search.writer.name(old)}", shown)


def known_names(search: Search) -> list[str]:
    """The names worth trying: those of the chain, then those of the graph."""
    written = [side for side in search.sides.written if isinstance(side, Expression)]
    found = [name for side in written for name in names_in(side) if not name.startswith(TEMPLATE)]
    found = [name for name in found if name not in search.sides.size_names]
    if any(not name.startswith(FREE) for name in found):
        found += [quantity.name for quantity in search.graph]
    return list(dict.fromkeys(found))[:MOST_NAMES]


def shape(latex: str) -> str:
    """A name with its numbers left away: what names that differ in an index alone have in common."""
    return re.sub(r"\d+|[{},_]", "", latex)


def is_sibling(search: Search, a: str, b: str) -> bool:
    """Whether two names differ in an index alone."""
    return shape(search.writer.name(a)) == shape(search.writer.name(b))


def throughout(search: Search) -> Iterator[Change]:
    """A name replaced wherever it stands, and one number in all indices by another."""
    known = known_names(search)
    used = [name for name in names_in(search.side) if name in search.graph or name.startswith(FREE)]
    for old in used:
        for new in known:
            if new != old:
                fault = Fault.WRONG_INDEX if is_sibling(search, old, new) else Fault.WRONG_NAME
                side = renamed(search.side, {old: new})
                shown = search.writer.name(new)
                message = f"write {shown} wherever {search.writer.name(old)} stands"
                yield Change(fault, side, message, shown)
    by_latex = {search.writer.name(quantity.name): quantity.name for quantity in search.graph}
    digits = sorted({digit for name in used for digit in re.findall(r"\d", search.writer.name(name))})
    for a in digits:
        for b in sorted({digit for latex in by_latex for digit in re.findall(r"\d", latex)} - {a}):
            moved = {name: by_latex.get(search.writer.name(name).replace(a, b), name) for name in used}
            shown = ", ".join(search.writer.name(new) for old, new in moved.items() if new != old)
            if shown:
                side = renamed(search.side, moved)
                yield Change(Fault.WRONG_INDEX, side, f"the index {b} is meant where {a} stands: {shown}", shown)


def renamed(side: Expression, new: dict[str, str]) -> Expression:
    """A side with other names."""

    def rule(node: Expression) -> Expression | None:
        if isinstance(node, Ref):
            return Ref(new[node.name]) if node.name in new else None
        if isinstance(node, Partial):
            return Partial(new.get(node.of, node.of), new.get(node.wrt, node.wrt))
        return None

    return rewrite(side, rule)
