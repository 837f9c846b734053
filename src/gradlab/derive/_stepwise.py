"""A formula differentiated from the outside inwards, one rule at a time, as one does on paper.

The result is what `local_derivative` gives in one go; here what is not worked out yet stands there as a derivative.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradlab.derive._derivation import Rule
from gradlab.derive._local import local_derivative, rules_used
from gradlab.graph import (
    ONE,
    PRIMITIVES,
    ZERO,
    Apply,
    Differentiate,
    Expression,
    Ref,
    add,
    div,
    is_apply,
    mul,
    transform,
)

Because = tuple[str | Rule, ...]


def stepwise(formula: Expression, wrt: str) -> Iterator[tuple[Expression, Because]]:
    """Differentiate a formula by a name, from the outside inwards: each line that follows, with the rules used.

    >>> from gradlab.graph import parse
    >>> for line, because in stepwise(parse("exp(-x**2)*y + x"), "x"):
    ...     print(line, "|", *because)
    d/dx (exp(-x**2)*y) + 1 | term by term
    y*exp(-x**2)*d/dx (-x**2) + 1 | exp' = exp , chain rule
    1 - 2*y*exp(-x**2)*x | the power rule
    """
    line: Expression = Differentiate(formula, wrt)
    while _pending(line):
        used: dict[str | Rule, None] = {}
        line = transform(_with_one_rule(line, used), _again)
        yield line, tuple(piece for rule in used for piece in (", ", rule))[1:] or ("linear",)


def _with_one_rule(line: Expression, used: dict[str | Rule, None]) -> Expression:
    """The line with every derivative in it taken one rule further; the rules are noted in ``used``."""
    return transform(line, lambda node: _one_rule(node, used) if isinstance(node, Differentiate) else None)


def _pending(line: Expression) -> bool:
    if isinstance(line, Differentiate):
        return True
    return any(_pending(arg) for arg in line.args)


def _again(node: Expression) -> Expression | None:
    """Sums, products and quotients tidied now that parts of them are known."""
    if is_apply(node, "mul"):
        return mul(*node.args)
    if is_apply(node, "div"):
        return div(*node.args)
    return add(*node.args) if is_apply(node, "add") else None


def _one_rule(node: Differentiate, used: dict[str | Rule, None]) -> Expression:
    """The derivative by the rule for the outermost operation; what is inside stays to be done."""
    formula, wrt = node.formula, node.wrt
    if not isinstance(formula, Apply) or not worth_splitting(formula, wrt):
        used |= dict.fromkeys(rules_used(formula, wrt))
        return local_derivative(formula, wrt)
    changing = [i for i, arg in enumerate(formula.args) if wrt in arg.names]
    if _is_constant_factor(formula, wrt):
        # It stands in front of whatever comes of the rest, which is gone on with in the same line.
        inside = formula.args[changing[0]]
        rate = PRIMITIVES[formula.primitive].derivative(formula.args, formula, changing[0])
        return mul(rate, _one_rule(Differentiate(inside, wrt), used))
    inner = {i: _inner(formula.args[i], wrt) for i in changing}
    if formula.primitive == "add":
        used["term by term"] = None
        return add(*inner.values())
    row = PRIMITIVES[formula.primitive]
    if row.rule:
        used[Rule(row.rule, row.rule_latex)] = None
    if formula.primitive not in ("mul", "div") and any(_pending(part) for part in inner.values()):
        used["chain rule"] = None
    return add(*(mul(row.derivative(formula.args, formula, i), part) for i, part in inner.items()))


def _inner(formula: Expression, wrt: str) -> Expression:
    """The derivative of a part: known for a name or a number, to be done for everything else."""
    if wrt not in formula.names:
        return ZERO
    return ONE if isinstance(formula, Ref) else Differentiate(formula, wrt)


def worth_splitting(formula: Expression, wrt: str) -> bool:
    """Whether one takes more than a glance: whether a rule is needed inside what another rule is needed for."""
    return _depth(formula, wrt) > 1


def _depth(formula: Expression, wrt: str) -> int:
    """How many rules apply one inside the other; sums and constant factors need none."""
    if not isinstance(formula, Apply) or wrt not in formula.names:
        return 0
    own = 0 if formula.primitive == "add" or _is_constant_factor(formula, wrt) else 1
    return own + max(_depth(arg, wrt) for arg in formula.args)


def _is_constant_factor(node: Apply, wrt: str) -> bool:
    """Whether an operation multiplies one thing that changes by things that do not."""
    if node.primitive == "div":
        return wrt not in node.args[1].names
    return node.primitive == "neg" or (node.primitive == "mul" and sum(wrt in arg.names for arg in node.args) < 2)
