"""Derivatives of formulas without sums, through all that is computed on the way, unknown functions among it."""

from __future__ import annotations

from gradlab.derive import local_gradient
from gradlab.graph import ONE, ZERO, Expression, Ref, add, mul, neg
from gradlab.prove.read._infinitesimals import Integral
from gradlab.prove.read._nodes import Call, Cases, Node, mapped


def direct(expression: Expression) -> dict[str, Expression]:
    """The derivatives of a formula by every name that stands in it, all others fixed."""
    if isinstance(expression, Call):
        return _of_call(expression)
    if isinstance(expression, Cases):
        return _of_cases(expression)
    if isinstance(expression, Integral):
        return _of_integral(expression)
    inside: dict[str, Node] = {}
    outer = local_gradient(_opaque(expression, inside))
    found = {name: slope for name, slope in outer.items() if name not in inside}
    if not inside:
        return found
    back = inside.__getitem__
    result = {name: _restored(slope, inside) for name, slope in found.items()}
    for name, slope in outer.items():
        if name in inside:
            for inner, factor in direct(back(name)).items():
                term = mul(_restored(slope, inside), factor)
                result[inner] = add(result[inner], term) if inner in result else term
    return result


def _opaque(expression: Expression, inside: dict[str, Node]) -> Expression:
    """A formula with a name for each unknown function and each value by cases in it."""

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Call | Cases | Integral):
            return None
        name = f"⟨{len(inside)}⟩"
        for known, other in inside.items():
            if other == node:
                return Ref(known)
        inside[name] = node
        return Ref(name)

    return mapped(expression, rule)


def _restored(expression: Expression, inside: dict[str, Node]) -> Expression:
    return mapped(expression, lambda node: inside.get(node.name) if isinstance(node, Ref) else None)


def _of_call(call: Call) -> dict[str, Expression]:
    result: dict[str, Expression] = {}
    for i, argument in enumerate(call.arguments):
        orders = (*call.orders[:i], call.orders[i] + 1, *call.orders[i + 1 :])
        outer = Call(call.function, call.arguments, orders)
        for name, slope in direct(argument).items():
            term = mul(outer, slope) if slope != ONE else outer
            result[name] = add(result[name], term) if name in result else term
    return result


def _of_cases(cases: Cases) -> dict[str, Expression]:
    """Case by case; where one case meets the next nothing is differentiated."""
    slopes = [direct(value) for value in cases.values]
    names = dict.fromkeys(name for each in slopes for name in each)
    return {name: Cases(tuple(each.get(name, ZERO) for each in slopes), cases.conditions) for name in names}


def _of_integral(integral: Integral) -> dict[str, Expression]:
    """Leibniz's rule: what stands at the bounds, and the integral of the derivatives."""
    variable, lower, upper = integral.variable, integral.lower, integral.upper
    assert lower is not None
    assert upper is not None
    inside = {name: slope for name, slope in direct(integral.body).items() if name not in variable.names}
    result: dict[str, Expression] = {name: Integral(slope, variable, lower, upper) for name, slope in inside.items()}
    for bound, turned in ((upper, False), (lower, True)):
        height = mapped(integral.body, lambda node: bound if node == variable else None)  # noqa: B023
        for name, slope in direct(bound).items():
            term = mul(neg(height) if turned else height, slope)
            result[name] = add(result[name], term) if name in result else term
    return result
