"""The variable by which is differentiated, and the quantity that is."""

from __future__ import annotations

from collections.abc import Iterator

from gradlab.graph import Differentiate, Expression, Partial, Ref
from gradlab.prove._tree import FREE, TEMPLATE, names_in, replace_at
from gradlab.prove._verdict import Fault
from gradlab.prove.repairs._search import Change, Search

MOST_NAMES = 80


def variables(search: Search) -> Iterator[Change]:
    """Every derivative of a formula by another variable; every last factor of a chain by what the chain ends at."""
    yield from by_others(search, last=True)


def other_variables(search: Search) -> Iterator[Change]:
    """Every factor of a chain by any other variable."""
    yield from by_others(search, last=False)


def by_others(search: Search, last: bool) -> Iterator[Change]:
    wanted = {partial.wrt for partial in search.partials()}
    continued = {node.of for _, node in search.nodes if isinstance(node, Partial)}
    for path, node in search.nodes:
        if not isinstance(node, Partial | Differentiate) or (isinstance(node, Differentiate) and not last):
            continue
        for name in candidates(search, node):
            if isinstance(node, Partial) and (name in wanted and node.wrt not in continued) is not last:
                continue
            new: Expression = Partial(node.of, name) if isinstance(node, Partial) else Differentiate(node.formula, name)
            shown, was = search.writer.name(name), search.writer.name(node.wrt)
            message = f"differentiate by {shown}, not by {was}"
            yield Change(Fault.WRONG_VARIABLE, replace_at(search.side, path, new), message, shown)


def candidates(search: Search, node: Partial | Differentiate) -> list[str]:
    """Other variables: those that stand in what is differentiated."""
    if isinstance(node, Partial):
        names = search.names.upstream(node.of) if node.of in search.graph else set()
        ordered = [quantity.name for quantity in search.graph if quantity.name in names]
    else:
        wanted = [partial.wrt for partial in search.partials()]
        ordered = [*wanted, *names_in(node.formula)]
    kept = [name for name in dict.fromkeys(ordered) if name != node.wrt and not name.startswith(TEMPLATE)]
    if node.wrt.startswith(FREE):
        kept = [name for name in kept if name.startswith(FREE)]
    return [name for name in kept if search.values(Ref(name)) is not None][:MOST_NAMES]
