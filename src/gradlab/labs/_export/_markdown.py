"""Markdown to HTML, in the dialect that Jupyter shows: CommonMark with tables and strikethrough."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    options: dict[str, Any] = {"html": True, "highlight": _highlight}
    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def _highlight(code: str, language: str, _attributes: str) -> str:
    return highlight(code, language) if language else ""


def highlight(code: str, language: str) -> str:
    """Return code as HTML with the classes of Pygments; plain where the language is not known."""
    from pygments import highlight as colour
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    name = {"python": "ipython", "python3": "ipython"}.get(language.lower(), language)
    try:
        lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(code, quote=False)
    return colour(code, lexer, HtmlFormatter(nowrap=True)).removesuffix("\n")


def to_html(text: str) -> str:
    r"""Return the HTML of one Markdown cell; headings get the anchors that Jupyter gives them.

    >>> to_html("## Two words")
    '<h2 id="Two-words">Two words</h2>\n'
    """
    parser = _parser()
    tokens = parser.parse(text)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", re.sub(r"\s+", "-", tokens[index + 1].content.strip()))
    return parser.renderer.render(tokens, parser.options, {})
