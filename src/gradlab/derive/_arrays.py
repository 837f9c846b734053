"""Formulas over named arrays: matrix products, transposes, sums and what is done entry by entry.

Every array is a matrix: a vector is a column, a number is 1 by 1. A formula can be written (as LaTeX with the shapes
under the symbols, as NumPy's notation) and evaluated entry by entry, in floats or in expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, TypeVar

from gradlab.graph import (
    ATOM,
    POWER,
    PRODUCT,
    SUM,
    Apply,
    Expression,
    LatexPrinter,
    Ref,
    TextPrinter,
    add,
    as_number,
    evaluate,
    is_apply,
    mul,
    number,
    substitute,
)

Shape = tuple[int, int]
T = TypeVar("T")
Table = tuple[tuple[T, ...], ...]


class Node:
    """A formula whose value is an array."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Array(Node):
    """An array by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Product(Node):
    """The matrix product of two arrays."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Transposed(Node):
    """An array with rows and columns exchanged."""

    of: Node


@dataclass(frozen=True, slots=True)
class Entrywise(Node):
    """A formula of numbers taken entry by entry; ``atoms`` says which array each of its names stands for."""

    formula: Expression
    atoms: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Total(Node):
    """The sum of all entries of a column."""

    of: Node


@dataclass(frozen=True, slots=True)
class Softmax(Node):
    """The softmax of a column."""

    of: Node


def entrywise(formula: Expression, atoms: Mapping[str, Node]) -> Node:
    """The formula entry by entry with the atoms it needs; an array by itself is no formula."""
    if isinstance(formula, Ref):
        return atoms[formula.name]
    return Entrywise(formula, tuple((name, atoms[name]) for name in atoms if name in formula.names))


def as_formula(node: Node, atoms: dict[str, Node]) -> Expression:
    """A node as a formula of numbers; what is no formula itself becomes an atom, noted in ``atoms``."""
    if isinstance(node, Entrywise):
        # The same name may stand for another array there.
        renamed = {name: as_formula(inner, atoms) for name, inner in node.atoms}
        return substitute(node.formula, renamed)
    known = next((name for name, inner in atoms.items() if inner == node), None)
    if known is None:
        known = node.name if isinstance(node, Array) else f"_{len(atoms)}"
        atoms[known] = node
    return Ref(known)


def shape_of(node: Node, shapes: Mapping[str, Shape]) -> Shape:
    """The rows and columns of a formula's value."""
    match node:
        case Array(name):
            return shapes[name]
        case Product(left, right):
            return shape_of(left, shapes)[0], shape_of(right, shapes)[1]
        case Transposed(of):
            rows, columns = shape_of(of, shapes)
            return columns, rows
        case Entrywise(_, atoms):
            return reduce(_broader, (shape_of(inner, shapes) for _, inner in atoms), (1, 1))
        case Softmax(of):
            return shape_of(of, shapes)
    return 1, 1


def _broader(a: Shape, b: Shape) -> Shape:
    return max(a[0], b[0]), max(a[1], b[1])


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """What entries are and how one calculates with them."""

    total: Callable[[Sequence[T]], T]
    product: Callable[[T, T], T]
    formula: Callable[[Expression, Mapping[str, T]], T]


NUMBERS: Field[Any] = Field(sum, lambda a, b: a * b, lambda f, values: float(evaluate(f, values, exact=False)))
EXPRESSIONS: Field[Expression] = Field(lambda terms: add(*terms), lambda a, b: mul(a, b), substitute)


def entries(node: Node, known: Mapping[str, Table[T]], field: Field[T]) -> Table[T]:
    """The value of a formula entry by entry, computed in a field from the entries of the arrays that it names."""
    match node:
        case Array(name):
            return known[name]
        case Transposed(of):
            return tuple(zip(*entries(of, known, field), strict=True))
        case Product(left, right):
            rows, columns = entries(left, known, field), tuple(zip(*entries(right, known, field), strict=True))
            return tuple(
                tuple(field.total([field.product(a, b) for a, b in zip(row, col, strict=True)]) for col in columns)
                for row in rows
            )
        case Total(of):
            return ((field.total([entry for row in entries(of, known, field) for entry in row]),),)
        case Softmax(of):
            column = [row[0] for row in entries(of, known, field)]
            names = [f"_{i}" for i in range(len(column))]
            values = dict(zip(names, column, strict=True))
            logits = tuple(map(Ref, names))
            return tuple(
                (field.formula(Apply("softmax", (number(k), *logits)), values),) for k in range(1, len(column) + 1)
            )
        case Entrywise(formula, atoms):
            tables = {name: entries(inner, known, field) for name, inner in atoms}
            rows = max((len(table) for table in tables.values()), default=1)
            columns_ = max((len(table[0]) for table in tables.values()), default=1)
            return tuple(
                tuple(
                    field.formula(formula, {name: _entry(table, i, j) for name, table in tables.items()})
                    for j in range(columns_)
                )
                for i in range(rows)
            )
    raise TypeError(f"{node!r} is no formula over arrays")


def _entry(table: Table[T], i: int, j: int) -> T:
    """An entry; a number counts as an array of any shape."""
    row = table[i if len(table) > 1 else 0]
    return row[j if len(row) > 1 else 0]


class ArrayText(TextPrinter):
    """NumPy's notation: ``@`` for matrix products, ``*`` entry by entry.

    Args:
        atoms: the text of the array that each name stands for, and how tightly it binds.
    """

    def __init__(self, atoms: Mapping[str, tuple[str, int]]) -> None:
        self.atoms = atoms

    def pieces(self, expression: Expression) -> tuple[str, int]:
        """A name is the array it stands for."""
        return self.atoms[expression.name] if isinstance(expression, Ref) else super().pieces(expression)

    def product(self, expression: Apply) -> tuple[str, int]:
        """Brackets around a matrix product that is multiplied entry by entry, though NumPy needs none in front."""
        return " * ".join(self.write(factor, POWER) for factor in expression.args), PRODUCT


def to_text(node: Node) -> str:
    """A formula in NumPy's notation."""
    return _text(node)[0]


def _text(node: Node) -> tuple[str, int]:
    match node:
        case Array(name):
            return name, ATOM
        case Transposed(of):
            return f"{_closed(_text(of))}.T", ATOM
        case Product(left, right):
            return f"{_closed(_text(left))} @ {_closed(_text(right))}", PRODUCT
        case Total(of):
            return f"sum({to_text(of)})", ATOM
        case Softmax(of):
            return f"softmax({to_text(of)})", ATOM
        case Entrywise(formula, atoms):
            return ArrayText({name: _text(inner) for name, inner in atoms}).pieces(formula)
    raise TypeError(f"{node!r} is no formula over arrays")


def _closed(piece: tuple[str, int], left: str = "(", right: str = ")") -> str:
    text, level = piece
    return text if level == ATOM else f"{left}{text}{right}"


class ArrayLatex(LatexPrinter):
    r"""Entry by entry: ``\odot`` for products, and a bold 1 for the number 1 beside arrays.

    Args:
        atoms: the LaTeX of the array that each name stands for, and how tightly it binds.
        numbers: the names whose arrays are 1 by 1, so that they are numbers; where all are, nothing is written entry
            by entry.
    """

    def __init__(self, atoms: Mapping[str, tuple[str, int]], numbers: frozenset[str]) -> None:
        super().__init__({})
        self.atoms, self.numbers = atoms, numbers
        self.is_number = numbers >= atoms.keys()

    def pieces(self, expression: Expression) -> tuple[str, int]:
        """A name is the array it stands for."""
        return self.atoms[expression.name] if isinstance(expression, Ref) else super().pieces(expression)

    def sum(self, expression: Apply) -> tuple[str, int]:
        """A number in a sum of arrays is an array of that number."""
        if self.is_number or expression.names <= self.numbers:
            return super().sum(expression)
        minus, plus = self.minus_plus
        text = ""
        for term in expression.args:
            negative = is_apply(term, "neg")
            shown = self.term(term.args[0] if negative else term)
            text = f"{text}{minus if negative else plus}{shown}" if text else f"-{shown}" if negative else shown
        return text, SUM

    def term(self, term: Expression) -> str:
        """A term of a sum of arrays."""
        if as_number(term) is None:
            return self.write(term, PRODUCT)
        return r"\mathbf{1}" if as_number(term) == 1 else rf"{self.write(term, PRODUCT)} \cdot \mathbf{{1}}"

    def product(self, expression: Apply) -> tuple[str, int]:
        """Numbers stand in front; arrays are multiplied entry by entry."""
        if self.is_number:
            return super().product(expression)
        arrays = [self.write(factor, POWER) for factor in expression.args if not factor.names <= self.numbers]
        front = "".join(
            rf"{self.write(factor, POWER)} \cdot " for factor in expression.args if factor.names <= self.numbers
        )
        return front + r" \odot ".join(arrays), PRODUCT

    def power(self, expression: Apply) -> tuple[str, int]:
        """A square is a product of two; other powers are marked as taken entry by entry."""
        base, exponent = expression.args
        if self.is_number:
            return super().power(expression)
        if as_number(exponent) == 2:
            shown = self.write(base, ATOM)
            return rf"{shown} \odot {shown}", PRODUCT
        return rf"{self.write(base, ATOM)}^{{\odot {self.write(exponent)}}}", POWER


def to_latex(node: Node, symbols: Mapping[str, str], shapes: Mapping[str, Shape], show_shapes: bool) -> str:
    """A formula in LaTeX, each symbol with its shape under it where that is wanted."""

    def symbol(latex: str, shape: Shape) -> str:
        return with_shape(latex, shape) if show_shapes else latex

    def closed(inner: Node) -> str:
        return _closed(pieces(inner), r"\left(", r"\right)")

    def pieces(inner: Node) -> tuple[str, int]:
        match inner:
            case Array(name):
                return symbol(symbols[name], shapes[name]), ATOM
            case Transposed(Array(name)):
                return symbol(_transposed(symbols[name]), shape_of(inner, shapes)), ATOM
            case Transposed(of):
                return rf"{closed(of)}^{{\top}}", ATOM
            case Product(left, right):
                return rf"{closed(left)} \, {closed(right)}", PRODUCT
            case Total(of):
                ones = symbol(r"\mathbf{1}^{\top}", (1, shape_of(of, shapes)[0]))
                return rf"{ones} \, {closed(of)}", PRODUCT
            case Softmax(of):
                return rf"\operatorname{{softmax}}\left({pieces(of)[0]}\right)", ATOM
            case Entrywise(formula, atoms):
                shown = {name: pieces(part) for name, part in atoms}
                numbers = frozenset(name for name, part in atoms if shape_of(part, shapes) == (1, 1))
                return ArrayLatex(shown, numbers).pieces(formula)
        raise TypeError(f"{inner!r} is no formula over arrays")

    return pieces(node)[0]


def _transposed(latex: str) -> str:
    r"""A symbol with ``\top``, beside the layer's number where it has one."""
    return rf"{latex[:-1]}\top}}" if "^{" in latex else rf"{latex}^{{\top}}"


def with_shape(latex: str, shape: Shape) -> str:
    """A symbol with its shape under it."""
    return rf"\underset{{{shape[0]} \times {shape[1]}}}{{{latex}}}"
