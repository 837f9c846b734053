"""Conditions under which a claim is made: equations are met by choosing one name, the others by looking for points."""

from __future__ import annotations

from gradlab.graph import ZERO, Apply, Expression, Ref, as_number, div, mul, neg, number, subtract
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.judge._axes import ShapeError
from gradlab.prove.judge._slopes import direct
from gradlab.prove.judge._world import World
from gradlab.prove.read._nodes import Condition, mapped

_MOST_PARTS = 200  # of a formula whose roots are looked for


def met(world: World, conditions: tuple[Condition, ...]) -> tuple[dict[str, Expression], tuple[Condition, ...]]:
    """How conditions on quantities are met.

    Args:
        world: the setting.
        conditions: those that are no conditions on indices.

    Returns:
        Formulas for the names that equations choose, and what is left to be looked for.

    Raises:
        NotUnderstoodError: for an equation that is not linear in any name that is given, or whose shapes do not fit.
    """
    chosen: dict[str, Expression] = {}
    left_over: list[Condition] = []
    for condition in conditions:
        try:
            pairs = world.pairs(condition.left, condition.right)
        except ShapeError as error:
            raise NotUnderstoodError(f"the shapes in a condition do not fit: {error}", 0) from None
        for left, right in pairs:
            if condition.relation != "=":
                left_over.append(Condition(left, condition.relation, right))
                continue
            lead = _put_in(world, subtract(left, right), chosen)
            if as_number(lead) == 0:
                continue
            name, formula = _solved(world, lead, left)
            chosen = {known: _inserted(value, name, formula) for known, value in chosen.items()}
            chosen[name] = formula
    return chosen, tuple(left_over)


def _put_in(world: World, formula: Expression, chosen: dict[str, Expression]) -> Expression:
    """A formula of given names alone, those that are chosen put in."""

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Ref):
            return None
        inner = chosen.get(node.name) or world.formula_of(node.name)
        return None if inner is None else mapped(inner, rule)

    return mapped(formula, rule)


def _inserted(formula: Expression, name: str, value: Expression) -> Expression:
    return mapped(formula, lambda node: value if node == Ref(name) else None)


def _is_short(formula: Expression) -> bool:
    """Tell whether a formula is as short as a written curve: second derivatives of whole networks have no bounds."""
    waiting = [formula]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return True
        waiting += waiting.pop().args
    return False


def _solved(world: World, lead: Expression, first: Expression) -> tuple[str, Expression]:
    """A name that makes a formula zero, with its value by the others; the one that is written alone if there is one."""
    names = sorted(lead.names, key=lambda name: (Ref(name) != first, name))
    slopes = direct(lead)
    for name in names:
        slope = slopes.get(name, ZERO)
        if slope == ZERO or name in slope.names or name in world.ground_labels:
            continue
        rest = _inserted(lead, name, ZERO)
        return name, div(neg(rest), slope)
    for name in names if _is_short(lead) else ():
        twice = direct(slopes.get(name, ZERO)).get(name, ZERO)
        if twice == ZERO or name in twice.names or name in world.ground_labels:
            continue
        once, rest = (_inserted(part, name, ZERO) for part in (slopes[name], lead))
        # One root at some points and the other at others.
        root = mul(
            Apply("sign", (Ref(f"{name} side"),)),
            Apply("sqrt", (subtract(mul(once, once), mul(number(2), twice, rest)),)),
        )
        return name, div(subtract(root, once), twice)
    raise NotUnderstoodError("no points were found at which the condition holds: it is not linear in any name", 0)
