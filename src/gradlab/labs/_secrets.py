"""What must not reach the students: the lines, images and outputs that only the solution has.

A line is *telling* if it says enough to be recognised: `else:`, `return x` or a table's rule stand in any
file, and a report of them would teach everyone to skip the report. Two forms of a line are compared. The
strict form drops white space, so that indentation, a comment sign or a wrapped line change nothing. The loose
form keeps letters and digits alone, so that quotes, dashes and hyphens set by a typesetter change nothing.
"""

from __future__ import annotations

import base64
import keyword
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gradlab.labs._search import Haystack, Needles, loose_form, strict_form

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
        is_output: whether it is printed and not written.
    """

    text: str
    line: int
    strict: str
    loose: str
    is_output: bool = False


@dataclass(frozen=True, slots=True)
class SecretImage:
    """An image that only the solution shows.

    Args:
        name: the file's path as the template writes it, empty for a figure that a cell draws.
        content: the file's bytes, None where there are none.
        line: the template line that refers to it, or of the cell that draws it.
    """

    name: str
    content: bytes | None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Secrets:
    """All that must not reach the students.

    Args:
        lines: lines of text.
        images: images and figures.
    """

    lines: tuple[SecretLine, ...] = ()
    images: tuple[SecretImage, ...] = ()


def tokens(text: str) -> list[str]:
    """The words, numbers and operators of a line that say something about it.

    Returns:
        The tokens, without keywords and other words that stand everywhere.

    >>> tokens("return x + 1")
    ['x', '+', '1']
    """
    return [token for token in _TOKEN.findall(text) if token not in _GENERIC]


def is_telling(text: str) -> bool:
    """Say whether a line says enough to be recognised.

    Returns:
        Whether it has enough words and enough characters.

    >>> is_telling("return x"), is_telling("return 1 / (1 + torch.exp(-x))")
    (False, True)
    """
    found = tokens(text)
    words = sum(1 for token in found if token[0].isalnum() or token[0] == "_")
    return len(found) >= _LEAST_TOKENS and words >= 2 and len(strict_form(text)) >= _LEAST_CHARACTERS


def secret_line(text: str, line: int, *, is_output: bool = False) -> SecretLine:
    """Make a secret of a line.

    Args:
        text: the line.
        line: its number in the template.
        is_output: whether it is printed and not written.

    Returns:
        The secret; a comment sign, quotation or list sign before the line is no part of it.
    """
    bare = re.sub(r"^\s*(?:(?:#+|>|[-*+]|\d+[.)])\s+)*", "", text)
    loose = loose_form(bare)
    return SecretLine(text.strip(), line, strict_form(bare), loose if len(loose) >= _LEAST_LOOSE else "", is_output)


def not_allowed(secrets: Iterable[SecretLine], allowed: Sequence[str]) -> list[SecretLine]:
    """Leave out the lines that the author lets pass.

    Args:
        secrets: the lines.
        allowed: the texts of the ALLOW tags.

    Returns:
        The lines that neither stand in an allowed text nor say nothing more once it is taken out of them.

    >>> not_allowed([secret_line("[0.0321 0.0871 0.2369]", 3)], ["0.0321, 0.0871, 0.2369"])
    []
    """
    secrets = list(secrets)
    if not allowed:
        return secrets
    passed = Haystack((f"{text}\n", row) for row, text in enumerate(allowed))
    strict = Needles(secret.strict for secret in secrets).find(passed.strict)
    loose = Needles(secret.loose for secret in secrets).find(passed.loose)
    spelt = sorted((r"\s*".join(map(re.escape, text.split())) for text in allowed), key=len, reverse=True)
    parts = re.compile("|".join(spelt))
    return [
        secret
        for secret in secrets
        if secret.strict not in strict and secret.loose not in loose and is_telling(parts.sub(" ", secret.text))
    ]


def add_outputs(
    secrets: Secrets,
    solution: NotebookNode,
    lines: Sequence[int],
    question: NotebookNode,
    allowed: Sequence[str] = (),
    pictures: Collection[bytes] = (),
) -> Secrets:
    """Add what only the executed solution prints and draws.

    Args:
        secrets: what is secret in the template.
        solution: the executed solution.
        lines: the template line of each of its cells.
        question: the executed question.
        allowed: the texts of the ALLOW tags.
        pictures: the images that the question shows by reference.

    Returns:
        The secrets with the lines and images of the solution's outputs that the question does not have: neither in
        its outputs nor, whatever the punctuation, in its own text.
    """
    printed = {
        secret.strict: secret
        for line, mime, value in _outputs(solution, lines)
        if mime == "text"
        for text in value.splitlines()
        if is_telling(text)
        for secret in [secret_line(text, line, is_output=True)]
    }
    own = [(cell.source, 0) for cell in question.cells]
    own += [(value, 0) for _, mime, value in _outputs(question) if mime == "text"]
    shown = Haystack(own)
    strict = Needles(printed).find(shown.strict)
    loose = Needles(secret.loose for secret in printed.values()).find(shown.loose)
    candidates = (secret for secret in printed.values() if secret.strict not in strict and secret.loose not in loose)
    drawn = {value for _, mime, value in _outputs(question) if mime != "text"}
    images = {
        value: SecretImage("", content, line)
        for line, mime, value in _outputs(solution, lines)
        if mime != "text" and value not in drawn
        for content in [_decoded(mime, value)]
        if content not in pictures
    }
    return replace(
        secrets,
        lines=(*secrets.lines, *not_allowed(candidates, allowed)),
        images=(*secrets.images, *images.values()),
    )


def _outputs(notebook: NotebookNode, lines: Sequence[int] = ()) -> Iterator[tuple[int, str, str]]:
    """The template line, the kind and the content of each text and picture that a notebook's cells show."""
    for index, cell in enumerate(notebook.cells):
        line = lines[index] if index < len(lines) else 0
        for output in cell.get("outputs", ()):
            if "text" in output:
                yield line, "text", _joined(output["text"])
            for mime, value in output.get("data", {}).items():
                if mime == "text/plain":
                    yield line, "text", _joined(value)
                elif mime in ("image/png", "image/jpeg"):
                    yield line, mime, "".join(_joined(value).split())
                elif mime == "image/svg+xml":
                    yield line, mime, _joined(value)


def _joined(value: Any) -> str:
    return value if isinstance(value, str) else "".join(map(str, value))


def _decoded(mime: str, value: str) -> bytes | None:
    if mime == "image/svg+xml":
        return value.encode()
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return None
