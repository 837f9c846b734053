"""A path of the chain rule that is missing, a term that is missing, a term that is too much."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations, combinations_with_replacement, islice, pairwise

from gradlab.graph import Apply, Const, Expression, Ref, is_apply, mul, neg, number
from gradlab.prove._verdict import Fault
from gradlab.prove.repairs._factors import differentiated, parts_of_formulas
from gradlab.prove.repairs._paths import nodes, replace_at
from gradlab.prove.repairs._search import Change, Search, Values, constant_of, names_of, same

MOST_PATHS = 60
MOST_GROUPS = 2000
Path = tuple[str, ...]


def paths(search: Search) -> Iterator[Change]:
    """The side and the paths, from what is differentiated to the variable, that it lacks: one, or several."""
    difference = lack(search.wanted, search.found)
    if difference is None:
        return
    for pair in search.partials:
        single = single_paths(search, pair)
        products = {path: product_along(search, path) for path in (*single, *through_another(pair, single))}
        valued = {path: values for path, product in products.items() if (values := search.values(product)) is not None}
        chosen = [(path,) for path in valued if path not in single]
        for some in islice(chain(groups(single), chosen), MOST_GROUPS):
            if all(path in valued for path in some) and same(total([valued[path] for path in some]), difference):
                yield with_paths(search, {path: products[path] for path in some})


def groups(of: list[Path]) -> Iterator[tuple[Path, ...]]:
    """Some of several paths: first one, then all but one, two, all but two and so on."""
    sizes = sorted(range(1, len(of)), key=lambda size: min(2 * size - 1, 2 * (len(of) - size)))
    for size in sizes:
        yield from combinations(of, size)


def total(rows: list[Values]) -> Values:
    """The sums of values at each point."""
    return tuple(map(sum, zip(*rows, strict=True)))


def with_paths(search: Search, lost: dict[Path, Expression]) -> Change:
    """The side and the products along paths."""
    side = search.side
    for product in lost.values():
        side = added(side, product)
    latex = " + ".join(map(search.latex, lost.values()))
    shown = " and ".join(r" \leftarrow ".join(map(search.writer.name, path)) for path in lost)
    message = f"the path {shown} is missing" if len(lost) == 1 else f"the paths {shown} are missing"
    return Change(Fault.MISSING_PATH, side, f"{message}: add {latex}", latex)


def product_along(search: Search, path: Path) -> Expression:
    """The product of the local derivatives along a path."""
    edges = tuple(search.slope(a, b) for a, b in pairwise(path))
    return edges[0] if len(edges) == 1 else Apply("mul", edges)


def through_another(pair: tuple[str, str], single: list[Path]) -> list[Path]:
    """From one quantity down to another by way of a third: all paths through that at once."""
    return [(pair[0], name, pair[1]) for name in dict.fromkeys(name for path in single for name in path[1:-1])]


def single_paths(search: Search, pair: tuple[str, str]) -> list[Path]:
    """Paths from one quantity down to another, if there are several but not too many."""
    found: list[Path] = []
    wrt = pair[1]
    waiting: list[Path] = [(pair[0],)]
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
        inside = isinstance(node, Ref | Const) or is_apply(node, "add") or is_apply(node, "pow")
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
    known = search.once(candidates)
    search.deadline.check(60 * len(known))
    for term, values in known:
        for factor in (1, -1, 2, -2, 3, -3):
            if same(tuple(factor * value for value in values), difference):
                signed = mul(number(abs(factor)), term)
                yield with_term(search, path, part, neg(signed) if factor < 0 else signed)


def with_term(search: Search, path: tuple[int, ...], part: Expression, term: Expression) -> Change:
    shown = search.latex(term)
    side = replace_at(search.side, path, added(part, term))
    return Change(Fault.MISSING_TERM, side, f"the term {shown} is missing", shown)


def candidates(search: Search) -> list[tuple[Expression, Values]]:
    """Terms that may have been forgotten, with values: those of the rules for sums and products, every quantity."""
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
    valued = ((term, search.values(term)) for term in list(found)[:150])
    return [(term, values) for term, values in valued if values is not None]
