"""Descend: a function of two variables, its derivation typeset, and kernels for its surface and the ways down."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from gradlab._errors import GradlabError
from gradlab._function import Function, function
from gradlab.codegen import update_exactly
from gradlab.codegen.wasm import curvature_module, descent_module
from gradlab.graph import NotRationalError, evaluate, number
from gradlab.play._typeset import typeset
from gradlab.rules import COUNT, GRADIENT, PARAMETER, RATE, Rule, snake

LONGEST = 600  # characters; what is longer takes the page's Python more than a moment
VARIABLES = 2
EXACT_STEPS, EXACT_BITS = 12, 40  # fractions that are read in a table; each step has two or three times the digits
FLAT = 1e-12  # a curvature that is so small beside the other may be rounding


def surface(given: Mapping[str, Any]) -> dict[str, Any]:
    """A function of two variables as a picture needs it: a kernel of its value and gradient.

    Args:
        given: ``text``, the formula.

    Returns:
        ``variables``, their names; ``module``, WebAssembly with ``evaluate``; ``source``, the kernel as text.

    Raises:
        GradlabError: for a text that is no formula, is too long, or has not two variables.
    """
    made = _function(given["text"])
    module = made.compile("wasm")
    return {"variables": list(made.variables), "module": module.code, "source": module.source}


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
        "gradient": typeset(rf"\nabla {made.output} = {made.gradient().latex()}"),
        "derivations": [typeset(made.derive(made.output, name).latex()) for name in made.variables],
    }


def bent(given: Mapping[str, Any]) -> dict[str, Any]:
    """How the same function bends.

    Args:
        given: ``text``, the formula.

    Returns:
        ``hessian`` as MathML; ``curvatures``, its eigenvalues from the smallest where it is the same everywhere, else
        None; ``limit`` as MathML, below which rate gradient descent converges, where it is a bowl besides, else "";
        ``module``, WebAssembly with ``bend``.

    Raises:
        GradlabError: for a text that `surface` does not take.
    """
    made = _function(given["text"])
    hessian = made.hessian()
    curvatures = _curvatures(made, hessian)
    bowl = curvatures is not None and curvatures[0] > FLAT * curvatures[1]
    return {
        "hessian": typeset(rf"\nabla^2 {made.output} = {hessian.latex()}"),
        "curvatures": curvatures,
        "limit": "".join(map(typeset, _limit(made, hessian, curvatures[1]))) if bowl and curvatures else "",
        "module": curvature_module(made.graph, made.output, made.variables).code,
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


@lru_cache(maxsize=8)
def _function(text: str) -> Function:
    if len(text) > LONGEST:
        raise GradlabError(f"the formula has {len(text)} characters; the page takes up to {LONGEST}")
    made = function(text)
    if len(made.variables) != VARIABLES:
        raise GradlabError(
            f"the page draws functions of two variables; this one has {len(made.variables)}: "
            f"{', '.join(made.variables)}. Write for example (x - 6)**2 + y**2 - x*y"
        )
    return made


def _curvatures(made: Function, hessian: Mapping[tuple[str, str], Any]) -> list[float] | None:
    """The eigenvalues of a Hessian of numbers, two of them."""
    if any(entry.names for entry in hessian.values()):
        return None
    x, y = made.variables
    a, b, d = (float(evaluate(hessian[pair], {}, exact=False)) for pair in ((x, x), (x, y), (y, y)))
    middle, spread = (a + d) / 2, math.hypot((a - d) / 2, b)
    return [middle - spread, middle + spread]


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
