"""Ways to read the arrays of a chain in which the shapes of all that is written fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from gradlab.graph import ONE, Expression, as_number, is_apply
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._names import FREE, Names
from gradlab.prove.judge import _entries as entries
from gradlab.prove.judge._axes import Axes, Dims, ShapeError
from gradlab.prove.judge._doubts import every, reached
from gradlab.prove.judge._quantities import Way
from gradlab.prove.judge.arrays._choices import LAYOUTS, SAMPLE, Asked, choices, holds_array
from gradlab.prove.judge.arrays._shapes import Shapes
from gradlab.prove.read._nodes import Array, Condition, Derivative, Operation, Tensor
from gradlab.prove.read._statements import Known, Layout

MOST_OTHERS = 12
_AXES = "rows", "columns"


@dataclass(frozen=True)
class Fit:
    """A way to read the arrays of a chain in which their shapes fit.

    Attributes:
        layout: the layout of its derivatives by arrays.
        axes: its sizes and indices.
        dims: which of the sizes are equal.
        way: the way.
        strain: how unusual it is, and how many sizes are left open, less of them being worse.
    """

    layout: Layout | None
    axes: Axes
    dims: Dims
    way: Way
    strain: tuple[int, int]

    @property
    def has_jacobian(self) -> bool:
        """Whether a derivative of an array stands in it: without one, two of the layouts are the same."""
        return self.way.shapes is None or self.way.shapes.jacobian

    @property
    def loose(self) -> str:
        """What stands in it that may be meant otherwise, and how to write it; empty if nothing."""
        return "" if self.way.shapes is None else self.way.shapes.loose

    @property
    def count_numbers(self) -> int:
        """How many names that may be arrays are read as numbers."""
        return sum(kind == "number" for kind in self.way.choice.kinds.values())

    @property
    def has_rows(self) -> bool:
        """Whether a vector is read as a row, though nothing says so."""
        return "row" in self.way.choice.kinds.values()

    @property
    def capital_rows(self) -> list[str]:
        """The capitals that are read as vectors: people write matrices with them."""
        rows = (name.removeprefix(FREE) for name, kind in self.way.choice.kinds.items() if kind == "row")
        return sorted(name for name in rows if len(name) == 1 and name.isupper())

    def squared(self, sides: Iterable[Expression], known: Known) -> str:
        r"""Why a step is not about the arrays that are meant: ``X`` of ``(X^\top X)^{-1}`` fits only if it is square.

        Or what is transposed fits only if it is a number.
        """
        for node in reached(tuple(sides), known):
            turned = isinstance(node, Operation) and node.kind == "transpose"
            inner = node.operands[0] if turned and isinstance(node, Operation) else None
            if isinstance(inner, Tensor) and self.way.choice.kinds.get(inner.name) == "number":
                return (
                    f"the shapes in this fit only if {inner.name[1:]} is a number: say so, or write what fits otherwise"
                )
            for part in every(node) if isinstance(node, Operation) and node.kind == "inverse" else ():
                first, *_, last = part.args if is_apply(part, "mul") else (ONE, ONE)
                turned = Operation("transpose", (last,)) == first or Operation("transpose", (first,)) == last
                name = next((end.name for end in (first, last) if isinstance(end, Tensor)), "") if turned else ""
                if name and name not in known.shapes and len({self.dims.find((a, name)) for a in _AXES}) == 1:
                    return f"the shapes in this fit only if {name[1:]} is square: say so, or write what fits otherwise"
        return ""


class Fitting:
    """Finds the ways.

    Args:
        names: the names of the graph.
        known: what the text says.
        conditions: under which the chain is claimed.
        deadline: when to stop.
        loose: names that may be arrays, though nothing says so.
    """

    def __init__(
        self,
        names: Names,
        known: Known,
        conditions: tuple[Condition, ...],
        deadline: Deadline,
        loose: frozenset[str] = frozenset(),
    ) -> None:
        self.names, self.known, self.conditions, self.loose = names, known, conditions, loose
        self.deadline = deadline

    def all(self, sides: tuple[Expression, ...]) -> list[Fit | ShapeError]:
        """The ways in which the arrays of sides can be read, at most one for each layout, or why there is none."""
        fits: list[Fit | ShapeError] = []
        for layout in self.layouts(sides):
            first = fits[0] if fits else None
            if layout is Layout.DENOMINATOR and isinstance(first, Fit) and not first.has_jacobian:
                continue
            fits += self.in_layout(sides, layout)
        return fits

    def layouts(self, sides: tuple[Expression, ...]) -> tuple[Layout | None, ...]:
        """The layouts that derivatives by arrays may have."""
        if not any(map(self.by_array, sides)):
            return (None,)
        return LAYOUTS if self.known.layout is None else (self.known.layout,)

    def by_array(self, expression: Expression) -> bool:
        """Whether a derivative of or by an array stands in an expression, or in what its names are."""
        seen: set[str] = set()
        stack = [expression]
        while stack:
            node = stack.pop()
            if isinstance(node, Derivative) and any(map(holds_array, node.wrt)) and node.style != "gradient":
                return True
            for name in ({node.name} if isinstance(node, Tensor) else node.names) - seen:
                seen.add(name)
                if name in self.known.quantities:
                    stack.append(self.known.quantities[name])
            stack += node.args
        return False

    def in_layout(self, sides: tuple[Expression, ...], layout: Layout | None) -> Iterator[Fit | ShapeError]:
        """The first way to read the arrays in which their shapes fit, in one layout, or why there is none."""
        yield next(self.ways(sides, layout))

    def ways(self, sides: tuple[Expression, ...], layout: Layout | None) -> Iterator[Fit | ShapeError]:
        """All ways to read the arrays in which their shapes fit, in one layout; why there is none, if there is none."""
        axes = Axes(self.known, lambda node, place: entries.count_in_graph(self.names, node, place))
        try:
            for side in (*sides, *(part for c in self.conditions for part in c.args)):
                axes.see(side)
        except ShapeError as error:
            raise NotUnderstoodError(f"two sums over the same index have different ends: {error}", 0) from None
        if not (axes.tensors or axes.samples or any(map(holds_array, sides))):
            yield Fit(layout, axes, axes.dims, Way(), (0, 0))
            return
        problems: list[ShapeError | NotUnderstoodError] = []
        fruitless: dict[
            tuple[Asked, ...], set[tuple[str | None, ...]]
        ] = {}  # what does not fit, whatever else is chosen
        fitting = False
        for cost, choice in choices(axes, self.known, sides, layout, self.loose):
            self.deadline.check(5)
            if any(choice.of(asked) in ways for asked, ways in fruitless.items()):
                continue
            self.deadline.check(100)
            dims = axes.dims.copy()
            shapes = Shapes(self.known, dims, choice)
            try:
                self.fit(shapes, sides)
            except (ShapeError, NotUnderstoodError) as error:
                problems.append(error)
                asked = tuple(shapes.asked)
                fruitless.setdefault(asked, set()).add(choice.of(asked))
                continue
            fitting = True
            yield Fit(layout, axes, dims, Way(choice=choice, shapes=shapes), (cost, -dims.count))
        if fitting:
            return
        wrong = [error for error in problems if isinstance(error, ShapeError)]
        if not wrong:
            raise problems[0]
        yield wrong[0]

    def fit(self, shapes: Shapes, sides: tuple[Expression, ...]) -> None:
        """Find the shapes of all sides, which are the same."""
        for name in self.known.shapes:
            if name in shapes.choice.kinds:
                shapes.of_name(name)
        found = [shapes.of(side) for side in sides]
        for shape, other in pairwise(found):
            written = any(isinstance(side, Array) or as_number(side) == 0 for side in sides)
            if written and not (shapes.is_number(shape) and shapes.is_number(other)):
                continue
            shapes.same(shape, other, "is not")
        for condition in self.conditions:
            if any(map(holds_array, condition.args)):
                shapes.same(shapes.of(condition.left), shapes.of(condition.right), "is not")
        for name in shapes.choice.kinds:
            if shapes.kind(name) == "flat" and shapes.is_number(shapes.of_name(name)):
                raise ShapeError(f"{name[1:]} is a matrix of one entry")

    def others(self, sides: tuple[Expression, ...], first: Fit) -> Iterator[Fit]:
        """Other ways in which plain names are numbers or arrays, after the first."""
        own = first.way.choice.kinds
        open_names = {name for name in own if name in self.loose or name.endswith(SAMPLE)}
        ways = self.ways(sides, first.layout) if open_names else iter(())
        for fit in islice(ways, 1, MOST_OTHERS):
            kinds = fit.way.choice.kinds if isinstance(fit, Fit) else own
            if any("number" in (kinds[name], own[name]) and kinds[name] != own[name] for name in open_names):
                yield fit  # type: ignore[misc]

    def is_natural(self, side: Expression) -> bool:
        """Whether the shapes of a side by itself fit, in some layout, with all vectors columns."""
        fits = [fit for layout in self.layouts((side,)) for fit in self.in_layout((side,), layout)]
        return any(isinstance(fit, Fit) and not fit.has_rows for fit in fits)

    def fits_turned(self, sides: list[Expression]) -> bool:
        """Whether the shapes of two sides would fit with one of them transposed."""
        turned = (sides[0], Operation("transpose", (sides[1],)))
        return any(isinstance(fit, Fit) for layout in self.layouts(turned) for fit in self.in_layout(turned, layout))
