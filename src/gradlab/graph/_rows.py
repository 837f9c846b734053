"""THE rows: value, local derivative, LaTeX, domain, spelling of each primitive.

The local derivatives are expressions, so that what is printed and what is run are the same object. They are the
textbook ones (Abramowitz and Stegun, *Handbook of Mathematical Functions*, sections 3.3, 4.2 to 4.5 and 7.1). At a kink
a value is chosen, and it is the one that PyTorch chooses: 0 for abs and relu, one half for each side of a tie of max
and min.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from gradlab.graph._algebra import add, div, mul, neg, power, subtract
from gradlab.graph._expression import ONE, TWO, ZERO, Apply, Expression, as_number, number, product_of
from gradlab.graph._row import Arguments, LocalDerivative, Primitive, apply


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


def _softmax(arguments: Arguments) -> Expression:
    exponentials = tuple(apply("exp", logit) for logit in arguments[1:])
    return apply("div", exponentials[_index(arguments)], Apply("add", exponentials))


def _log_softmax(arguments: Arguments) -> Expression:
    total = Apply("add", tuple(apply("exp", logit) for logit in arguments[1:]))
    return apply("add", arguments[1 + _index(arguments)], neg(apply("log", total)))


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


def _times_sigmoid(arguments: Arguments) -> Expression:
    return mul(arguments[0], apply("sigmoid", arguments[0]))


def _swish_derivative(args: Arguments, _out: Expression, _i: int) -> Expression:
    # Not swish + sigma (1 - swish), in which large arguments cancel.
    share = apply("sigmoid", args[0])
    return mul(share, add(ONE, mul(args[0], subtract(ONE, share))))


def _lower_huber(arguments: Arguments) -> Expression:
    size = apply("abs", arguments[0])
    inner = apply("min", size, ONE)
    return mul(inner, subtract(size, div(inner, TWO)))


def _over_root_two(x: Expression) -> Expression:
    return div(x, apply("sqrt", TWO))


def _gelu_derivative(args: Arguments, _out: Expression, _i: int) -> Expression:
    (x,) = args
    below = div(add(ONE, apply("erf", _over_root_two(x))), TWO)
    density = div(apply("exp", neg(div(power(x, TWO), TWO))), apply("sqrt", mul(TWO, apply("pi"))))
    return add(below, mul(x, density))


def _gelu_bend(x: Expression) -> Expression:
    """What the sigmoid is taken of: 1 + tanh(u) is twice the sigmoid of 2 u."""
    inside = add(x, mul(number(_GELU_CUBE), power(x, number(3))))
    return mul(TWO, apply("sqrt", div(TWO, apply("pi"))), inside)


def _gelu_tanh_derivative(args: Arguments, _out: Expression, _i: int) -> Expression:
    (x,) = args
    share = apply("sigmoid", _gelu_bend(x))
    # Far out this is 0 times inf: kernels know better (codegen/_schedule.py), PyTorch gives NaN.
    bend = mul(TWO, apply("sqrt", div(TWO, apply("pi"))), add(ONE, mul(number(3 * _GELU_CUBE), power(x, TWO))))
    return add(share, mul(x, share, subtract(ONE, share), bend))


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


# Source of gelu in both forms: Hendrycks and Gimpel, "Gaussian error linear units", 2016, arXiv 1606.08415.
_GELU_CUBE, _SQRT_2_OVER_PI = Fraction(44715, 10**6), math.sqrt(2 / math.pi)

ROWS = (
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
        numba="exp({0})", rule="exp' = exp", rule_latex=r"(e^x)' = e^x", precise="exp", far=(ZERO, math.inf),
    ),
    Primitive(
        "log", 1, math.log, lambda a, out, i: div(ONE, a[0]),
        latex=r"\log", numpy="np.log({0})", torch="torch.log({0})",
        numba="log({0})", domain="arguments above 0", rule="log' x = 1/x",
        rule_latex=r"\log' x = \frac{1}{x}", precise="log", bare=True,
    ),
    Primitive(
        "sqrt", 1, math.sqrt, lambda a, out, i: div(ONE, mul(TWO, out)),
        latex=r"\sqrt{{{0}}}", numpy="np.sqrt({0})", torch="torch.sqrt({0})",
        numba="root({0})", domain="arguments from 0 up",
        rule="sqrt' x = 1/(2 sqrt x)", rule_latex=r"\sqrt{x}' = \frac{1}{2 \sqrt{x}}",
        precise="sqrt",
    ),
    Primitive(
        "sin", 1, math.sin, lambda a, out, i: apply("cos", a[0]),
        latex=r"\sin", numpy="np.sin({0})", torch="torch.sin({0})", numba="sin({0})", rule="sin' = cos",
        rule_latex=r"\sin' = \cos", precise="sin", bare=True,
    ),
    Primitive(
        "cos", 1, math.cos, lambda a, out, i: neg(apply("sin", a[0])),
        latex=r"\cos", numpy="np.cos({0})", torch="torch.cos({0})", numba="cos({0})", rule="cos' = -sin",
        rule_latex=r"\cos' = -\sin", precise="cos", bare=True,
    ),
    Primitive(
        "tanh", 1, math.tanh, lambda a, out, i: subtract(ONE, power(out, TWO)),
        latex=r"\tanh", numpy="np.tanh({0})", torch="torch.tanh({0})", numba="tanh({0})", rule="tanh' = 1 - tanh^2",
        rule_latex=r"\tanh' = 1 - \tanh^2",
        definition="(exp(x) - exp(-x))/(exp(x) + exp(-x))", precise="tanh", activation=True, between=(-1, 1),
        far=(neg(ONE), ONE),
    ),
    Primitive(
        "sigmoid", 1, _sigmoid, lambda a, out, i: mul(out, subtract(ONE, out)),
        latex=r"\sigma", numpy="_sigmoid({0})", torch="torch.sigmoid({0})", numba="sigmoid({0})",
        rule="sigma' = sigma (1 - sigma)", rule_latex=r"\sigma' = \sigma (1 - \sigma)", definition="1/(1 + exp(-x))",
        activation=True, between=(0, 1),
        far=(ZERO, ONE),
    ),
    Primitive(
        "softplus", 1, lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
        lambda a, out, i: apply("sigmoid", a[0]),
        latex=r"\operatorname{{softplus}}", numpy="np.logaddexp({0}, 0.0)",
        # Above its threshold PyTorch returns x itself; the default, 20, would cost 2e-9.
        torch="torch.nn.functional.softplus({0}, threshold=50.0)", numba="softplus({0})",
        rule="softplus' = sigma", rule_latex=r"\operatorname{softplus}' = \sigma", definition="log(1 + exp(x))",
        activation=True,
        far=(ZERO, math.inf),
    ),
    Primitive(
        "swish", 1, lambda x: x * _sigmoid(x), _swish_derivative, lower=_times_sigmoid, definition="x/(1 + exp(-x))",
        rule="swish' x = sigma x (1 + x (1 - sigma x))", activation=True, also=("silu",),
        rule_latex=r"\operatorname{swish}'(x) = \sigma(x) (1 + x (1 - \sigma(x)))",
    ),
    Primitive(
        "gelu", 1, lambda x: x * math.erfc(-x / math.sqrt(2)) / 2, _gelu_derivative, activation=True,
        lower=lambda a: div(mul(a[0], add(ONE, apply("erf", _over_root_two(a[0])))), TWO),
        definition="x*(1 + erf(x/sqrt(2)))/2", rule="gelu' x = Phi(x) + x phi(x)",
        rule_latex=r"\operatorname{gelu}'(x) = \Phi(x) + x \varphi(x)",
    ),
    Primitive(
        "gelu_tanh", 1, lambda x: x * _sigmoid(2 * _SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)),
        _gelu_tanh_derivative, lower=lambda a: mul(a[0], apply("sigmoid", _gelu_bend(a[0]))), activation=True,
        definition="x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))/2",
        rule="gelu_tanh' x = s + 2 c x s (1 - s) (1 + 0.134145 x^2), s = sigma(2 c (x + 0.044715 x^3)), "
        "c = sqrt(2/pi)",
    ),
    Primitive(
        "elu", 1, lambda x: x if x > 0 else math.expm1(x), lambda a, out, i: apply("exp", apply("min", a[0], ZERO)),
        lower=lambda a: add(apply("relu", a[0]), apply("expm1", apply("min", a[0], ZERO))), activation=True,
        definition="max(x, 0) + exp(min(x, 0)) - 1", between=(-1, math.inf),
        rule="elu' x = e^min(x, 0)", rule_latex=r"\operatorname{elu}'(x) = e^{\min(x, 0)}",
    ),
    Primitive(
        "leaky_relu", 1, lambda x: x if x > 0 else x / 100,
        lambda a, out, i: div(add(ONE, mul(number(99), apply("step", a[0]))), number(100)),
        lower=lambda a: apply("max", a[0], div(a[0], number(100))), exact=True, activation=True,
        definition="max(x, x/100)", rule="leaky_relu' = 1 above 0, else 1/100",
    ),
    Primitive(
        "softsign", 1, lambda x: x / (1 + abs(x)),
        lambda a, out, i: div(ONE, power(add(ONE, apply("abs", a[0])), TWO)), exact=True, activation=True,
        lower=lambda a: div(a[0], add(ONE, apply("abs", a[0]))), definition="x/(1 + abs(x))", between=(-1, 1),
        rule="softsign' x = 1/(1 + |x|)^2", rule_latex=r"\operatorname{softsign}'(x) = \frac{1}{(1 + |x|)^2}",
        far=(neg(ONE), ONE),
    ),
    Primitive(
        "huber", 1, lambda x: x * x / 2 if abs(x) <= 1 else (2 * abs(x) - 1) / 2,
        lambda a, out, i: apply("max", neg(ONE), apply("min", a[0], ONE)), exact=True,
        lower=_lower_huber, definition="min(abs(x), 1)*(abs(x) - min(abs(x), 1)/2)",
        rule="huber' x = max(-1, min(x, 1))", rule_latex=r"\operatorname{huber}'(x) = \max(-1, \min(x, 1))",
    ),
    Primitive(
        "arctan", 1, math.atan, lambda a, out, i: div(ONE, add(ONE, power(a[0], TWO))),
        latex=r"\arctan", numpy="np.arctan({0})", torch="torch.arctan({0})", numba="arctan({0})", precise="atan",
        activation=True, between=(-math.pi / 2, math.pi / 2), also=("atan",),
        rule="arctan' x = 1/(1 + x^2)", rule_latex=r"\arctan' x = \frac{1}{1 + x^2}",
        far=(neg(div(apply("pi"), TWO)), div(apply("pi"), TWO)),
    ),
    Primitive(
        "erf", 1, math.erf,
        lambda a, out, i: div(mul(TWO, apply("exp", neg(power(a[0], TWO)))), apply("sqrt", apply("pi"))),
        numpy="_erf({0})", torch="torch.erf({0})", numba="erf({0})", precise="erf", activation=True, between=(-1, 1),
        rule="erf' x = 2 e^(-x^2)/sqrt(pi)",
        rule_latex=r"\operatorname{erf}'(x) = \frac{2}{\sqrt{\pi}} e^{-x^2}",
        far=(neg(ONE), ONE),
    ),
    Primitive(
        "log1p", 1, math.log1p, lambda a, out, i: div(ONE, add(ONE, a[0])),
        numpy="np.log1p({0})", torch="torch.log1p({0})", numba="log1p({0})", precise="log1p",
        domain="arguments above -1", definition="log(1 + x)", rule="log1p' x = 1/(1 + x)",
        rule_latex=r"\operatorname{log1p}'(x) = \frac{1}{1 + x}",
    ),
    Primitive(
        "expm1", 1, math.expm1, lambda a, out, i: apply("exp", a[0]),
        numpy="np.expm1({0})", torch="torch.expm1({0})", numba="expm1({0})", precise="expm1",
        definition="exp(x) - 1", rule="expm1' = exp", rule_latex=r"\operatorname{expm1}'(x) = e^x",
        far=(neg(ONE), math.inf),
    ),
    Primitive(
        "relu", 1, lambda x: max(x, 0 * x), lambda a, out, i: apply("step", a[0]),
        latex=r"\operatorname{{relu}}", numpy="np.maximum({0}, 0.0)", torch="torch.relu({0})", numba="larger(0.0, {0})",
        rule="relu' = 1 above 0, else 0", exact=True, activation=True,
        far=(ZERO, math.inf),
    ),
    Primitive(
        "abs", 1, abs, lambda a, out, i: apply("sign", a[0]),
        latex=r"\left|{0}\right|", numpy="np.abs({0})", torch="torch.abs({0})",
        numba="absolute({0})", rule="abs' = sign", exact=True, far=(math.inf, math.inf),
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
        rule="sign is flat", exact=True, far=(neg(ONE), ONE),
    ),
    Primitive(
        "step", 1, lambda x: int(x > 0), lambda a, out, i: ZERO,
        latex=r"\operatorname{{step}}", numpy="np.heaviside({0}, 0.0)",
        torch="_step({0})", numba="where(less(0.0, {0}), 1.0, larger(0.0, {0}))", rule="step is flat", exact=True,
    ),
    Primitive("pi", 0, lambda: math.pi, lambda a, out, i: ZERO, latex=r"\pi", numpy="np.pi", torch="torch.pi",
              precise="pi", also=("π",)),
    Primitive(
        "softmax", None, _softmax_value, _softmax_derivative, lower=_lower_softmax, definition=_softmax, picks=True,
        rule="softmax_k' = softmax_k ([j = k] - softmax_j)",
        rule_latex=r"\frac{\partial}{\partial v_j} \operatorname{softmax}_k(v) = \operatorname{softmax}_k(v) \cdot "
        r"([j = k] - \operatorname{softmax}_j(v))",
    ),
    Primitive(
        "log_softmax", None, lambda *xs: math.log(_softmax_value(*xs)), _log_softmax_derivative,
        lower=_lower_log_softmax, definition=_log_softmax, picks=True,
        rule="log softmax_k' = [j = k] - softmax_j",
        rule_latex=r"\frac{\partial}{\partial v_j} \log \operatorname{softmax}_k(v) = "
        r"[j = k] - \operatorname{softmax}_j(v)",
    ),
)  # fmt: skip
