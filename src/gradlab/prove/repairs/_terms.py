"""A path of the chain rule that is missing, a term that is missing, a term that is too much."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement, pairwise

from gradlab.graph import Apply, Expression, Ref, is_apply, mul, neg, number
from gradlab.prove._verdict import Fault
from gradlab.prove.repairs._factors import differentiated, parts_of_formulas
from gradlab.prove.repairs._paths import nodes, replace_at
from gradlab.prove.repairs._search import Change, Search, Values, constant_of, names_of, same

MOST_PATHS = 60


def paths(search: Search) -> Iterator[Change]:
    """The side and a path, from what is differentiated to the variable, that it lacks."""
    difference = lack(search.wanted, search.found)
    if difference is None:
        return
    for pair in search.partials:
        for path in graph_paths(search, pair):
            edges = [search.slope(a, b) for a, b in pairwise(path)]
            product = edges[0] if len(edges) == 1 else Apply("mul", tuple(edges))
            values = search.values(product)
            if values is None or not same(values, difference):
                continue
            shown = r" \leftarrow ".join(search.writer.name(name) for name in path)
            message = f"the path {shown} is missing: add {search.latex(product)}"
            yield Change(Fault.MISSING_PATH, added(search.side, product), message, search.latex(product))


def graph_paths(search: Search, pair: tuple[str, str]) -> list[tuple[str, ...]]:
    """Paths from one quantity down to another, if there are several but not too many; then all through a third."""
    found = single_paths(search, pair)
    through = dict.fromkeys(name for path in found for name in path[1:-1])
    return [*found, *((pair[0], name, pair[1]) for name in through)]


def single_paths(search: Search, pair: tuple[str, str]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    wrt = pair[1]
    waiting: list[tuple[str, ...]] = [(pair[0],)]
    while waiting and len(found) < MOST_PATHS and len(waiting) < 10 * MOST_PATHS:
        path = waiting.pop()
        if path[-1] == wrt:
            found.append(path)
        elif path[-1] in search.computed:
            inputs = search.computed[path[-1]]
            waiting += [(*path, name) for name in inputs if name == wrt or wrt in search.upstream(name)]
    return found if len(found) > 1 else []


def added(side: Expression, term: Expression) -> Expression:
    """A sum as one would write it."""
    return Apply("add", (*(side.args if is_apply(side, "add") else (side,)), term))


def terms(search: Search) -> Iterator[Change]:
    """Every sum without one of its terms; the side with a term of a rule, or a number, more."""
    for path, node in search.nodes:
        if is_apply(node, "add"):
            for i, term in enumerate(node.args):
                rest = node.args[:i] + node.args[i + 1 :]
                new = rest[0] if len(rest) == 1 else Apply("add", rest)
                shown = search.latex(term)
                side = replace_at(search.side, path, new)
                yield Change(Fault.EXTRA_TERM, side, f"the term {shown} is too much", shown)
    difference = lack(search.wanted, search.found)
    if difference is not None:
        yield from missing(search, (), search.side, difference)
    for path, node in search.nodes[1:]:
        needed, found = search.needed(path), search.values(node)
        inside = is_apply(node, "add") or isinstance(node, Ref) or is_apply(node, "pow")
        if inside and needed is not None and found is not None:
            inner = lack(needed, found)
            if inner is not None:
                yield from missing(search, path, node, inner)


def lack(wanted: Values, found: Values) -> Values | None:
    """What something has too little of."""
    return tuple(a - b for a, b in zip(wanted, found, strict=True)) if len(wanted) == len(found) else None


def missing(search: Search, path: tuple[int, ...], part: Expression, difference: Values) -> Iterator[Change]:
    """A part and what it lacks, if that is a number, a quantity, or a term of a rule."""
    value = constant_of(difference)
    if value:
        yield with_term(search, path, part, number(value))
        return
    for term in candidates(search):
        values = search.values(term)
        if values is None:
            continue
        for factor in (1, -1, 2, -2, 3, -3):
            if same(tuple(factor * value for value in values), difference):
                signed = mul(number(abs(factor)), term)
                yield with_term(search, path, part, neg(signed) if factor < 0 else signed)


def with_term(search: Search, path: tuple[int, ...], part: Expression, term: Expression) -> Change:
    shown = search.latex(term)
    side = replace_at(search.side, path, added(part, term))
    return Change(Fault.MISSING_TERM, side, f"the term {shown} is missing", shown)


def candidates(search: Search) -> list[Expression]:
    """Terms that may have been forgotten: those of the rules for sums and products, and every quantity."""
    found: dict[Expression, None] = {}
    for formula, wrt in differentiated(search):
        bare = formula.args[0] if is_apply(formula, "neg") else formula
        if is_apply(bare, "add"):
            found.update(dict.fromkeys(search.worked_out(term, wrt) for term in bare.args))
        if is_apply(bare, "mul"):
            for i, factor in enumerate(bare.args):
                rest = bare.args[:i] + bare.args[i + 1 :]
                found[mul(*rest, search.worked_out(factor, wrt))] = None
    names = list(dict.fromkeys(name for side in search.written for _, node in nodes(side) for name in names_of(node)))
    for name in names:
        formula = search.formula(name)
        if formula is not None and is_apply(formula, "add"):
            found.update(dict.fromkeys(formula.args))
    found.update(dict.fromkeys((*map(search.named, search.quantities), *parts_of_formulas(search))))
    found.update(
        dict.fromkeys(mul(search.named(a), search.named(b)) for a, b in combinations_with_replacement(names[:8], 2))
    )
    for side in search.written:
        if is_apply(side, "add"):
            found.update(dict.fromkeys(side.args))
    return list(found)[:150]
