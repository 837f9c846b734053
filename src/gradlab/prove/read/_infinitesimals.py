"""Integrals and differentials among what an expression that was read may hold."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab.graph import Expression
from gradlab.prove.read._nodes import Node


@dataclass(frozen=True, slots=True)
class Integral(Node):
    r"""An integral: ``\int_a^b f(x) \, dx``, or one without bounds, which is a function up to a constant.

    Attributes:
        body: of what.
        variable: by what, a `Ref`; where there are bounds nothing outside knows it.
        lower: from where; None without bounds.
        upper: to where.
    """

    body: Expression
    variable: Expression
    lower: Expression | None = None
    upper: Expression | None = None

    @property
    def args(self) -> tuple[Expression, ...]:
        """The body, the variable, the bounds that are written."""
        return (self.body, self.variable, *(bound for bound in (self.lower, self.upper) if bound is not None))

    @property
    def names(self) -> frozenset[str]:
        """The names that it is a function of."""
        inside = self.body.names - self.variable.names if self.lower is not None else self.body.names
        return inside.union(*(bound.names for bound in self.args[2:]))

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With others."""
        return Integral(*args)


@dataclass(frozen=True, slots=True)
class Differential(Node):
    r"""The differential of a name or a formula: ``dx``, ``d(x^2)``.

    Attributes:
        body: of what.
        by: the names that change with it; those of which the claim has differentials, where there are none.
    """

    body: Expression
    by: tuple[Expression, ...] = ()

    @property
    def args(self) -> tuple[Expression, ...]:
        """The body, then the names."""
        return (self.body, *self.by)

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With others."""
        return Differential(args[0], args[1:])
