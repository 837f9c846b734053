"""The commands of TeX's mathematics that take arguments or change what follows, one function each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from gradlab.tex._colours import css_colour
from gradlab.tex._errors import TexError
from gradlab.tex._plain import PLAIN, width
from gradlab.tex._symbols import ACCENTS, NEGATED, SPACES, SYMBOLS, WIDE_ACCENTS, Role
from gradlab.tex._tokens import Token
from gradlab.tex._tree import (
    Accent,
    Fence,
    Fraction,
    Middle,
    Name,
    Node,
    Root,
    Row,
    Sized,
    Space,
    Stack,
    Styled,
    Symbol,
    Text,
    Variant,
)

if TYPE_CHECKING:
    from gradlab.tex._parse import Parser

_FONTS: dict[str, Variant] = {
    "mathrm": "normal", "mathup": "normal", "mathnormal": "italic", "mathit": "italic", "mathbf": "bold",
    "boldsymbol": "bold-italic", "bm": "bold-italic", "pmb": "bold-italic", "mathbb": "double-struck",
    "mathcal": "script", "mathscr": "script", "mathfrak": "fraktur", "mathsf": "sans-serif", "mathtt": "monospace",
    "Bbb": "double-struck", "mathds": "double-struck", "mathbbm": "double-struck", "mathbfit": "bold-italic",
    "mathbfup": "bold", "mathbfcal": "bold-script", "mathbfscr": "bold-script", "mathsfit": "sans-serif",
}  # fmt: skip
_FONTS |= {f"sym{name[4:]}": face for name, face in _FONTS.items() if name.startswith("math")}
_FONT_SWITCHES: dict[str, Variant] = {
    "rm": "normal", "bf": "bold", "it": "italic", "cal": "script", "sf": "sans-serif", "tt": "monospace",
    "frak": "fraktur", "mit": "italic",
}  # fmt: skip
_TEXTS: dict[str, Variant] = {
    "text": "normal", "textrm": "normal", "textnormal": "normal", "textup": "normal", "mbox": "normal",
    "hbox": "normal", "textbf": "bold", "textit": "italic", "emph": "italic", "textsf": "sans-serif",
    "texttt": "monospace",
}  # fmt: skip
_CLASSES: dict[str, Role] = {
    "mathord": "ord", "mathbin": "bin", "mathrel": "rel", "mathopen": "open", "mathclose": "close",
    "mathpunct": "punct", "mathinner": "ord",
}  # fmt: skip
_SIZES = {"big": 1.2, "Big": 1.8, "bigg": 2.4, "Bigg": 3.0}
_SIZE_ROLES: dict[str, Role] = {"": "ord", "l": "open", "r": "close", "m": "rel"}
_FRACTIONS = {"frac": None, "dfrac": True, "tfrac": False, "cfrac": True}
_BINOMIALS = {"binom": None, "dbinom": True, "tbinom": False}
_ARROWS = {"xrightarrow": "→", "xleftarrow": "←", "xRightarrow": "⇒", "xLeftarrow": "⇐", "xmapsto": "↦",
           "xleftrightarrow": "↔", "xLeftrightarrow": "⇔", "xhookrightarrow": "↪", "xhookleftarrow": "↩",
           "xrightleftharpoons": "⇌", "xlongrightarrow": "⟶", "xlongleftarrow": "⟵"}  # fmt: skip
ARROWS = frozenset(_ARROWS.values())
"""Arrows that grow with what stands over them."""
_BRACES = {"underbrace": "⏟", "overbrace": "⏞", "underbracket": "⎵", "overbracket": "⎴"}
_UNDERS = {"underline": "_", "underparen": "⏝", "underrightarrow": "→", "underleftarrow": "←",
           "underleftrightarrow": "↔"}  # fmt: skip


def _fence(parser: Parser, _: str) -> Node:
    opening = parser.delimiter()
    parser.fences += 1
    body = parser.row()
    parser.fences -= 1
    if parser.tokens.peek() != "\\right":
        raise TexError("\\left has no \\right")
    parser.tokens.take()
    return Fence(opening, body, parser.delimiter())


def _middle(parser: Parser, _: str) -> Node:
    if not parser.fences:
        raise TexError("\\middle stands outside \\left … \\right")
    return Middle(parser.delimiter())


def _font(parser: Parser, name: str) -> Node:
    outer, parser.variant = parser.variant, _FONTS[name]
    if name in ("boldsymbol", "bm", "pmb") and outer == "normal":
        parser.variant = "bold"
    body = parser.argument()
    parser.variant = outer
    if isinstance(body, Symbol) and body.role != "ord":
        return body  # a sign keeps its space
    return Row(body.items if isinstance(body, Row) else (body,), braced=True)


def _text(parser: Parser, name: str) -> Node:
    tokens = parser.tokens.group()
    parts: list[Node] = []
    pending = ""
    items = iter(tokens)
    for token in items:
        if token == "$":
            inner: list[Token] = []
            for following in items:
                if following == "$":
                    break
                inner.append(following)
            parts += [Text(pending, _TEXTS[name]), parser.sub_parser(tuple(inner))]
            pending = ""
        else:
            pending += _plain(token)
    parts.append(Text(pending, _TEXTS[name]))
    kept = [part for part in parts if not (isinstance(part, Text) and not part.text)]
    return kept[0] if len(kept) == 1 else Row(tuple(kept))


def _operator(parser: Parser, name: str) -> Node:
    inner = parser.tokens.group()
    return Name("".join(_plain(token) for token in inner), limits=name.endswith("*"))


def _fraction(parser: Parser, name: str) -> Node:
    if name == "cfrac":
        parser.tokens.optional()
    return Fraction(parser.argument(), parser.argument(), _FRACTIONS[name])


def _binomial(parser: Parser, name: str) -> Node:
    return Fence("(", Fraction(parser.argument(), parser.argument(), _BINOMIALS[name], bar=False), ")")


def _root(parser: Parser, _: str) -> Node:
    index = parser.tokens.optional()
    return Root(parser.argument(), parser.sub_parser(index) if index is not None else None)


def _accent(parser: Parser, name: str) -> Node:
    return Accent(parser.argument(), ACCENTS[name], wide=name in WIDE_ACCENTS)


def _under(parser: Parser, name: str) -> Node:
    return Accent(parser.argument(), _UNDERS[name], wide=True, under=True)


def _brace(parser: Parser, name: str) -> Node:
    return Accent(parser.argument(), _BRACES[name], wide=True, under=name.startswith("under"))


def _arrow(parser: Parser, name: str) -> Node:
    below = parser.tokens.optional()
    over = parser.argument()
    return Stack(Symbol(_ARROWS[name], "rel", "normal"), over, parser.sub_parser(below) if below else None)


def _stack(parser: Parser, name: str) -> Node:
    annotation, base = parser.argument(), parser.argument()
    return Stack(base, under=annotation) if name == "underset" else Stack(base, over=annotation)


def _size(parser: Parser, name: str) -> Node:
    stem = name.rstrip("lrm")
    return Sized(parser.delimiter(), _SIZES[stem], _SIZE_ROLES[name[len(stem) :]])


def _class(parser: Parser, name: str) -> Node:
    body = parser.argument()
    text = body.items[0] if isinstance(body, Row) and len(body.items) == 1 else body
    return Symbol(text.text, _CLASSES[name], text.variant, command=text.command) if isinstance(text, Symbol) else body


def _mathop(parser: Parser, _: str) -> Node:
    body = parser.argument()
    items = body.items if isinstance(body, Row) else (body,)
    words = [_letters(item) for item in items]
    return Name("".join(words), limits=True) if all(words) else body


def _not(parser: Parser, _: str) -> Node:
    body = parser.argument()
    if not isinstance(body, Symbol):
        raise TexError("\\not strikes out one symbol: put it before a relation, as in \\not\\subset")
    return Symbol(NEGATED.get(body.text, body.text + "\u0338"), "rel", body.variant)


def _modulo(parser: Parser, name: str) -> Node:
    if name == "bmod":
        return Row((Space(2 / 9), Text("mod"), Space(2 / 9)))
    inner: tuple[Node, ...] = (Text("mod"), Space(1 / 3), parser.argument())
    if name == "mod":
        return Row((Space(1.0), *inner))
    shown = inner if name == "pmod" else inner[2:]
    return Row((Space(1.0), Symbol("(", "open", "normal"), *shown, Symbol(")", "close", "normal")))


def _space(parser: Parser, name: str) -> Node:
    if name in _SKIPS and parser.tokens.peek() != "{":
        return Space(width(parser.tokens.length()))
    return Space(width(parser.words()))


def _wrapped(parser: Parser, name: str) -> Node:
    return Styled(parser.argument(), _WRAPPERS[name])


def _coloured(parser: Parser, _: str) -> Node:
    model = "".join(parser.tokens.optional() or ())
    colour = css_colour(parser.words(), model)
    return Styled(parser.argument(), "colour", colour)


def _substack(parser: Parser, _: str) -> Node:
    inner = parser.tokens.group()
    end = parser.tokens.end
    at = inner[0].start if inner else end
    before = (Token(text, at, at) for text in r"\begin { subarray } { c }".split())
    after = (Token(text, end, end) for text in r"\end { subarray }".split())
    return parser.sub_parser((*before, *inner, *after))


def _braket(parser: Parser, name: str) -> Node:
    opening, closing = _BRAKETS[name.lower()]
    if name[0].isupper():
        parser.fences += 1
        body = parser.argument()
        parser.fences -= 1
        return Fence(opening, body, closing)
    return Row((Symbol(opening, "open", "normal"), parser.argument(), Symbol(closing, "close", "normal")))


def _second(parser: Parser, _: str) -> Node:
    parser.tokens.group()  # an address, a class, a style: nothing that mathematics shows
    return parser.argument()


def _without_option(parser: Parser, _: str) -> Node:
    parser.tokens.optional()
    return parser.argument()


def _reference(parser: Parser, name: str) -> Node:
    number = parser.numbers.get(parser.words(), "???")
    return Text(f"({number})" if name == "eqref" else number)


def _transparent(parser: Parser, _: str) -> Node:
    return parser.argument()


def _switch_style(parser: Parser, name: str, also_stop: frozenset[str]) -> list[Node]:
    return [Styled(parser.row(also_stop), "display" if name == "displaystyle" else "inline")]


def _switch_font(parser: Parser, name: str, also_stop: frozenset[str]) -> list[Node]:
    parser.variant = _FONT_SWITCHES[name]  # until the group ends: row() restores it
    return list(parser.row(also_stop).items)


def _switch_size(parser: Parser, _: str, also_stop: frozenset[str]) -> list[Node]:
    return list(parser.row(also_stop).items)  # shown in the size of the text


def _switch_colour(parser: Parser, _: str, also_stop: frozenset[str]) -> list[Node]:
    model = "".join(parser.tokens.optional() or ())
    colour = css_colour(parser.words(), model)
    return [Styled(parser.row(also_stop), "colour", colour)]


_BRAKETS = {"bra": ("⟨", "|"), "ket": ("|", "⟩"), "braket": ("⟨", "⟩"), "set": ("{", "}")}
_SKIPS = frozenset({"hskip", "mskip", "kern", "mkern"})
_WRAPPERS: dict[str, Literal["boxed", "phantom", "cancel"]] = {
    "boxed": "boxed", "fbox": "boxed", "phantom": "phantom", "hphantom": "phantom", "vphantom": "phantom",
    "cancel": "cancel", "bcancel": "cancel", "xcancel": "cancel",
}  # fmt: skip
SWITCHES: dict[str, Callable[[Parser, str, frozenset[str]], list[Node]]] = {
    **dict.fromkeys(("displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle"), _switch_style),
    **dict.fromkeys(_FONT_SWITCHES, _switch_font),
    **dict.fromkeys(
        "Tiny tiny SMALL scriptsize Small footnotesize small normalsize large Large LARGE huge Huge HUGE".split(),
        _switch_size,
    ),
    "color": _switch_colour,
}
READERS: dict[str, Callable[[Parser, str], Node]] = {
    **PLAIN,
    **dict.fromkeys(_FONTS, _font),
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_FRACTIONS, _fraction),
    **dict.fromkeys(_BINOMIALS, _binomial),
    **dict.fromkeys(ACCENTS, _accent),
    **dict.fromkeys(_UNDERS, _under),
    **dict.fromkeys(_BRACES, _brace),
    **dict.fromkeys(_ARROWS, _arrow),
    **dict.fromkeys(_CLASSES, _class),
    **dict.fromkeys(_WRAPPERS, _wrapped),
    **dict.fromkeys((size + side for size in _SIZES for side in _SIZE_ROLES), _size),
    **dict.fromkeys(("operatorname", "operatorname*"), _operator),
    **dict.fromkeys(("overset", "underset", "stackrel"), _stack),
    **dict.fromkeys(("bmod", "pmod", "mod", "pod"), _modulo),
    **dict.fromkeys(("hspace", "hspace*", "mspace", "hskip", "mskip", "kern", "mkern"), _space),
    **dict.fromkeys(("ensuremath", "vcenter", "shoveleft", "shoveright"), _transparent),
    **dict.fromkeys(("ref", "eqref"), _reference),
    **dict.fromkeys((*_BRAKETS, *map(str.capitalize, _BRAKETS)), _braket),
    **dict.fromkeys(("href", "class", "cssId", "style"), _second),
    **dict.fromkeys(("bbox", "smash"), _without_option),
    "left": _fence,
    "middle": _middle,
    "not": _not,
    "sqrt": _root,
    "mathop": _mathop,
    "substack": _substack,
    "textcolor": _coloured,
}


def _letters(node: Node) -> str:
    """Return the letters of an operator's name, or nothing where it is more than a name."""
    if isinstance(node, Row):
        words = [_letters(item) for item in node.items]
        return "".join(words) if all(words) else ""
    if isinstance(node, Space):
        return " "
    return node.text if isinstance(node, (Symbol, Text, Name)) else ""


def _plain(token: str) -> str:
    """Return what a token is in text: escapes undone, ties and spacing commands as spaces."""
    if token.isspace() or token == "~":
        return " "
    if not token.startswith("\\"):
        return "" if token in "{}" else token
    name = token[1:]
    if name in SPACES:
        return " " if SPACES[name] > 0 else ""
    if name in SYMBOLS:
        return SYMBOLS[name][0]
    raise TexError(f"\\{name} is not known inside text")
