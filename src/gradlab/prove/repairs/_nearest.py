"""A part that is nearly one that stands elsewhere in the chain: a sum or product in which one thing is another."""

from __future__ import annotations

from collections.abc import Iterator

from gradlab.graph import Apply, Expression, is_apply
from gradlab.prove._verdict import Fault
from gradlab.prove.repairs._factors import differentiated
from gradlab.prove.repairs._paths import at_path, nodes, replace_at
from gradlab.prove.repairs._search import Change, Search

MOST_SOURCES = 80
_LOST = {
    "add": (Fault.MISSING_TERM, "the term {} is missing"),
    "mul": (Fault.MISSING_FACTOR, "the factor {} is missing"),
}


def nearest(search: Search) -> Iterator[Change]:
    """Every part replaced by a sum or a product of the chain from which it differs in one thing."""
    known = sources(search)
    for path, node in search.nodes:
        above = at_path(search.side, path[:-1]) if path else None
        for source in known:
            if source not in (node, above):
                yield from towards(search, path, node, source)


def sources(search: Search) -> list[Apply]:
    """The sums and products of what is differentiated, of the other sides, and of the side itself."""
    formulas = [formula for formula, _ in differentiated(search)]
    formulas += [formula for name in search.computed if (formula := search.formula(name)) is not None]
    found: dict[Apply, None] = {}
    for formula in (*formulas, *search.written):
        for _, node in nodes(formula):
            if isinstance(node, Apply) and node.primitive in _LOST:
                found[node] = None
    return list(found)[:MOST_SOURCES]


def towards(search: Search, path: tuple[int, ...], node: Expression, source: Apply) -> Iterator[Change]:
    """A part as a sum or a product from which it differs in one thing, if it does."""
    name = source.primitive
    has = node.args if is_apply(node, name) else (node,)
    lost = _without(source.args, has)
    more = _without(has, source.args)
    side = replace_at(search.side, path, source)
    if len(lost) == 1 and not more:
        fault, message = _LOST[name]
        shown = search.latex(lost[0])
        yield Change(fault, side, f"{message.format(shown)} in {search.latex(node)}", shown)
    elif len(lost) == len(more) == 1 and len(has) > 1:
        opposite = is_apply(lost[0], "neg") and lost[0].args[0] == more[0]
        opposite = opposite or (is_apply(more[0], "neg") and more[0].args[0] == lost[0])
        shown = search.latex(source)
        yield Change(
            Fault.SIGN if opposite else Fault.WRONG_NAME, side, f"write {shown} for {search.latex(node)}", shown
        )


def _without(some: tuple[Expression, ...], others: tuple[Expression, ...]) -> list[Expression]:
    """What is in one list and not in the other, each as often as it stands there."""
    left = list(some)
    for other in others:
        if other in left:
            left.remove(other)
    return left
