"""Names in one setting: what they are computed by, which numbers indices stand for, the entries of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradlab.graph import (
    Apply,
    Const,
    Expression,
    Ref,
    number,
)
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._names import Names
from gradlab.prove.judge import _entries as entries
from gradlab.prove.judge._axes import Setting, ShapeError, index_value, plain_of
from gradlab.prove.judge._computed import Computed
from gradlab.prove.judge._points import Points
from gradlab.prove.judge.arrays import _grid as grid
from gradlab.prove.judge.arrays._choices import SAMPLE, Choice
from gradlab.prove.judge.arrays._grid import Grid, Value
from gradlab.prove.judge.arrays._shapes import Shapes
from gradlab.prove.read._nodes import (
    Call,
    Index,
    Indexed,
)
from gradlab.prove.read._statements import Known


@dataclass
class Way:
    """One way to take what a claim leaves open.

    Attributes:
        through: whether a derivative of a formula goes through what is computed, or takes every other name as fixed.
        choice: how arrays are read.
        shapes: the shapes of the arrays in that choice; None where there are none.
        depending: for names of which nothing says how they are computed, on which names they depend.
        constants: the sizes of arrays of ones and the like.
    """

    through: bool = True
    choice: Choice = field(default_factory=Choice)
    shapes: Shapes | None = None
    depending: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])


class Quantities(Computed):
    """Works out what names are.

    Args:
        names: the names of the graph.
        known: what the text says.
        setting: numbers for sizes and indices.
        way: how open things are taken.
        deadline: when to stop.
    """

    def __init__(self, names: Names, known: Known, setting: Setting, way: Way, deadline: Deadline) -> None:
        super().__init__(known.graph, way.through, deadline)
        self.names, self.known, self.setting, self.way = names, known, setting, way
        self.bound: dict[str, int] = dict(setting.indices)
        self.local: dict[str, Value] = {}  # parameters of a function of the text
        self._values: dict[Expression, Value] = {}
        self._arrays: dict[str, Value] = {}
        self._open: list[str] = []
        self._points: Points | None = None  # at which it is looked whether something vanishes

    def value(self, expression: Expression) -> Value:
        """What an expression is.

        Raises:
            NotUnderstoodError: if it is nothing that can be judged.
            ShapeError: if arrays in it do not fit together.
        """
        plain = self.bound == self.setting.indices and not self.local and not self._is_sized(expression)
        known = self._values.get(expression) if plain else None
        if known is None:
            self.deadline.check(20)
            method = getattr(self, f"_{type(expression).__name__.lower()}", None)
            if method is None:
                raise NotUnderstoodError("this is not understood", 0)
            known = method(expression)
            if isinstance(known, Apply):
                self.check_size(known)
            if plain:
                self._values[expression] = known
        return known

    def _is_sized(self, expression: Expression) -> bool:
        """Whether a vector of ones or the like stands in an expression, which has another size in another place."""
        if self.way.shapes is None or not self.way.shapes.constants:
            return False
        kind = getattr(expression, "kind", "")
        return kind in ("ones", "zeros", "identity") or any(map(self._is_sized, expression.args))

    def formula(self, expression: Expression) -> Expression:
        """What an expression is that has to be a number."""
        return grid.only(self.value(expression))

    def _const(self, node: Const) -> Value:
        return node

    def _ref(self, node: Ref) -> Value:
        name = node.name
        if name in self.local:
            return self.local[name]
        if ("size", name) in self.setting.sizes:
            return number(self.setting.sizes["size", name])
        return self.named(name)

    def named(self, name: str) -> Value:
        """A quantity by its name; its formula is noted."""
        if name in self._arrays:
            return self._arrays[name]
        if name not in self.graph and name not in self.known.quantities:
            name = entries.in_one_spelling(name)
        formula = self.known.quantities.get(name)
        if formula is not None and name not in self.formulas:
            if name in self._open:
                raise NotUnderstoodError("this is computed from itself: give each of its meanings a name of its own", 0)
            self._open.append(name)
            outer = self.bound, self.local
            self.bound, self.local = dict(self.setting.indices), {}
            try:
                value = self.value(formula)
            finally:
                self._open.pop()
                self.bound, self.local = outer
            if isinstance(value, Grid):
                self._arrays[name] = self._with_names(name, value)
                return self._arrays[name]
            self.formulas[name] = value
        if name in self.way.depending:
            by = self.way.depending[name]
            return Call(name, tuple(map(Ref, by)), (0,) * len(by))
        return Ref(name)

    def _with_names(self, name: str, value: Grid) -> Grid:
        """An array that is computed, each entry as a quantity of its own."""
        rows: list[tuple[Expression, ...]] = []
        for i, row in enumerate(value.rows, 1):
            made = [self.entry_name(name, i, j, value.shape) for j in range(1, len(row) + 1)]
            self.formulas.update(zip(made, row, strict=True))
            rows.append(tuple(map(Ref, made)))
        return Grid(tuple(rows))

    def entry_name(self, name: str, i: int, j: int, shape: tuple[int, int]) -> str:
        """The name of an entry of an array."""
        if shape[1] == 1:
            return entries.entry(name, (str(i),))
        return entries.entry(name, (str(j),) if shape[0] == 1 else (str(i), str(j)))

    def _index(self, node: Index) -> Value:
        if node.letter not in self.bound:
            raise NotUnderstoodError(f"nothing says which numbers {node.letter} stands for", 0)
        return number(self.bound[node.letter])

    def _indexed(self, node: Indexed) -> Value:
        below, above = ([self.index(part) for part in parts] for parts in (node.below, node.above))
        family = self.known.families.get(node.head)
        texts = [str(n) for n in below], [str(n) for n in above]
        shape = (1, 1) if self.way.shapes is None else tuple(self.size(key) for key in self.way.shapes.of(node))
        if shape != (1, 1):
            if node.head + SAMPLE in self.way.choice.kinds:
                plain = plain_of(node.head)
                return grid.column([Ref(entries.entry(plain, (str(j),), texts[1])) for j in range(1, shape[0] + 1)])
            return self._array_of_family(entries.entry(node.head, *texts), *shape)
        name = entries.in_graph(self.names, node.head, *texts) or entries.entry(node.head, *texts)
        if name in self.graph:
            return Ref(name)
        first = any(isinstance(number, int) and number < 1 for number in above)  # what comes in is computed by no layer
        if family is not None and len(family.below) == len(below) and len(family.above) == len(above) and not first:
            self._member(name, {**dict(zip(family.below, below, strict=True)), **dict(zip(family.above, above, strict=True))}, family.body)  # fmt: skip  # noqa: E501
            return Ref(name)
        if node.head in self.known.quantities:
            whole = self.named(node.head)
            if isinstance(whole, Grid):
                return self.entry_of(whole, below)
        return self.named(name)

    def _array_of_family(self, name: str, rows: int, columns: int) -> Grid:
        """One array of a family of arrays."""
        inner = f"?({name[1:]})"
        return Grid(
            tuple(
                tuple(Ref(self.entry_name(inner, i, j, (rows, columns))) for j in range(1, columns + 1))
                for i in range(1, rows + 1)
            )
        )

    def size(self, key: object) -> int:
        """The number of a size."""
        sizes = self.setting.sizes
        shapes = self.way.shapes
        root = shapes.dims.find(key) if shapes is not None else key  # type: ignore[arg-type]
        if isinstance(root, int):
            return root
        found = sizes.get(key) or sizes.get(root)  # type: ignore[call-overload]
        if found is None:
            raise NotUnderstoodError(
                "nothing says how many entries this has: write its shape, or a \\sum with its bounds", 0
            )
        return int(found)

    def entry_of(self, whole: Grid, at: list[int | str]) -> Expression:
        """One entry of an array."""
        rows, columns = whole.shape
        numbers = [n for n in at if isinstance(n, int)]
        if len(numbers) == 1 and 1 in (rows, columns) and 1 <= numbers[0] <= max(rows, columns):
            return whole.entries[numbers[0] - 1]
        if len(numbers) == 2 and 1 <= numbers[0] <= rows and 1 <= numbers[1] <= columns:
            return whole.rows[numbers[0] - 1][numbers[1] - 1]
        raise ShapeError(f"an array of {grid.shown(whole.shape)} has no such entry")

    def index(self, part: Expression) -> int | str:
        """An index as a number, or as the word that it is."""
        value = index_value(part, self.bound)
        if value is not None:
            return value
        if isinstance(part, Ref):
            size = self.setting.sizes.get(("size", part.name))
            return entries.text_of(part) if size is None else size
        inner = index_value(self.formula(part), {})
        if inner is None:
            raise NotUnderstoodError("this index is no whole number that is known", 0)
        return inner

    def _member(self, name: str, letters: Mapping[str, int | str], body: Expression) -> None:
        """Note how a member of a family is computed."""
        if name in self.formulas:
            return
        if name in self._open:
            raise NotUnderstoodError("this is computed from itself: give each of its meanings a name of its own", 0)
        self._open.append(name)
        outer = self.bound, self.local
        self.bound, self.local = {**self.setting.indices, **letters}, {}  # type: ignore[dict-item]
        try:
            self.formulas[name] = self.formula(body)
        finally:
            self._open.pop()
            self.bound, self.local = outer
