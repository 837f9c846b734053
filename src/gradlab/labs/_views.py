"""Views of gradlab's page in a lab: the living page in a frame of its HTML, elsewhere a picture of the same state."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

from gradlab._errors import GradlabError
from gradlab.labs._files import UnfitFileError

_WEB = re.compile(r"(https?://[A-Za-z0-9.:\[\]-]+)(?:/[^\s\"'<>\\?#]*)?")
_PATH = re.compile(r"[^\s\"'<>\\?#:]+")


@lru_cache(maxsize=32)
def draw(link: str) -> tuple[str, bytes]:
    """The picture of a view.

    Args:
        link: what stands behind ``gradlab:``.

    Returns:
        What stands behind the page's address for the same state, and a PNG.

    Raises:
        UnfitFileError: for a state that the page does not show, with what to write instead.
    """
    from gradlab.play import png, read_link, write_link

    try:
        view, state = read_link(link)
        return write_link(view, state), png(view, state)
    except GradlabError as problem:
        raise UnfitFileError(f"gradlab:{link} is no view of the page: {str(problem).rstrip('.')}.") from problem


def is_page(address: str) -> bool:
    """Whether something can be the address of the page: of the web, or as seen from the HTML.

    >>> [is_page(text) for text in ("https://uni.example/gradlab", "../gradlab", "file:///x", "a b")]
    [True, True, False, False]
    """
    return bool(_WEB.fullmatch(address) or _PATH.fullmatch(address))


def host_of(address: str) -> str:
    """The part of a page's address that a Content-Security-Policy names."""
    found = _WEB.fullmatch(address)
    return found[1] if found else "'self'"


def living(page: str, link: str) -> str:
    """The address of a view for a reader: empty where it is none of the web."""
    return f"{page.rstrip('/')}/index.html{link}" if _WEB.fullmatch(page) else ""


def frame(page: str, link: str, caption: str) -> str:
    """A frame in HTML that shows one view and nothing that leads away from it."""
    address, title = escape(start_of(page) + link), escape(caption or "gradlab")
    return f'<iframe class="view" src="{address}" title="{title}" loading="lazy" allow="clipboard-write"></iframe>'


def legend(page: str, link: str, caption: str) -> str:
    """HTML to stand below a view: its caption, which leads to the view where the page is on the web."""
    address, words = living(page, link), escape(caption)
    if address:
        return f'<br><a href="{escape(address)}">{words or escape(address)}</a>'
    return f"<br><em>{words}</em>" if words else ""


def start_of(page: str) -> str:
    """What the address of every frame begins with."""
    return f"{page.rstrip('/')}/index.html?locked"


def link_views(text: str, links: dict[str, str]) -> str:
    """Make pictures of Markdown text links to their views.

    Args:
        text: Markdown.
        links: the path of a picture, as written, to an address.

    >>> link_views("see ![a bowl](gradlab:descend).", {"gradlab:descend": "https://uni.example/index.html#1/descend"})
    'see [![a bowl](gradlab:descend)](https://uni.example/index.html#1/descend).'
    """
    for path, address in links.items():
        picture = re.compile(r"!\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?" + re.escape(path) + r"(?=[\s)>])[^)\n]*\)")
        text = picture.sub(lambda match, to=address: f"[{match[0]}]({to})", text)
    return text
