"""What every schedule is: a factor of the learning rate for each step, by a formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gradlab.graph import Apply, Ref, evaluate, parse
from gradlab.rules._described import Described
from gradlab.rules._numbers import numbers_of


@dataclass(frozen=True)
class Schedule(Described):
    r"""A factor by which the learning rate of each step is multiplied.

    A schedule of one's own is a frozen dataclass that derives from this, with its numbers as fields and a ``formula``
    of them and of ``k``, the number of steps taken before.

    Attributes:
        formula: the factor, in the notation of `gradlab.function`.
        symbols: the LaTeX of the names that ``counts`` gives, and of others where the usual one will not do.
        source: where it is described.

    >>> from dataclasses import dataclass
    >>> from gradlab.rules import Kind, number
    >>> @dataclass(frozen=True)
    ... class Hyperbolic(Schedule):
    ...     title = "hyperbolic decay"
    ...     formula = "1/(1 + k/half)"
    ...     half: int = number(10, Kind.COUNT, "steps after which the rate is halved")
    >>> Hyperbolic(half=5).factor(5), Hyperbolic().latex()
    (0.5, '\\eta_k = \\frac{1}{1 + \\frac{k}{\\mathrm{half}}} \\eta')
    >>> _ = Schedule.kinds.pop("hyperbolic")
    """

    noun: ClassVar[str] = "schedule"
    example: ClassVar[str] = "one such as Cosine(steps=100)"
    formula: ClassVar[str]
    symbols: ClassVar[Mapping[str, str]] = {}

    def factor(self, step: int) -> float:
        """The factor of a step, counted from 0."""
        return float(evaluate(parse(self.formula), {**self.settings, **self.counts(step)}, exact=False))

    def factors(self, first: int, steps: int) -> list[float]:
        """The factors of as many steps from the first on."""
        return [self.factor(step) for step in range(first, first + steps)]

    def counts(self, step: int) -> dict[str, float]:
        """What the formula has beside the schedule's own numbers: ``k``, the steps taken before."""
        return {"k": float(step)}

    @property
    def constant(self) -> bool:
        """Whether the factor is always 1."""
        return False

    def latex(self) -> str:
        r"""The rate of step ``k`` in LaTeX, without dollar signs."""
        symbols = {each.name: each.latex for each in numbers_of(type(self))} | dict(self.symbols)
        return rf"\eta_k = {Apply('mul', (parse(self.formula), Ref('eta'))).latex(symbols)}"
