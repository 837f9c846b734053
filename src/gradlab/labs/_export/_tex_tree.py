"""What a formula is once parsed: a small tree that both the MathML and the Typst printer read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ._tex_symbols import Role

Variant = Literal[
    "italic", "normal", "bold", "bold-italic", "double-struck", "script", "bold-script", "fraktur",
    "sans-serif", "monospace",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Symbol:
    """One character (or one number), its role in spacing and its face."""

    text: str
    role: Role = "ord"
    variant: Variant = "italic"


@dataclass(frozen=True, slots=True)
class Name:
    """An operator written as a word, such as log or max."""

    text: str
    limits: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """Words inside a formula."""

    text: str
    variant: Variant = "normal"


@dataclass(frozen=True, slots=True)
class Row:
    """Things side by side; `braced` tells a TeX group, which acts as one ordinary symbol."""

    items: tuple[Node, ...] = ()
    braced: bool = False


@dataclass(frozen=True, slots=True)
class Scripts:
    """A base with a subscript, a superscript or both; `limits`: below and above (None: as the base has it)."""

    base: Node
    sub: Node | None = None
    sup: Node | None = None
    limits: bool | None = None


@dataclass(frozen=True, slots=True)
class Fraction:
    """A numerator over a denominator; `display` forces the large or the small form."""

    numerator: Node
    denominator: Node
    display: bool | None = None
    bar: bool = True


@dataclass(frozen=True, slots=True)
class Root:
    """A root, with its index where it has one."""

    body: Node
    index: Node | None = None


@dataclass(frozen=True, slots=True)
class Fence:
    """Something between delimiters that grow with it; an empty string is no delimiter."""

    opening: str
    body: Node
    closing: str


@dataclass(frozen=True, slots=True)
class Middle:
    """A delimiter inside a Fence that grows with it."""

    text: str


@dataclass(frozen=True, slots=True)
class Sized:
    r"""A delimiter of a fixed size in em (`\big` and its like)."""

    text: str
    size: float
    role: Role


@dataclass(frozen=True, slots=True)
class Accent:
    """A mark above (or below) something; `wide` marks stretch."""

    base: Node
    mark: str
    wide: bool = False
    under: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    r"""Something with annotations above or below it (`\overset`, `\underset`, `\xrightarrow`)."""

    base: Node
    over: Node | None = None
    under: Node | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows and columns: `columns` has l, c or r for each; `display` cells are set large (align and its like)."""

    rows: tuple[tuple[Node, ...], ...]
    columns: str
    display: bool = False
    alternating: bool = False  # right-left pairs meeting at an alignment point
    tags: tuple[str | None, ...] = ()
    horizontal: frozenset[int] = field(default_factory=lambda: frozenset[int]())  # rules above these rows
    vertical: frozenset[int] = field(default_factory=lambda: frozenset[int]())  # rules left of these columns
    small: bool = False


@dataclass(frozen=True, slots=True)
class Space:
    """Horizontal space in em."""

    width: float


@dataclass(frozen=True, slots=True)
class Styled:
    """A part set differently: displayed or not, coloured, boxed, struck out, or invisible."""

    body: Node
    kind: Literal["display", "inline", "colour", "boxed", "cancel", "phantom"]
    value: str = ""


Node = (
    Symbol
    | Name
    | Text
    | Row
    | Scripts
    | Fraction
    | Root
    | Fence
    | Middle
    | Sized
    | Accent
    | Stack
    | Table
    | Space
    | Styled
)


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed formula and the tag it carries."""

    body: Node
    tag: str | None = None
