"""A document as one HTML file that needs nothing beside it: no script, no font, no address is fetched."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from html.parser import HTMLParser
from importlib.resources import files

from gradlab.labs._views import host_of

from ._atoms import put_back
from ._document import Block, Code, Document, Figure, Prose, Room, Source, Words, make_document
from ._markdown import highlight
from ._terminal import Style, styled_runs

# The browser itself then refuses whatever would be fetched or run.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_HEADING = re.compile(r'<h([1-3]) id="([^"]*)">(.*?)</h\1>', re.DOTALL)


def to_html(document: Document) -> str:
    """Return the whole page.

    Args:
        document: What is shown.

    Returns:
        The text of an HTML file.
    """
    body = "\n".join(_block(document, block) for block in document.blocks)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{escape(_policy(document))}">
<meta name="generator" content="gradlab">
<title>{escape(document.title)}</title>
<style>
{stylesheet()}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<main id="content">
{_heading(document)}{_contents(document)}{body}
</main>
</body>
</html>
"""


def fragment(text: str) -> str:
    r"""Return one Markdown text as HTML to stand in a page that has the style sheet; pictures are named alone.

    >>> fragment("What is <script>x</script> **it**?")
    '<div class="prose"><p>What is  <strong>it</strong>?</p>\n</div>'
    """
    from nbformat import v4

    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(text)])
    document = make_document(Source(notebook, (), {}, "", ""), lambda *_: None)
    return "\n".join(_block(document, block) for block in document.blocks)


def _policy(document: Document) -> str:
    return f"{_POLICY}; frame-src {host_of(document.page)}" if document.page else _POLICY


@cache
def stylesheet() -> str:
    """Return the style sheet of every page."""
    return files(__package__ or "").joinpath("style.css").read_text(encoding="utf-8")


def _show(document: Document, html: str) -> str:
    return put_back(html, lambda index: document.atoms[index].html)


def _heading(document: Document) -> str:
    return "" if document.heads_itself else f"<h1>{escape(document.title)}</h1>\n"


def _contents(document: Document) -> str:
    """Return the table of contents, where there are headings enough for one."""
    found = [
        (int(match[1]), match[2], match[3])
        for block in document.blocks
        if isinstance(block, Prose) and not block.is_output
        for match in _HEADING.finditer(block.html)
    ]
    if len(found) < 3:
        return ""
    items = "".join(
        f'<li style="padding-left:{level - 1}em"><a href="#{anchor}">'
        f"{_show(document, re.sub(r'</?a[^>]*>', '', text))}</a></li>\n"
        for level, anchor, text in found
    )
    return f'<nav aria-label="Contents"><details><summary>Contents</summary><ul>\n{items}</ul></details></nav>\n'


def _block(document: Document, block: Block) -> str:
    match block:
        case Prose(html, is_output):
            return f'<div class="{"output" if is_output else "prose"}">{_show(document, html)}</div>'
        case Code(source, count, language):
            prompt = f"[{count}]" if count is not None else "[ ]"
            code = highlight(source, language)
            shown = f'<div class="prompt">{prompt}</div><pre tabindex="0"><code>{code}</code></pre>'
            return f'<div class="cell input">{shown}</div>'
        case Words(text, kind):
            return f'<div class="output {kind}"><pre tabindex="0">{_coloured(text)}</pre></div>'
        case Room():
            style = f"min-height: {1.6 * block.lines:g}em"
            return f'<div class="room" style="{style}"><span class="prompt">{block.label}</span></div>'
        case Figure(mark):
            return f'<div class="output">{_show(document, mark)}</div>'


def _coloured(text: str) -> str:
    parts = []
    for style, run in styled_runs(text):
        css = _css(style)
        shown = escape(run, quote=False)
        parts.append(f'<span class="sgr" style="{css}">{shown}</span>' if css else shown)
    return "".join(parts)


def _css(style: Style) -> str:
    rules = [
        f"--fg:{style.colour}" if style.colour else "",
        f"--bg:{style.background}" if style.background else "",
        "font-weight:bold" if style.bold else "",
        "font-style:italic" if style.italic else "",
        "text-decoration:underline" if style.underline else "",
    ]
    return ";".join(rule for rule in rules if rule)


class _References(HTMLParser):
    def __init__(self, frames: str) -> None:
        super().__init__()
        self.frames = frames
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.found.append("<script>")
        for name, value in attrs:
            fetched = name in ("src", "srcset", "data", "poster") or (
                name == "href" and tag in ("link", "use", "image")
            )
            ours = bool(self.frames) and tag == "iframe" and (value or "").startswith(self.frames)
            if fetched and not ours and not (value or "").startswith("data:"):
                self.found.append(f"{tag} {name}={value}")
            if name == "style" and "url(" in (value or ""):
                self.found.append(f"{tag} style={value}")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style" and re.search(r"url\(|@import", data):
            self.found.append("style sheet with an address")


def fetched_references(html: str, frames: str = "") -> list[str]:
    """Return what a page would run or fetch from elsewhere: empty where it is self-contained.

    Args:
        html: The text of an HTML file.
        frames: With what the address of a frame begins that may stand in it; empty for none.

    Returns:
        One line each.

    >>> fetched_references('<img src="https://a.b/c.png"><a href="https://a.b">link</a>')
    ['img src=https://a.b/c.png']
    """
    scanner = _References(frames)
    scanner.feed(html)
    return scanner.found
