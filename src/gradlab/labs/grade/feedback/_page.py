"""The frame of every page; whatever students wrote is text in it and never markup."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from gradlab.labs._export import fragment, stylesheet

_STYLE = """
main { max-width: 60rem; }
td { vertical-align: top; } td.n { text-align: right; white-space: nowrap; }
pre { background: var(--code); white-space: pre-wrap; }
section { border-left: .3rem solid #999; padding: .1rem 1rem; margin: 1.2rem 0; }
.right { border-color: #1a7f37; } .partly { border-color: #b58900; } .wrong, .missing { border-color: #b02a37; }
.human { border-color: #0072b2; } .bar { background: #0072b2; height: .8rem; display: inline-block; }
"""


def page(title: str, body: str) -> str:
    """Put a page together.

    Returns:
        The HTML document; it loads nothing from anywhere.
    """
    head = "<meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
    head += f"<title>{escape(title)}</title><style>{stylesheet()}{_STYLE}</style>"
    rules = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    policy = f'<meta http-equiv="Content-Security-Policy" content="{rules}">'
    top = f"<!doctype html>\n<html lang='en'><head>{policy}{head}</head>"
    return f"{top}<body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"


def block(text: str) -> str:
    """Text as it stands, in a box."""
    return f"<pre>{escape(text)}</pre>"


@lru_cache(maxsize=512)
def prose(markdown: str) -> str:
    """What a template says, with its formulas set."""
    return fragment(markdown)
