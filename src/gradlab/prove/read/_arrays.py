r"""Vectors and matrices: written out, transposed, multiplied entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradlab.graph import Apply, Expression, as_number, walk
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read._nodes import COUNTED, Array, Entrywise, Operation, Tensor, letter_of
from gradlab.prove.read._part import Part
from gradlab.prove.read._rows import product_of

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

Row = tuple[Part, ...]
_DOTS = frozenset("⋅·∙")
NUMBERS = frozenset(("trace", "det", "dot", "sum", *COUNTED, "entry"))  # operations that give a number


def is_transpose(row: Row) -> bool:
    """Whether what stands above something transposes it, or may."""
    if len(row) != 1:
        return False
    part = row[0]
    return part.kind == "transpose" or (
        part.kind in ("letter", "word", "text") and part.text.strip() == "T" and part.bare
    )


def is_array(reader: Reader, value: Expression) -> bool:
    """Whether an expression is a vector or a matrix for certain."""
    if isinstance(value, Tensor | Array):
        return True
    if isinstance(value, Entrywise):
        return is_array(reader, value.argument)
    if isinstance(value, Operation):
        return not value.kind.startswith("norm") and value.kind not in NUMBERS
    return any(
        is_array(reader, part) for part in value.args if getattr(value, "primitive", "") in ("mul", "add", "neg")
    )


def table(reader: Reader, part: Part) -> Expression:
    """A matrix written out."""
    if part.text in ("|", "‖"):
        raise NotUnderstoodError("determinants written out are not judged: write \\det A and what A is", part.at)
    width = int(part.style or 0)
    cells = part.inside
    if not cells or not width:
        raise NotUnderstoodError("nothing stands in this matrix", part.at)
    if any(inner.kind == "dots" for cell in cells for inner in cell):
        raise NotUnderstoodError("a matrix with dots is not judged: write all of its entries, or name it", part.at)
    rows = [cells[k : k + width] for k in range(0, len(cells), width)]
    return Array(tuple(tuple(reader.sum_of(cell, part) for cell in row) for row in rows))


def joined(reader: Reader, joint: str, left: list[Expression], right: list[Expression], at: int) -> Expression:
    """A product entry by entry, or an outer one."""
    if joint == "outer":
        return Operation("outer", (product_of(left), product_of(right)))
    if joint == "circ" and not any(is_array(reader, value) for value in (*left, *right)):
        raise NotUnderstoodError(
            "\\circ may be a product entry by entry (write \\odot) or one function after another", at
        )
    return Operation("hadamard", (product_of(left), product_of(right)))


def multiplied(before: list[Expression], factors: list[Expression]) -> list[Expression]:
    r"""Factors behind a dot; between two columns it is the inner product, whatever number stands before the second."""
    columns = [factor for factor in factors if _is_column(factor)]
    if len(columns) != 1 or not before or not _is_column(before[-1]):
        return [*before, *factors]
    others = [factor for factor in factors if factor is not columns[0]]
    return [*before[:-1], Operation("dot", (before[-1], columns[0])), *others]


def _is_column(value: Expression) -> bool:
    return isinstance(value, Array) and len(value.rows) > 1 and all(len(row) == 1 for row in value.rows)


def is_point(sign: object) -> bool:
    """Whether a part is a dot that multiplies, no cross."""
    return isinstance(sign, Part) and sign.kind == "times" and sign.text in _DOTS


def is_dot(sign: Part, before: Sequence[object], after: object) -> bool:
    r"""Whether a dot stands between two vectors: ``\mathbf w \cdot \mathbf x``."""
    if not is_point(sign):
        return False
    return all(isinstance(side, Part) and _is_bold_vector(side) for side in (before[-1] if before else None, after))


def _is_bold_vector(part: Part) -> bool:
    above = part.sup is not None and [inner.kind for inner in part.sup] != ["group"]  # an index above is in brackets
    return part.kind == "letter" and part.style == "bold" and part.text.islower() and not above


_NORMS = {"1": "norm 1", "2": "norm 2", "F": "norm F", "∞": "norm max", r"\infty": "norm max"}


def norm(reader: Reader, value: Expression, part: Part) -> Expression:
    r"""``\lVert x \rVert`` with what stands below it."""
    below = part.sub
    if below is None:
        return Operation("norm", (value,))
    kind = _NORMS.get(below[0].text) if len(below) == 1 and below[0].bare else None
    if kind is None:
        known = r"\lVert x \rVert, also with 1, 2, F or \infty below"
        raise NotUnderstoodError(f"this norm is not understood; {known}, is", part.at)
    return Operation(kind, (value,))


def in_bars(reader: Reader, value: Expression, part: Part) -> Expression:
    """Something between single bars: of a matrix its determinant, unless the values of its entries are meant."""
    if not is_array(reader, value):
        return Apply("abs", (value,))
    matrix = bool(value.names) and all(letter_of(name).isupper() for name in value.names)
    meant = "a matrix may be its determinant (write \\det)" if matrix else "a vector may be its norm (write \\lVert)"
    why = f"bars around {meant} or the absolute values of its entries"
    if reader.choose(part.at, 2, why, usual=matrix, everywhere="bars"):
        return Apply("abs", (value,))
    return Operation("det" if matrix else "norm", (value,))


def inner_product(reader: Reader, part: Part) -> Expression:
    r"""``\langle x, y \rangle``, or the vector ``\langle 2, 3, 1 \rangle``."""
    values = [reader.sum_of(row, part) for row in part.inside]
    column = Array(tuple((value,) for value in values))
    if len(values) != 2 or any(map(_is_number, values)):
        return column
    why = "this may be an inner product, or a vector of two entries: write \\begin{pmatrix} for a vector"
    return column if reader.choose(part.at, 2, why, usual=True) else Operation("dot", tuple(values))


def _is_number(value: Expression) -> bool:
    """Whether a value is a number for certain: one that is written, a power, a function."""
    functions = isinstance(value, Apply) and value.primitive not in ("add", "mul", "neg", "div")
    return as_number(value) is not None or (functions and not any(isinstance(node, Tensor) for node in walk(value)))
