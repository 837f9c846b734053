"""The chain rule as one writes it: every path from the output to the quantity, a product along each, their sum."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from gradlab.derive._backprop import accumulate
from gradlab.derive._derivation import Derivation, Rule, Step
from gradlab.derive._local import local_derivative, rules_used
from gradlab.derive._savings import count_multiplications
from gradlab.derive._simplify import cancel, has_division, multiply_out, tidy, use_relations, with_names
from gradlab.derive._stepwise import stepwise, worth_splitting
from gradlab.derive._through_deltas import through_deltas
from gradlab.graph import (
    ONE,
    ZERO,
    Apply,
    Differentiate,
    Expression,
    Graph,
    Partial,
    Quantity,
    Ref,
    add,
    is_apply,
    mul,
    ordered_names,
)

MOST_WRITTEN_PATHS = 8
Path = tuple[str, ...]


def derive(graph: Graph, output: str, wrt: str) -> Derivation:
    """Derive one quantity of a graph by another, step by step.

    Args:
        graph: the graph.
        output: the name of the quantity that is differentiated.
        wrt: the name of the quantity by which it is differentiated.

    Returns:
        The written derivation: the chain rule over names, each local factor, each substitution, the result. Where
        more than eight paths lead from one to the other, the derivatives that they share are named and worked out
        once instead, and the result is written with them.

    Raises:
        GradlabError: if the graph has no such quantity.

    >>> import gradlab as gl
    >>> print(gl.mlp([2, 2, 1]).derive("L", "u_1").result)
    (f_out - y)*z_1out
    """
    output, wrt = graph.find(output), graph.find(wrt)
    if count_multiplications(graph, output, [wrt]).paths > MOST_WRITTEN_PATHS:
        return through_deltas(graph, output, wrt)
    return _Chain(graph, output, wrt).derivation()


def find_paths(graph: Graph, output: str, wrt: str) -> tuple[Path, ...]:
    """All paths of names from the output down to a quantity, in the order in which the formulas name them."""
    reaches = {wrt}
    for quantity in graph.quantities:
        if any(name in reaches for name in quantity.inputs):
            reaches.add(quantity.name)
    if output not in reaches:
        return ()
    paths: list[Path] = []
    stack: list[Path] = [(output,)]
    while stack:
        path = stack.pop()
        if path[-1] == wrt:
            paths.append(path)
        else:
            stack += [(*path, name) for name in reversed(graph[path[-1]].inputs) if name in reaches]
    return tuple(paths)


class _Chain:
    """The parts of one derivation, worked out in the order in which they are written."""

    def __init__(self, graph: Graph, output: str, wrt: str) -> None:
        self.graph, self.output, self.wrt = graph, output, wrt
        self.left = Partial(output, wrt)
        self.paths = find_paths(graph, output, wrt)
        self.edges = tuple(dict.fromkeys(edge for path in self.paths for edge in _edges(path)))
        self.names: dict[Expression, str] = {q.expression: q.name for q in graph if isinstance(q.expression, Apply)}
        self.local = {(a, b): self.factor(graph[a], b) for a, b in self.edges}
        self.partials = {edge: self.partial(*edge) for edge in self.edges}
        self.steps: list[Step] = []

    def factor(self, quantity: Quantity, wrt: str) -> Expression:
        assert quantity.expression is not None
        return with_names(local_derivative(quantity.expression, wrt), self.names)

    def partial(self, of: str, wrt: str) -> Expression:
        """How a local factor is written before it is worked out.

        Where a quantity depends on another both directly and through a third, the derivative by it is more than the
        local factor; that is written as the derivative of the formula alone, everything else in it kept.
        """
        quantity = self.graph[of]
        assert quantity.expression is not None
        through = [name for name in quantity.inputs if name != wrt and find_paths(self.graph, name, wrt)]
        return Differentiate(quantity.expression, wrt) if through else Partial(of, wrt)

    def say(self, right: Expression, *because: str | Rule | Expression, left: Expression | None = None) -> None:
        """Write a step, unless the line before says the same already."""
        step = Step(left or self.left, right, because)
        previous = self.steps[-1] if self.steps else None
        if previous is None or (previous.left, previous.right) != (step.left, step.right):
            self.steps.append(step)

    def derivation(self) -> Derivation:
        if self.output == self.wrt:
            self.say(ONE, "a quantity by itself")
        elif not self.paths:
            self.say(ZERO, Ref(self.output), " is not computed from ", Ref(self.wrt))
        elif len(self.edges) == 1:
            self.direct()
        else:
            self.indirect()
        return self.finished()

    def finished(self) -> Derivation:
        result = next(step.right for step in reversed(self.steps) if not step.conditional)
        return Derivation(self.graph, self.output, self.wrt, self.paths, tuple(self.steps), result)

    def direct(self) -> None:
        """One formula, differentiated by something that stands in it."""
        self.say_factor(self.output, self.wrt)
        named = self.local[self.output, self.wrt]
        self.say(tidy(named), "multiply out and collect")

    def say_factor(self, of: str, wrt: str) -> None:
        left = self.partials[of, wrt]
        formula = self.graph[of].expression
        assert formula is not None
        if left == Partial(of, wrt):
            self.say(Differentiate(formula, wrt), "definition of ", Ref(of), left=left)
        raw = local_derivative(formula, wrt)
        if worth_splitting(formula, wrt):
            for line, because in stepwise(formula, wrt):
                self.say(line, *because, left=left)
            self.say(raw, "the same, multiplied out", left=left)
        self.say(raw, *(_listed(rules_used(formula, wrt)) or ("linear",)), left=left)
        named = self.local[of, wrt]
        if named != raw:
            used = [name for name in ordered_names(named) if name not in raw.names]
            self.say(named, "write ", *_listed(map(Ref, used)), left=left)

    def indirect(self) -> None:
        count = len(self.paths)
        self.say(_sum(_product([self.partials[edge] for edge in _edges(path)]) for path in self.paths),
                 "chain rule" if count == 1 else f"chain rule, a sum over {count} paths")  # fmt: skip
        for edge in self.edges:
            self.say_factor(*edge)
        self.say(_sum(_product([self.local[edge] for edge in _edges(path)]) for path in self.paths), "substitute")
        found = self.fused()
        shortened = list(dict.fromkeys(self.shorten(path, found) for path in self.paths))
        starts = {start for start, _ in shortened}
        fused = {name: value for name, value in found.items() if name in starts}
        for name, value in fused.items():
            self.say_fused(name, value)
        products = [mul(fused.get(start, ONE), *(self.local[edge] for edge in rest)) for start, rest in shortened]
        because: tuple = ("what cancels is taken out",) if self.wrt in fused else ("simplify",)
        if fused and self.wrt not in fused:
            because = ("insert ", *_listed(Partial(self.output, name) for name in fused))
        result = add(*products)
        self.say(result, *because)
        self.say(_factor_out(result, [fused[name] for name in fused]), "take out the common factor")
        self.say(tidy(self.steps[-1].right), "multiply out and collect")
        related = use_relations(self.steps[-1].right, self.graph.relations)
        if related != self.steps[-1].right:
            pieces = [piece for left, right in self.graph.relations for piece in (left, " = ", right)]
            self.steps.append(Step(self.left, related, ("since ", *pieces), conditional=True))

    def say_fused(self, name: str, value: Expression) -> None:
        """How the factors from the output down to a quantity lose their fractions."""
        left = Partial(self.output, name)
        heads = dict.fromkeys(path[: path.index(name) + 1] for path in self.paths if name in path)
        products = [[self.local[edge] for edge in _edges(head)] for head in heads]
        if name != self.wrt:
            self.say(_sum(map(_product, products)), "the factors up to ", Ref(name), left=left)
        self.say(add(*map(multiply_out, products)), "multiply out, reduce the fractions", left=left)
        self.say(value, "what cancels is taken out", left=left)

    def fused(self) -> dict[str, Expression]:
        """The quantities by which the derivative lost its fractions, with that derivative."""
        on_path = {name for path in self.paths for name in path}
        derivative = accumulate(self.graph, self.output, [self.wrt])
        found: dict[str, Expression] = {}
        for quantity in reversed(self.graph.quantities):
            name = quantity.name
            if name not in on_path or name == self.output:
                continue
            above = [path[path.index(name) - 1] for path in self.paths if name in path]
            value = derivative[name]
            whole = not any(node.startswith("d:") for node in value.names)
            if whole and any(has_division(derivative[parent]) for parent in above) and not has_division(value):
                found[name] = cancel(value)
        return found

    def shorten(self, path: Path, fused: dict[str, Expression]) -> tuple[str, tuple[tuple[str, str], ...]]:
        """A path from the last quantity on it whose derivative is known already: that quantity, and the edges left.

        The last, because that derivative is the sum over all paths to the quantity, whatever else they pass.
        """
        start = max((i for i, name in enumerate(path) if name in fused), default=0)
        return path[start], tuple(_edges(path[start:]))


def _listed(items: Iterable) -> tuple:
    """Items with commas between them."""
    return tuple(piece for i, item in enumerate(items) for piece in ((", ", item) if i else (item,)))


def _edges(path: Path) -> list[tuple[str, str]]:
    return list(pairwise(path))


def _product(factors: list[Expression]) -> Expression:
    return factors[0] if len(factors) == 1 else Apply("mul", tuple(factors))


def _sum(terms: Iterable[Expression]) -> Expression:
    terms = tuple(terms)
    return terms[0] if len(terms) == 1 else Apply("add", terms)


def _factor_out(total: Expression, candidates: list[Expression]) -> Expression:
    """A sum in which every term has one of these factors, with that factor in front of a bracket."""
    if not is_apply(total, "add"):
        return total
    for factor in candidates:
        if all(is_apply(term, "mul") and factor in term.args for term in total.args):
            rest = [mul(*(arg for arg in term.args if arg != factor)) for term in total.args]
            return mul(factor, add(*rest))
    return total
