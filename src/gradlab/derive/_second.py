"""Second derivatives by the same rules: a first derivative is a quantity like any other, and is differentiated again.

Source for `tangents`: Pearlmutter, *Fast exact multiplication by the Hessian*, Neural Computation 6 (1994): the
derivative of the gradient along a vector is the Hessian times that vector, for the price of a few gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gradlab.derive._chain_rule import derive
from gradlab.derive._derivation import Derivation, Step
from gradlab.derive._local import local_gradient
from gradlab.derive._simplify import LARGEST_CANCELLED, tidy
from gradlab.derive._sympy import Bridge
from gradlab.graph import Expression, Graph, Partial, Quantity, Ref, add, count_operations, is_apply, mul


def derive_second(graph: Graph, output: str, first: str, second: str) -> Derivation:
    """Derive a second derivative, an entry of the Hessian, step by step.

    Args:
        graph: the graph.
        output: the name of the quantity that is differentiated.
        first: the name of the quantity by which it is differentiated first.
        second: the name of the quantity by which that is differentiated.

    Returns:
        The derivation; its graph has the first derivative as a further quantity.

    Raises:
        GradlabError: if the graph has no such quantity.

    >>> import gradlab as gl
    >>> bowl = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
    >>> print(derive_second(bowl.graph, "f", "x1", "x2"))
    d2f/(dx2 dx1) = dg/dx2                   [with g for df/dx1]
    g = 2*x1 - x2 - 12                       [derived before]
    d2f/(dx2 dx1) = d/dx2 (2*x1 - x2 - 12)   [definition of g]
                  = -1                       [linear]
    """
    output, first, second = graph.find(output), graph.find(first), graph.find(second)
    before = derive(graph, output, first)
    name = "g"
    while name in before.graph:
        name += "_"
    extended = Graph([*before.graph.quantities, Quantity(name, before.result)], graph.relations)
    after = derive(extended, name, second)
    once, twice = Partial(name, second), Partial(output, first, second)
    steps = [
        Step(twice, once, ("with ", Ref(name), " for ", Partial(output, first))),
        Step(Ref(name), before.result, ("derived before",)),
        *(replace(step, left=twice) if step.left == once else step for step in after.steps),
    ]
    return replace(after, steps=tuple(steps))


def hessian(formula: Expression, names: tuple[str, ...]) -> dict[tuple[str, str], Expression]:
    """The second derivatives of a formula by all pairs of names; those of a pair in either order are one.

    Args:
        formula: the formula.
        names: by what it is differentiated.

    Returns:
        For each pair in each order the derivative, multiplied out where that is no longer.

    >>> from gradlab.graph import parse
    >>> {pair: str(entry) for pair, entry in hessian(parse("x**2*y"), ("x", "y")).items()}
    {('x', 'x'): '2*y', ('x', 'y'): '2*x', ('y', 'x'): '2*x', ('y', 'y'): '0'}
    """
    gradient = local_gradient(formula)
    entries: dict[tuple[str, str], Expression] = {}
    for i, first in enumerate(names):
        again = local_gradient(tidy(gradient.get(first, add())))
        for second in names[i:]:
            entries[first, second] = entries[second, first] = _collected(tidy(again.get(second, add())))
    return {(first, second): entries[first, second] for first in names for second in names}


def _collected(formula: Expression) -> Expression:
    """A sum whose terms differ in the order of their factors alone, with such terms added, where that is shorter."""
    if not is_apply(formula, "add") or count_operations(formula) > LARGEST_CANCELLED:
        return formula
    bridge = Bridge()
    collected = bridge.from_sympy(bridge.to_sympy(formula))
    return collected if count_operations(collected) < count_operations(formula) else formula


@dataclass(frozen=True, slots=True)
class Tangents:
    """The derivatives of named formulas along a direction.

    Attributes:
        names: for the name of each formula that changes along it, the name of its derivative.
        formulas: these derivatives by their names, in order, written with the formulas' names and with each other.
    """

    names: Mapping[str, str]
    formulas: Mapping[str, Expression]


def tangents(definitions: Mapping[str, Expression], direction: Mapping[str, Expression]) -> Tangents:
    """Differentiate named formulas along a direction: forward accumulation.

    Args:
        definitions: formulas by name, each behind those it uses.
        direction: for each quantity that is moved, how fast.

    >>> from gradlab.graph import parse
    >>> moved = tangents({"z": parse("w*x"), "f": parse("tanh(z)")}, {"w": Ref("v")})
    >>> {name: str(formula) for name, formula in moved.formulas.items()}
    {'_along_z': 'x*v', '_along_f': '(1 - tanh(z)**2)*_along_z'}
    """
    speed: dict[str, Expression] = dict(direction)
    names: dict[str, str] = {}
    formulas: dict[str, Expression] = {}
    for name, formula in definitions.items():
        terms = [mul(local, speed[below]) for below, local in local_gradient(formula).items() if below in speed]
        if terms:
            names[name] = f"_along_{name}"
            formulas[names[name]] = add(*terms)
            speed[name] = Ref(names[name])
    return Tangents(names, formulas)
