"""A formula as MathML, for browsers: MathML Core, with TeX's own spacing where the browser's differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from gradlab.tex._commands import ARROWS
from gradlab.tex._faces import styled
from gradlab.tex._symbols import INTEGRALS, SYMBOLS
from gradlab.tex._tree import (
    Accent,
    Fence,
    Fraction,
    Middle,
    Name,
    Node,
    Parsed,
    Root,
    Row,
    Scripts,
    Sized,
    Space,
    Stack,
    Styled,
    Symbol,
    Table,
    Text,
)

_LARGE = frozenset(character for character, role in SYMBOLS.values() if role == "op")
_ALIGN = {"l": "left", "c": "center", "r": "right"}


def to_mathml(formula: Parsed, source: str, *, display: bool) -> str:
    """Return a `<math>` element that carries its TeX source as its alternative text.

    Args:
        formula: The parsed formula.
        source: Its TeX, for copying and for screen readers.
        display: On a line of its own.

    Returns:
        The element's text.
    """
    body = _row((formula.body,))
    if formula.tag:
        body = (
            '<mtable class="tagged"><mtr><mtd style="width:100%">'
            f'<mrow>{body}</mrow></mtd><mtd class="tag"><mtext>{escape(formula.tag)}</mtext></mtd></mtr></mtable>'
        )
    mode = "block" if display else "inline"
    element = (
        f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="{mode}"><semantics><mrow>{body}</mrow>'
        f'<annotation encoding="application/x-tex">{escape(source.strip())}</annotation></semantics></math>'
    )
    return f'<span class="displayed">{element}</span>' if display else element


def _row(items: Sequence[Node]) -> str:
    """Print things side by side; signs after nothing, a relation or another sign are signs of what follows."""
    parts: list[str] = []
    before: Node | None = None
    for index, item in enumerate(items):
        after = items[index + 1] if index + 1 < len(items) else None
        name = _named(item)
        if name is not None and _wants_space_before(before):
            parts.append(_THIN)
        parts.append(
            _operator(item, before, after) if isinstance(item, Symbol) and item.role != "ord" else _print(item)
        )
        if name is not None and _wants_space_after(after):
            parts.append(_THIN)
        if not isinstance(item, Space):
            before = item
    return "".join(parts)


# What an operator stands between where nothing else is known.
_ORDINARY: Node = Row()
_PAD = '<mspace width="0.3em"></mspace>'
_LAPS = {"rlap": 0, "clap": 50, "llap": 100}
_THIN = '<mspace width="0.1667em"></mspace>'


def _named(node: Node) -> Name | None:
    if isinstance(node, Scripts):
        return _named(node.base)
    return node if isinstance(node, Name) else None


def _starts(before: Node | None) -> bool:
    base = before.base if isinstance(before, Scripts) else before
    return base is None or isinstance(base, Name) or (
        isinstance(base, (Symbol, Sized)) and base.role in ("bin", "rel", "open", "punct", "op")
    )  # fmt: skip


def _wants_space_before(before: Node | None) -> bool:
    base = before.base if isinstance(before, Scripts) else before
    if base is None or isinstance(base, (Space, Name)):
        return False
    return not isinstance(base, (Symbol, Sized)) or base.role in ("ord", "close")


def _wants_space_after(after: Node | None) -> bool:
    base = after.base if isinstance(after, Scripts) else after
    if base is None or isinstance(base, (Space, Fence)):
        return isinstance(base, Fence)
    return not isinstance(base, (Symbol, Sized)) or base.role == "ord"


def _items(node: Node) -> Sequence[Node]:
    return node.items if isinstance(node, Row) else (node,)


def _grouped(node: Node) -> str:
    """Print as exactly one element, which scripts and fractions need."""
    items = _items(node)
    if len(items) == 1 and not isinstance(items[0], (Row, Styled)):
        only = items[0]
        if isinstance(only, Symbol) and isinstance(node, Row) and only.role not in ("ord", "op"):
            return f"<mrow>{_row((Symbol(only.text, 'ord', only.variant),))}</mrow>"
        return _print(only)
    return f"<mrow>{_row(items)}</mrow>"


def _print(node: Node) -> str:
    return node.shown or _PRINTERS[type(node)](node)


def remember(node: Node) -> None:
    """Print a node once and for all; what stands beside it makes no difference to any but a sign."""
    node.shown = _print(node)


def _symbol(node: Symbol) -> str:
    if node.role != "ord":
        return _operator(node)
    if node.text[0].isdecimal():
        return f"<mn>{''.join(styled(digit, node.variant) for digit in node.text)}</mn>"
    if node.text == "/" or node.text in "|‖":
        return f'<mo stretchy="false" lspace="0" rspace="0">{node.text}</mo>'
    character = escape(styled(node.text, node.variant))
    if not node.text.isalpha():
        return f'<mi mathvariant="normal">{character}</mi>' if node.text != "′" else "<mo>′</mo>"
    upright = ' mathvariant="normal"' if node.variant == "normal" else ""
    return f"<mi{upright}>{character}</mi>"


def _operator(node: Symbol, before: Node | None = _ORDINARY, after: Node | None = _ORDINARY) -> str:
    """Print with TeX's own spaces, which the browser's table of operators has for few of these characters."""
    if node.role in ("open", "close"):
        attributes = f'stretchy="false" form="{"prefix" if node.role == "open" else "postfix"}"'
    elif node.role == "rel":
        left, right = "0" if before is None else "0.2778em", "0" if after is None else "0.2778em"
        attributes = f'stretchy="false" form="infix" lspace="{left}" rspace="{right}"'
    elif node.role == "bin":
        unary = _starts(before)
        space = "0" if unary or after is None else "0.2222em"
        attributes = f'form="{"prefix" if unary else "infix"}" lspace="{space}" rspace="{space}"'
    elif node.role == "punct":
        attributes = f'form="infix" lspace="0" rspace="{"0" if after is None else "0.1667em"}"'
    else:
        attributes = 'form="prefix"'
    return f"<mo {attributes}>{escape(node.text)}</mo>"


def _name(node: Name) -> str:
    if node.limits:
        return f'<mo movablelimits="true" form="prefix" lspace="0" rspace="0">{escape(node.text)}</mo>'
    return f'<mi mathvariant="normal">{escape(node.text)}</mi>'


def _text(node: Text) -> str:
    text = "".join(
        styled(character, node.variant) if node.variant != "normal" else character for character in node.text
    )
    if node.variant == "italic":
        return f'<mtext style="font-style:italic">{_spaces(node.text)}</mtext>'
    return f"<mtext>{_spaces(text)}</mtext>"


def _spaces(text: str) -> str:
    # MathML trims ordinary spaces at the ends of its text.
    return escape(text).replace(" ", "\u00a0")


def _group(node: Row) -> str:
    return _grouped(node) if len(node.items) != 1 or node.braced else _print(node.items[0])


def _scripts(node: Scripts) -> str:
    base = node.base
    single = base.items[0] if isinstance(base, Row) and len(base.items) == 1 else base
    stacked = _has_limits(single) if node.limits is None else node.limits
    parts = [_sized_base(single) if isinstance(single, Sized) else _grouped(base) if base != Row() else "<mrow></mrow>"]
    if node.sub is not None:
        parts.append(_grouped(node.sub))
    sup = _with_primes(node)
    if sup is not None:
        parts.append(_grouped(sup))
    under, over = ("under", "over") if stacked else ("sub", "sup")
    element = f"m{under if node.sub is not None else ''}{over if sup is not None else ''}"
    return f"<{element}>{''.join(parts)}</{element}>"


def _sized_base(bracket: Sized) -> str:
    """Print a bracket of a fixed size that carries scripts.

    Alone it would make the whole an operator, which browsers leave unstretched; beside something it keeps its size.
    """
    strut = f'<mpadded width="0"><mphantom><mi>{escape(bracket.text)}</mi></mphantom></mpadded>'
    return f"<mrow>{_print(bracket)}{strut}</mrow>"


def _with_primes(node: Scripts) -> Node | None:
    primes: list[Node] = [Symbol("′", variant="normal")] * node.primes
    if not primes:
        return node.sup
    items = primes if node.sup is None else [*primes, node.sup]
    return items[0] if len(items) == 1 else Row(tuple(items))


def _has_limits(base: Node) -> bool:
    """Return whether scripts stand below and above a base: sums, max, braces; integrals have them beside."""
    if isinstance(base, Symbol):
        return base.text in _LARGE and base.text not in INTEGRALS
    if isinstance(base, Name):
        return base.limits
    return isinstance(base, Stack) or (isinstance(base, Accent) and base.mark in "⏟⏞⎵⎴")


def _fraction(node: Fraction) -> str:
    bar = "" if node.bar else ' linethickness="0"'
    fraction = f"<mfrac{bar}>{_grouped(node.numerator)}{_grouped(node.denominator)}</mfrac>"
    if node.display is None:
        return fraction
    return f'<mstyle displaystyle="{"true" if node.display else "false"}" scriptlevel="0">{fraction}</mstyle>'


def _root(node: Root) -> str:
    if node.index is None:
        return f"<msqrt>{_grouped(node.body)}</msqrt>"
    return f"<mroot>{_grouped(node.body)}{_grouped(node.index)}</mroot>"


def _fence(node: Fence) -> str:
    def delimiter(text: str, form: str) -> str:
        return (
            f'<mo stretchy="true" fence="true" symmetric="true" form="{form}" lspace="0" rspace="0">{escape(text)}</mo>'
        )

    opening = delimiter(node.opening, "prefix") if node.opening else ""
    closing = delimiter(node.closing, "postfix") if node.closing else ""
    return f"<mrow>{opening}{_grouped(node.body)}{closing}</mrow>"


def _middle(node: Middle) -> str:
    attributes = 'stretchy="true" fence="true" symmetric="true" form="infix" lspace="0.05em" rspace="0.05em"'
    return f"<mo {attributes}>{escape(node.text)}</mo>"


def _sized(node: Sized) -> str:
    form = {"open": "prefix", "close": "postfix"}.get(node.role, "infix")
    space = "0.2778em" if node.role == "rel" else "0"
    return (
        f'<mo stretchy="true" symmetric="true" minsize="{node.size:g}em" maxsize="{node.size:g}em" '
        f'form="{form}" lspace="{space}" rspace="{space}">{escape(node.text)}</mo>'
    )


def _accent(node: Accent) -> str:
    if node.wide and node.mark in "_¯":
        return f'<mrow class="{"underlined" if node.under else "overlined"}">{_row(_items(node.base))}</mrow>'
    element = "munder" if node.under else "mover"
    flag = "accentunder" if node.under else "accent"
    mark = f'<mo stretchy="{"true" if node.wide else "false"}">{escape(node.mark)}</mo>'
    return f'<{element} {flag}="true">{_grouped(node.base)}{mark}</{element}>'


def _stack(node: Stack) -> str:
    only = _items(node.base)[0] if len(_items(node.base)) == 1 else node.base
    base = _print(only) if isinstance(only, Symbol) else _grouped(node.base)
    if isinstance(only, Symbol) and only.text in ARROWS:
        base = f'<mo stretchy="true" minsize="2em" lspace="0.2778em" rspace="0.2778em">{only.text}</mo>'
    over = f"<mrow>{_PAD}{_grouped(node.over)}{_PAD}</mrow>" if node.over is not None else ""
    under = f"<mrow>{_PAD}{_grouped(node.under)}{_PAD}</mrow>" if node.under is not None else ""
    element = f"m{'under' if under else ''}{'over' if over else ''}"
    return f"<{element}>{base}{under}{over}</{element}>"


def _space(node: Space) -> str:
    return f'<mspace width="{node.width:.4g}em"></mspace>'


def _styled(node: Styled) -> str:
    body = _grouped(node.body)
    match node.kind:
        case "display" | "inline":
            level = "true" if node.kind == "display" else "false"
            return f'<mstyle displaystyle="{level}" scriptlevel="0">{body}</mstyle>'
        case "colour":
            return f'<mstyle style="color:{node.value}">{body}</mstyle>'
        case "boxed":
            return f'<mrow class="boxed">{body}</mrow>'
        case "cancel":
            return f'<mrow class="cancelled">{body}</mrow>'
        case "phantom":
            return f"<mphantom>{body}</mphantom>"
        case "rlap" | "llap" | "clap":
            # MathML Core has no way to the left; a transform has.
            moved = f'<mrow style="transform:translateX(-{_LAPS[node.kind]}%)">{body}</mrow>'
            return f'<mpadded width="0">{moved}</mpadded>'


def _table(node: Table) -> str:
    tagged = any(node.tags)
    rows: list[str] = []
    for number, row in enumerate(node.rows):
        cells = "".join(_cell(node, number, column, cell) for column, cell in enumerate(row))
        if tagged:
            missing = "<mtd></mtd>" * (len(node.columns) - len(row))
            tag = node.tags[number] if number < len(node.tags) else None
            cells += f'{missing}<mtd class="tag">{f"<mtext>{escape(tag)}</mtext>" if tag else ""}</mtd>'
        rows.append(f"<mtr>{cells}</mtr>")
    display = ' displaystyle="true"' if node.display else ""
    kind = "aligned" if node.display else "small" if node.small else "matrix"
    return f'<mtable class="{kind}"{display}>{"".join(rows)}</mtable>'


def _cell(table: Table, row: int, column: int, cell: Node) -> str:
    align = _ALIGN[table.columns[column]]
    # Chromium moves a cell's formula with the second value only, other browsers with the first.
    style = f"text-align:{align};text-align:-webkit-{align}"
    if table.alternating:
        # A pair meets at its alignment point; pairs stand apart.
        style += ";padding-right:0" if column % 2 == 0 else ";padding-left:0"
        if column % 2 == 0 and column:
            style += ";padding-left:2em"
    elif table.display and table.columns == "rcl":
        style += ";padding:0.35em 0.1389em"
    if column in table.vertical:
        style += ";border-left:1px solid"
    if column + 1 == len(table.columns) and column + 1 in table.vertical:
        style += ";border-right:1px solid"
    if row in table.horizontal:
        style += ";border-top:1px solid"
    if row + 1 == len(table.rows) and row + 1 in table.horizontal:
        style += ";border-bottom:1px solid"
    items = _items(cell)
    # After an alignment point TeX reads a sign as standing between two things.
    body = _row((Row(), *items)) if table.alternating and column % 2 else _row(items)
    return f'<mtd style="{style}">{body}</mtd>'


_PRINTERS: dict[type, Callable[[Any], str]] = {
    Symbol: _symbol, Name: _name, Text: _text, Row: _group, Scripts: _scripts, Fraction: _fraction, Root: _root,
    Fence: _fence, Middle: _middle, Sized: _sized, Accent: _accent, Stack: _stack, Table: _table, Space: _space,
    Styled: _styled,
}  # fmt: skip
