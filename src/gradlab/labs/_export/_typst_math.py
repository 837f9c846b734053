"""A formula as Typst's mathematics, for PDF.

Every character is printed as itself and escaped, never as a shorthand, and delimiters grow only where TeX
says so (`lr`): what Typst would otherwise read into plain brackets and slashes stays out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from gradlab.tex import (
    ARROWS,
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
    styled,
)

# What Typst would read as markup, or as a bracket that wants its partner.
_SPECIAL = frozenset("#$&_^/\\\"()[]{},;:.|'*~`<>@!=-+?‖⟨⟩⟪⟫⌊⌋⌈⌉⟮⟯⎰⎱⌜⌝⌞⌟⟦⟧⟬⟭⦃⦄⦅⦆√∛∜")
_CLASS = {"open": "opening", "close": "closing", "rel": "relation", "bin": "binary", "punct": "punctuation"}
# Where Typst's class for a character is not TeX's, the class is said.
_SAID = {
    ("|", "ord"),
    ("/", "ord"),
    ("‖", "ord"),
    (":", "rel"),
    (":", "punct"),
    ("∖", "bin"),
    ("!", "close"),
    ("?", "close"),
}
_ACCENTS = {
    "^": "hat", "¯": "macron", "~": "tilde", "→": "arrow", "˙": "dot", "¨": "dot.double", "⃛": "dot.triple",
    "´": "acute", "`": "grave", "ˇ": "caron", "˘": "breve", "˚": "circle", "⃜": "dot.quad",
    "←": "arrow.l", "↔": "arrow.l.r",
}  # fmt: skip
_LAPS = {"rlap": (0, 1), "clap": (0.5, 0.5), "llap": (1, 0)}  # how far back before and after
_LONG = 7  # lines
_BRACES = "⏟⏞⎵⎴"
_LINES = {"_": "underline", "⏟": "underbrace", "⏞": "overbrace", "⎵": "underbracket", "⎴": "overbracket",
          "⏜": "overparen", "⏝": "underparen"}  # fmt: skip


def to_typst(formula: Parsed, source: str, *, display: bool) -> str:
    """Return Typst markup for a formula, with its TeX source as the alternative text.

    Args:
        formula: The parsed formula.
        source: Its TeX.
        display: On a line of its own.

    Returns:
        Markup that can stand in running text.
    """
    body = _top(formula.body)
    inner = f"$ {body} $" if display else f"${body}$"
    numbering = f", numbering: _ => {_string(formula.tag)}" if formula.tag and display else ""
    if formula.tag and not display:
        inner = f"${body} #h(2em) {_string(formula.tag)}$"
    # A short formula stays on one page; a long derivation may run over.
    breaking = "#show math.equation: set block(breakable: true);" if body.count("\\\n") >= _LONG else ""
    return f"#[{breaking}#set math.equation(alt: {_string(source.strip())}{numbering});{inner}]"


def _top(node: Node) -> str:
    while isinstance(node, Row) and len(node.items) == 1:
        node = node.items[0]
    if isinstance(node, Table) and node.display and not (node.horizontal or node.vertical):
        return " \\\n".join(_line(node, number) for number in range(len(node.rows)))
    return _print(node) or '""'


def _line(table: Table, number: int) -> str:
    cells = [_cell(table, column, cell) for column, cell in enumerate(table.rows[number])]
    tag = table.tags[number] if number < len(table.tags) else None
    joined = " & ".join(cells) if table.alternating or table.columns == "rcl" else " ".join(cells)
    return f"{joined} #h(2em) {_string(tag)}" if tag else joined


def _cell(table: Table, column: int, cell: Node) -> str:
    """Print a cell; after an alignment point TeX reads a sign as standing between two things, spaces or not."""
    items = _items(cell)
    first = next((index for index, item in enumerate(items) if not isinstance(item, Space)), 0)
    if table.alternating and column % 2 and first and isinstance(sign := items[first], Symbol) and sign.role == "bin":
        return f"{_row(items[:first])} #box() {_row(items[first:])}"
    return _row(items)


def _items(node: Node) -> Sequence[Node]:
    return node.items if isinstance(node, Row) else (node,)


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + " ".join(escaped.split("\n")) + '"'


def _row(items: Sequence[Node]) -> str:
    """Print things side by side; white space next to text would show, so there is none."""
    out = ""
    touching = True
    for item in items:
        printed = _print(item)
        if not printed:
            continue
        text = isinstance(item, Text)
        if text and printed[0].isalpha() and out[-1:].isalnum():
            out += "#h(0pt)"  # else the letter before would be read as the beginning of a name
        out += printed if touching or text else f" {printed}"
        touching = text
    return out


def _argument(node: Node) -> str:
    printed = _row(_items(node))
    return printed or '""'


@singledispatch
def _print(node: Node) -> str:
    raise TypeError(node)


@_print.register
def _(node: Symbol) -> str:
    if node.text[0].isdecimal() and node.role == "ord":
        return "".join(styled(digit, node.variant) for digit in node.text)
    if node.text == "′":
        return "′"
    character = styled(node.text, node.variant) if len(node.text) == 1 else node.text
    if node.text.isalpha() and node.role == "ord":
        if node.variant == "script":
            return f"cal({node.text})"
        return f"upright({character})" if node.variant == "normal" and character.isalpha() else character
    escaped = f"\\{character}" if character in _SPECIAL else character
    if (node.text, node.role) in _SAID:
        return f'class("{_CLASS.get(node.role, "normal")}", {escaped})'
    return escaped


@_print.register
def _(node: Name) -> str:
    return f"op({_string(node.text)}, limits: #{'true' if node.limits else 'false'})"


@_print.register
def _(node: Text) -> str:
    printed = _string(node.text)
    wrappers = {"bold": "bold", "italic": "italic", "sans-serif": "sans", "monospace": "mono"}
    return f"{wrappers[node.variant]}({printed})" if node.variant in wrappers else printed


@_print.register
def _(node: Row) -> str:
    items = node.items
    if node.braced and len(items) == 1:
        only = items[0]
        if isinstance(only, Symbol) and only.role not in ("ord", "op"):
            return f'class("normal", {_print(only)})'
    return _row(items)


@_print.register
def _(node: Scripts) -> str:
    base = node.base
    single = base.items[0] if isinstance(base, Row) and len(base.items) == 1 else base
    if isinstance(single, Accent) and single.mark in _BRACES and not node.primes:
        words, other = (node.sub, node.sup) if single.under else (node.sup, node.sub)
        if words is not None and other is None:
            return f"{_LINES[single.mark]}({_argument(single.base)}, {_argument(words)})"
    printed = _argument(base)
    if node.limits is not None:
        printed = f"{'limits' if node.limits else 'scripts'}({printed})"
    elif isinstance(single, Symbol) and single.role in ("rel", "bin"):
        printed = f"scripts({printed})"
    parts = [printed]
    primes, sup = node.primes, node.sup
    if node.sub is not None:
        parts.append(f"b: {_argument(node.sub)}")
    if primes:
        parts.append(f"tr: primes(#{primes}){' ' + _argument(sup) if sup is not None else ''}")
    elif sup is not None:
        parts.append(f"t: {_argument(sup)}")
    return f"attach({', '.join(parts)})"


@_print.register
def _(node: Fraction) -> str:
    above, below = _argument(node.numerator), _argument(node.denominator)
    printed = f"frac({above}, {below})" if node.bar else f"mat(delim: #none, row-gap: #0.3em, {above}; {below})"
    if node.display is None:
        return printed
    return f"{'display' if node.display else 'inline'}({printed})"


@_print.register
def _(node: Root) -> str:
    return (
        f"sqrt({_argument(node.body)})"
        if node.index is None
        else f"root({_argument(node.index)}, {_argument(node.body)})"
    )


@_print.register
def _(node: Fence) -> str:
    body = node.body
    if isinstance(body, Fraction) and not body.bar and (node.opening, node.closing) == ("(", ")"):
        binomial = f"binom({_argument(body.numerator)}, {_argument(body.denominator)})"
        return binomial if body.display is None else f"{'display' if body.display else 'inline'}({binomial})"
    # An empty box at the open side keeps Typst from stretching what merely happens to stand there.
    opening = _delimiter(node.opening) or "#box()"
    closing = _delimiter(node.closing) or "#box()"
    return f"lr({opening} {_argument(body)} {closing})"


def _delimiter(text: str) -> str:
    return f"\\{text}" if text in _SPECIAL else text


@_print.register
def _(node: Middle) -> str:
    return f"mid({_delimiter(node.text)})" if node.text else ""


@_print.register
def _(node: Sized) -> str:
    if not node.text:
        return ""
    return f'class("{_CLASS.get(node.role, "normal")}", lr(size: #{node.size:g}em, {_delimiter(node.text)}))'


@_print.register
def _(node: Accent) -> str:
    base = _argument(node.base)
    if node.mark in _LINES:
        return f"{_LINES[node.mark]}({base})"
    if node.mark == "¯" and node.wide:
        return f"overline({base})"
    if node.under:
        return f"attach(limits({base}), b: stretch({node.mark}))"
    return f"accent({base}, {_ACCENTS[node.mark]})"


@_print.register
def _(node: Stack) -> str:
    arrow = isinstance(node.base, Symbol) and node.base.text in ARROWS
    base = f"stretch({_argument(node.base)})" if arrow else _argument(node.base)
    parts = [f"limits({base})"]
    if node.over is not None:
        parts.append(f"t: {_argument(node.over)}")
    if node.under is not None:
        parts.append(f"b: {_argument(node.under)}")
    printed = f"attach({', '.join(parts)})"
    only = _items(node.base)
    role = only[0].role if len(only) == 1 and isinstance(only[0], Symbol) else "ord"
    return f'class("{_CLASS[role]}", {printed})' if role in _CLASS else printed


@_print.register
def _(node: Space) -> str:
    return f"#h({node.width:.4g}em)"


@_print.register
def _(node: Styled) -> str:
    body = _argument(node.body)
    match node.kind:
        case "display" | "inline":
            return f"{node.kind}({body})"
        case "colour":
            return f'#text(fill: rgb("{node.value}"))[${body}$]'
        case "boxed":
            return f"#box(stroke: 0.6pt, inset: 3.5pt, baseline: 3.5pt)[$display({body})$]"
        case "cancel":
            return f"cancel({body})"
        case "phantom":
            return f"#hide[${body}$]"
        case "rlap" | "llap" | "clap":
            before, after = _LAPS[node.kind]
            return f"#context {{let b = ${body}$; let w = measure(b).width; h(-{before} * w); b; h(-{after} * w)}}"


@_print.register
def _(node: Table) -> str:
    options = ["delim: #none"]
    if node.alternating:
        options.append("column-gap: #0em")
    elif node.columns.startswith("l") and not node.vertical:
        options.append("column-gap: #1em")
    if node.display:
        options.append("row-gap: #0.6em")
    rules = []
    if node.horizontal:
        rules.append(f"hline: ({', '.join(str(row) for row in sorted(node.horizontal))},)")
    if node.vertical:
        rules.append(f"vline: ({', '.join(str(column) for column in sorted(node.vertical))},)")
    if rules:
        options.append(f"augment: #({', '.join(rules)})")
    rows = "; ".join(_cells(node, number) for number in range(len(node.rows)))
    printed = f"mat({', '.join(options)}, {rows})"
    return f"inline({printed})" if node.small else printed


def _cells(table: Table, number: int) -> str:
    cells: list[str] = []
    for column, cell in enumerate(table.rows[number]):
        items = _items(cell)
        printed = _row(items)
        if printed and not table.small:  # Typst would set entries within a line as small as a denominator
            printed = f"{'display' if table.display else 'inline'}({printed})"
        if (
            table.alternating
            and column % 2
            and items
            and isinstance(items[0], Symbol)
            and items[0].role in ("rel", "bin")
        ):
            printed = f"#h(0.2778em){printed}"
        before, after = {"l": ("& ", ""), "r": ("", " &"), "c": ("", "")}[table.columns[column]]
        cells.append(f"{before}{printed or '#none'}{after}")
    tag = table.tags[number] if number < len(table.tags) else None
    if tag:
        cells[-1] += f" #h(2em) {_string(tag)}"
    return ", ".join(cells)
