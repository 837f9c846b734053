"""HTML from prose and outputs made inert and well-formed: no scripts, nothing fetched, every element closed."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from html.parser import HTMLParser

# Left out with everything inside them.
_DROPPED = frozenset(
    "script iframe object embed applet frame frameset noscript template title video audio canvas".split()
)
# Left out themselves; what is inside them stays.
_UNWRAPPED = frozenset("html head body form link meta base source track param".split())
_VOID = frozenset("area br col hr img input wbr link meta base source track param embed frame".split())
# Opening one of these closes an open one of the second kind, as browsers do.
_IMPLIED_END = {
    "li": {"li"}, "p": {"p"}, "tr": {"tr", "td", "th"}, "td": {"td", "th"}, "th": {"td", "th"}, "dt": {"dt", "dd"},
    "dd": {"dt", "dd"}, "option": {"option"}, "tbody": {"thead", "tbody", "tr", "td", "th"},
    "tfoot": {"tbody", "tr", "td"},
}  # fmt: skip
_BARRIERS = frozenset({"ul", "ol", "table", "dl", "select", "div", "td", "th", "blockquote"})
_UNSAFE_LINK = re.compile(r"^[\s\x00-\x1f]*(?:javascript|vbscript|data|file)\s*:", re.IGNORECASE)
_UNSAFE_CSS = re.compile(r"url\s*\(|@import|expression\s*\(|javascript:|</|\\", re.IGNORECASE)
_LINKS = frozenset({"href", "cite", "action", "formaction", "xlink:href", "background", "longdesc"})
# Elsewhere (in SVG) a link is not followed by a click but fetched.
_LINKING = frozenset({"a", "area", "blockquote", "q", "ins", "del"})
_FETCHING = frozenset({"src", "srcset", "poster", "srcdoc", "data", "ping", "integrity", "crossorigin", "nonce"})

ImageHandler = Callable[[dict[str, str]], str]
"""Takes an image's attributes and returns what stands in its place."""


class _Cleaner(HTMLParser):
    def __init__(self, image: ImageHandler) -> None:
        super().__init__(convert_charrefs=True)
        self.image = image
        self.out: list[str] = []
        self.open: list[str] = []
        self.dropping: list[str] = []
        self.style: list[str] | None = None
        self.dropped: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.dropping:
            if tag == self.dropping[-1] and tag not in _VOID:
                self.dropping.append(tag)
            return
        if tag in _DROPPED:
            self.dropped.add(tag)
            if tag not in _VOID:
                self.dropping.append(tag)
            return
        if tag in _UNWRAPPED:
            return
        values = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.out.append(self.image(values))
            return
        if tag == "style":
            self.style = []
            return
        self._imply_end(tag)
        self.out.append(f"<{tag}{_attributes(tag, values)}>")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.dropping:
            if tag == self.dropping[-1]:
                self.dropping.pop()
            return
        if tag == "style" and self.style is not None:
            sheet, self.style = "".join(self.style), None
            if _UNSAFE_CSS.search(sheet):
                self.dropped.add("style")
            else:
                self.out.append(f"<style>{sheet}</style>")
            return
        if tag in self.open:
            self._close_to(tag)

    def handle_data(self, data: str) -> None:
        if self.dropping:
            return
        if self.style is not None:
            self.style.append(data)
        else:
            self.out.append(escape(data, quote=False))

    def finish(self) -> str:
        self.close()
        while self.open:
            self.out.append(f"</{self.open.pop()}>")
        return "".join(self.out)

    def _imply_end(self, tag: str) -> None:
        ends = _IMPLIED_END.get(tag, set[str]())
        outermost = len(self.open)
        for position in reversed(range(len(self.open))):
            if self.open[position] in ends:
                outermost = position
            elif self.open[position] in _BARRIERS:
                break
        while len(self.open) > outermost:
            self.out.append(f"</{self.open.pop()}>")

    def _close_to(self, tag: str) -> None:
        while self.open:
            name = self.open.pop()
            self.out.append(f"</{name}>")
            if name == tag:
                return


def _attributes(tag: str, values: dict[str, str]) -> str:
    kept = []
    for name, value in values.items():
        unsafe = (
            name.startswith("on")
            or name in _FETCHING
            or not re.fullmatch(r"[A-Za-z_:][-\w:.]*", name)
            or (name in _LINKS and (_UNSAFE_LINK.match(value) or (tag not in _LINKING and not value.startswith("#"))))
            or (name == "style" and _UNSAFE_CSS.search(value))
        )
        if not unsafe:
            kept.append(f' {name}="{escape(value)}"')
    return "".join(kept)


def clean_html(source: str, image: ImageHandler) -> tuple[str, frozenset[str]]:
    """Make HTML inert.

    Args:
        source: Any text with HTML in it.
        image: What to put in the place of an image, given its attributes.

    Returns:
        Well-formed HTML, and the names of the elements that were left out with their content.

    >>> clean_html('<b onclick="x()">a<script>b()</script>', lambda attributes: "")
    ('<b>a</b>', frozenset({'script'}))
    """
    cleaner = _Cleaner(image)
    cleaner.feed(source)
    return cleaner.finish(), frozenset(cleaner.dropped)
