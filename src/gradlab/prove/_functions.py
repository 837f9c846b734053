"""The functions that written mathematics may use, each by the primitives of the table."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from gradlab.derive import local_gradient
from gradlab.graph import ZERO, Apply, Expression, Ref, functions, known_as, parse, transform

_SPELLINGS = {
    "ln": "log", "ReLU": "relu", "RELU": "relu", "sgn": "sign", r"\sigma": "sigmoid", "sig": "sigmoid",
    "logistic": "sigmoid", "tg": "tan", "ctg": "cot", "cotg": "cot",
}  # fmt: skip
# How functions are called in other countries, where a command says that a function is meant.
ELSEWHERE = {"sh": "sinh", "ch": "cosh", "th": "tanh", "cth": "coth", "sen": "sin"}
# Functions that are no primitive, as formulas of x.
COMPOSED = {
    "tan": parse("sin(x)/cos(x)"),
    "sinh": parse("(exp(x) - exp(-x))/2"),
    "sech": parse("2/(exp(x) + exp(-x))"),
    "sec": parse("1/cos(x)"),
    "coth": parse("(exp(x) + exp(-x))/(exp(x) - exp(-x))"),
    "cot": parse("cos(x)/sin(x)"),
    "cosh": parse("(exp(x) + exp(-x))/2"),
    "csc": parse("1/sin(x)"),
    "csch": parse("2/(exp(x) - exp(-x))"),
    "arcsin": parse("2*arctan(x/(1 + sqrt(1 - x**2)))"),
    "arccos": parse("pi/2 - 2*arctan(x/(1 + sqrt(1 - x**2)))"),
    "arsinh": parse("log(x + sqrt(x**2 + 1))"),
    "arcosh": parse("log(x + sqrt(x - 1)*sqrt(x + 1))"),
    "artanh": parse("log((1 + x)/(1 - x))/2"),
}
OF_SEVERAL = frozenset(("max", "min"))


def function_commands() -> tuple[str, ...]:
    r"""The commands that are functions of the table, without their backslashes; \sigma is a letter too."""
    heads = [row.head.removeprefix("\\") for row in functions().values() if row.head.startswith("\\")]
    return tuple(head for head in heads if head.isalpha() and head != "sigma")


def function_words() -> tuple[str, ...]:
    """The names under which the table's functions of one argument, or of any number, may be written."""
    rows = [row for row in functions().values() if not row.picks]
    return tuple(name for row in rows for name in (row.name, *row.also))


def vocabulary() -> frozenset[str]:
    """All names under which functions may be written, without backslashes."""
    return _vocabulary(function_words())


@lru_cache(maxsize=4)
def _vocabulary(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset((*words, *COMPOSED, *OF_SEVERAL, *(name for name in _SPELLINGS if name.isalpha())))


def function_name(text: str) -> str:
    r"""The name of a function command: ``\operatorname{ReLU}`` is ``relu``."""
    bare = re.sub(r"\\(?:operatorname\*?|mathrm|text|textrm|mathop|mathit)\s*\{\s*([A-Za-z0-9\\_]+)\s*\}", r"\1", text)
    bare = bare.removeprefix("\\") if bare != r"\sigma" else bare
    bare = bare.replace("\\_", "_")
    return known_as(_SPELLINGS.get(bare, bare))


def call(name: str, arguments: tuple[Expression, ...]) -> Expression:
    """A function applied to its arguments."""
    if name in COMPOSED:
        return _inserted(COMPOSED[name], arguments[0])
    return Apply(name, arguments)


def derivative(name: str, argument: Expression, order: int) -> Expression:
    """The derivative of a function of one argument, at that argument."""
    x = Ref("x")
    formula = call(name, (x,))
    for _ in range(order):
        formula = local_gradient(formula).get("x", ZERO)
    return _inserted(formula, argument)


def _inserted(formula: Expression, argument: Expression) -> Expression:
    rule: Callable[[Expression], Expression | None] = lambda node: argument if node == Ref("x") else None  # noqa: E731
    return transform(formula, rule)
