"""A derivation in which too many paths would be written out: each shared delta is worked out once, from the output in.

The deltas become quantities of the derivation's graph, so that they have names, symbols and formulas like all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from gradlab.derive._backprop import Backprop, backprop
from gradlab.derive._derivation import Derivation, Rule, Step
from gradlab.derive._local import local_gradient, rules_used
from gradlab.derive._simplify import use_relations, with_names
from gradlab.graph import (
    ONE,
    Apply,
    Expression,
    Graph,
    Partial,
    Quantity,
    Ref,
    transform,
)

Path = tuple[str, ...]


def through_deltas(graph: Graph, output: str, wrt: str) -> Derivation:
    """Derive one quantity of a graph by another with shared deltas, which are further quantities of its graph.

    >>> import gradlab as gl
    >>> print(through_deltas(gl.mlp([1, 1, 1]).graph, "L", "w_11").result)
    delta_z_1in*x_1
    """
    # What the whole gradient shares is named, also where this one derivative uses it once: the names of the layers.
    given = [quantity.name for quantity in graph if quantity.expression is None]
    shared = _Shared(backprop(graph, output, [wrt, *given]), [wrt])
    steps = (shared.chain_step(wrt), *shared.delta_steps(), *shared.result_steps(wrt))
    return Derivation(shared.graph, output, wrt, (), steps, shared.derived.gradient[wrt])


def gradient_through_deltas(graph: Graph, output: str, wrt: Sequence[str]) -> tuple[Graph, tuple[Step, ...]]:
    """Derive a quantity by several others: first every shared delta, then the derivatives written with them."""
    shared = _Shared(backprop(graph, output, wrt), wrt)
    results = [step for name in wrt for step in (shared.chain_step(name), *shared.result_steps(name))]
    return shared.graph, (*shared.delta_steps(), *results)


class _Shared:
    def __init__(self, derived: Backprop, wanted: Sequence[str]) -> None:
        self.derived = derived
        self.before, self.output = derived.graph, derived.output
        symbols = derived.symbols
        self.deltas = _needed(derived, wanted)
        added = [Quantity(name, formula, latex=symbols[name]) for name, formula in self.deltas]
        self.graph = Graph([*self.before.quantities, *added], self.before.relations)
        self.delta_by = {quantity: name for name, quantity in derived.by.items()}
        self.names: dict[Expression, str] = {
            quantity.expression: quantity.name for quantity in self.before if isinstance(quantity.expression, Apply)
        }
        self.users: dict[str, list[str]] = {}
        below = self.before.below(self.output)
        for quantity in reversed(self.before.quantities):
            for name in quantity.inputs if quantity.name in below else ():
                self.users.setdefault(name, []).append(quantity.name)

    def chain_step(self, wrt: str) -> Step:
        """The chain rule for a derivative that was asked for, over the nearest deltas."""
        because = "chain rule, with a delta for what many paths share" if self.deltas else "chain rule"
        return Step(Partial(self.output, wrt), self.chain(wrt), (because,))

    def result_steps(self, wrt: str) -> list[Step]:
        """The derivative that was asked for, with the factors worked out."""
        left, result = Partial(self.output, wrt), self.derived.gradient[wrt]
        return [Step(left, result, self.rules(wrt) or ("linear",))]

    def delta_steps(self) -> list[Step]:
        """How the deltas come about; one like another that was worked out before is stated alone."""
        steps: list[Step] = []
        alike: dict[Expression, str] = {}
        for name, formula in self.deltas:
            first = alike.setdefault(transform(formula, _nameless), name)
            steps += self.delta(name, formula) if first == name else [Step(Ref(name), formula, _like(first))]
            related = use_relations(formula, self.before.relations)
            if related != formula:
                pieces = [piece for a, b in self.before.relations for piece in (a, " = ", b)]
                steps.append(Step(Ref(name), related, ("since ", *pieces), conditional=True))
        return steps

    def delta(self, name: str, formula: Expression) -> list[Step]:
        quantity, left = self.derived.by[name], Ref(name)
        said = [
            (Partial(self.output, quantity), ("a name for it",)),
            (self.chain(quantity), ("chain rule",)),
            (self.chain(quantity, worked_out=True), self.rules(quantity) or ("linear",)),
            (formula, ("simplify",)),
        ]
        kept = [said[0], *(line for before, line in pairwise(said) if line[0] != before[0])]
        return [Step(left, right, because) for right, because in kept]

    def chain(self, quantity: str, *, worked_out: bool = False) -> Expression:
        """The sum over the paths up to the nearest deltas, of the product of the delta and the factors."""
        products: list[Expression] = []
        for path in self.paths_up(quantity):
            edges = list(pairwise(reversed(path)))
            factors = [self.local(*edge) if worked_out else Partial(*edge) for edge in edges]
            shared = self.delta_by.get(path[-1])
            factors = [*([Ref(shared)] if shared else []), *(f for f in factors if not worked_out or f != ONE)]
            products.append(factors[0] if len(factors) == 1 else Apply("mul", tuple(factors)) if factors else ONE)
        return products[0] if len(products) == 1 else Apply("add", tuple(products))

    def paths_up(self, quantity: str) -> Iterator[Path]:
        """From a quantity up to the output or to the first quantities with deltas of their own."""
        stack: list[Path] = [(quantity,)]
        while stack:
            path = stack.pop()
            end = path[-1]
            if end == self.output or (end in self.delta_by and len(path) > 1):
                yield path
            else:
                stack += [(*path, name) for name in self.users.get(end, ())]

    def local(self, of: str, wrt: str) -> Expression:
        expression = self.before[of].expression
        assert expression is not None
        return with_names(local_gradient(expression)[wrt], self.names)

    def rules(self, quantity: str) -> tuple[str | Rule, ...]:
        """The rules that the factors up to the nearest deltas need."""
        found: dict[Rule, None] = {}
        for path in self.paths_up(quantity):
            for below, above in pairwise(path):
                expression = self.before[above].expression
                assert expression is not None
                found.update(dict.fromkeys(rules_used(expression, below)))
        return tuple(piece for i, rule in enumerate(found) for piece in ((", ", rule) if i else (rule,)))


def _like(first: str) -> tuple[str, Expression]:
    return "in the same way as ", Ref(first)


def _needed(derived: Backprop, wanted: Sequence[str]) -> list[tuple[str, Expression]]:
    """The deltas that derivatives need, layer by layer from the output and in the graph's order within each."""
    formulas = dict(derived.deltas)
    needed = {name for wrt in wanted for name in derived.gradient[wrt].names} & formulas.keys()
    for name, formula in reversed(derived.deltas):
        if name in needed:
            needed |= formula.names & formulas.keys()
    layer: dict[str, int] = {}
    for name, formula in derived.deltas:
        layer[name] = 1 + max((layer[below] for below in formula.names & formulas.keys()), default=0)
    position = {quantity.name: i for i, quantity in enumerate(derived.graph)}
    order = sorted(needed, key=lambda name: (layer[name], position[derived.by[name]]))
    return [(name, formulas[name]) for name in order]


def _nameless(node: Expression) -> Expression | None:
    """Formulas that differ in names alone are alike."""
    return Ref("_") if isinstance(node, Ref) else None
