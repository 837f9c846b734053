"""The images that prose refers to by a relative path."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from gradlab.labs._cut import OutLine
from gradlab.tex import protected

_INLINE = re.compile(r"!\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*(?:<([^<>\n]+)>|((?:[^\s()\\]|\\.|\([^\s()]*\))+))")
_REFERENCE = re.compile(r"!\[([^\[\]]*)\](?:\[([^\[\]]*)\])?(?!\()")
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]]+)\]:\s*(?:<([^<>\n]+)>|(\S+))", re.MULTILINE)
_TAG = re.compile(r"<img\b[^>]*?\bsrc\s*=\s*(?:\"([^\"]+)\"|'([^']+)'|([^\s\"'>]+))", re.IGNORECASE)
_NOT_A_FILE = re.compile(r"^(?:(?!(?:attachment|gradlab):)[A-Za-z][A-Za-z0-9+.-]+:|//|/|#)")
ATTACHED = "attachment:"
"""What the path of a picture inside the notebook begins with."""
VIEW = "gradlab:"
"""What the path of a view of gradlab's page begins with."""


@dataclass(frozen=True, slots=True)
class ImageReference:
    """One mention of an image file, of a picture inside the notebook, or of a view of gradlab's page.

    Args:
        path: the relative path as the template writes it.
        file: the path with `%20` and the like decoded, without `?` and `#` parts, which of a view belong to it.
        line: the template line that mentions it.
    """

    path: str
    file: str
    line: int


def find_images(cells: Iterable[Sequence[OutLine]]) -> tuple[ImageReference, ...]:
    """Find the images that prose cells show.

    Args:
        cells: the lines of each prose cell.

    Returns:
        The references by relative path, to an attachment or a view, in order; those in code, by web address or by
        absolute path are none.

    >>> [image.file for image in find_images([[OutLine("![net](a%20b.png) <img src='c.svg'>", 4)]])]
    ['a b.png', 'c.svg']
    """
    return tuple(reference for lines in cells for reference in _of_cell(lines))


def _of_cell(lines: Sequence[OutLine]) -> list[ImageReference]:
    text = "\n".join(without_code(lines))
    definitions = {match[1].casefold(): match[2] or match[3] for match in _DEFINITION.finditer(text)}
    found = [(match.start(), match[1] or match[2]) for match in _INLINE.finditer(text)]
    found += [(match.start(), html.unescape(match[1] or match[2] or match[3])) for match in _TAG.finditer(text)]
    for match in _REFERENCE.finditer(text):
        path = definitions.get((match[2] or match[1]).casefold())
        if path is not None:
            found.append((match.start(), path))
    references = []
    for position, written in sorted(found):
        path = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", written)
        if not _NOT_A_FILE.match(path):
            number = lines[text[:position].count("\n")].line
            name = path if path.startswith(VIEW) else re.split(r"[?#]", path, maxsplit=1)[0]
            file = path if "\\" in written else unquote(name)
            references.append(ImageReference(path, file, number))
    return references


def without_code(lines: Sequence[OutLine]) -> list[str]:
    """Blank out what Markdown shows as code, and what it does not show.

    Args:
        lines: the lines of a prose cell.

    Returns:
        As many lines, with blanks in the place of code and comments.

    >>> without_code([OutLine("see `x` and y", 1)])
    ['see     and y']
    """
    text = "\n".join(line.text for line in lines)
    shown, at = "", 0
    for start, end in protected(text):
        shown += text[at:start] + re.sub(r"[^\n]", " ", text[start:end])
        at = end
    return (shown + text[at:]).split("\n")[: len(lines)]
