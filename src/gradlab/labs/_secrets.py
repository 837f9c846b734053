"""What must not reach the students: the lines, images and outputs that only the solution has.

A line is *telling* if it says enough to be recognised: `else:`, `return x` or a table's rule stand in any
file, and a report of them would teach everyone to skip the report. Two forms of a line are compared. The
strict form drops white space, so that indentation, a comment sign or a wrapped line change nothing. The loose
form keeps letters and digits alone, so that quotes, dashes and hyphens set by a typesetter change nothing.
"""

from __future__ import annotations

import base64
import html
import keyword
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from nbformat import NotebookNode

_TOKEN = re.compile(r"[^\W\d_]\w*|_\w+|\d+(?:\.\d+)?|\*\*|[-+*/%@^<>]")
_GENERIC: Final = frozenset(keyword.kwlist) | {
    "self", "cls", "range", "print", "len", "np", "torch", "plt", "pd", "begin", "end", "left", "right",
    "frac", "cdot", "quad", "partial", "align", "equation", "matrix",
}  # fmt: skip
_LEAST_TOKENS, _LEAST_CHARACTERS, _LEAST_LOOSE = 4, 10, 14


@dataclass(frozen=True, slots=True)
class SecretLine:
    """A line that only the solution shows.

    Args:
        text: as it stands in the template or in an output.
        line: its number in the template, of an output the cell's.
        strict: its strict form.
        loose: its loose form, empty where it is too short to be recognised by it.
    """

    text: str
    line: int
    strict: str
    loose: str


@dataclass(frozen=True, slots=True)
class SecretImage:
    """An image that only the solution shows.

    Args:
        name: the file's path as the template writes it, empty for a figure that a cell draws.
        content: the file's bytes, None where there are none.
    """

    name: str
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Secrets:
    """All that must not reach the students.

    Args:
        lines: lines of text.
        images: images and figures.
    """

    lines: tuple[SecretLine, ...] = ()
    images: tuple[SecretImage, ...] = ()


def strict_form(text: str) -> str:
    r"""Reduce a text to what does not depend on white space.

    Args:
        text: any text.

    Returns:
        Its characters, HTML entities resolved and compatible characters made equal.

    >>> strict_form("  x  &lt;\t1")
    'x<1'
    """
    plain = unicodedata.normalize("NFKC", html.unescape(text))
    return "".join(character for character in plain if not character.isspace() and character.isprintable())


def loose_form(text: str) -> str:
    """Reduce a text to its letters and digits.

    Args:
        text: any text.

    Returns:
        The letters and digits, in lower case.

    >>> loose_form("“don’t” – 2.5")
    'dont25'
    """
    return "".join(character for character in strict_form(text).casefold() if character.isalnum())


def tokens(text: str) -> list[str]:
    """The words, numbers and operators of a line that say something about it.

    Args:
        text: a line of code or prose.

    Returns:
        The tokens, without keywords and other words that stand everywhere.

    >>> tokens("return x + 1")
    ['x', '+', '1']
    """
    return [token for token in _TOKEN.findall(text) if token not in _GENERIC]


def is_telling(text: str) -> bool:
    """Say whether a line says enough to be recognised.

    Args:
        text: a line of code or prose.

    Returns:
        Whether it has enough words and enough characters.

    >>> is_telling("return x"), is_telling("return 1 / (1 + torch.exp(-x))")
    (False, True)
    """
    found = tokens(text)
    words = sum(1 for token in found if token[0].isalnum() or token[0] == "_")
    return len(found) >= _LEAST_TOKENS and words >= 2 and len(strict_form(text)) >= _LEAST_CHARACTERS


def secret_line(text: str, line: int) -> SecretLine:
    """Make a secret of a line.

    Args:
        text: the line.
        line: its number in the template.

    Returns:
        The secret; a comment sign, quotation or list sign before the line is no part of it.
    """
    bare = re.sub(r"^\s*(?:(?:#+|>|[-*+]|\d+[.)])\s+)*", "", text)
    loose = loose_form(bare)
    return SecretLine(text.strip(), line, strict_form(bare), loose if len(loose) >= _LEAST_LOOSE else "")


def add_outputs(secrets: Secrets, solution: NotebookNode, question: NotebookNode) -> Secrets:
    """Add what only the executed solution prints and draws.

    Args:
        secrets: what is secret in the template.
        solution: the executed solution.
        question: the executed question.

    Returns:
        The secrets with the lines and images of the solution's outputs that the question's do not have.
    """
    own = list(_outputs(solution))
    shared = {strict_form(line) for mime, value in _outputs(question) if mime == "text" for line in value.splitlines()}
    pictures = {value for mime, value in _outputs(question) if mime != "text"}
    # A line of an output that the question's own text shows as well, such as a printed comment, is no secret.
    shown = strict_form("\n".join(cell.source for cell in question.cells))
    lines = {
        secret.strict: secret
        for mime, value in own
        if mime == "text"
        for text in value.splitlines()
        if is_telling(text) and strict_form(text) not in shared
        for secret in [secret_line(text, 0)]
        if secret.strict not in shown
    }
    images = {
        value: SecretImage("", _decoded(value)) for mime, value in own if mime != "text" and value not in pictures
    }
    return replace(secrets, lines=(*secrets.lines, *lines.values()), images=(*secrets.images, *images.values()))


def _outputs(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "text" in output:
                yield "text", _joined(output["text"])
            for mime, value in output.get("data", {}).items():
                if mime == "text/plain":
                    yield "text", _joined(value)
                elif mime in ("image/png", "image/jpeg"):
                    yield mime, "".join(_joined(value).split())


def _joined(value: Any) -> str:
    return value if isinstance(value, str) else "".join(map(str, value))


def _decoded(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return None
