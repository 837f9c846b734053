"""Derivation -> exact rational numbers: the same formulas, evaluated with fractions as on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from gradlab._errors import GradlabError
from gradlab.derive import Backprop
from gradlab.graph import evaluate
from gradlab.rules import Update


def evaluate_exactly(
    derivation: Backprop, variables: tuple[str, ...], point: Sequence[Fraction | int]
) -> tuple[Fraction, tuple[Fraction, ...]]:
    """The value and the gradient of a derived quantity at a rational point.

    Args:
        derivation: the derived gradient.
        variables: the given quantities, in the order of the point's coordinates.
        point: a rational number for each.

    Returns:
        The value and the derivatives, in the order of the derivation.

    Raises:
        NotRationalError: if a formula need not be rational at a rational point.
        GradlabError: if the point has the wrong length, or a denominator is zero there.
    """
    try:
        numbers = [Fraction(number) for number in point]
    except (TypeError, ValueError, OverflowError):
        raise GradlabError(
            f"a point is a sequence of rational numbers, such as (6, Fraction(1, 2)), not {point!r:.80}"
        ) from None
    if len(numbers) != len(variables):
        raise GradlabError(
            f"a point has a number for each of {', '.join(variables)}; this one has {len(numbers)} numbers"
        )
    values = dict(zip(variables, numbers, strict=True))
    formulas = [(q.name, q.expression) for q in derivation.graph if q.expression is not None]
    try:
        for name, formula in (*formulas, *derivation.deltas):
            values[name] = evaluate(formula, values)
        gradient = tuple(evaluate(formula, values) for formula in derivation.gradient.values())
    except ZeroDivisionError:
        written = ", ".join(f"{name} = {values[name]}" for name in variables)
        raise GradlabError(f"a denominator is zero at {written}: start somewhere else") from None
    return values[derivation.output], gradient


def update_exactly(update: Update, values: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """What a rule makes of one parameter.

    Args:
        update: the rule's statements.
        values: a number for each name that they begin with.

    Returns:
        The same with what the statements give.

    Raises:
        NotRationalError: if a statement need not be rational at rational numbers.
        ZeroDivisionError: if a denominator is zero.
    """
    made = dict(values)
    for name, formula in update.statements:
        made[name] = evaluate(formula, made)
    return made
