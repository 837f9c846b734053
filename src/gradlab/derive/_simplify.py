"""Simplifications that one names when writing: each is a step with a reason, and none happens silently.

`tidy` and `cancel` make derivatives shorter. What is shown and what is run are both taken from here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from gradlab.derive._sympy import Bridge, is_polynomial
from gradlab.graph import (
    Apply,
    Expression,
    Ref,
    add,
    as_number,
    count_operations,
    div,
    is_apply,
    mul,
    transform,
    walk,
)

# Above this many operations a rational function is left as it stands: SymPy would take longer than a reader.
LARGEST_CANCELLED = 400
MOST_TERMS = 400


def with_names(expression: Expression, names: Mapping[Expression, str]) -> Expression:
    """Write the name of a quantity wherever its formula stands."""

    def rule(node: Expression) -> Expression | None:
        name = names.get(node)
        return None if name is None else Ref(name)

    return transform(expression, rule)


@lru_cache(maxsize=1024)
def tidy(expression: Expression) -> Expression:
    """A polynomial multiplied out where that is no longer than the factored form; anything else as it stands.

    >>> from gradlab.graph import parse
    >>> str(tidy(parse("2*(x1 - 6) - x2")))
    '2*x1 - x2 - 12'
    """
    if not expression.names or not is_polynomial(expression) or count_operations(expression) > LARGEST_CANCELLED:
        return expression
    if _largest_power(expression) > 12 or _terms_multiplied_out(expression) > MOST_TERMS:
        return expression
    import sympy

    bridge = Bridge()
    expanded = bridge.from_sympy(sympy.expand(bridge.to_sympy(expression)))
    saved = count_operations(expression) - count_operations(expanded)
    # As long as before: only a sum of plain products is worth the change; f (1 - f) stays as it is.
    return expanded if saved > 0 or (saved == 0 and _largest_power(expanded) == 1) else expression


@lru_cache(maxsize=1024)
def cancel(expression: Expression) -> Expression:
    """A sum of fractions with what cancels taken out, if no fraction is left then; otherwise as it stands.

    This is what finds that the derivative of binary cross-entropy by the sigmoid's input is f - y.

    >>> from gradlab.graph import parse
    >>> str(cancel(parse("(-y/f + (1 - y)/(1 - f))*f*(1 - f)")))
    'f - y'
    """
    if count_operations(expression) > LARGEST_CANCELLED or _terms_multiplied_out(expression) > MOST_TERMS:
        return expression
    import sympy

    bridge = Bridge()
    terms = sympy.Add.make_args(sympy.expand_mul(bridge.to_sympy(expression)))
    whole = sympy.Add(*(term if _is_plain(term, bridge) else sympy.cancel(term) for term in terms))
    if not _is_plain(whole, bridge):
        denominators: set[Any] = {factor for term in whole.args for factor in sympy.Mul.make_args(sympy.denom(term))}
        if math.prod(len(sympy.Add.make_args(factor.as_base_exp()[0])) for factor in denominators) > MOST_TERMS:
            return expression
        whole = sympy.cancel(sympy.together(whole))
    if not _is_plain(whole, bridge):
        return expression
    # Numbers such as sqrt(2), which are symbols here, stay below one bar for all terms.
    if any(not bridge.meaning(symbol).names for symbol in whole.free_symbols) and (
        sympy.denom(sympy.together(whole)).free_symbols
    ):
        whole = sympy.together(sympy.expand(whole))
    result = _collect(bridge.from_sympy(whole))
    shorter = count_operations(result) < count_operations(expression)
    return result if shorter or has_division(expression) else expression


def multiply_out(factors: Sequence[Expression]) -> Expression:
    """A product of which one factor is a sum of fractions as the sum of the products, each fraction reduced.

    >>> from gradlab.graph import parse
    >>> str(multiply_out([parse("(1 - y)/(1 - f) - y/f"), parse("f*(1 - f)")]))
    '(1 - y)*f - y*(1 - f)'
    """
    for i, factor in enumerate(factors):
        if is_apply(factor, "add") and has_division(factor):
            return add(*(mul(*factors[:i], term, *factors[i + 1 :]) for term in factor.args))
    return mul(*factors)


def use_relations(expression: Expression, relations: tuple[tuple[Expression, Expression], ...]) -> Expression:
    """Replace one side of each relation by the other: with y_1 + y_2 = 1, ``p*(y_1 + y_2) - y_1`` is ``p - y_1``."""

    def sides(node: Expression) -> Expression | None:
        for left, right in relations:
            if node == left or (is_apply(node, "add") and is_apply(left, "add") and set(node.args) == set(left.args)):
                return right
        return None

    replaced = transform(expression, sides)
    if replaced == expression:
        return expression

    def again(node: Expression) -> Expression | None:
        if is_apply(node, "mul"):
            return mul(*node.args)
        return add(*node.args) if is_apply(node, "add") else None

    return transform(replaced, again)


def has_division(expression: Expression) -> bool:
    """Whether a name stands below a fraction bar somewhere."""
    return any(is_apply(node, "div") and node.args[1].names for node in walk(expression))


def _is_plain(value: Any, bridge: Bridge) -> bool:
    """Whether no name stands below a fraction bar; a number such as sqrt(2) may."""
    return value.is_polynomial(*(symbol for symbol in value.free_symbols if bridge.meaning(symbol).names))


def _terms_multiplied_out(expression: Expression) -> int:
    """At most how many terms a formula has once its products and powers of sums are multiplied out."""
    if not isinstance(expression, Apply):
        return 1
    terms = [_terms_multiplied_out(arg) for arg in expression.args]
    if expression.primitive == "add":
        return sum(terms)
    if expression.primitive == "mul":
        return math.prod(terms)
    if expression.primitive == "pow":
        exponent = as_number(expression.args[1])
        whole = exponent is not None and exponent.denominator == 1 and 0 <= exponent <= LARGEST_CANCELLED
        return math.comb(terms[0] + int(exponent or 0) - 1, int(exponent or 0)) if whole else 1
    return terms[0] if expression.primitive in ("neg", "div") else 1


def _largest_power(expression: Expression) -> int:
    exponents = [as_number(node.args[1]) for node in walk(expression) if is_apply(node, "pow")]
    return max((int(exponent) for exponent in exponents if exponent is not None), default=1)


def _collect(expression: Expression) -> Expression:
    """Take out the name that most terms of a sum share, and again in what is left: p y_1 + p y_2 is p (y_1 + y_2)."""
    if not is_apply(expression, "add"):
        return expression
    shared = Counter(name for term in expression.args for name in _names_in_product(term))
    best = max(sorted(shared), key=shared.__getitem__, default="")
    if shared[best] < 2:
        return expression
    terms: list[Expression] = []
    inside: list[Expression] = []
    place = 0
    for term in expression.args:
        if best in _names_in_product(term):
            place = place if inside else len(terms)
            inside.append(div(term, Ref(best)))
        else:
            terms.append(term)
    return add(*terms[:place], mul(Ref(best), _collect(add(*inside))), *terms[place:])


def _names_in_product(term: Expression) -> set[str]:
    """The names that are factors of a term, each to the first power."""
    inner = term.args[0] if is_apply(term, "neg") else term
    return {factor.name for factor in (inner.args if is_apply(inner, "mul") else (inner,)) if isinstance(factor, Ref)}
