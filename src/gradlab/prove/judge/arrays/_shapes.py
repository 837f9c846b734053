"""Which shapes the arrays of a claim have: from what the text says, and from where they stand.

A shape is a pair of sizes of `Dims`. Where something can be read in several ways (a vector as a column or a row, an
unknown function entry by entry or as a number, a derivative in either layout) a `Choice` says which way is tried;
`choices` lists them, the usual ones first.
"""

from __future__ import annotations

from gradlab.graph import Apply, Expression, Ref, as_number
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.judge._axes import Dims, Key, ShapeError, plain_of
from gradlab.prove.judge._axes import shown as size_shown
from gradlab.prove.judge.arrays._choices import SAMPLE, Asked, Choice, holds_array, is_bold
from gradlab.prove.read._arrays import NUMBERS
from gradlab.prove.read._infinitesimals import Differential, Integral
from gradlab.prove.read._nodes import (
    Array,
    At,
    Call,
    Cases,
    Derivative,
    Entrywise,
    Indexed,
    Limit,
    Operation,
    Tensor,
    Total,
    Unsaid,
    letter_of,
)
from gradlab.prove.read._statements import Known, Layout

Shape = tuple[Key, Key]
_LOOSE_NORM = r"this norm of a matrix may be one of several: write \lVert A \rVert_F for the root of the sum of squares"
_QUOTIENT = "a vector below a fraction bar is read entry by entry, which may not be meant: write the entries"
ONE_BY_ONE: Shape = (1, 1)


class Shapes:
    """Finds the shapes of expressions in one way to read them.

    Args:
        known: what the text says.
        dims: the sizes; those that must be equal are put together.
        choice: the way.

    Attributes:
        asked: of which names and functions it was asked how they are read: another way that reads all of these in
            the same way leads to the same.
    """

    def __init__(self, known: Known, dims: Dims, choice: Choice) -> None:
        self.known, self.dims, self.choice = known, dims, choice
        self.named: dict[str, Shape] = {}
        self.asked: dict[Asked, None] = {}
        self.loose = ""  # what stands somewhere that may be meant otherwise, and how to write it; empty if nothing
        self.jacobian = False  # whether a derivative of an array stands somewhere
        self._fresh = 0
        self._looked_into: set[str] = set()  # families

    def kind(self, name: str) -> str:
        """How a name is read; empty where there is nothing to choose."""
        self.asked["kind", name] = None
        return self.choice.kinds.get(name, "")

    def new(self, what: str, long: bool = True) -> Key:
        """A size that is not known."""
        self._fresh += 1
        key = ("fresh", what, self._fresh)
        if long:
            self.dims.long.add(key)
        return key

    def of_name(self, name: str) -> Shape:
        """The shape of a named array."""
        if name not in self.named:
            formula = self.known.quantities.get(name)
            self.named[name] = self.of(formula) if formula is not None else self._given(name)
            self._indexed_alike(name)
        return self.named[name]

    def _given(self, name: str) -> Shape:
        kind, stated = self.kind(name) or "column", self.known.shapes.get(name)
        if stated is not None:
            keys = tuple(int(text) if text.isdigit() else ("size", f"?{text}") for text in stated)
            self.dims.long |= {key for key in keys if not isinstance(key, int)}
            if len(keys) == 2:
                return keys[0], keys[1]
            return (keys[0], 1) if kind == "column" else (1, keys[0])
        if kind == "number":
            return ONE_BY_ONE
        rows, columns = ("rows", name), ("columns", name)
        if kind in ("matrix", "flat"):
            self.dims.long |= {rows, columns} if kind == "matrix" else set[Key]()
            return rows, columns
        self.dims.long.add(rows if kind == "column" else columns)
        return (rows, 1) if kind == "column" else (1, columns)

    def _indexed_alike(self, name: str) -> None:
        """Entries of an array that are written with an index have its sizes."""
        rows, columns = self.named[name]
        axes = [("axis", name, 0, place) for place in (0, 1)]
        vector = self.dims.number(rows) == 1 or self.dims.number(columns) == 1
        if vector:
            length = columns if self.dims.number(rows) == 1 else rows
            if self.dims.find(axes[1]) == axes[1]:
                self.dims.unify(axes[0], length)
            return
        self.dims.unify(axes[0], rows)
        self.dims.unify(axes[1], columns)

    def of(self, expression: Expression) -> Shape:
        """The shape of an expression.

        Raises:
            ShapeError: if it has none.
            NotUnderstoodError: if it is not known how to tell.
        """
        method = getattr(self, f"_{type(expression).__name__.lower()}", None)
        return ONE_BY_ONE if method is None else method(expression)

    def same(self, a: Shape, b: Shape, what: str) -> None:
        """Two shapes are the same.

        Raises:
            ShapeError: if they cannot be.
        """
        try:
            self.dims.unify(a[0], b[0])
            self.dims.unify(a[1], b[1])
        except ShapeError:
            raise ShapeError(f"{self.text(a)} {what} {self.text(b)}") from None

    def text(self, shape: Shape) -> str:
        """A shape as one writes it."""
        parts = []
        for key in shape:
            root = self.dims.find(key)
            name = size_shown(root)
            parts.append(str(root) if isinstance(root, int) else f"({_LETTER.get(str(root[0]), '')}{name})")  # type: ignore[index]
        return " x ".join(part.strip("()") if " " not in part else part for part in parts)

    def is_number(self, shape: Shape) -> bool:
        """Whether a shape is that of a number."""
        return self.dims.number(shape[0]) == 1 and self.dims.number(shape[1]) == 1

    def _tensor(self, node: Tensor) -> Shape:
        return self.of_name(node.name)

    def _unsaid(self, node: Unsaid) -> Shape:
        raise NotUnderstoodError(node.reason, 0)

    def _ref(self, node: Ref) -> Shape:
        formula = self.known.quantities.get(node.name)
        return ONE_BY_ONE if formula is None else self.of_name(node.name)

    def _array(self, node: Array) -> Shape:
        return len(node.rows), len(node.rows[0])

    def _apply(self, node: Apply) -> Shape:
        shapes = [self.of(arg) for arg in node.args]
        if all(map(self.is_number, shapes)):
            return ONE_BY_ONE
        if node.primitive == "mul":
            return self._product(shapes)
        if node.primitive == "div":
            if not self.is_number(shapes[1]):
                ones = self.is_number(shapes[0])  # above the bar, for each entry below it
                if not ones and 1 in map(self.dims.number, (*shapes[0], *shapes[1])):
                    self.same(shapes[0], shapes[1], "is divided by")
                if 1 in map(self.dims.number, shapes[1]):
                    self.loose = self.loose or _QUOTIENT
                    return shapes[1]
                raise NotUnderstoodError("a division by a vector or a matrix is not understood", 0)
            return shapes[0]
        if node.primitive == "pow":
            if as_number(node.args[1]) == -1:
                self._square(shapes[0])
            return shapes[0]
        arrays = [s for s, arg in zip(shapes, node.args, strict=True) if as_number(arg) is None]
        for other in arrays[1:]:
            self.same(arrays[0], other, "is added to" if node.primitive == "add" else "stands beside")
        return arrays[0]

    def _product(self, shapes: list[Shape]) -> Shape:
        left = list(shapes)
        while len(left) > 1:
            problem: ShapeError | None = None
            for i in range(len(left) - 1):
                a, b = left[i], left[i + 1]
                try:
                    left[i : i + 2] = [self._of_two(a, b)]
                    problem = None
                    break
                except ShapeError as error:
                    problem = problem or error
            if problem is not None:
                raise problem
        return left[0]

    def _of_two(self, a: Shape, b: Shape) -> Shape:
        if self.is_number(a):
            return b
        if self.is_number(b):
            return a
        try:
            self.dims.unify(a[1], b[0])
        except ShapeError:
            raise ShapeError(f"{self.text(a)} times {self.text(b)}") from None
        return a[0], b[1]

    def _call(self, node: Call) -> Shape:
        shapes = [self.of(argument) for argument in node.arguments]
        function = self.known.functions.get(node.function)
        if function is not None:
            return self.of(function.body)
        if all(map(self.is_number, shapes)):
            return ONE_BY_ONE
        self.asked["call", node.function] = None
        kind = self.choice.calls.get(node.function, "entrywise")
        if kind == "number":
            return ONE_BY_ONE
        if kind == "vector":
            return self._vector_of(node.function), 1
        for other in shapes[1:]:
            self.same(shapes[0], other, "stands beside")
        return shapes[0]

    def _vector_of(self, function: str) -> Key:
        key = ("rows", f"{function}()")
        self.dims.long.add(key)
        return key

    def _entrywise(self, node: Entrywise) -> Shape:
        return self.of(node.argument)

    def _total(self, node: Total) -> Shape:
        return self.of(node.body)

    def _limit(self, node: Limit | Integral | Differential) -> Shape:
        return self.of(node.body)

    _integral = _differential = _limit

    def _cases(self, node: Cases) -> Shape:
        first, *others = [self.of(value) for value in node.values]
        for other in others:
            self.same(first, other, "is the other case beside")
        return first

    def _at(self, node: At) -> Shape:
        for name, value in zip(node.where, node.values, strict=True):
            self.same(self.of(name), self.of(value), "is put in for")
        return self.of(node.body)

    def _indexed(self, node: Indexed) -> Shape:
        formula = self.known.quantities.get(node.head)
        if formula is not None and holds_array(formula):
            self.of_name(node.head)
        if node.above and not node.below and self.kind(node.head + SAMPLE) == "column":
            shape = self.of_name(node.head)
            self.dims.unify(("axis", plain_of(node.head), 0, 0), shape[0])
            return shape
        family = self.known.families.get(node.head)
        if family is not None and node.head not in self._looked_into and holds_array(family.body):
            self._looked_into.add(node.head)
            if not self.is_number(shape := self.of(family.body)):
                raise ShapeError(f"a number is needed where something {self.text(shape)} stands")
        if not is_bold(node.head) or node.head in self.choice.kinds or node.head in self.known.quantities:
            return ONE_BY_ONE
        rows, columns = ("rows", f"{node.head}[]"), ("columns", f"{node.head}[]")
        self.dims.long |= {rows, columns}
        return (rows, columns) if letter_of(node.head).isupper() else (rows, 1)

    def _operation(self, node: Operation) -> Shape:
        shapes = [self.of(operand) for operand in node.operands]
        kind = node.kind
        if kind == "entry":
            return self._entry(node, shapes[0])
        if kind.startswith("norm") or kind in NUMBERS:
            if kind == "dot":
                self.same(shapes[0], shapes[1], "has an inner product with")
            if kind in ("trace", "det"):
                self._square(shapes[0])
            vector = kind != "norm" or 1 in (self.dims.number(shapes[0][0]), self.dims.number(shapes[0][1]))
            self.loose = self.loose or ("" if vector else _LOOSE_NORM)
            return ONE_BY_ONE
        if kind == "transpose":
            return shapes[0][1], shapes[0][0]
        if kind == "hadamard":
            self.same(shapes[0], shapes[1], "is multiplied entry by entry with")
            return shapes[0]
        if kind == "outer":
            return shapes[0][0], shapes[1][0]
        if kind == "softmax" and self.is_number(shapes[0]):
            raise ShapeError("a number has no softmax")
        if kind == "inverse":
            self._square(shapes[0])
        if kind == "diag":
            return self._diagonal(shapes[0])
        if kind in ("ones", "zeros", "identity"):
            return self._constant(node)
        return shapes[0]

    def _entry(self, node: Operation, shape: Shape) -> Shape:
        """An index behind a bracket runs over its rows or columns."""
        if self.is_number(shape):
            raise ShapeError("a number has no entries")
        vector = [k for k in shape if self.dims.number(k) != 1]
        for keys in self.dims.entries.get(node, ()):
            if len(keys) == 1 and len(vector) != 1:
                raise ShapeError("a matrix has two indices")
            for own, key in zip(shape if len(keys) == 2 else vector, keys, strict=True):
                if key is not None:
                    self.dims.unify(own, key)
        return ONE_BY_ONE

    def _square(self, shape: Shape) -> None:
        try:
            self.dims.unify(*shape)
        except ShapeError:
            raise ShapeError(f"{self.text(shape)} is not square") from None

    def _diagonal(self, shape: Shape) -> Shape:
        if self.dims.number(shape[1]) == 1:
            return shape[0], shape[0]
        if self.dims.number(shape[0]) == 1:
            return shape[1], shape[1]
        self._square(shape)
        return shape[0], 1

    def _constant(self, node: Operation) -> Shape:
        key = ("constant", id(node))
        size = self.constants.setdefault(key, self.new(node.kind))
        return (size, size) if node.kind == "identity" else (size, 1)

    @property
    def constants(self) -> dict[Key, Key]:
        """The sizes of vectors of ones and the like, one for each place where one stands."""
        return self.__dict__.setdefault("_constants", {})

    def _derivative(self, node: Derivative) -> Shape:
        body = self.of(node.body)
        by = [self.of(wrt) for wrt in node.wrt]
        arrays = [shape for shape in by if not self.is_number(shape)]
        self.jacobian = self.jacobian or not self.is_number(body)
        if not arrays:
            if self.choice.layout is Layout.DENOMINATOR and not self.is_number(body):
                return body[1], body[0]
            return body
        if len(arrays) == 2 and self.is_number(body):
            return self._long(arrays[0]), self._long(arrays[1])
        if len(arrays) > 1:
            raise NotUnderstoodError("this derivative has more than two indices", 0)
        return self._by_array(body, arrays[0], node.style)

    def _by_array(self, body: Shape, by: Shape, style: str) -> Shape:
        layout = self.choice.layout
        if self.is_number(body):
            flip = layout is Layout.NUMERATOR and style != "gradient"
            return (by[1], by[0]) if flip else by
        rows, columns = self._long(body), self._long(by)
        return (columns, rows) if layout is Layout.DENOMINATOR or style == "gradient" else (rows, columns)

    def _long(self, shape: Shape) -> Key:
        """The length of a vector."""
        if self.dims.number(shape[1]) == 1:
            return shape[0]
        if self.dims.number(shape[0]) == 1:
            return shape[1]
        raise NotUnderstoodError(
            "a derivative of or by a matrix that has more than two indices is not judged: write that of one entry", 0
        )


_LETTER = {"rows": "rows of ", "columns": "columns of "}
