r"""Whether a step may hold with a letter as the imaginary unit: the i of ``e^{i\pi} = -1``."""

from __future__ import annotations

import cmath
import math
import random

from gradlab.graph import Expression, Ref, as_number
from gradlab.prove._definitions import walk
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read._nodes import Derivative

UNITS = frozenset(("i", "j", r"\iota", r"\mathrm{i}", r"\mathrm{j}"))
_OF_COMPLEX = {"exp": cmath.exp, "sin": cmath.sin, "cos": cmath.cos, "sinh": cmath.sinh, "cosh": cmath.cosh, "abs": abs}


def may_hold_with_unit(pair: tuple[Expression | NotUnderstoodError, ...], name: str) -> bool:
    """Whether the sides of a step are equal where a name is the imaginary unit, or that cannot be told.

    Args:
        pair: both sides.
        name: the name; where one differentiates by it, it is a variable.
    """
    nodes = [node for side in pair for node in walk(side)]
    if any(by == Ref(name) for node in nodes if isinstance(node, Derivative) for by in node.wrt):
        return False
    chance = random.Random(1)
    names = sorted({node.name for node in nodes if isinstance(node, Ref)})
    values: dict[str, complex] = {other: chance.uniform(0.5, 2) for other in names}
    try:
        left, right = (_value(side, values | {name: 1j}) for side in pair)
        return cmath.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    except (LookupError, ArithmeticError):
        return True


def _value(node: Expression | NotUnderstoodError, values: dict[str, complex]) -> complex:
    """The complex value of a formula; a `LookupError` for what has several values or is not known."""
    if isinstance(node, NotUnderstoodError):
        raise LookupError(str(node))
    if isinstance(node, Ref):
        return values[node.name]
    constant = as_number(node)
    if constant is not None:
        return complex(constant)
    kind = getattr(node, "primitive", "")
    args = [_value(arg, values) for arg in node.args]
    if kind == "pi":
        return complex(math.pi)
    if kind in ("add", "mul"):
        return sum(args) if kind == "add" else math.prod(args)
    if kind == "neg":
        return -args[0]
    if kind == "div":
        return args[0] / args[1]
    if kind == "pow" and args[1].imag == 0 and args[1].real.is_integer():
        return args[0] ** int(args[1].real)
    return _OF_COMPLEX[kind](args[0])
