"""A factor of the chain rule that is missing, one that is too much, one that belongs to another function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from gradlab.graph import (
    ONE,
    PRIMITIVES,
    Apply,
    Const,
    Expression,
    Ref,
    div,
    is_apply,
    mul,
    neg,
    number,
    parse,
    power,
    subtract,
    transform,
)
from gradlab.prove._verdict import Fault
from gradlab.prove.read._nodes import Call, Derivative, Index, Indexed, Total
from gradlab.prove.repairs._paths import at_path, nodes, replace_at
from gradlab.prove.repairs._search import (
    Change,
    Search,
    Values,
    constant_of,
    names_of,
    partial_of,
    ratio,
    same,
    times,
)
from gradlab.prove.repairs._whole import scaled_in

# How derivatives of activations are written: of the argument x, and of the value v.
_DERIVATIVES = {
    "sigmoid": ("sigmoid(x)*(1 - sigmoid(x))", "v*(1 - v)"),
    "tanh": ("1 - tanh(x)**2", "1 - v**2"),
    "softplus": ("sigmoid(x)", "1 - exp(-v)"),
    "relu": ("step(x)", "step(v)"),
}
_LINEAR = frozenset(("add", "mul", "div", "neg"))
MOST_IN_ARGUMENTS = 8
_FORMS = {name: tuple(map(parse, texts)) for name, texts in _DERIVATIVES.items()}


def factors(search: Search) -> Iterator[Change]:
    """The side times a local derivative, or times what makes the derivative of one activation that of another."""
    needed = ratio(search.wanted, search.found)
    if needed is None:
        return
    yield from confused_derivatives(search, needed)
    yield from named_factors(search, (), search.side, needed)


def confused_derivatives(search: Search, needed: Values) -> Iterator[Change]:
    """The derivative of a wrong activation in place of the right one."""
    for name, wrong, instead, right, values in search.once(confusions):
        if same(values, needed):
            latex = search.latex(right)
            message = f"{search.latex(wrong)} is not {latex}: {search.writer.name(name)} is "
            message += search.latex(search.formula(name) or ONE)
            yield Change(Fault.WRONG_FUNCTION, div(times(search.side, instead), wrong), message, latex)


def confusions(search: Search) -> list[tuple[str, Expression, Expression, Expression, Values]]:
    """Activations, the derivative of another one and theirs as written, its own, and how the two compare."""
    found: list[tuple[str, Expression, Expression, Expression, Values]] = []
    for name in search.computed:
        formula = search.formula(name)
        if not (isinstance(formula, Apply) and formula.primitive in _FORMS and isinstance(formula.args[0], Ref)):
            continue
        right = search.slope(name, formula.args[0].name)
        for other in (other for other in _FORMS if other != formula.primitive):
            for form, meant in zip(_FORMS[other], _FORMS[formula.primitive], strict=True):
                wrong, instead = (_inserted(shape, formula.args[0], name) for shape in (form, meant))
                values, constant = search.values(div(right, wrong)), search.values(wrong)
                if values is not None and constant is not None and constant_of(constant) is None:
                    found.append((name, wrong, instead, right, values))
    return found


def _inserted(form: Expression, argument: Expression, value: str) -> Expression:
    return transform(form, lambda node: argument if node == Ref("x") else Ref(value) if node == Ref("v") else None)


def named_factors(search: Search, path: tuple[int, ...], part: Expression, needed: Values) -> Iterator[Change]:
    """A part times a local derivative of the graph, or times a quantity."""
    known = search.once(possible_factors)
    search.deadline.check(30 * len(known))
    for sign in (1, -1):
        for factor, values in known:
            if same(tuple(sign * value for value in values), needed):
                new = times(part, factor if sign > 0 else neg(factor))
                latex = search.latex(factor)
                minus = "" if sign > 0 else ", and a sign is wrong"
                message = f"the factor {latex}{_as_name(search, factor)} is missing{minus}"
                yield Change(Fault.MISSING_FACTOR, replace_at(search.side, path, new), message, latex)
    for factor in (parse("log(x)"), parse("exp(x)")):
        for name in [name for name in search.side.names if sum(1 for _ in name) < 40]:
            made = transform(factor, lambda node: Ref(name) if node == Ref("x") else None)  # noqa: B023
            values = search.values(made)
            if values is not None and same(values, needed):
                latex = search.latex(made)
                side = replace_at(search.side, path, times(part, made))
                yield Change(Fault.MISSING_FACTOR, side, f"the factor {latex} is missing", latex)


def _as_name(search: Search, factor: Expression) -> str:
    """Which name a derivative is, in words: of z = w x by w it is x; empty if none."""
    of, wrt = partial_of(factor) or ("", "")
    formula = search.formula(of) if of else None
    value = None if formula is None else search.worked_out(formula, search.named(wrt))
    return f" = {search.latex(value)}" if isinstance(value, Ref) else ""


def possible_factors(search: Search) -> list[tuple[Expression, Values]]:
    """Local derivatives, quantities and what formulas are made of, with their values; no constants."""
    candidates: list[Expression] = [*search.edges, *map(search.named, search.quantities)]
    candidates += [*inner_formulas(search), *from_the_top(search), *own_names(search), *parts_of_formulas(search)]
    valued = [(factor, search.values(factor)) for factor in dict.fromkeys(candidates)]
    return [(factor, values) for factor, values in valued if values is not None and constant_of(values) is None]


def extra_factors(search: Search) -> Iterator[Change]:
    """Every product without one of its factors, or over a local derivative; the side times an inner derivative."""
    for path, node in search.nodes:
        if is_apply(node, "mul"):
            for i, factor in enumerate(node.args):
                rest = node.args[:i] + node.args[i + 1 :]
                new = rest[0] if len(rest) == 1 else Apply("mul", rest)
                yield from without(search, replace_at(search.side, path, new), factor)
        elif is_apply(node, "div"):
            yield from without(search, replace_at(search.side, path, node.args[0]), div(ONE, node.args[1]))
    needed = ratio(search.wanted, search.found)
    for edge in search.edges if needed is not None else ():
        values = search.values(edge)
        if values is not None and constant_of(values) is None and needed is not None and len(values) == len(needed):
            if same(tuple(value * factor for value, factor in zip(values, needed, strict=True)), (1.0,) * len(values)):
                yield from without(search, div(search.side, edge), edge)
    yield from borrowed(search)


def without(search: Search, side: Expression, factor: Expression) -> Iterator[Change]:
    if search.fits(side):
        latex = search.latex(factor)
        yield Change(Fault.EXTRA_FACTOR, side, f"the factor {latex} is too much", latex)


def borrowed(search: Search) -> Iterator[Change]:
    """The side times the inner derivative of a function in what the chain differentiates."""
    needed = ratio(search.wanted, search.found)
    if needed is None:
        return
    for factor in inner_derivatives(search):
        values = search.values(factor)
        if values is None or constant_of(values) is not None or len(values) != len(search.found):
            continue
        # Both sides may be about zero at a point, where the quotient says nothing.
        if same(tuple(a * b for a, b in zip(values, search.found, strict=True)), search.wanted):
            latex = search.latex(factor)
            yield Change(Fault.MISSING_FACTOR, times(search.side, factor), f"the factor {latex} is missing", latex)


def inner_derivatives(search: Search) -> list[Expression]:
    """The derivatives of what stands inside functions and powers in what the chain differentiates."""
    found: dict[Expression, None] = {}
    for formula, wrt in differentiated(search):
        for _, node in nodes(formula):
            if isinstance(node, Call) or (isinstance(node, Apply) and node.primitive not in ("add", "mul", "neg")):
                for argument in node.args:
                    if not isinstance(argument, Ref) and (argument.names or isinstance(argument, Call)):
                        found[search.worked_out(argument, wrt)] = None
    return list(found)[:60]


def from_the_top(search: Search) -> list[Expression]:
    """The derivatives of what is differentiated by what lies below it: what is fused when fractions cancel."""
    tops = dict.fromkeys(of for of, _ in search.partials)
    pairs = ((top, name) for top in tops for name in search.computed if name in search.upstream(top))
    return [search.slope(*pair) for pair in pairs if pair not in search.asked][:100]


def inner_formulas(search: Search) -> list[Expression]:
    """Sums inside the formulas of the graph: bases of squares, arguments of functions."""
    written = [formula for name in search.computed if (formula := search.formula(name)) is not None]
    inside = (node for formula in written for path, node in nodes(formula) if path and is_apply(node, "add"))
    return list(dict.fromkeys(inside))[:60]


def parts_of_formulas(search: Search) -> list[Expression]:
    """Functions, powers and sums in what is differentiated, and the derivatives of these functions."""
    found: dict[Expression, None] = {}
    for formula, _ in differentiated(search):
        for _, node in nodes(formula):
            if isinstance(node, Apply) and node.primitive not in ("mul", "neg", "div") and node.names:
                found[node] = None
                if len(node.args) == 1:
                    found[PRIMITIVES[node.primitive].derivative(node.args, node, 0)] = None
                elif is_apply(node, "pow"):
                    found[power(node.args[0], subtract(node.args[1], ONE))] = None
    return list(found)[:60]


def own_names(search: Search) -> list[Expression]:
    """The names, entries and small formulas that stand in the chain."""
    found: dict[Expression, None] = {}
    for side in search.written:
        for _, node in nodes(side):
            if names_of(node) or isinstance(node, Indexed | Call):
                found[node] = None
    return list(found)[:40]


def differentiated(search: Search) -> list[tuple[Expression, Expression]]:
    """The formulas that the chain differentiates, each with its variable."""
    result: dict[tuple[Expression, Expression], None] = {}
    for side in search.written:
        for _, node in nodes(side):
            pair = partial_of(node)
            formula = search.formula(pair[0]) if pair is not None else None
            if pair is not None and formula is not None:
                result[formula, search.named(pair[1])] = None
            elif isinstance(node, Derivative) and len(node.wrt) == 1:
                result[node.body, node.wrt[0]] = None
    return list(result)


def under_sums(search: Search) -> Iterator[Change]:
    """What is added up times minus one, a small number, or an entry or a name of the chain."""
    for path, node in search.nodes:
        if not isinstance(node, Total):
            continue
        yield from ones_under(search, path, node)
        for where, part in nodes(node.body):
            if where and not is_apply(at_path(node.body, where[:-1]), "add"):
                continue
            inside = (*path, 0, *where)
            shown = search.latex(part)
            yield Change(Fault.SIGN, replace_at(search.side, inside, neg(part)), f"the sign of {shown} is wrong", shown)
            for value in (2, Fraction(1, 2)):
                new = replace_at(search.side, inside, mul(number(value), part))
                yield Change(Fault.CONSTANT_FACTOR, new, f"a factor {search.latex(number(value))} in {shown}", shown)
            for factor in factors_under(search, node.letter):
                latex = search.latex(factor)
                side = replace_at(search.side, inside, times(part, factor))
                yield Change(Fault.MISSING_FACTOR, side, f"the factor {latex} is missing under the sum", latex)


def ones_under(search: Search, path: tuple[int, ...], total: Total) -> Iterator[Change]:
    """What stands below a fraction bar under a sum, or in a function there, and one, or one minus it."""
    for where, part in nodes(total.body):
        above = at_path(total.body, where[:-1]) if where else None
        below = is_apply(above, "div") and where[-1] == 1 if above is not None else False
        inside = isinstance(above, Apply) and above.primitive not in (*_LINEAR, "pow")
        if not (below or inside) or isinstance(part, Const):
            continue
        shown = search.latex(part)
        for new in (Apply("add", (ONE, part)), Apply("add", (ONE, neg(part)))):
            side = replace_at(search.side, (*path, 0, *where), new)
            yield Change(Fault.MISSING_TERM, side, f"write {search.latex(new)} for {shown}", "1")


def factors_under(search: Search, letter: str) -> list[Expression]:
    """Entries of all families of the chain with the letter of a sum for one of theirs, and names."""
    found: dict[Expression, None] = {}
    for factor in own_names(search):
        if isinstance(factor, Indexed):
            places = [i for i, index in enumerate(factor.args) if isinstance(index, Index)]
            for place in places:
                args = (*factor.args[:place], Index(letter), *factor.args[place + 1 :])
                found[factor.with_args(args)] = None
        found[factor] = None
    heads = (re.fullmatch(r"([A-Za-z]+)_?\d", name) for name in search.quantities)
    families = dict.fromkeys(Indexed(f"?{match[1]}", (Index(letter),)) for match in heads if match is not None)
    return list({**found, **families})


def in_arguments(search: Search) -> Iterator[Change]:
    """Every argument of a function, and every part of one that is a sum, times a small number or a name."""
    written = (node for side in search.written for _, node in nodes(side) if isinstance(node, Const))
    values = dict.fromkeys((Fraction(2), Fraction(3), Fraction(1, 2), *(node.value for node in written if node.value)))
    for path, node in search.nodes:
        above = at_path(search.side, path[:-1]) if path else None
        outside = isinstance(above, Call) or (isinstance(above, Apply) and above.primitive not in _LINEAR)
        if not outside or (is_apply(above, "pow") and path[-1] == 1):  # type: ignore[arg-type]
            continue
        shown = search.latex(node)
        for value in [v for x in values for v in (x, 1 / x) if v != 1]:
            yield scaled_in(search, path, value)
        for factor in own_names(search)[:MOST_IN_ARGUMENTS]:
            latex = search.latex(factor)
            side = replace_at(search.side, path, times(node, factor))
            yield Change(Fault.MISSING_FACTOR, side, f"the factor {latex} is missing in {shown}", latex)


def term_factors(search: Search) -> Iterator[Change]:
    """Every term of a sum, and every argument of a function, times a number or a local derivative."""
    for path, node in search.nodes:
        above = at_path(search.side, path[:-1]) if path else None
        inside = isinstance(above, Apply) and above.primitive not in ("mul", "div", "neg")
        if above is None or not (inside or isinstance(above, Call)):
            continue
        wanted, found = search.needed(path) or search.reached(path), search.values(node)
        if found is not None and len(found) > len(search.numbers):  # an array
            for value in (Fraction(2), Fraction(1, 2)):
                yield scaled_in(search, path, value)
        needed = None if wanted is None or found is None else ratio(wanted, found)
        if needed is None:
            continue
        value = constant_of(needed)
        if value is not None and value not in (0, 1, -1):
            yield scaled_in(search, path, value)
        elif value is None:
            yield from named_factors(search, path, node, needed)
