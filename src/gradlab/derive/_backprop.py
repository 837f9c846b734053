"""The whole gradient at once, with shared deltas: reverse accumulation over the graph.

Source: Rumelhart, Hinton and Williams, *Learning representations by back-propagating errors*, Nature 323 (1986).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gradlab.derive._local import local_gradient
from gradlab.derive._savings import count_multiplications
from gradlab.derive._simplify import cancel, has_division, with_names
from gradlab.graph import (
    ONE,
    ZERO,
    Apply,
    Expression,
    Graph,
    Ref,
    add,
    as_number,
    is_apply,
    mul,
    transform,
    walk,
)


@dataclass(frozen=True, slots=True, repr=False)
class Backprop:
    r"""The gradient of one quantity by several others, written with shared deltas.

    Attributes:
        graph: the graph it was derived from.
        output: the quantity that is differentiated.
        deltas: in the order in which they are computed, the name of each shared derivative and its formula.
        by: for the name of each delta, the quantity by which the output is differentiated.
        gradient: for each quantity asked for, the formula of the derivative, written with quantities and deltas.

    >>> import gradlab as gl
    >>> print(gl.mlp([1, 1, 1]).backprop())
    delta_f_in = f_out - y
    delta_z_1in = delta_f_in*u_1*(1 - z_1out**2)
    dL/db_1 = delta_z_1in
    dL/dw_11 = delta_z_1in*x_1
    dL/dc = delta_f_in
    dL/du_1 = delta_f_in*z_1out
    """

    graph: Graph
    output: str
    deltas: tuple[tuple[str, Expression], ...]
    by: Mapping[str, str]
    gradient: Mapping[str, Expression]

    def __post_init__(self) -> None:
        object.__setattr__(self, "by", MappingProxyType(dict(self.by)))
        object.__setattr__(self, "gradient", MappingProxyType(dict(self.gradient)))

    def __reduce__(self) -> tuple[type[Backprop], tuple[object, ...]]:
        # Proxies are neither pickled nor copied.
        return Backprop, (self.graph, self.output, self.deltas, dict(self.by), dict(self.gradient))

    @property
    def symbols(self) -> dict[str, str]:
        """The LaTeX of every name, the deltas included."""
        symbols = dict(self.graph.symbols)
        symbols.update({name: rf"\delta_{{{symbols[quantity]}}}" for name, quantity in self.by.items()})
        return symbols

    def multiplications(self) -> tuple[int, int]:
        """How many multiplications of the chain rule's factors it takes: with shared deltas, and path by path."""
        counted = count_multiplications(self.graph, self.output, self.gradient)
        return counted.shared, counted.expanded

    def latex(self) -> str:
        """The deltas and the derivatives as one ``align*`` block."""
        symbols = self.symbols
        rows = []
        for name, formula in self.deltas:
            partial = rf"\frac{{\partial {symbols[self.output]}}}{{\partial {symbols[self.by[name]]}}}"
            rows.append(f"{symbols[name]} = {partial} &= {formula.latex(symbols)}")
        for name, formula in self.gradient.items():
            partial = rf"\frac{{\partial {symbols[self.output]}}}{{\partial {symbols[name]}}}"
            rows.append(f"{partial} &= {formula.latex(symbols)}")
        return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"

    def _repr_latex_(self) -> str:
        return self.latex()

    def __repr__(self) -> str:
        return f"<gradient of {self.output} by {', '.join(self.gradient)}>"

    def __str__(self) -> str:
        lines = [f"{name} = {formula}" for name, formula in self.deltas]
        return "\n".join(lines + [f"d{self.output}/d{name} = {formula}" for name, formula in self.gradient.items()])


def backprop(graph: Graph, output: str, wrt: Iterable[str]) -> Backprop:
    """Derive the gradient of a quantity with shared deltas.

    Args:
        graph: the graph.
        output: the name of the quantity to differentiate.
        wrt: the names of the quantities to differentiate by.

    Returns:
        The gradient, in the order of ``wrt``.

    Raises:
        GradlabError: if the graph has no quantity of that name.
    """
    output = graph.find(output)
    wanted = tuple(graph.find(name) for name in wrt)
    accumulated = accumulate(graph, output, wanted)
    gradient = {name: accumulated.get(name, ZERO) for name in wanted}
    return _with_shared_names(graph, output, accumulated, gradient)


def accumulate(graph: Graph, output: str, wanted: Iterable[str]) -> dict[str, Expression]:
    """The derivative of the output by every quantity between it and the wanted ones.

    Each is written with quantities and with ``Ref("d:" + name)`` for the derivative by another quantity. A derivative
    in which a name stands below a fraction bar (the one of a logarithm) is not referred to but multiplied out, and
    what cancels is taken out: this is where dL/df_in = f_out - y is found.
    """
    between = _between(graph, output, frozenset(wanted))
    names: dict[Expression, str] = {q.expression: q.name for q in graph if isinstance(q.expression, Apply)}
    derivative: dict[str, Expression] = {output: ONE}
    terms: dict[str, list[tuple[str, Expression]]] = {}
    for quantity in reversed(graph.quantities):
        if quantity.name not in between:
            continue
        if quantity.name != output:
            # In the order of the graph, as one writes: the children come in the reverse of it.
            derivative[quantity.name] = _sum_over_children(terms.get(quantity.name, [])[::-1], derivative)
        if quantity.expression is not None:
            for name, local in local_gradient(quantity.expression).items():
                if name in between:
                    terms.setdefault(name, []).append((quantity.name, with_names(local, names)))
    return derivative


def _sum_over_children(terms: list[tuple[str, Expression]], derivative: Mapping[str, Expression]) -> Expression:
    inlined = [mul(_inline(child, derivative), local) for child, local in terms]
    total = add(*inlined)
    return cancel(total) if any(has_division(derivative[child]) for child, _ in terms) else total


def _inline(child: str, derivative: Mapping[str, Expression]) -> Expression:
    """The derivative by a child itself where it is short or has a fraction, and its name elsewhere."""
    value = derivative[child]
    if as_number(value) is not None or isinstance(value, Ref) or has_division(value):
        return value
    return Ref(f"d:{child}")


def _between(graph: Graph, output: str, wanted: frozenset[str]) -> frozenset[str]:
    """The quantities on a path from the output to a wanted one, both ends included."""
    above: set[str] = set()
    for quantity in graph.quantities:
        if quantity.name in wanted or any(name in above for name in quantity.inputs):
            above.add(quantity.name)
    return frozenset(graph.below(output) & above) | {output}


def _with_shared_names(
    graph: Graph, output: str, accumulated: Mapping[str, Expression], gradient: dict[str, Expression]
) -> Backprop:
    """Keep the deltas that the gradient needs, and give each the name ``delta_...``."""
    uses = Counter(_deltas_in(*gradient.values()))
    needed = _reachable(accumulated, list(uses))
    uses.update(name for user in needed for name in _deltas_in(accumulated[user]))
    direct = set(_deltas_in(*gradient.values()))
    formulas: dict[Expression, Expression] = {}
    order: list[str] = []
    taken = {quantity.name for quantity in graph}
    for name in (name for name in accumulated if name in needed):
        formula = _insert(accumulated[name], formulas)
        # What only one other delta uses is no shared quantity: it is written there.
        if uses[name] == 1 and name not in direct:
            formulas[Ref(f"d:{name}")] = formula
        else:
            shared = _free_name(taken, f"delta_{name}")
            taken.add(shared)
            formulas[Ref(f"d:{name}")] = Ref(shared)
            accumulated = {**accumulated, name: formula}
            order.append(name)
    names = {name: formulas[Ref(f"d:{name}")] for name in order}
    return Backprop(
        graph=graph,
        output=output,
        deltas=tuple((str(names[name]), accumulated[name]) for name in order),
        by={str(names[name]): name for name in order},
        gradient={name: _insert(formula, formulas) for name, formula in gradient.items()},
    )


def _deltas_in(*formulas: Expression) -> list[str]:
    refs = (node.name for formula in formulas for node in walk(formula) if isinstance(node, Ref))
    return [name[2:] for name in refs if name.startswith("d:")]


def _reachable(accumulated: Mapping[str, Expression], start: list[str]) -> set[str]:
    needed: set[str] = set()
    while start:
        name = start.pop()
        if name not in needed:
            needed.add(name)
            start += _deltas_in(accumulated[name])
    return needed


def _insert(formula: Expression, formulas: Mapping[Expression, Expression]) -> Expression:
    """Put formulas in the place of references; a product put into a product is one product."""

    def rule(node: Expression) -> Expression | None:
        if is_apply(node, "mul") and any(is_apply(arg, "mul") or is_apply(arg, "neg") for arg in node.args):
            return mul(*node.args)
        return formulas.get(node)

    return transform(formula, rule)


def _free_name(taken: Container[str], name: str) -> str:
    while name in taken:
        name += "_"
    return name
