"""Formulas in a form that neither overflows nor loses what it is about; the values stay the same.

Source: Blanchard, Higham and Higham, *Accurately computing the log-sum-exp and softmax functions*, IMA Journal of
Numerical Analysis 41 (2021).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradlab.graph import (
    ONE,
    Apply,
    Expression,
    Ref,
    add,
    as_number,
    div,
    is_apply,
    mul,
    neg,
    number,
    power,
    subtract,
    transform,
)

# A quotient by a higher power is left as it stands.
HIGHEST_POWER = 4


def stabilise(expression: Expression, definitions: Mapping[str, Expression | None]) -> Expression:
    """Rewrite logarithms of sigmoids and softmaxes, and what has sums of exponentials in it, in a form that is stable.

    Args:
        expression: a formula.
        definitions: the formula of each named quantity in it; None for those given from outside.

    Returns:
        A formula of the same value wherever the first one is defined.

    >>> from gradlab.graph import parse
    >>> str(stabilise(parse("-log(1 - f)"), {"f": parse("sigmoid(z)")}))
    'softplus(z)'
    >>> str(stabilise(parse("exp(b)/(exp(a) + exp(b))"), {}))
    'softmax(2, a, b)'
    """

    def meaning(node: Expression) -> Expression:
        while isinstance(node, Ref) and (formula := definitions.get(node.name)) is not None:
            node = formula
        return node

    def rule(node: Expression) -> Expression | None:
        if is_apply(node, "neg"):
            return neg(node.args[0])
        if is_apply(node, "mul") and any(is_apply(arg, "neg") for arg in node.args):
            return mul(*node.args)
        if is_apply(node, "div"):
            return _stable_quotient(node)
        if is_apply(node, "add"):
            return _stable_sum(node, meaning)
        return _stable_log(node.args[0], meaning) if is_apply(node, "log") else None

    return transform(expression, rule)


def _stable_log(inside: Expression, meaning: Callable[[Expression], Expression]) -> Expression | None:
    """The logarithm of something in a stable form; None if it needs none."""
    argument = meaning(inside)
    if is_apply(argument, "sigmoid"):
        return neg(Apply("softplus", (neg(argument.args[0]),)))
    if is_apply(argument, "softmax"):
        return Apply("log_softmax", argument.args)
    if is_apply(argument, "exp"):
        return argument.args[0]
    logits = _logits(argument)
    if logits is not None:
        largest = Apply("max", logits)
        rest = Apply("add", tuple(Apply("exp", (subtract(logit, largest),)) for logit in logits))
        return add(largest, Apply("log", (rest,)))
    if not is_apply(argument, "add") or len(argument.args) != 2 or ONE not in argument.args:
        return None
    other = argument.args[1] if argument.args[0] == ONE else argument.args[0]
    if is_apply(other, "neg") and is_apply(inner := meaning(other.args[0]), "sigmoid"):
        return neg(Apply("softplus", (inner.args[0],)))
    if is_apply(inner := meaning(other), "exp"):
        return Apply("softplus", (inner.args[0],))
    return None


def _stable_quotient(quotient: Expression) -> Expression | None:
    """A quotient over powers of sums of exponentials in sigmoids and softmaxes, which never overflow."""
    over, under = ([*(side.args if is_apply(side, "mul") else (side,))] for side in quotient.args)
    over = [single for factor in over for single in _single_exponentials(factor)]
    changed = False
    for factor in tuple(under):
        base, exponent = factor.args if is_apply(factor, "pow") else (factor, ONE)
        count = as_number(exponent)
        if count is None or count not in range(1, HIGHEST_POWER + 1):
            continue
        taken = next((i for i in range(int(count)) if not _takes_one(base, over)), int(count))
        if taken:
            changed = True
            under[under.index(factor)] = power(base, number(count - taken))
    return div(mul(*over), mul(*under)) if changed else None


def _stable_sum(total: Expression, meaning: Callable[[Expression], Expression]) -> Expression | None:
    """A sum with a p (1 - p) for a p - a p^2, which cancels where a sigmoid or a softmax p is almost 1."""
    terms, changed = list(total.args), False
    for term in total.args:
        factors = (term.args[0].args if is_apply(term.args[0], "mul") else term.args) if is_apply(term, "neg") else ()
        for factor in factors:
            share = factor.args[0] if is_apply(factor, "pow") else factor
            if is_apply(share, "sigmoid") or is_apply(share, "softmax"):
                rest = div(term.args[0], share)
                if (other := next((one for one in terms if rest in (one, meaning(one))), None)) is not None:
                    terms.remove(term)
                    terms[terms.index(other)] = mul(other, _rest_of_one(share))
                    changed = True
                    break
    return add(*terms) if changed else None


def _rest_of_one(share: Expression) -> Expression:
    """1 - p, of a softmax as the sum of the others."""
    if is_apply(share, "sigmoid"):
        return subtract(ONE, share)
    which, *logits = share.args
    return add(*(Apply("softmax", (number(k), *logits)) for k in range(1, len(logits) + 1) if number(k) != which))


def _takes_one(base: Expression, over: list[Expression]) -> bool:
    """Divide what stands above the bar by a sum of exponentials once, if that makes a sigmoid or a softmax."""
    exponential = _one_plus_exponential(base)
    if exponential is not None:
        inside = exponential.args[0]
        if exponential in over:
            over[over.index(exponential)] = Apply("sigmoid", (inside,))
        else:
            over.append(Apply("sigmoid", (neg(inside),)))
        return True
    logits = _logits(base) or ()
    for i, factor in enumerate(over):
        if is_apply(factor, "exp") and factor.args[0] in logits:
            over[i] = Apply("softmax", (number(logits.index(factor.args[0]) + 1), *logits))
            return True
    return False


def _logits(base: Expression) -> tuple[Expression, ...] | None:
    """The exponents of a sum of exponentials; None for anything else."""
    if not is_apply(base, "add") or not all(is_apply(term, "exp") for term in base.args):
        return None
    return tuple(term.args[0] for term in base.args)


def _single_exponentials(factor: Expression) -> list[Expression]:
    """exp(v)**n, for a small n, as n factors; anything else as it is."""
    if is_apply(factor, "pow") and is_apply(factor.args[0], "exp"):
        count = as_number(factor.args[1])
        if count is not None and count in range(1, HIGHEST_POWER + 1):
            return [factor.args[0]] * int(count)
    return [factor]


def _one_plus_exponential(base: Expression) -> Expression | None:
    """The exponential in 1 + exp(v); None for anything else."""
    if not is_apply(base, "add") or len(base.args) != 2 or ONE not in base.args:
        return None
    other = base.args[1] if base.args[0] == ONE else base.args[0]
    return other if is_apply(other, "exp") else None
