"""The variable by which is differentiated, and the quantity that is."""

from __future__ import annotations

from collections.abc import Iterator

from gradlab.graph import Expression, Partial, Ref
from gradlab.prove._names import FREE
from gradlab.prove._verdict import Fault
from gradlab.prove.read._nodes import Derivative
from gradlab.prove.repairs._paths import nodes, replace_at
from gradlab.prove.repairs._search import Change, Search, names_of, partial_of

MOST_NAMES = 80


def variables(search: Search) -> Iterator[Change]:
    """Every derivative of a formula by another variable; every last factor of a chain by what the chain ends at."""
    yield from by_others(search, last=True)


def other_variables(search: Search) -> Iterator[Change]:
    """Every factor of a chain by any other variable."""
    yield from by_others(search, last=False)


def by_others(search: Search, last: bool) -> Iterator[Change]:
    """Derivatives by other variables."""
    wanted = {wrt for _, wrt in search.partials}
    continued = {pair[0] for _, node in search.nodes if (pair := partial_of(node)) is not None}
    for path, node in search.nodes:
        if not isinstance(node, Partial | Derivative):
            continue
        pair = partial_of(node)
        by = node.wrt if isinstance(node, Derivative) and len(node.wrt) == 1 else ()
        current = pair[1] if pair is not None else "".join(name for wrt in by for name in names_of(wrt))
        if not current or (pair is None and not last):
            continue
        for name in candidates(search, node, current):
            if pair is not None and (name in wanted and current not in continued) is not last:
                continue
            new: Expression = (
                search.slope(pair[0], name)
                if pair is not None
                else Derivative(node.body, (search.named(name),), node.style)  # type: ignore[union-attr]
            )
            shown, was = search.writer.name(name), search.writer.name(current)
            message = f"differentiate by {shown}, not by {was}"
            yield Change(Fault.WRONG_VARIABLE, replace_at(search.side, path, new), message, shown)


def candidates(search: Search, node: Partial | Derivative, current: str) -> list[str]:
    """Other variables: those that stand in what is differentiated."""
    pair = partial_of(node)
    if pair is not None:
        upstream = search.upstream(pair[0])
        ordered = [name for name in search.quantities if name in upstream]
        ordered += [name for name in sorted(upstream) if name not in ordered]
    else:
        assert isinstance(node, Derivative)
        wanted = [wrt for _, wrt in search.partials]
        ordered = [*wanted, *(name for _, part in nodes(node.body) for name in names_of(part))]
    kept = [name for name in dict.fromkeys(ordered) if name != current]
    if current.startswith(FREE):
        kept = [name for name in kept if name.startswith(FREE)]
    return [name for name in kept if search.values(Ref(name)) is not None][:MOST_NAMES]
