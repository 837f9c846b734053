"""The order of the work: from a derivation to straight-line statements in which nothing is computed twice."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from gradlab.derive import Backprop, backprop, stabilise, tangents
from gradlab.graph import (
    ONE,
    PRIMITIVES,
    ZERO,
    Apply,
    Expression,
    Graph,
    NetworkGraph,
    Ref,
    as_number,
    definition_of,
    div,
    evaluate,
    is_apply,
    loss_of,
    mul,
    neg,
    number,
    power,
    subtract,
    transform,
)

LONGEST_ROW = 100
HIGHEST_POWER = 64  # higher ones are no factors in a row
MOST_DIVISORS = 16
STEEP = 4  # what a steep factor counts
LONG = 2**24  # a number of float32 that may be rounded


@dataclass(frozen=True, slots=True)
class Program:
    """Straight-line code: what every backend prints.

    Attributes:
        inputs: the names that are given.
        statements: name and formula, in order; each formula uses inputs and earlier names.
        outputs: the formulas of the results, names or numbers for the most part.
    """

    inputs: tuple[str, ...]
    statements: tuple[tuple[str, Expression], ...]
    outputs: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Programs:
    """What is compiled for one output of a graph: the value alone, and the value with the gradient."""

    value: Program
    value_and_gradient: Program
    derivation: Backprop


def value_program(graph: Graph, outputs: Iterable[str], inputs: Iterable[str]) -> Program:
    """The program that computes some quantities of a graph."""
    return _schedule(tuple(inputs), _stable_definitions(graph), tuple(map(Ref, outputs)), apart=_apart(graph))


def programs_for(graph: Graph, output: str, wrt: Iterable[str], inputs: Iterable[str]) -> Programs:
    """The programs for a quantity and its gradient.

    Args:
        graph: the graph.
        output: the quantity that is computed and differentiated.
        wrt: the quantities by which it is differentiated, in the order of the gradient.
        inputs: the names that are given, in the order of the program's arguments.
    """
    return _programs(graph, output, tuple(wrt), tuple(inputs))


@lru_cache(maxsize=8, typed=True)  # a function's value, its ways down and its curvatures begin with the same
def _programs(graph: Graph, output: str, wrt: tuple[str, ...], inputs: tuple[str, ...]) -> Programs:
    derived = backprop(graph, output, wrt)
    definitions = _stable_definitions(graph)
    deltas = {name: stabilise(formula, definitions) for name, formula in derived.deltas}
    gradient = tuple(stabilise(formula, definitions) for formula in derived.gradient.values())
    made: dict[str, Expression] = {}
    apart = _apart(graph)
    value = _schedule(inputs, definitions, (Ref(output),), made, apart=apart)
    both = _schedule(inputs, {**definitions, **deltas}, (Ref(output), *gradient), made, apart=apart)
    return Programs(value, both, derived)


def network_programs(graph: NetworkGraph) -> Programs:
    """The programs for the loss of a network and its gradient by the parameters."""
    return programs_for(graph, "L", graph.parameters, (*graph.parameters, *graph.columns))


def hessian_vector_program(graph: Graph, output: str, wrt: Iterable[str], inputs: Iterable[str]) -> Program:
    """The program for the product of a Hessian with a vector: the gradient's program, differentiated along the vector.

    Args:
        graph: the graph.
        output: the quantity whose Hessian it is.
        wrt: the quantities by which it is differentiated, in the order of the Hessian.
        inputs: the names that are given; behind them the program takes a number for each of ``wrt``, the vector.
    """
    wrt, inputs = tuple(wrt), tuple(inputs)
    derived = programs_for(graph, output, wrt, inputs).derivation
    deltas = {name: stabilise(formula, {}) for name, formula in derived.deltas}
    gradient = {f"_g_{name}": stabilise(formula, {}) for name, formula in derived.gradient.items()}
    definitions = {**_stable_definitions(graph), **deltas, **gradient}
    vector = {name: f"_v{i}" for i, name in enumerate(wrt)}
    along = tangents(definitions, {name: Ref(part) for name, part in vector.items()})
    results = [along.formulas.get(along.names.get(name, ""), ZERO) for name in gradient]
    return _schedule(
        (*inputs, *vector.values()), {**definitions, **along.formulas}, tuple(results), apart=_apart(graph)
    )


def _apart(graph: Graph) -> bool:
    """Whether factors are divided by one at a time: not in networks, whose quotients are of moderate numbers."""
    return not isinstance(graph, NetworkGraph)


def _stable_definitions(graph: Graph) -> dict[str, Expression]:
    formulas = {quantity.name: quantity.expression for quantity in graph}
    if isinstance(graph, NetworkGraph) and graph.loss_row.stable is not None:
        formulas["L"] = loss_of(graph.loss_row, graph.labels, graph.outputs, graph.weights, stable=True)
    return {name: stabilise(formula, formulas) for name, formula in formulas.items() if formula is not None}


def _schedule(
    inputs: tuple[str, ...],
    definitions: Mapping[str, Expression],
    outputs: tuple[Expression, ...],
    made: dict[str, Expression] | None = None,
    *,
    apart: bool,
) -> Program:
    """Puts formulas in order; `made` keeps the lowered ones for another program that begins with the same."""
    made = {} if made is None else made
    formulas: dict[str, Expression] = {}
    constants: dict[str, Expression] = {}
    for name, formula in definitions.items():
        if name not in made:
            made[name] = _lower(formula, constants, definitions, apart=apart)
        formulas[name] = made[name]
        if as_number(formulas[name]) is not None:
            constants[name] = formulas[name]
    results = tuple(_lower(output, constants, definitions, apart=apart) for output in outputs)
    needed = _needed(formulas, results)
    kept = {name: formula for name, formula in formulas.items() if name in needed}
    uses = _count_uses([*kept.values(), *results])
    statements: list[tuple[str, Expression]] = []
    known: dict[Expression, Expression] = {}

    def emit(node: Expression) -> Expression:
        """The node with everything that is known or used twice replaced by its name."""
        if node in known:
            return known[node]
        if not isinstance(node, Apply):
            return node
        made = Apply(node.primitive, tuple(map(emit, node.args)))
        if uses[node] > 1 and not (is_apply(node, "neg") or as_number(node) is not None):
            known[node] = Ref(f"_t{len(statements)}")
            statements.append((str(known[node]), made))
            return known[node]
        return made

    for name, formula in kept.items():
        uses[formula] = 0  # it gets its own name, not a second one
        statements.append((name, emit(formula)))
        if isinstance(formula, Apply):
            known[formula] = Ref(name)
    finished = tuple(map(emit, results))
    return Program(inputs, tuple(statements), finished)


def lowered(formula: Expression) -> Expression:
    """A formula in the primitives that kernels have a word for."""
    return _lower(formula, {}, {}, apart=False)


def _lower(
    formula: Expression, constants: Mapping[str, Expression], definitions: Mapping[str, Expression], *, apart: bool
) -> Expression:
    """Replace what kernels have no word for, and compute what is a number already."""

    def rule(node: Expression) -> Expression | None:
        if isinstance(node, Ref):
            return constants.get(node.name)
        if not isinstance(node, Apply) or as_number(node) is not None:
            return None
        lowered = _in_other_words(node)
        if lowered is not None:
            return transform(lowered, rule)
        if not node.names:
            return _folded(node)
        if node.primitive in ("max", "min"):
            return _one_number(node)
        if node.primitive == "div" and apart:
            return _one_by_one(node)
        if node.primitive == "mul":
            node = _gated(_guarded(node, definitions))
        return (_in_groups(node) or node) if node.primitive in ("add", "mul") else None

    return transform(formula, rule)


def _guarded(product: Apply, definitions: Mapping[str, Expression]) -> Apply:
    """The product x^y log x with a logarithm that is 0 for x = 0: so is the product, for every y above 0."""
    powers = [_of_power(arg, definitions) for arg in product.args]
    bases = {arg.args[0] for arg in powers if is_apply(arg, "pow") and arg.args[1].names and arg.args[0].names}

    def guarded(arg: Expression) -> Expression:
        if not is_apply(arg, "log") or arg.args[0] not in bases:
            return arg
        not_zero = power(Apply("sign", arg.args), number(2))
        return Apply("log", (Apply("add", (ONE, neg(not_zero), *arg.args)),))  # in this order a small x keeps its bits

    return Apply("mul", tuple(map(guarded, product.args))) if bases else product


def _of_power(factor: Expression, definitions: Mapping[str, Expression]) -> Expression:
    """What a factor is a positive power of, such as x^y of (x^y)^2."""
    while True:
        if isinstance(factor, Ref) and factor.name in definitions:
            factor = definitions[factor.name]
        elif is_apply(factor, "pow") and (as_number(factor.args[1]) or 0) > 0:
            factor = factor.args[0]
        else:
            return factor


def _gated(product: Apply) -> Apply:
    """The product s (1 - s) (1 + x^2) with a power that is finite where s is 0 or 1, where all is 0 however far out."""
    gates = [arg for arg in product.args if is_apply(arg, "sigmoid") and subtract(ONE, arg) in product.args]
    if not gates or not any(is_apply(arg, "add") and subtract(ONE, gates[0]) != arg for arg in product.args):
        return product
    gate = gates[0]
    is_shut = subtract(ONE, Apply("sign", (Apply("mul", (gate, subtract(ONE, gate))),)))

    def rule(node: Expression) -> Expression | None:
        if not is_apply(node, "pow") or (as_number(node.args[1]) or 0) <= 0:
            return None
        base, exponent = node.args  # less itself and not times 0: products of powers are taken apart
        return power(subtract(base, mul(base, is_shut)), exponent)

    kept = (gate, subtract(ONE, gate))
    return Apply(
        "mul", tuple(arg if arg in kept or not is_apply(arg, "add") else transform(arg, rule) for arg in product.args)
    )


def _one_by_one(quotient: Apply) -> Expression | None:
    """A quotient of products in which one factor is divided at a time: the products may overflow where it does not.

    So x^3 e^x/(e^x - 1)^2 becomes e^x/(e^x - 1) (x^3/(e^x - 1)).
    """
    over, under = quotient.args
    if over.names and (number_below := as_number(under)):
        return _with_one_number(over, number_below)
    (factors, above), (divisors, below) = _parted(over), _parted(under)
    if not factors or not 1 < len(divisors) <= MOST_DIVISORS:
        return None
    # Sums and the like first: a small name divides what they have made small.
    divisors.sort(key=lambda divisor: not isinstance(divisor, Apply))
    groups, last = _dealt(factors, divisors)
    made: Expression = ONE
    for group, divisor in zip(groups, divisors, strict=True):
        top = _product(group)
        if made == ONE or not group:
            made = Apply("div", (top if group else made, divisor))
        else:
            made = Apply("mul", (made, Apply("div", (top, divisor))))
    scale = div(above, below)
    behind = last if scale == ONE else [*last, scale]
    return Apply("mul", (made, *behind)) if behind else made


def _parted(product: Expression) -> tuple[list[Expression], Expression]:
    """The factors of a product that vary, and the number that it holds besides."""
    factors = _single(product)
    return [factor for factor in factors if factor.names], mul(*(factor for factor in factors if not factor.names))


def _with_one_number(over: Expression, below: Fraction) -> Expression | None:
    """A product over a number with one number in front, where numerator and denominator are long: 107032/200000."""
    above = as_number(over.args[0]) if is_apply(over, "mul") else None
    if above is None or max(abs(above), abs(below)) < LONG:
        return None
    return Apply("mul", (number(above / below), *over.args[1:]))


def _dealt(factors: list[Expression], divisors: list[Expression]) -> tuple[list[list[Expression]], list[Expression]]:
    """Deal factors to divisors, so that no product grows: the groups, and what is multiplied at the end.

    Powers and exponentials get a divisor each, one with names of theirs if there is one; equal factors are spread.
    """
    groups: list[list[Expression]] = [[] for _ in divisors]
    taken, last = [0] * len(divisors), list[Expression]()
    alike = frozenset(name for divisor in divisors for name in divisor.names)
    times = Counter(factors)
    for factor in sorted(factors, key=lambda factor: (not _is_steep(factor), not factor.names & alike)):
        lightest = taken.index(min(taken))
        full = taken[lightest] >= STEEP if times[factor] == 1 else False
        (last if full else groups[lightest]).append(factor)
        taken[lightest] += 0 if full else STEEP if _is_steep(factor) else 1
    return groups, last


def _product(factors: list[Expression]) -> Expression:
    return mul(*(power(factor, number(count)) for factor, count in Counter(factors).items()))


def _single(product: Expression) -> list[Expression]:
    """The factors of a product; a whole power is so many."""
    found = list[Expression]()
    for factor in product.args if is_apply(product, "mul") else (product,):
        count = as_number(factor.args[1]) if is_apply(factor, "pow") else None
        whole = count is not None and count in range(1, HIGHEST_POWER + 1)
        found += [factor.args[0]] * int(count) if whole and count is not None else [factor]
    return found


def _is_steep(factor: Expression) -> bool:
    """Whether it may grow like a divisor of its own."""
    return isinstance(factor, Apply) and factor.primitive in ("pow", "exp", "expm1")


def _in_other_words(node: Apply) -> Expression | None:
    """What kernels compute for a primitive that no backend has a word for; None where one has."""
    row = PRIMITIVES[node.primitive]
    if row.lower is not None:
        return row.lower(node.args)
    return None if row.numpy or row.torch or row.numba else definition_of(node)


def _folded(node: Apply) -> Expression | None:
    """A formula without names as a number; None if it is none, such as log(0)."""
    try:
        value = float(evaluate(node, {}, exact=False))
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return number(Fraction(value)) if math.isfinite(value) else None


def _one_number(node: Apply) -> Expression | None:
    """A maximum or minimum with several numbers in it with the one that counts: backends compare arrays."""
    numbers = [value for value in map(as_number, node.args) if value is not None]
    if len(numbers) < 2:
        return None
    best = max(numbers) if node.primitive == "max" else min(numbers)
    return Apply(node.primitive, (number(best), *(arg for arg in node.args if as_number(arg) is None)))


def _in_groups(node: Apply) -> Expression | None:
    """A long sum or product as one of shorter ones: Python does not compile operators in a row without end."""
    args = node.args
    while len(args) > LONGEST_ROW:
        rows = [args[i : i + LONGEST_ROW] for i in range(0, len(args), LONGEST_ROW)]
        args = tuple(row[0] if len(row) == 1 else Apply(node.primitive, row) for row in rows)
    return Apply(node.primitive, args) if args != node.args else None


def _needed(formulas: Mapping[str, Expression], results: tuple[Expression, ...]) -> set[str]:
    needed: set[str] = set()
    reach = [name for result in results for name in result.names]
    while reach:
        name = reach.pop()
        if name not in needed and name in formulas:
            needed.add(name)
            reach += formulas[name].names
    return needed


def _count_uses(formulas: list[Expression]) -> Counter[Expression]:
    """How often each different subexpression is used by a different one."""
    uses: Counter[Expression] = Counter()
    seen: set[Expression] = set()
    stack = list(formulas)
    while stack:
        node = stack.pop()
        uses[node] += 1
        # A minus is not worth a name, so what stands under it counts once for each of its users.
        if node not in seen or is_apply(node, "neg"):
            seen.add(node)
            stack += node.args
    return uses
