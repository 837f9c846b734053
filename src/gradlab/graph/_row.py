"""What a row of THE table says: everything gradlab knows about a primitive stands in its row and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradlab.graph._expression import Apply, Expression

Arguments = tuple[Expression, ...]
LocalDerivative = Callable[[Arguments, Expression, int], Expression]
EVERYWHERE = (-math.inf, math.inf)
# What every notation has signs for; the other primitives are written like functions.
OPERATORS = frozenset(("add", "mul", "neg", "div", "pow"))


@dataclass(frozen=True, slots=True)
class Primitive:
    """One row of the table.

    Attributes:
        name: how it is called in text.
        arity: the number of arguments; None for any number from 1 up.
        value: the value, from numbers; a row marked ``exact`` takes numbers of every kind, so fractions give fractions.
        derivative: from the arguments, the application itself and the index of an argument, the local derivative.
        latex: a format string of the arguments, for the primitives that are written like a function; by default
            the name, set upright.
        numpy: the spelling for NumPy, a format string of the arguments.
        torch: the spelling for PyTorch.
        numba: the spelling for Numba's kernels. A backend without a spelling computes what ``lower`` or
            ``definition`` says.
        domain: where it is defined, in words; empty for everywhere.
        rule: the local derivative as one names it in a written step.
        rule_latex: the same in LaTeX, where it is a formula.
        exact: whether fractions give a fraction.
        lower: what all kernels compute in its stead, made of other primitives.
        definition: the same function in simpler primitives: text in the argument ``x``, or, for several arguments, a
            function of them, which is then what LaTeX shows; empty if it is not one of those.
        precise: mpmath's name for it; without one, its value in many digits is that of ``lower`` or ``definition``.
        activation: whether the units of a network may have it.
        between: the least and the largest value, or bounds of them.
        far: its limits at minus and at plus infinity, infinite ones as floats; empty where it has none there.
        bare: whether LaTeX writes it without brackets before a plain name, as in log x.
        also: other names under which text has it.
        picks: whether its first argument is the number of one of the others.
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
    definition: str | Callable[[Arguments], Expression] = ""
    precise: str = ""
    activation: bool = False
    between: tuple[float, float] = EVERYWHERE
    far: tuple[Expression | float, ...] = ()
    bare: bool = False
    also: tuple[str, ...] = ()
    picks: bool = False

    @property
    def head(self) -> str:
        """The format string of its LaTeX; empty for what LaTeX writes in another way."""
        if self.latex or callable(self.definition) or self.name in OPERATORS:
            return self.latex
        return r"\operatorname{{" + self.name.replace("_", r"\_") + "}}"


def apply(name: str, *arguments: Expression) -> Apply:
    """A primitive of the table applied to its arguments."""
    return Apply(name, arguments)
