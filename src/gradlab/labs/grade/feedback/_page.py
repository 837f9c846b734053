"""The frame of every page; whatever students wrote is text in it and never markup."""

from __future__ import annotations

from html import escape

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; }
tr { border-bottom: 1px solid #ddd; } td.n { text-align: right; white-space: nowrap; }
pre { background: #f4f4f4; padding: .6rem; overflow-x: auto; white-space: pre-wrap; }
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
    head += f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    policy = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    top = f"<!doctype html>\n<html lang='en'><head>{policy}{head}</head>"
    return f"{top}<body><h1>{escape(title)}</h1>{body}</body></html>\n"


def block(text: str) -> str:
    """Text as it stands, in a box."""
    return f"<pre>{escape(text)}</pre>"
