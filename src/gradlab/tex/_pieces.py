"""A formula that is put together from others, each of which is read and shown once, however often it stands there."""

from __future__ import annotations

from functools import lru_cache

from gradlab.tex._errors import TexError
from gradlab.tex._mathml import remember, to_mathml
from gradlab.tex._parse import Parser
from gradlab.tex._tokens import Known, Token, tokenise
from gradlab.tex._tree import Node, Symbol

_KEPT = 4096


def typeset(source: str, *, display: bool) -> str:
    """Return what `to_mathml` makes of a formula that defines no macros.

    Args:
        source: TeX; what it has as its ``pieces`` it is put together from, and those that have pieces too are formulas
            by themselves.
        display: On a line of its own.

    Returns:
        The element's text.

    Raises:
        TexError: A command is not known, or something is not closed.
    """
    return to_mathml(Parser(_tokens(source), {}).formula(), source, display=display)


def _tokens(source: str) -> list[Token]:
    tokens: list[Token] = []
    for piece in getattr(source, "pieces", (source,)):
        if hasattr(piece, "pieces"):
            tokens.append(Known.of(_read(piece)))
        else:
            tokens += _plain(piece)
    return tokens


_plain = lru_cache(maxsize=_KEPT)(tokenise)


@lru_cache(maxsize=_KEPT)
def _read(piece: str) -> tuple[Node, ...]:
    parser = Parser(_tokens(piece), {})
    nodes = parser.row().items
    if parser.tokens.peek() is not None:
        raise TexError(f"{piece} is no formula by itself")
    for node in nodes:
        if not isinstance(node, Symbol):
            remember(node)
    return nodes
