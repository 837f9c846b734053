"""Arrays whose entries are formulas of numbers, and the operations on them; every vector is a column or a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradlab.graph import ONE, ZERO, Apply, Expression, add, as_number, div, mul, neg, number, power
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.judge._axes import ShapeError

LARGEST_INVERSE = 4


@dataclass(frozen=True)
class Grid:
    """An array.

    Attributes:
        rows: its entries, row by row.
        written: whether it was written out entry by entry, so that a row and a column of it are the same.
    """

    rows: tuple[tuple[Expression, ...], ...]
    written: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns it has."""
        return len(self.rows), len(self.rows[0]) if self.rows else 0

    @property
    def entries(self) -> tuple[Expression, ...]:
        """All entries, row by row."""
        return tuple(entry for row in self.rows for entry in row)

    def mapped(self, rule: Callable[[Expression], Expression]) -> Grid:
        """The same done to every entry."""
        return Grid(tuple(tuple(map(rule, row)) for row in self.rows), self.written)


Value = Expression | Grid


def shown(shape: tuple[int, int]) -> str:
    """A shape as one writes it."""
    return f"{shape[0]} x {shape[1]}"


def shape_of(value: Value) -> tuple[int, int]:
    """Rows and columns; a number has one of each."""
    return value.shape if isinstance(value, Grid) else (1, 1)


def scalar(value: Value) -> Expression | None:
    """The number that a value is, also as the only entry of an array."""
    if isinstance(value, Grid):
        return value.rows[0][0] if value.shape == (1, 1) else None
    return value


def column(entries: Sequence[Expression]) -> Grid:
    """A column vector."""
    return Grid(tuple((entry,) for entry in entries))


def transpose(value: Value) -> Value:
    """Rows and columns exchanged."""
    if not isinstance(value, Grid):
        return value
    columns = zip(*value.rows, strict=True)
    return Grid(tuple(columns), value.written)


def together(parts: Sequence[Value], rule: Callable[..., Expression]) -> Value:
    """Entry by entry; numbers that stand beside arrays count for every entry."""
    grids = [part for part in parts if isinstance(part, Grid) and scalar(part) is None]
    if not grids:
        return rule(*(only(part) for part in parts))
    shapes = {grid.shape for grid in grids}
    if len(shapes) > 1:
        raise ShapeError(" and ".join(map(shown, sorted(shapes))) + " are taken entry by entry")
    rows, columns = shapes.pop()

    def at(part: Value, i: int, j: int) -> Expression:
        entry = scalar(part)
        return entry if entry is not None else part.rows[i][j]  # type: ignore[union-attr]

    return Grid(
        tuple(tuple(rule(*(at(part, i, j) for part in parts)) for j in range(columns)) for i in range(rows)),
        all(grid.written for grid in grids),
    )


def only(value: Value) -> Expression:
    """A value that has to be a number."""
    entry = scalar(value)
    if entry is None:
        raise ShapeError(f"a number is needed where something {shown(shape_of(value))} stands")
    return entry


def total(parts: Sequence[Value]) -> Value:
    """A sum; a number other than one that is written stands beside numbers only."""
    grids = [part for part in parts if scalar(part) is None]
    if grids and any(scalar(part) is not None and as_number(only(part)) is None for part in parts):
        raise ShapeError(f"something {shown(shape_of(grids[0]))} and a number are added")
    return together(parts, _added)


def _added(*terms: Expression) -> Expression:
    return Apply("add", terms) if len(terms) != 1 else terms[0]


def product(parts: Sequence[Value]) -> Value:
    """A product as it is written: of matrices from the left to the right, numbers among them."""
    left = list(parts)
    while len(left) > 1:
        step = next((i for i in range(len(left) - 1) if _fits(left[i], left[i + 1])), None)
        if step is None:
            a, b = shape_of(left[0]), shape_of(left[1])
            raise ShapeError(f"{shown(a)} times {shown(b)}")
        left[step : step + 2] = [_of_two(left[step], left[step + 1])]
    return left[0]


def _fits(a: Value, b: Value) -> bool:
    return scalar(a) is not None or scalar(b) is not None or shape_of(a)[1] == shape_of(b)[0]


def _of_two(a: Value, b: Value) -> Value:
    first, second = scalar(a), scalar(b)
    if first is not None and second is not None:
        return _times(first, second)
    if first is not None or second is not None:
        return together((a, b), _times)
    assert isinstance(a, Grid)
    assert isinstance(b, Grid)
    columns = tuple(zip(*b.rows, strict=True))
    made = Grid(tuple(tuple(dot(row, col) for col in columns) for row in a.rows))
    entry = scalar(made)
    return made if entry is None else entry


def _times(a: Expression, b: Expression) -> Expression:
    if a == ONE:
        return b
    if b == ONE:
        return a
    if ZERO in (a, b):
        return ZERO
    return Apply("mul", (a, b))


def dot(a: Sequence[Expression], b: Sequence[Expression]) -> Expression:
    """The sum of the products of the entries of two rows."""
    terms = [term for x, y in zip(a, b, strict=True) if (term := _times(x, y)) != ZERO]
    return ZERO if not terms else terms[0] if len(terms) == 1 else Apply("add", tuple(terms))


def inner(a: Value, b: Value) -> Expression:
    """The inner product of two vectors."""
    first, second = _vector(a), _vector(b)
    if len(first) != len(second):
        raise ShapeError(f"an inner product of {len(first)} and {len(second)} entries")
    return dot(first, second)


def _vector(value: Value) -> tuple[Expression, ...]:
    if isinstance(value, Grid):
        if 1 not in value.shape:
            raise ShapeError(f"a vector is needed where something {shown(value.shape)} stands")
        return value.entries
    return (value,)


def outer(a: Value, b: Value) -> Value:
    """The outer product of two vectors."""
    return product((column(_vector(a)), transpose(column(_vector(b)))))


def norm(value: Value) -> Expression:
    """The square root of the sum of the squares of all entries."""
    entries = value.entries if isinstance(value, Grid) else (value,)
    return Apply("sqrt", (add(*(power(entry, number(2)) for entry in entries)),))


def norm_of_vector(value: Value) -> Expression:
    """The Euclidean norm of a vector; with a 2 below it that of a matrix is another one, which is not judged."""
    if isinstance(value, Grid) and 1 not in value.shape:
        message = "the norm of a matrix with a 2 below it is its largest singular value: write \\lVert A \\rVert_F"
        raise NotUnderstoodError(message, 0)
    return norm(value)


def norm_one(value: Value) -> Expression:
    """The sum of the absolute values of the entries of a vector."""
    return add(*(Apply("abs", (entry,)) for entry in _vector(value)))


def norm_max(value: Value) -> Expression:
    """The largest absolute value of the entries of a vector."""
    entries = tuple(Apply("abs", (entry,)) for entry in _vector(value))
    return entries[0] if len(entries) == 1 else Apply("max", entries)


def square(value: Value) -> int:
    """The rows of a square matrix."""
    rows, columns = shape_of(value)
    if rows != columns:
        raise ShapeError(f"a square matrix is needed where something {shown((rows, columns))} stands")
    return rows


def trace(value: Value) -> Expression:
    """The sum of the diagonal."""
    count = square(value)
    return value if not isinstance(value, Grid) else add(*(value.rows[i][i] for i in range(count)))


def diagonal(value: Value) -> Value:
    """The matrix with a vector in its diagonal, or the diagonal of a matrix."""
    if not isinstance(value, Grid):
        return value
    if 1 in value.shape:
        entries = value.entries
        return Grid(tuple(tuple(e if i == j else ZERO for j in range(len(entries))) for i, e in enumerate(entries)))
    return column([value.rows[i][i] for i in range(square(value))])


def determinant(value: Value) -> Expression:
    """By the first row; only of small matrices."""
    count = square(value)
    if not isinstance(value, Grid):
        return value
    if count > LARGEST_INVERSE:
        raise NotUnderstoodError("determinants of large matrices are not judged", 0)
    return _determinant(value.rows)


def _determinant(rows: tuple[tuple[Expression, ...], ...]) -> Expression:
    if len(rows) == 1:
        return rows[0][0]
    terms = [
        mul(entry if j % 2 == 0 else neg(entry), _determinant(_without(rows, 0, j))) for j, entry in enumerate(rows[0])
    ]
    return add(*terms)


def _without(rows: tuple[tuple[Expression, ...], ...], i: int, j: int) -> tuple[tuple[Expression, ...], ...]:
    return tuple((*row[:j], *row[j + 1 :]) for k, row in enumerate(rows) if k != i)


def inverse(value: Value) -> Value:
    """The inverse matrix, by cofactors."""
    whole = determinant(value)
    if not isinstance(value, Grid):
        return div(ONE, value)
    rows = value.rows
    count = len(rows)
    if count == 1:
        return div(ONE, whole)
    sign = lambda i, j, e: e if (i + j) % 2 == 0 else neg(e)  # noqa: E731
    return Grid(
        tuple(
            tuple(div(sign(i, j, _determinant(_without(rows, j, i))), whole) for j in range(count))
            for i in range(count)
        )
    )


def softmax(value: Value) -> Value:
    """The softmax of a vector."""
    entries = _vector(value)
    made = [Apply("softmax", (number(k + 1), *entries)) for k in range(len(entries))]
    return column(made) if shape_of(value)[1] == 1 else transpose(column(made))


def raised(base: Value, exponent: Value) -> Value:
    """A power: of a square matrix the product with itself, of a vector entry by entry."""
    if scalar(base) is not None:
        return Apply("pow", (only(base), only(exponent)))
    times = as_number(only(exponent))
    if isinstance(base, Grid) and base.shape[0] == base.shape[1]:
        if times == -1:
            return inverse(base)
        if times is None or times.denominator != 1 or not 1 <= times <= 4:
            raise NotUnderstoodError("this power of a matrix is not judged: write it as a product", 0)
        return product((base,) * int(times))
    return together((base, exponent), lambda a, b: Apply("pow", (a, b)))
