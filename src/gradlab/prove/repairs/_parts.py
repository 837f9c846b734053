"""One part of the side: its sign, its function, its power, its complement, its reciprocal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from gradlab.graph import (
    ONE,
    PRIMITIVES,
    Apply,
    Const,
    Expression,
    Ref,
    activations,
    add,
    as_number,
    div,
    is_apply,
    neg,
    number,
    power,
    subtract,
)
from gradlab.prove._verdict import Fault
from gradlab.prove.read._nodes import Call
from gradlab.prove.repairs._paths import Path, at_path, nodes, replace_at
from gradlab.prove.repairs._search import Change, Search, same

_ONE = frozenset(("exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "softplus", "relu", "abs"))
CONFUSED = (("exp", "log"), ("sin", "cos"))


def others(name: str) -> tuple[str, ...]:
    """The functions that one is taken for: for an activation, every other one."""
    groups = (tuple(known for known in activations() if known in PRIMITIVES), *CONFUSED)
    return tuple(other for group in groups if name in group for other in group if other != name)


def signs(search: Search) -> Iterator[Change]:
    """Every term with the other sign, and every argument of a function."""
    for path, node in search.nodes:
        if not path:
            continue
        above = at_path(search.side, path[:-1])
        if is_apply(above, "neg"):
            continue
        in_sum = is_apply(above, "add")
        in_function = isinstance(above, Apply) and above.primitive not in ("mul", "div", "neg", "add")
        if (in_sum or in_function) and plausible(search, path, node, neg(node)):
            where = "the exponent " if is_apply(above, "pow") and path[-1] == 1 else ""
            message = f"the sign of {where}{shown(search, node)} is wrong"
            yield Change(Fault.SIGN, replace_at(search.side, path, neg(node)), message, search.latex(node))


def shown(search: Search, node: Expression) -> str:
    """A part without its minus."""
    return search.latex(node.args[0] if is_apply(node, "neg") else node)


def functions(search: Search) -> Iterator[Change]:
    """Every function replaced by another of the same argument."""
    chain = functions_of(search)
    for path, node in search.nodes:
        if isinstance(node, Call) and len(node.orders) == 1:
            for order in (node.orders[0] - 1, node.orders[0] + 1):
                called = replace(node, orders=(order,))
                if order >= 0 and plausible(search, path, node, called):
                    message = f"write {search.latex(called)} for {search.latex(node)}"
                    yield Change(Fault.WRONG_FUNCTION, replace_at(search.side, path, called), message)
        if not isinstance(node, Apply):
            continue
        own = tuple(other for other in chain if other != node.primitive) if node.primitive in _ONE else ()
        for other in dict.fromkeys((*others(node.primitive), *own)):
            new = Apply(other, node.args)
            if plausible(search, path, node, new):
                message = f"write {search.latex(new)} for {search.latex(node)}"
                yield Change(Fault.WRONG_FUNCTION, replace_at(search.side, path, new), message, search.latex(new))
    yield from function_throughout(search)


def functions_of(search: Search) -> tuple[str, ...]:
    """The functions of one argument that stand in the chain."""
    found: dict[str, None] = {}
    for side in search.written:
        found.update(dict.fromkeys(n.primitive for _, n in nodes(side) if isinstance(n, Apply) and n.primitive in _ONE))
    return tuple(found)


def function_throughout(search: Search) -> Iterator[Change]:
    """A function replaced by another wherever it stands."""
    from gradlab.prove.repairs._paths import rewrite

    used = dict.fromkeys(node.primitive for _, node in search.nodes if isinstance(node, Apply))
    for name in used:
        for other in others(name):

            def rule(node: Expression, name: str = name, other: str = other) -> Expression | None:
                return Apply(other, node.args) if is_apply(node, name) else None

            new = rewrite(search.side, rule)
            message = f"{_bare(search, other)} is meant wherever {_bare(search, name)} stands"
            yield Change(Fault.WRONG_FUNCTION, new, message, _bare(search, other))


def _bare(search: Search, name: str) -> str:
    return search.latex(Apply(name, (Ref("?x"),))).split("(")[0].strip()


def powers(search: Search) -> Iterator[Change]:
    """Every part squared, or without its square; one minus it; its reciprocal; every number replaced."""
    for path, node in search.nodes:
        above = at_path(search.side, path[:-1]) if path else None
        exponent = above is not None and is_apply(above, "pow") and path[-1] == 1
        if exponent:
            yield from exponents(search, path, node)
            continue
        if is_apply(node, "pow"):
            base = node.args[0]
            if plausible(search, path, node, base):
                message = f"write {search.latex(base)} for {search.latex(node)}"
                yield Change(Fault.WRONG_POWER, replace_at(search.side, path, base), message, search.latex(base))
            yield from exponent_inside(search, path, node)
        if not isinstance(node, Const) and not is_apply(node, "neg"):
            yield from remade(search, path, node, above is not None and is_apply(above, "pow"))


def exponent_inside(search: Search, path: Path, node: Expression) -> Iterator[Change]:
    """A power of a sum with the exponent on one of its terms: 1 - z^2 for (1 - z)^2."""
    base, exponent = node.args
    if not is_apply(base, "add"):
        return
    for i, term in enumerate(base.args):
        bare = term.args[0] if is_apply(term, "neg") else term
        raised = neg(power(bare, exponent)) if bare is not term else power(bare, exponent)
        new = Apply("add", (*base.args[:i], raised, *base.args[i + 1 :]))
        if plausible(search, path, node, new):
            message = f"write {search.latex(new)} for {search.latex(node)}"
            yield Change(Fault.WRONG_POWER, replace_at(search.side, path, new), message, search.latex(new))


def remade(search: Search, path: Path, node: Expression, is_base: bool) -> Iterator[Change]:
    for exponent in (2, 3, 4) if search.pruning and not (search.quick or is_base) else (2,) if not is_base else ():
        raised = power(node, number(exponent))
        if plausible(search, path, node, raised):
            lost = "square" if exponent == 2 else f"exponent {exponent}"
            message = f"the {lost} on {search.latex(node)} is missing"
            yield Change(Fault.WRONG_POWER, replace_at(search.side, path, raised), message, search.latex(raised))
    complement = subtract(ONE, node)
    if not is_apply(node, "mul") and plausible(search, path, node, complement):
        message = f"write {search.latex(complement)} for {search.latex(node)}"
        yield Change(Fault.COMPLEMENT, replace_at(search.side, path, complement), message, search.latex(complement))
    over = div(node.args[1], node.args[0]) if is_apply(node, "div") else div(ONE, node)
    if plausible(search, path, node, over):
        message = f"write {search.latex(over)} for {search.latex(node)}"
        yield Change(Fault.RECIPROCAL, replace_at(search.side, path, over), message, search.latex(over))


def exponents(search: Search, path: Path, node: Expression) -> Iterator[Change]:
    """Every exponent replaced by a small number, or by one more or less."""
    if as_number(node) is None:
        for other in (subtract(node, ONE), add(node, ONE)):
            message = f"write the exponent {search.latex(other)} for {search.latex(node)}"
            yield Change(Fault.WRONG_POWER, replace_at(search.side, path, other), message, search.latex(other))
    for value in (2, 3, 1, -1, -2, 4, Fraction(1, 2), -3):
        new = number(value)
        if new != node:
            message = f"write the exponent {search.latex(new)} for {search.latex(node)}"
            yield Change(Fault.WRONG_POWER, replace_at(search.side, path, new), message, search.latex(new))


def plausible(search: Search, path: Path, node: Expression, new: Expression) -> bool:
    """Whether it is worth trying one part for another: whether it has the needed values, where these are known."""
    needed = search.needed(path)
    if needed is None:
        return True
    values = search.values(new)
    return values is None or len(values) != len(needed) or same(values, needed)
