"""Ways to read arrays: a vector as a column or a row, a function entry by entry or as a number, a layout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from gradlab.graph import Expression
from gradlab.prove.judge._axes import Axes
from gradlab.prove.read._nodes import COUNTED, Array, Call, Indexed, Operation, Tensor, letter_of
from gradlab.prove.read._statements import Known, Layout

MOST_CHOICES = 300
Asked = tuple[str, str]  # ``kind`` and a name, or ``call`` and a function
_MATRICES = frozenset("WXAUVHQZ")  # capitals that are no numbers where vectors stand beside them
_GREEK = frozenset((r"?\Sigma", r"?\Lambda"))
_FUNCTIONS_OF_ONE = re.compile(r"\?(\\?[fFLJECRVUS]|\\ell|\\mathcal\{[A-Z]\})(?![a-z])")
SAMPLE = "^()"  # behind a head: what it is with an index above alone
LAYOUTS = (None, Layout.DENOMINATOR, Layout.NUMERATOR)  # None: gradients as columns, Jacobians with a row an output


@dataclass(frozen=True)
class Choice:
    """One way to read what can be read in several.

    Attributes:
        kinds: for the name of each array ``number``, ``column``, ``row``, ``matrix``, or ``flat`` for a matrix that may
            have one row or column.
        calls: for each unknown function ``entrywise``, ``number`` or ``vector``.
        layout: how derivatives by arrays are laid out; None for gradients in the shape of what one differentiates by
            and Jacobians with a row for each entry of what is differentiated.
    """

    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    calls: Mapping[str, str] = field(default_factory=dict[str, str])
    layout: Layout | None = None

    def of(self, asked: Iterable[Asked]) -> tuple[str | None, ...]:
        """How it reads what is asked for."""
        read = {"kind": self.kinds, "call": self.calls}
        return tuple([read[what].get(name) for what, name in asked])


def choices(
    axes: Axes, known: Known, sides: tuple[Expression, ...], layout: Layout | None, loose: frozenset[str]
) -> Iterator[tuple[int, Choice]]:
    """All ways to read the arrays of a claim in one layout, with how unusual they are, the usual ones first."""
    options: list[list[tuple[str, str, str]]] = []
    square = {name for side in sides for name in square_names(side)}
    for name, rank in axes.tensors.items():
        if name not in known.quantities:
            kinds = _kinds(name, rank, known.shapes.get(name))
            plain = ("number",) if name in loose and name not in known.shapes else ()
            if name in square:
                plain, kinds = (), ("matrix", *(kind for kind in kinds if kind in ("column", "row")))
            ways = (*kinds, *plain) if letter_of(name) in _MATRICES or name in _GREEK else (*plain, *kinds)
            options.append([("kind", name, kind) for kind in ways])
    for head in axes.numbered if axes.tensors else axes.samples:
        ways = ("column", "number") if head in axes.samples else ("number", "column")
        options.append([("kind", head + SAMPLE, kind) for kind in ways])
    for name in sorted(_calls_of_arrays(sides, known)):
        modes = (
            ("number", "entrywise", "vector") if _FUNCTIONS_OF_ONE.match(name) else ("entrywise", "vector", "number")
        )
        options.append([("call", name, kind) for kind in modes])
    for picks in islice(_usual_first([len(option) for option in options]), MOST_CHOICES):
        chosen = [option[pick] for option, pick in zip(options, picks, strict=True)]
        kinds_ = {name: kind for what, name, kind in chosen if what == "kind"}
        calls = {name: kind for what, name, kind in chosen if what == "call"}
        yield sum(picks), Choice(kinds_, calls, layout)


def _usual_first(sizes: list[int]) -> Iterator[tuple[int, ...]]:
    """Picks of one number below each size, the smallest sums first; one by one, as there may be very many."""
    for total in range(sum(sizes) - len(sizes) + 1):
        yield from _with_sum(sizes, total)


def _with_sum(sizes: list[int], total: int) -> Iterator[tuple[int, ...]]:
    if not sizes:
        yield ()
        return
    most_of_others = sum(sizes[1:]) - len(sizes) + 1
    for pick in range(max(0, total - most_of_others), min(sizes[0] - 1, total) + 1):
        for others in _with_sum(sizes[1:], total - pick):
            yield pick, *others


def square_names(expression: Expression) -> set[str]:
    """The names under a trace, a determinant or an inverse, and transposed capitals: they are no numbers."""
    found: set[str] = set()
    if isinstance(expression, Operation) and expression.kind in ("trace", "det", "inverse"):
        found |= expression.operands[0].names
    if isinstance(expression, Operation) and expression.kind == "transpose":
        found |= {name for name in expression.operands[0].names if letter_of(name).isupper()}
    return found.union(*map(square_names, expression.args))


def is_bold(head: str) -> bool:
    """Whether a name is written as that of an array."""
    return head.startswith("?\\mathbf")


def _kinds(name: str, rank: int, stated: tuple[str, ...] | None) -> tuple[str, ...]:
    if stated is not None:
        return ("column", "row") if len(stated) == 1 else ("stated",)
    if rank == 1:
        return ("column", "row")
    if rank == 2:
        return ("matrix", "flat")
    letter = letter_of(name)
    if is_bold(name) and letter.islower():
        return ("column", "row")
    return ("matrix", "column", "row", "flat") if letter.isupper() else ("column", "matrix", "row", "flat")


def _calls_of_arrays(sides: tuple[Expression, ...], known: Known) -> set[str]:
    found: set[str] = set()
    stack = list(sides)
    seen: set[str] = set()
    while stack:
        node = stack.pop()
        if isinstance(node, Call) and node.function not in known.functions and any(map(holds_array, node.arguments)):
            found.add(node.function)
        for name in node.names - seen:
            seen.add(name)
            if name in known.quantities:
                stack.append(known.quantities[name])
        stack += node.args
    return found


def holds_array(expression: Expression) -> bool:
    """Whether an array stands anywhere in an expression."""
    if isinstance(expression, Operation) and expression.kind in COUNTED:
        return False
    if isinstance(expression, Tensor | Array | Operation) or (
        isinstance(expression, Indexed) and is_bold(expression.head)
    ):
        return True
    return any(map(holds_array, expression.args))
