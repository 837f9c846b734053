r"""What a formula is once read: a small tree from which it is typeset and judged.

Every node knows where it stands: `source[node.start:node.end]` is its text. What a macro expands to stands where the
macro is called. `command` is the command it was written with (without its backslash; a Greek letter or a sign typed
as itself counts as its command), empty for plain characters and for what is put together from parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from gradlab.tex._symbols import Role

Variant = Literal[
    "italic", "normal", "bold", "bold-italic", "double-struck", "script", "bold-script", "fraktur",
    "sans-serif", "monospace",
]  # fmt: skip


@dataclass(slots=True, unsafe_hash=True, kw_only=True)
class _Placed:
    command: str = ""
    start: int = field(default=-1, compare=False, repr=False)
    end: int = field(default=-1, compare=False, repr=False)
    shown: str = field(default="", compare=False, repr=False)  # its MathML, of what is shown again and again


@dataclass(slots=True, unsafe_hash=True)
class Symbol(_Placed):
    """One character (or one number), its role in spacing and its face."""

    text: str
    role: Role = "ord"
    variant: Variant = "italic"


@dataclass(slots=True, unsafe_hash=True)
class Name(_Placed):
    """An operator written as a word, such as log or max."""

    text: str
    limits: bool = False


@dataclass(slots=True, unsafe_hash=True)
class Text(_Placed):
    """Words inside a formula."""

    text: str
    variant: Variant = "normal"


@dataclass(slots=True, unsafe_hash=True)
class Row(_Placed):
    r"""Things side by side; `braced` tells a TeX group, which acts as one ordinary symbol.

    A `command` tells what the group is the argument of, as in `\mathrm{ab}` or `\pmod n`; the face is in its symbols.
    """

    items: tuple[Node, ...] = ()
    braced: bool = False


@dataclass(slots=True, unsafe_hash=True)
class Scripts(_Placed):
    """A base with a subscript, primes, a superscript; `limits`: below and above (None: as the base has it)."""

    base: Node
    sub: Node | None = None
    sup: Node | None = None
    limits: bool | None = None
    primes: int = 0


@dataclass(slots=True, unsafe_hash=True)
class Fraction(_Placed):
    """A numerator over a denominator; `display` forces the large or the small form."""

    numerator: Node
    denominator: Node
    display: bool | None = None
    bar: bool = True


@dataclass(slots=True, unsafe_hash=True)
class Root(_Placed):
    """A root, with its index where it has one."""

    body: Node
    index: Node | None = None


@dataclass(slots=True, unsafe_hash=True)
class Fence(_Placed):
    """Something between delimiters that grow with it; an empty string is no delimiter."""

    opening: str
    body: Node
    closing: str


@dataclass(slots=True, unsafe_hash=True)
class Middle(_Placed):
    """A delimiter inside a Fence that grows with it."""

    text: str


@dataclass(slots=True, unsafe_hash=True)
class Sized(_Placed):
    r"""A delimiter of a fixed size in em (`\big` and its like)."""

    text: str
    size: float
    role: Role


@dataclass(slots=True, unsafe_hash=True)
class Accent(_Placed):
    """A mark above (or below) something; `wide` marks stretch."""

    base: Node
    mark: str
    wide: bool = False
    under: bool = False


@dataclass(slots=True, unsafe_hash=True)
class Stack(_Placed):
    r"""Something with annotations above or below it (`\overset`, `\underset`, `\xrightarrow`)."""

    base: Node
    over: Node | None = None
    under: Node | None = None


@dataclass(slots=True, unsafe_hash=True)
class Table(_Placed):
    r"""Rows and columns: `columns` has l, c or r for each; `display` cells are set large (align and its like).

    `environment` is its name, empty where lines are broken by a double backslash alone; `tags` and `labels` are what
    `\tag` and `\label` give each row.
    """

    rows: tuple[tuple[Node, ...], ...]
    columns: str
    display: bool = False
    alternating: bool = False  # right-left pairs meeting at an alignment point
    tags: tuple[str | None, ...] = ()
    horizontal: frozenset[int] = field(default_factory=lambda: frozenset[int]())  # rules above these rows
    vertical: frozenset[int] = field(default_factory=lambda: frozenset[int]())  # rules left of these columns
    small: bool = False
    environment: str = ""
    labels: tuple[tuple[str, ...], ...] = ()


@dataclass(slots=True, unsafe_hash=True)
class Space(_Placed):
    """Horizontal space in em."""

    width: float


@dataclass(slots=True, unsafe_hash=True)
class Styled(_Placed):
    """A part set differently: displayed or not, coloured, boxed, struck out, invisible, or over its neighbours."""

    body: Node
    kind: Literal["display", "inline", "colour", "boxed", "cancel", "phantom", "rlap", "llap", "clap"]
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
class Parsed:
    r"""A formula's tree, the tag that it carries as a whole, and the labels of what is not a row of a table."""

    body: Node
    tag: str | None = None
    labels: tuple[str, ...] = ()


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes that a node is made of, in the order of its fields."""
    match node:
        case Row():
            yield from node.items
        case Table():
            for row in node.rows:
                yield from row
        case _:
            for part in _PARTS.get(type(node), ()):
                child = getattr(node, part)
                if child is not None:
                    yield child


_PARTS: dict[type, tuple[str, ...]] = {
    Scripts: ("base", "sub", "sup"),
    Fraction: ("numerator", "denominator"),
    Root: ("index", "body"),
    Fence: ("body",),
    Accent: ("base",),
    Stack: ("base", "over", "under"),
    Styled: ("body",),
}


_LEAVES = frozenset({Symbol, Name, Text, Middle, Sized, Space})


def place(node: Node, start: int, end: int, command: str = "") -> Node:
    """Tell a node that has just been made where it stands and which command made it, and its parts where they stand."""
    if node.start < 0:
        node.start, node.end, node.command = start, end, node.command or command
        if type(node) not in _LEAVES:
            for child in children(node):
                if child.start < 0:
                    place(child, start, end)
    return node


def moved(node: Node, start: int, end: int) -> Node:
    """Tell a node alone that it stands elsewhere: a command that leaves its argument as it is."""
    node.start, node.end = start, end
    return node
