r"""The seam between reading and judging: what was read, as data.

Reading (`prove.read`) turns a text into statements; judging (`prove.judge`) says of each step of a `Chain`, and what
is `Known` where it stands, whether it holds: ``findings(chain, known, deadline) -> list[Finding]``, one for each
step, repairs within. Neither looks into the other. Who calls it (`prove._prove`, `prove._document`) puts readings and
findings together.

- The reader yields every plausible reading of an ambiguous place as a `Chain` of its own; a verdict stands only if
  all readings have it. So the judge never guesses at notation: a name is a `Ref`, an `Indexed` or a `Tensor`, a
  function's application a `Call`, an index an `Index`; only shapes are inferred there.
- ``Ref("?name")`` may be defined by the text: `Known.quantities` holds its formula, in any order, without cycles. A
  name without one is an independent quantity. ``\frac{\partial f}{\partial x}`` of a name that nothing computes is a
  `Derivative` whose body is that `Ref`: the judge says then that nothing says how it is computed (not understood).
- A `Call` whose function is in `Known.functions` is that formula at the arguments; any other is an unknown smooth
  function: TRUE only if it holds for all of them.
- Conditions of a chain hold at every point that is tried; if no such point is found the step is not understood.
- Derivatives and sums come as `Derivative` and `Total` (today's `Partial`, `Differentiate`, `SumOver` and `Vector`
  still come from the old reader, until it is gone; a derivative of one graph quantity by another may stay a
  `Partial`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from gradlab.graph import Expression, Graph
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read._nodes import Condition


class Kind(Enum):
    """What a written line does."""

    CLAIM = "claim"
    DEFINITION = "definition"
    CONDITION = "condition"
    UPDATE = "update rule"
    VALUE = "value"
    APPROXIMATION = "approximation"

    @property
    def remedy(self) -> str:
        """What to do about it: nothing, whichever it is."""
        return "nothing"


class Layout(Enum):
    """How the derivative of a vector by a vector is laid out."""

    NUMERATOR = "a row for each entry of what is differentiated"
    DENOMINATOR = "a row for each entry of what one differentiates by"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return "say in the text which layout is used"


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the text defines.

    Attributes:
        parameters: the names of its variables, as in `Ref.name` or `Tensor.name`.
        body: its formula.
    """

    parameters: tuple[str, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class Family:
    r"""A quantity with indices that the text defines for all of them: ``a_j = e^{z_j} / \sum_k e^{z_k}``.

    Attributes:
        below: the letters below it.
        above: the letters above it.
        body: its formula, with an `Index` for each of these letters.
    """

    below: tuple[str, ...]
    above: tuple[str, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class Known:
    r"""What holds where a claim stands.

    Attributes:
        graph: the graph that was given; its names have their meaning from there.
        quantities: names of the text that it computes, with their formulas.
        functions: functions of the text, by their free name.
        families: quantities with indices that the text defines, by the head of their `Indexed`.
        shapes: of vectors and matrices, what the text says: ``("n",)``, ``("m", "n")``, numbers as text.
        domains: for names with a stated domain or sign, the conditions on them.
        layout: which layout the text says it uses.
        entries: vectors that are numbers where they have an index: ``\mathbf z_i`` beside ``z_i``.
        arrays: the heads of what the text transposes or multiplies entry by entry.
    """

    graph: Graph
    quantities: Mapping[str, Expression] = field(default_factory=dict[str, Expression])
    functions: Mapping[str, Function] = field(default_factory=dict[str, Function])
    families: Mapping[str, Family] = field(default_factory=dict[str, Family])
    shapes: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    domains: tuple[Condition, ...] = ()
    layout: Layout | None = None
    entries: frozenset[str] = frozenset()
    arrays: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Chain:
    """Sides with a relation between each two, in one reading.

    Attributes:
        sides: what each side means, or why it has no meaning.
        digits: for each step None for equality; for a rounded value, how many decimals are written.
        conditions: under which it is claimed; they come on top of `Known.domains`.
    """

    sides: tuple[Expression | NotUnderstoodError, ...]
    digits: tuple[int | None, ...]
    conditions: tuple[Condition, ...] = ()
