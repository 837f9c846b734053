"""Descend: a function of two variables, its derivation typeset, and kernels for its surface and the ways down."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from gradlab._errors import GradlabError
from gradlab._function import Function, function
from gradlab.codegen import update_exactly
from gradlab.codegen.wasm import curvature_module, descent_module, function_module
from gradlab.derive import local_gradient
from gradlab.graph import Apply, Graph, NotRationalError, Quantity, Role, Written, evaluate, functions, number, walk
from gradlab.play._typeset import typeset
from gradlab.rules import COUNT, GRADIENT, PARAMETER, RATE, Rule, snake

LONGEST = 600  # characters; what is longer takes the page's Python more than a moment
VARIABLES = 2
EXACT_STEPS, EXACT_BITS = 12, 40  # fractions that are read in a table; each step has two or three times the digits
FLAT = 1e-12  # a curvature that is so small beside the other may be rounding, where it is not exact
JUMPS = frozenset(("sign", "step"))  # what all that has a kink becomes by being derived


def surface(given: Mapping[str, Any]) -> dict[str, Any]:
    """A function of two variables as a picture needs it: a kernel of its value and gradient.

    Args:
        given: ``text``, the formula.

    Returns:
        ``variables``, their names; ``module``, WebAssembly with ``evaluate``; ``source``, the kernel as text;
        ``remark``, what somebody may not have meant so, else "".

    Raises:
        GradlabError: for a text that is no formula, is too long, or has not two variables.
    """
    made, remark = _read(given["text"])
    module = made.compile("wasm")
    return {"variables": list(made.variables), "module": module.code, "source": module.source, "remark": remark}


def derived(given: Mapping[str, Any]) -> dict[str, Any]:
    """The same function as it is written and derived, line by line.

    Args:
        given: ``text``, the formula.

    Returns:
        ``formula``, ``gradient`` and ``derivations`` (one for each variable) as MathML.

    Raises:
        GradlabError: for a text that `surface` does not take.
    """
    made = _function(given["text"])
    return {
        "formula": typeset(made.latex()),
        "gradient": typeset(Written(rf"\nabla {made.output} = ", made.gradient().latex())),
        "derivations": [typeset(made.derive(made.output, name).latex()) for name in made.variables],
    }


def bent(given: Mapping[str, Any]) -> dict[str, Any]:
    """How the same function bends.

    Args:
        given: ``text``, the formula.

    Returns:
        ``hessian`` as MathML; ``curvatures``, its eigenvalues from the smallest where it is the same everywhere, else
        None; ``limit`` as MathML, below which rate gradient descent converges, where it is a bowl besides, else "";
        ``module``, WebAssembly with ``bend``; ``kinks``, one with ``evaluate`` of what is 0 where a part of the
        function changes from one branch to another, as abs(x) at 0, without bytes where nothing does.

    Raises:
        GradlabError: for a text that `surface` does not take.
    """
    made = _function(given["text"])
    hessian = made.hessian()
    curvatures = _curvatures(made, hessian)
    bowl = curvatures is not None and curvatures[0] > 0
    return {
        "hessian": typeset(Written(rf"\nabla^2 {made.output} = ", hessian.latex())),
        "curvatures": curvatures,
        "limit": "".join(map(typeset, _limit(made, hessian, curvatures[1]))) if bowl and curvatures else "",
        "module": curvature_module(made.graph, made.output, made.variables).code,
        "kinks": _kinks(made, hessian),
    }


def way(given: Mapping[str, Any]) -> dict[str, Any]:
    """A kernel that goes down by a rule.

    Args:
        given: ``text``, the formula, and ``rule``, the name of the rule.

    Returns:
        ``module``, WebAssembly with ``descend``; ``numbers``, the values of the rule's own numbers, in order.

    Raises:
        GradlabError: for a text that `surface` does not take, or if there is no such rule.
    """
    made, kind = _function(given["text"]), rule_named(given["rule"])
    module = descent_module(made.graph, made.output, made.variables, kind.update())
    return {"module": module.code, "source": module.source, "numbers": list(numbers_of(kind).values())}


def exact(given: Mapping[str, Any]) -> dict[str, Any]:
    """The first points of ways down as fractions, while these are short.

    Args:
        given: ``text``, the formula; ``rules``, their names; ``start``, ``rate`` and ``steps``, all written in digits.

    Returns:
        ``ways``, for each rule a row of texts for each point from the start: its coordinates and the value there. There
        are none where a value need not be rational, as that of exp(x) or of a root.

    Raises:
        GradlabError: for a text that `surface` does not take, or if there is no such rule.
    """
    made, start, rate = _function(given["text"]), tuple(map(Fraction, given["start"])), Fraction(given["rate"])
    steps = min(EXACT_STEPS, int(given["steps"]) + 1)
    return {"ways": [_fractions(made, rule_named(name), start, rate, steps) for name in given["rules"]]}


def _fractions(made: Function, kind: Any, point: tuple[Fraction, ...], rate: Fraction, most: int) -> list[list[str]]:
    update, rows = kind.update(), []
    shared = {RATE: rate, **{name: Fraction(str(value)) for name, value in numbers_of(kind).items()}}
    kept = [dict.fromkeys(update.state, Fraction(0)) for _ in point]
    for count in range(1, most + 1):
        try:
            value, slope = made.exact(point)
            if max(each.bit_length() for x in (*point, value) for each in x.as_integer_ratio()) > EXACT_BITS:
                break
            rows.append([str(x) for x in (*point, value)])
            moved = [
                update_exactly(update, {**shared, **before, COUNT: Fraction(count), PARAMETER: x, GRADIENT: by})
                for x, by, before in zip(point, slope, kept, strict=True)
            ]
        except (GradlabError, ZeroDivisionError):
            break
        point = tuple(each[PARAMETER] for each in moved)
        kept = [{name: each[name] for name in update.state} for each in moved]
    return rows


def rule_named(name: str) -> Any:
    """The rule of a name.

    Raises:
        GradlabError: if there is none.
    """
    kinds = {snake(kind.__name__): kind for kind in Rule.all()}
    if name not in kinds:
        raise GradlabError(f"there is no rule {name!r}: choose one of {', '.join(kinds)}")
    return kinds[name]


def numbers_of(kind: Any) -> dict[str, float]:
    """A rule's own numbers as they are by default."""
    made = kind(1.0)
    return {each.name: float(getattr(made, each.name)) for each in kind.own_numbers()}


def _function(text: str) -> Function:
    return _read(text)[0]


@lru_cache(maxsize=8)
def _read(text: str) -> tuple[Function, str]:
    """A function of two variables, and what was warned of while it was read."""
    if len(text) > LONGEST:
        raise GradlabError(f"the formula has {len(text)} characters; the page takes up to {LONGEST}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = function(text)
    remark = "\n".join(str(each.message) for each in caught)
    if len(made.variables) != VARIABLES:
        raise GradlabError(
            f"the page draws functions of two variables; this one has {len(made.variables)}: "
            f"{', '.join(made.variables)}. Write for example (x - 6)**2 + y**2 - x*y" + f"\n{remark}".rstrip()
        )
    return made, remark


def _kinks(made: Function, hessian: Mapping[tuple[str, str], Any]) -> bytes:
    """Of the arguments at whose zeros something jumps: the function, a derivative or a second one."""
    formulas = (made.expression, *local_gradient(made.expression).values(), *hessian.values())
    jumps = (part for each in formulas for part in walk(each) if isinstance(part, Apply) and part.primitive in JUMPS)
    sizes = {Apply("abs", part.arguments): None for part in jumps if part.names}
    if not sizes:
        return b""
    nearest = Apply("min", tuple(sizes)) if len(sizes) > 1 else next(iter(sizes))
    given = (Quantity(name, role=Role.INPUT) for name in made.variables)
    return function_module(Graph([*given, Quantity(made.output, nearest)]), made.output, made.variables).code


def _curvatures(made: Function, hessian: Mapping[tuple[str, str], Any]) -> list[float] | None:
    """The eigenvalues of the Hessian of a quadratic, from the smallest; None for other functions."""
    parts = (part for part in walk(made.expression) if isinstance(part, Apply) and part.names)
    if any(part.primitive in functions() for part in parts) or any(entry.names for entry in hessian.values()):
        return None
    x, y = made.variables
    a, b, d = (float(evaluate(hessian[pair], {}, exact=False)) for pair in ((x, x), (x, y), (y, y)))
    middle, spread = (a + d) / 2, math.hypot((a - d) / 2, b)
    far = middle + math.copysign(spread, middle)
    if not far:
        return [0.0, 0.0]
    try:
        a, b, d = (evaluate(hessian[pair], {}) for pair in ((x, x), (x, y), (y, y)))
        near = float((a * d - b * b) / Fraction(far))
    except NotRationalError:
        near = a / far * d - b / far * b
        near = near if abs(near) > FLAT * abs(far) else 0.0
    return sorted((near, far))


def _limit(made: Function, hessian: Mapping[tuple[str, str], Any], largest: float) -> tuple[str, str]:
    """Below which rate gradient descent converges on a bowl: derived, and in numbers, exact ones where there are."""
    x, y = made.variables
    derived = (
        r"\mathbf{x}_{k+1} - \mathbf{x}^* = (I - \eta \nabla^2 "
        + made.output
        + r")(\mathbf{x}_k - \mathbf{x}^*), \qquad "
        + r"|1 - \eta \lambda| < 1 \text{ for each eigenvalue } \lambda \iff 0 < \eta < \frac{2}{\lambda_{\max}}"
    )
    name, about = r"\lambda_{\max}", rf"\approx {largest:.5g}"
    bound = rf"\frac{{2}}{{{name}}} \approx {2 / largest:.5g}"
    try:
        a, b, d = (evaluate(hessian[pair], {}) for pair in ((x, x), (x, y), (y, y)))
    except NotRationalError:
        return derived, rf"{name} {about}, \qquad {bound}"
    middle, square = (a + d) / 2, ((a - d) / 2) ** 2 + b**2
    root = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
    if root**2 != square:
        return derived, rf"{name} = {_text(middle)} + \sqrt{{{_text(square)}}} {about}, \qquad {bound}"
    exact = middle + root
    return derived, rf"{name} = {_text(exact)}, \qquad \frac{{2}}{{{name}}} = {_text(2 / exact)}"


def _text(value: Fraction) -> str:
    return number(value).latex()
