r"""Plain TeX's commands whose arguments stand around a word or in rows, and those that pile, overlap and frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from gradlab.tex._errors import TexError
from gradlab.tex._tables import PLAIN_TABLES, read_plain_table
from gradlab.tex._tokens import Token
from gradlab.tex._tree import Fence, Fraction, Node, Root, Row, Scripts, Space, Stack, Styled

if TYPE_CHECKING:
    from gradlab.tex._parse import Parser

_LENGTHS = {"em": 1.0, "mu": 1 / 18, "ex": 0.43, "pt": 0.1, "px": 1 / 16, "cm": 2.845, "mm": 0.2845, "in": 7.227}
_LENGTH = re.compile(r"\s*(-?\d*\.?\d+)\s*([a-z]{2})\s*")


def _until(parser: Parser, name: str, word: str) -> Node:
    r"""Read up to a word, as the index in `\root 3 \of x`, and take the word."""
    before = parser.row(frozenset({word}))
    if parser.tokens.peek() != word:
        raise TexError(f"\\{name} has no {word}")
    parser.tokens.take()
    return before


def _buildrel(parser: Parser, name: str) -> Node:
    over = _until(parser, name, "\\over")
    return Stack(parser.argument(), over=over)


def _root_of(parser: Parser, name: str) -> Node:
    index = _until(parser, name, "\\of")
    return Root(parser.argument(), index)


def _plain_table(parser: Parser, name: str) -> Node:
    opening = parser.tokens.take()
    if opening != "{":
        raise TexError(f"\\{name} has its rows in braces: write \\{name}{{a & b \\cr c & d}}", opening.start)
    table = read_plain_table(parser, name)
    if parser.tokens.peek() != "}":
        raise TexError("a { is never closed", opening.start)
    parser.tokens.take()
    return table


def _lap(parser: Parser, name: str) -> Node:
    body = parser.argument()
    match name[-4]:
        case "r":
            return Styled(body, "rlap")
        case "l":
            return Styled(body, "llap")
        case _:
            return Styled(body, "clap")


def _corners(parser: Parser) -> Scripts:
    group = parser.argument()
    items = group.items if isinstance(group, Row) else (group,)
    if not items:
        return Scripts(Row())
    if len(items) != 1 or not isinstance(items[0], Scripts) or items[0].base != Row():
        raise TexError(r"\sideset takes scripts alone: write \sideset{_a^b}{_c^d}\sum")
    return items[0]


def _sideset(parser: Parser, _: str) -> Node:
    left, right = _corners(parser), _corners(parser)
    sign = parser.argument()
    beside = Scripts(sign, right.sub, right.sup, False, right.primes)
    return parser.under_and_over(Row((left, beside)))


def _prescript(parser: Parser, _: str) -> Node:
    sup, sub = parser.argument(), parser.argument()
    return Row((Scripts(Row(), sub, sup), parser.argument()))


def _genfrac(parser: Parser, _: str) -> Node:
    opening, closing, thickness, style = (parser.sub_parser(parser.tokens.group()) for _ in range(4))
    bar = _characters(thickness) not in ("0", "0pt")
    display = {"": None, "0": True}.get(_characters(style), False)
    fraction = Fraction(parser.argument(), parser.argument(), display, bar=bar)
    ends = _characters(opening), _characters(closing)
    return Fence(ends[0], fraction, ends[1]) if any(ends) else fraction


def _characters(node: Node) -> str:
    if isinstance(node, Row):
        return "".join(_characters(item) for item in node.items)
    return str(getattr(node, "text", ""))


def _unicode(parser: Parser, _: str) -> Node:
    parser.tokens.optional()  # a font
    at = parser.tokens.end
    text = parser.words().strip()
    try:
        character = chr(int(f"0{text}", 16) if text[:1] in ("x", "X") else int(text))
    except (ValueError, OverflowError):
        character = ""
    if not character.isprintable() or not character:
        raise TexError(f"\\unicode{{{text}}} is no character: write its number, as in \\unicode{{x2192}}")
    return parser.typed(Token(character, at, parser.tokens.end))


def _rule(parser: Parser, _: str) -> Node:
    parser.tokens.optional()
    across, height = width(parser.words()), width(parser.words())
    if across and height:
        raise TexError(r"\rule draws a bar: only a strut, whose width or height is 0, can be typeset")
    return Space(across)


def width(text: str) -> float:
    """Return a length such as `1.5em` in em."""
    match = _LENGTH.fullmatch(text)
    if match is None or match[2] not in _LENGTHS:
        raise TexError(f"{text!r} is not a length: write a number and a unit, as in 1em")
    return float(match[1]) * _LENGTHS[match[2]]


PLAIN: dict[str, Callable[[Parser, str], Node]] = {
    **dict.fromkeys(PLAIN_TABLES, _plain_table),
    **dict.fromkeys(
        ("rlap", "llap", "clap", "mathrlap", "mathllap", "mathclap", "textrlap", "textllap", "textclap"), _lap
    ),
    "buildrel": _buildrel,
    "root": _root_of,
    "sideset": _sideset,
    "prescript": _prescript,
    "genfrac": _genfrac,
    "unicode": _unicode,
    "rule": _rule,
}
