"""THE one table: everything gradlab knows about a primitive stands in its row and nowhere else.

A row gives the value, the local derivative by each argument, the LaTeX, the domain and the spelling for each kind of
kernel. The local derivatives are expressions, so that what is printed and what is run are the same object. They are
the textbook ones (Abramowitz and Stegun, *Handbook of Mathematical Functions*, sections 3.3, 4.2, 4.3 and 4.5).
At a kink a value is chosen, and it is the one that PyTorch chooses: 0 for abs and relu, one half for each side of a tie
of max and min.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from gradlab.graph._algebra import add, div, mul, neg, power, subtract
from gradlab.graph._expression import ONE, TWO, ZERO, Apply, Expression, as_number, number, product_of

Arguments = tuple[Expression, ...]
LocalDerivative = Callable[[Arguments, Expression, int], Expression]


@dataclass(frozen=True, slots=True)
class Primitive:
    """One row of the table.

    Attributes:
        name: how it is called in text.
        arity: the number of arguments; None for any number from 1 up.
        value: the value, from numbers; a row marked ``exact`` takes fractions and gives fractions.
        derivative: from the arguments, the application itself and the index of an argument, the local derivative.
        latex: a format string of the arguments, for the primitives that are written like a function.
        numpy: the spelling for NumPy, a format string of the arguments.
        torch: the spelling for PyTorch.
        numba: the spelling for Numba's kernels, where they have one.
        domain: where it is defined, in words; empty for everywhere.
        rule: the local derivative as one names it in a written step.
        rule_latex: the same in LaTeX, where it is a formula.
        exact: whether fractions give a fraction.
        lower: what kernels compute in its stead, where that is made of other primitives.
        definition: the same function in simpler primitives of the argument ``x``; empty if it is not one of those.
    """

    name: str
    arity: int | None
    value: Callable[..., Any]
    derivative: LocalDerivative
    latex: str = ""
    numpy: str = ""
    torch: str = ""
    numba: str = ""
    domain: str = ""
    rule: str = ""
    rule_latex: str = ""
    exact: bool = False
    lower: Callable[[Arguments], Expression] | None = None
    definition: str = ""


def apply(name: str, *arguments: Expression) -> Apply:
    """A primitive of the table applied to its arguments."""
    return Apply(name, arguments)


def _sigmoid(x: float) -> float:
    e = math.exp(-abs(x))
    return (1.0 if x >= 0 else e) / (1.0 + e)


def _sign(x: Any) -> int:
    return (x > 0) - (x < 0)


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return base ** int(exponent)
    return math.pow(base, exponent)


def _shifted(logits: Arguments) -> Arguments:
    """The logits less their maximum: exponentials of these never overflow."""
    largest = apply("max", *logits)
    return tuple(subtract(logit, largest) for logit in logits)


def _lower_softmax(arguments: Arguments) -> Expression:
    shifted = _shifted(arguments[1:])
    exponentials = [apply("exp", logit) for logit in shifted]
    return apply("div", exponentials[_index(arguments)], Apply("add", tuple(exponentials)))


def _lower_log_softmax(arguments: Arguments) -> Expression:
    shifted = _shifted(arguments[1:])
    total = Apply("add", tuple(apply("exp", logit) for logit in shifted))
    return subtract(shifted[_index(arguments)], apply("log", total))


def _softmax_value(index: Any, *logits: float) -> float:
    largest = max(logits)
    exponentials = [math.exp(logit - largest) for logit in logits]
    return exponentials[int(index) - 1] / sum(exponentials)


def _index(arguments: Arguments) -> int:
    """Which of the logits a softmax is of, from 0."""
    index = as_number(arguments[0])
    if index is None or index.denominator != 1 or not 1 <= index < len(arguments):
        raise ValueError("softmax takes as its first argument the number of one of the others: softmax(1, a, b)")
    return int(index) - 1


def _softmax_derivative(args: Arguments, out: Expression, i: int) -> Expression:
    other = Apply("softmax", (number(i), *args[1:]))
    return mul(out, subtract(ONE if i - 1 == _index(args) else ZERO, other))


def _log_softmax_derivative(args: Arguments, _out: Expression, i: int) -> Expression:
    return subtract(ONE if i - 1 == _index(args) else ZERO, Apply("softmax", (number(i), *args[1:])))


def _extremum_derivative(sign: int) -> LocalDerivative:
    """Max (sign 1) and min (sign -1) of several arguments, compared from the left, each with the best so far.

    In a tie both sides count half, so that the derivatives by all arguments add up to one, however many tie.
    """
    name = "max" if sign > 0 else "min"

    def best(args: Arguments) -> Expression:
        return args[0] if len(args) == 1 else apply(name, *args)

    def beats(a: Expression, b: Expression) -> Expression:
        lead = subtract(a, b) if sign > 0 else subtract(b, a)
        return div(add(ONE, apply("sign", lead)), TWO)

    def derivative(args: Arguments, _out: Expression, i: int) -> Expression:
        wins = [beats(args[i], best(args[:i]))] if i else []
        return mul(*wins, *(beats(best(args[:j]), args[j]) for j in range(i + 1, len(args)) if j))

    return derivative


_ROWS = (
    Primitive(
        "add", None, lambda *xs: sum(xs), lambda a, out, i: ONE,
        rule="a sum is differentiated term by term", exact=True,
    ),
    Primitive(
        "mul", None, lambda *xs: product_of(xs),
        lambda a, out, i: mul(*(x for j, x in enumerate(a) if j != i)),
        rule="the product rule", exact=True,
    ),
    Primitive("neg", 1, lambda x: -x, lambda a, out, i: neg(ONE), numpy="-{0}", torch="-{0}", numba="-{0}", exact=True),
    Primitive(
        "div", 2, lambda x, y: x / y,
        lambda a, out, i: div(ONE, a[1]) if i == 0 else neg(div(a[0], power(a[1], TWO))),
        domain="the denominator is not 0", rule="the quotient rule", exact=True,
    ),
    Primitive(
        "pow", 2, _power,
        lambda a, out, i: (
            mul(a[1], power(a[0], subtract(a[1], ONE))) if i == 0
            # 0**x is 0 wherever it can be differentiated.
            else ZERO if a[0] == ZERO else mul(out, apply("log", a[0]))
        ),
        domain="a base above 0, or a whole exponent", rule="the power rule", exact=True,
    ),
    Primitive(
        "exp", 1, math.exp, lambda a, out, i: out,
        latex="e^{{{0}}}", numpy="np.exp({0})", torch="torch.exp({0})",
        numba="exp({0})", rule="exp' = exp", rule_latex=r"(e^x)' = e^x",
    ),
    Primitive(
        "log", 1, math.log, lambda a, out, i: div(ONE, a[0]),
        latex=r"\log", numpy="np.log({0})", torch="torch.log({0})",
        numba="log({0})", domain="arguments above 0", rule="log' x = 1/x",
        rule_latex=r"\log' x = \frac{1}{x}",
    ),
    Primitive(
        "sqrt", 1, math.sqrt, lambda a, out, i: div(ONE, mul(TWO, out)),
        latex=r"\sqrt{{{0}}}", numpy="np.sqrt({0})", torch="torch.sqrt({0})",
        numba="root({0})", domain="arguments from 0 up",
        rule="sqrt' x = 1/(2 sqrt x)", rule_latex=r"\sqrt{x}' = \frac{1}{2 \sqrt{x}}",
    ),
    Primitive(
        "sin", 1, math.sin, lambda a, out, i: apply("cos", a[0]),
        latex=r"\sin", numpy="np.sin({0})", torch="torch.sin({0})", rule="sin' = cos", rule_latex=r"\sin' = \cos",
    ),
    Primitive(
        "cos", 1, math.cos, lambda a, out, i: neg(apply("sin", a[0])),
        latex=r"\cos", numpy="np.cos({0})", torch="torch.cos({0})", rule="cos' = -sin", rule_latex=r"\cos' = -\sin",
    ),
    Primitive(
        "tanh", 1, math.tanh, lambda a, out, i: subtract(ONE, power(out, TWO)),
        latex=r"\tanh", numpy="np.tanh({0})", torch="torch.tanh({0})", numba="tanh({0})", rule="tanh' = 1 - tanh^2",
        rule_latex=r"\tanh' = 1 - \tanh^2",
        definition="(exp(x) - exp(-x))/(exp(x) + exp(-x))",
    ),
    Primitive(
        "sigmoid", 1, _sigmoid, lambda a, out, i: mul(out, subtract(ONE, out)),
        latex=r"\sigma", numpy="_sigmoid({0})", torch="torch.sigmoid({0})", numba="sigmoid({0})",
        rule="sigma' = sigma (1 - sigma)", rule_latex=r"\sigma' = \sigma (1 - \sigma)", definition="1/(1 + exp(-x))",
    ),
    Primitive(
        "softplus", 1, lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
        lambda a, out, i: apply("sigmoid", a[0]),
        latex=r"\operatorname{{softplus}}", numpy="np.logaddexp({0}, 0.0)",
        # Above its threshold PyTorch returns x itself; the default, 20, would cost 2e-9.
        torch="torch.nn.functional.softplus({0}, threshold=50.0)", numba="softplus({0})",
        rule="softplus' = sigma", rule_latex=r"\operatorname{softplus}' = \sigma", definition="log(1 + exp(x))",
    ),
    Primitive(
        "relu", 1, lambda x: max(x, 0 * x), lambda a, out, i: apply("step", a[0]),
        latex=r"\operatorname{{relu}}", numpy="np.maximum({0}, 0.0)", torch="torch.relu({0})", numba="larger(0.0, {0})",
        rule="relu' = 1 above 0, else 0", exact=True,
    ),
    Primitive(
        "abs", 1, abs, lambda a, out, i: apply("sign", a[0]),
        latex=r"\left|{0}\right|", numpy="np.abs({0})", torch="torch.abs({0})",
        numba="absolute({0})", rule="abs' = sign", exact=True,
    ),
    Primitive(
        "max", None, lambda *xs: max(xs), _extremum_derivative(1),
        latex=r"\max", rule="the largest argument counts", exact=True,
    ),
    Primitive(
        "min", None, lambda *xs: min(xs), _extremum_derivative(-1),
        latex=r"\min", rule="the smallest argument counts", exact=True,
    ),
    Primitive(
        "sign", 1, _sign, lambda a, out, i: ZERO,
        latex=r"\operatorname{{sign}}", numpy="np.sign({0})", torch="torch.sign({0})",
        numba="where(less(0.0, {0}), 1.0, where(less({0}, 0.0), -1.0, {0}))",
        rule="sign is flat", exact=True,
    ),
    Primitive(
        "step", 1, lambda x: int(x > 0), lambda a, out, i: ZERO,
        latex=r"\operatorname{{step}}", numpy="np.heaviside({0}, 0.0)",
        torch="_step({0})", numba="where(less(0.0, {0}), 1.0, larger(0.0, {0}))", rule="step is flat", exact=True,
    ),
    Primitive("pi", 0, lambda: math.pi, lambda a, out, i: ZERO, latex=r"\pi", numpy="np.pi", torch="torch.pi"),
    Primitive(
        "softmax", None, _softmax_value, _softmax_derivative, lower=_lower_softmax,
        rule="softmax_k' = softmax_k ([j = k] - softmax_j)",
        rule_latex=r"\frac{\partial}{\partial v_j} \operatorname{softmax}_k(v) = \operatorname{softmax}_k(v) \cdot "
        r"([j = k] - \operatorname{softmax}_j(v))",
    ),
    Primitive(
        "log_softmax", None, lambda *xs: math.log(_softmax_value(*xs)), _log_softmax_derivative,
        lower=_lower_log_softmax, rule="log softmax_k' = [j = k] - softmax_j",
        rule_latex=r"\frac{\partial}{\partial v_j} \log \operatorname{softmax}_k(v) = "
        r"[j = k] - \operatorname{softmax}_j(v)",
    ),
)  # fmt: skip

PRIMITIVES = MappingProxyType({row.name: row for row in _ROWS})
