"""How a rule's statements are printed: for NumPy as a function, for kernels with what many share done once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from gradlab.codegen._schedule import Program, lowered
from gradlab.graph import Apply, Expression, Ref, substitute, walk
from gradlab.rules import COUNT, GRADIENT, PARAMETER, RATE, Update

STEP = Apply("mul", (Ref(RATE), Ref(GRADIENT)))


@cache
def numpy_update(update: Update) -> Callable[..., tuple[Any, tuple[Any, ...]]]:
    """A rule's step as a NumPy function ``(w, g, eta, t, *numbers, *state) -> (w, state)``.

    Args:
        update: the rule's statements.
    """
    from gradlab.codegen._numpy import compiled  # kernels are printed without NumPy

    inputs = (PARAMETER, GRADIENT, RATE, COUNT, *update.numbers, *update.state)
    statements = tuple((name, lowered(formula)) for name, formula in update.statements)
    program = Program(inputs, statements, (Ref(PARAMETER), *map(Ref, update.state)))
    return compiled(program, "update")[1]


@dataclass(frozen=True, slots=True)
class KernelUpdate:
    """A rule's statements as a kernel does them.

    Attributes:
        per_run: name and formula of what is the same for all parameters and steps of a run.
        per_step: of what is the same for all parameters.
        statements: the rest, for each parameter.
        plain: whether the gradient stands times the learning rate alone, so that the number of points can go into that.
        counts: whether the number of the step is wanted.
    """

    per_run: tuple[tuple[str, Expression], ...]
    per_step: tuple[tuple[str, Expression], ...]
    statements: tuple[tuple[str, Expression], ...]
    plain: bool
    counts: bool

    def printed(
        self, names: Mapping[str, str], new: str, write: Callable[[Expression], str]
    ) -> Iterator[tuple[str, str]]:
        """What is assigned for a parameter and the text of its formula, in order.

        Args:
            names: how the parameter, its gradient, its rate and its state are written.
            new: how the parameter is written once it has its new value.
            write: writes a formula.
        """
        known: dict[str, Expression] = {name: Ref(text) for name, text in names.items()}
        for name, formula in self.statements:
            place = new if name == PARAMETER else names.get(name, f"_x_{name}")
            yield place, write(substitute(formula, known))
            known[name] = Ref(place)


@cache
def kernel_update(update: Update) -> KernelUpdate:
    """A rule's statements, with what they share taken out.

    Args:
        update: the rule's statements.
    """
    numbers: dict[str, Expression] = {name: Ref(f"_number_{i}") for i, name in enumerate(update.numbers)}
    numbers[COUNT] = Ref("_count")
    shared = {str(ref) for ref in numbers.values()}
    taken: dict[Expression, str] = {}

    def take_out(node: Expression) -> Expression:
        """The formula with a name for every largest part that is made of numbers and the count alone."""
        if not isinstance(node, Apply) or not node.names:
            return node
        if node.names <= shared:
            return Ref(taken.setdefault(node, f"_shared_{len(taken)}"))
        return Apply(node.primitive, tuple(map(take_out, node.args)))

    statements = tuple((name, take_out(substitute(lowered(formula), numbers))) for name, formula in update.statements)
    made = [(name, formula) for formula, name in taken.items()]
    nodes = [node for _, formula in statements for node in walk(formula)]
    return KernelUpdate(
        tuple((name, formula) for name, formula in made if "_count" not in formula.names),
        tuple((name, formula) for name, formula in made if "_count" in formula.names),
        statements,
        nodes.count(STEP) == nodes.count(Ref(GRADIENT)),
        any("_count" in formula.names for _, formula in (*made, *statements)),
    )
