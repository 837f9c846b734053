"""WHAT a step computes, rolled over units: for each layer what all of its units have in common.

The derivation has a formula for every unit. Here they are compared: where each formula of a layer is the same but for
the numbers of its units, the layer needs one formula, and the kernel a loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from gradlab.codegen._kernel import PointProgram, Statements, factors_of, margin_of, needed_for, plain, product_of
from gradlab.codegen._rounds import LABEL, NotRoundError, Rounds, rounds_of
from gradlab.codegen._schedule import programs_for
from gradlab.graph import ONE, Apply, Expression, NetworkGraph, Ref, div, is_apply, substitute, transform, walk

MOST_WRITTEN = 8  # outputs that are written out; each of them is compiled anew, for every point of a tile
TOTAL, SUM, OUT, BACK = "total", "z_in", "z_out", "back"


@dataclass(frozen=True, slots=True)
class RolledLayer:
    """One layer of weights and the units above it.

    Attributes:
        below: how many units or inputs are below.
        units: how many are above.
        first: the place of its first parameter; biases come first, then the weights from the first unit below.
        biases: whether it has any.
        scaled: a unit's sum, from the ``total`` of its bias and its weights times what is below.
        value: what the unit gives on, from ``z_in``; None for the outputs.
        slope: the derivative of the loss by the ``total``, from ``back``, the sum of the derivatives above times the
            weights to there, and from ``z_in`` and ``z_out``; None for the outputs.
        factor: a number that the slope is still to be multiplied with.
    """

    below: int
    units: int
    first: int
    biases: bool
    scaled: Expression
    value: Expression | None
    slope: Expression | None
    factor: Fraction

    @property
    def first_weight(self) -> int:
        """The place of its first weight."""
        return self.first + self.units * self.biases

    @property
    def end(self) -> int:
        """The place behind its last parameter."""
        return self.first_weight + self.below * self.units

    @property
    def from_total(self) -> Expression | None:
        """What the unit gives on, from the ``total``, with one number to multiply with where there are two.

        None where ``z_in`` is wanted by itself: by the slope, or more than once.
        """
        if self.value is None or self.slope is None or SUM in self.slope.names:
            return None
        once = sum(node == Ref(SUM) for node in walk(self.value)) == 1
        return plain(substitute(self.value, {SUM: self.scaled})) if once else None


@dataclass(frozen=True, slots=True)
class RolledProgram:
    """A step, rolled.

    Attributes:
        layers: from the inputs up.
        sums: the names of the sums of the outputs, from which the last part starts.
        statements: the last part, written out: from those sums and the labels to the loss and back.
        slopes: the derivatives of the loss by the totals of the outputs.
        margin: the point is right where this is below a given number.
        loss: of one point.
        rounds: the last part rolled over the outputs, where there are many of them.
    """

    layers: tuple[RolledLayer, ...]
    sums: tuple[str, ...]
    statements: Statements
    slopes: tuple[Expression, ...]
    margin: Expression
    loss: Expression
    rounds: Rounds | None = None

    @property
    def factors(self) -> tuple[Fraction, ...]:
        """What the derivatives of each layer are still to be multiplied with: the numbers from there up."""
        factors = (layer.factor for layer in reversed(self.layers))
        return tuple(accumulate(factors, lambda below, factor: below * factor))[::-1]

    @property
    def last(self) -> PointProgram:
        """The last part as a program of its own."""
        return PointProgram(self.statements, self.slopes, (), self.margin, self.loss)


class NotRegularError(ValueError):
    """The units of a layer do not have the same formula."""


def rolled_program(graph: NetworkGraph) -> RolledProgram:
    """The step of a network, rolled over the units of each layer.

    Raises:
        NotRegularError: if the units of a layer have different formulas.
    """
    return _Roller(graph).program()


class _Roller:
    def __init__(self, graph: NetworkGraph) -> None:
        self.graph = graph
        given = (*graph.parameters, *graph.columns)
        self.printed = programs_for(graph, "L", graph.parameters, given).value_and_gradient
        self.formulas: dict[str, Expression] = {}
        for name, formula in self.printed.statements:
            self.formulas[name] = self._without_helpers(formula)
        gradient = map(self._without_helpers, self.printed.outputs[1:])
        self.gradient = dict(zip(graph.parameters, gradient, strict=True))

    def _without_helpers(self, formula: Expression) -> Expression:
        """Common parts that were given a name of their own, written out again."""
        helpers = {name: made for name, made in self.formulas.items() if name.startswith("_")}
        return _flat(substitute(formula, helpers))

    def program(self) -> RolledProgram:
        """Match every layer, from the outputs down."""
        count = len(self.graph.sizes) - 1
        top = above = self._slopes(count)
        layers = [self._layer(count, None, Fraction(1))]
        for layer in range(count - 1, 0, -1):
            found = self._slopes(layer)
            slope = self._common(self._slope(layer, j, formula, above) for j, formula in enumerate(found))
            value, factors = factors_of(slope)
            layers.insert(0, self._layer(layer, product_of(Fraction(1), factors), value))
            above = found
        sums = tuple(self._sum(count, j) for j in range(self.graph.sizes[-1]))
        loss, margin = self.printed.outputs[0], margin_of(self.graph)
        kept = [(name, formula) for name, formula in self.printed.statements if name not in sums]
        statements = needed_for(kept, (*top, margin, loss))
        known = {*sums, *self.graph.labels, *self.graph.weights, *(name for name, _ in statements)}
        if not all(formula.names <= known for _, formula in statements):
            raise NotRegularError("the loss needs more than the outputs")
        return RolledProgram(tuple(layers), sums, statements, top, margin, loss, self._rounds(sums, statements, top))

    def _rounds(self, sums: tuple[str, ...], statements: Statements, slopes: tuple[Expression, ...]) -> Rounds | None:
        """The last part rolled over the outputs, if there are more than are written out."""
        if len(sums) <= MOST_WRITTEN:
            return None
        flat = tuple((name, _flat(formula)) for name, formula in statements)
        ends = margin_of(self.graph), self.printed.outputs[0]
        try:
            return rounds_of(flat, slopes, *ends, {SUM: sums, LABEL: self.graph.labels})
        except NotRoundError:
            return None  # it is written out, which takes long to compile

    def _parameters(self, layer: int) -> tuple[int, list[str], list[list[str]]]:
        """The place of the first parameter, the biases, and the weights from each unit below."""
        sizes, own = self.graph.sizes, self.graph.biases
        first = sum((a + own) * b for a, b in pairwise(sizes[:layer]))
        below, units = sizes[layer - 1], sizes[layer]
        names = self.graph.parameters[first : first + (below + own) * units]
        biases = list(names[: units * own])
        weights = [list(names[units * (own + i) : units * (own + i + 1)]) for i in range(below)]
        return first, biases, weights

    def _sum(self, layer: int, unit: int) -> str:
        name = self.graph.layers[layer][unit]
        return name + ("in" if "_" in name else "_in")

    def _out(self, layer: int, unit: int) -> str:
        return self.graph.inputs[unit] if layer == 0 else self._sum(layer, unit)[:-2] + "out"

    def _slopes(self, layer: int) -> tuple[Expression, ...]:
        """The derivative of the loss by each unit's total: what stands beside the value below in every weight's."""
        _, biases, weights = self._parameters(layer)
        found = []
        for j in range(self.graph.sizes[layer]):
            each = []
            for i, row in enumerate(weights):
                below = Ref(self._out(layer - 1, i))
                slope = _divided(self.gradient[row[j]], below)
                if slope is None or below in factors_of(slope)[1]:
                    raise NotRegularError(f"the derivative by {row[j]} is not proportional to {below.name}")
                each.append(slope)
            each += [product_of(*factors_of(self.gradient[name])) for name in biases[j : j + 1]]
            found.append(self._common(each))
        return tuple(found)

    def _slope(self, layer: int, unit: int, slope: Expression, above: tuple[Expression, ...]) -> Expression:
        """A hidden unit's derivative, in terms of what comes back from above."""
        _, _, weights = self._parameters(layer + 1)
        names = {self._sum(layer, unit): Ref(SUM), self._out(layer, unit): Ref(OUT)}
        kept = {*names, *(name for formula in above for name in formula.names)}
        inner = {name: formula for name, formula in self.formulas.items() if name not in kept}
        formula = slope
        while formula.names & inner.keys():
            formula = substitute(formula, inner)
        formula = substitute(formula, names)
        pairs = [(factors_of(s), Ref(w)) for s, w in zip(above, weights[unit], strict=True)]
        if len(pairs) == 1:
            return self._single(formula, *pairs[0])

        def rule(node: Expression) -> Expression | None:
            if not is_apply(node, "add") or len(node.args) != len(pairs):
                return None
            ratio, *others = {_ratio(term, pairs) for term in node.args}
            return None if others or ratio is None else product_of(ratio, [Ref(BACK)])

        return self._closed(product_of(*factors_of(transform(formula, rule))))

    def _single(self, formula: Expression, above: tuple[Fraction, tuple[Expression, ...]], weight: Ref) -> Expression:
        left = formula
        for factor in (weight, *above[1]):
            divided = _divided(left, factor)
            if divided is None:
                raise NotRegularError(f"{formula} is not proportional to {factor}")
            left = divided
        value, factors = factors_of(left)
        return self._closed(product_of(value / above[0], [Ref(BACK), *factors]))

    def _closed(self, formula: Expression) -> Expression:
        if not formula.names <= {BACK, SUM, OUT}:
            raise NotRegularError(f"{formula} has more in it than its own unit")
        return formula

    def _layer(self, layer: int, slope: Expression | None, factor: Fraction) -> RolledLayer:
        first, biases, weights = self._parameters(layer)
        sizes, scaled, values = self.graph.sizes, [], []
        for j in range(sizes[layer]):
            terms = [Ref(name) for name in biases[j : j + 1]]
            products = [{Ref(row[j]), Ref(self._out(layer - 1, i))} for i, row in enumerate(weights)]
            scaled.append(_total_replaced(self.formulas[self._sum(layer, j)], terms, products))
            if slope is not None:
                out = self.formulas[self._out(layer, j)]
                values.append(substitute(out, {self._sum(layer, j): Ref(SUM)}))
        value = self._common(values) if slope is not None else None
        total = self._common(scaled)
        return RolledLayer(sizes[layer - 1], sizes[layer], first, bool(biases), total, value, slope, factor)

    def _common(self, formulas: Iterable[Expression]) -> Expression:
        different = set(formulas)
        if len(different) != 1:
            raise NotRegularError(f"units of one layer have different formulas: {', '.join(map(str, different))}")
        return different.pop()


def _divided(formula: Expression, by: Expression) -> Expression | None:
    """A product without one of its factors, also where that stands in a numerator; None if it is none of them."""
    value, factors = factors_of(formula)
    if by in factors:
        place = factors.index(by)
        return product_of(value, factors[:place] + factors[place + 1 :])
    for place, factor in enumerate(factors):
        numerator = _divided(factor.args[0], by) if is_apply(factor, "div") else None
        if numerator is not None:
            return product_of(value, (*factors[:place], div(numerator, factor.args[1]), *factors[place + 1 :]))
    rest = _divided(formula, by.args[0]) if is_apply(by, "div") else None
    return None if rest is None else _without_denominator(rest, by.args[1])


def _without_denominator(formula: Expression, by: Expression) -> Expression | None:
    """A product without a factor of one of its denominators; None if it is in none of them."""
    value, factors = factors_of(formula)
    for place, factor in enumerate(factors):
        rest = _divided(factor.args[1], by) if is_apply(factor, "div") else None
        if rest is not None:
            kept = factor.args[0] if rest == ONE else div(factor.args[0], rest)
            return product_of(value, (*factors[:place], kept, *factors[place + 1 :]))
    return None


def _flat(formula: Expression) -> Expression:
    """Long sums and products, which are made of shorter ones for Python's sake, as the ones that were meant."""

    def rule(node: Expression) -> Expression | None:
        if not any(is_apply(node, name) and any(is_apply(arg, name) for arg in node.args) for name in ("add", "mul")):
            return None
        assert isinstance(node, Apply)
        parts = (arg.args if is_apply(arg, node.primitive) else (arg,) for arg in node.args)
        return Apply(node.primitive, tuple(part for own in parts for part in own))

    return transform(formula, rule)


def _ratio(term: Expression, pairs: list[tuple[tuple[Fraction, tuple[Expression, ...]], Ref]]) -> Fraction | None:
    """How many times a term is one of the derivatives above times its weight."""
    for (number, above), weight in pairs:
        rest = _divided(term, weight)
        if rest is not None:
            value, factors = factors_of(rest)
            if sorted(map(repr, factors)) == sorted(map(repr, above)):
                return value / number
    return None


def _total_replaced(formula: Expression, terms: list[Ref], products: list[set[Ref]]) -> Expression:
    """The formula of a sum, in which the one of the bias and of all weights times values is ``total``."""

    def is_total(node: Expression) -> bool:
        parts = node.args if is_apply(node, "add") else (node,)
        rest = [part for part in parts if part not in terms]
        return len(parts) - len(rest) == len(terms) and [set(factors_of(part)[1]) for part in rest] == products

    def rule(node: Expression) -> Expression | None:
        return Ref(TOTAL) if is_total(node) and not isinstance(node, Ref) else None

    made = transform(formula, rule)
    if made.names != {TOTAL}:
        raise NotRegularError(f"{formula} is no sum over the layer below")
    return product_of(*factors_of(made)) if not is_apply(made, "add") else made
