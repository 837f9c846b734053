"""The cells of one version: made from the template's, then written as Markdown and as a notebook."""

from __future__ import annotations

import copy
import hashlib
import json
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gradlab.labs._blocks import CheckArguments
from gradlab.labs._cut import OutLine
from gradlab.labs._images import ATTACHED, find_images
from gradlab.labs._layout import CellKind, read_layout
from gradlab.labs._template import Template

if TYPE_CHECKING:
    from nbformat import NotebookNode

_REGION = ("<!-- #region -->", "<!-- #endregion -->")


@dataclass(frozen=True, slots=True)
class Piece:
    """One cell of a version.

    Args:
        kind: "code", "markdown" or "raw".
        lines: its content.
        metadata: its metadata.
        opening: the marker before it, None for plain prose.
        closing: the marker behind it.
        prefix: the `%%language` line that the notebook shows and the fence says.
        cell: index of the template's cell it was made from.
        line: the template line it begins at.
        tail: the blank lines that follow it in the template, None where it does not end a template's cell.
        skip: whether this version leaves it unrun.
        check: the check that it runs, or stands before where the check is hidden.
    """

    kind: CellKind
    lines: tuple[OutLine, ...]
    metadata: dict[str, Any]
    opening: str | None
    closing: str | None
    prefix: str | None
    cell: int
    line: int
    tail: tuple[str, ...] | None
    skip: bool = False
    check: CheckArguments | None = None

    @property
    def source(self) -> str:
        """The cell's text in a notebook."""
        content = "\n".join(line.text for line in self.lines)
        return content if self.prefix is None else f"{self.prefix}\n{content}"

    @property
    def notebook_lines(self) -> tuple[OutLine, ...]:
        """The lines of the cell's text in a notebook."""
        if self.prefix is None:
            return self.lines
        return (OutLine(self.prefix, self.line), *(self.lines or (OutLine("", 0),)))


def check_lines(lines: Sequence[OutLine]) -> tuple[OutLine, ...]:
    """Take the common indentation from a check, whose block may stand indented.

    Returns:
        The lines, each with its number.
    """
    texts = textwrap.dedent("\n".join(line.text for line in lines)).split("\n")
    return tuple(OutLine(text, line.line) for text, line in zip(texts, lines, strict=True)) if lines else ()


def option_line(marker: str, metadata: dict[str, Any]) -> str:
    """Write a cell's opening marker with metadata as Jupytext does.

    >>> option_line("```python", {"gradlab": {"check": "loss"}})
    '```python gradlab={"check": "loss"}'
    """
    return " ".join([marker, *(f"{key}={json.dumps(value)}" for key, value in metadata.items())])


def to_markdown(template: Template, pieces: Sequence[Piece]) -> tuple[str | None, int]:
    """Write a version as a Jupytext Markdown file that reads back into the same cells.

    Returns:
        The text, or None and the template line of the first cell that no spelling keeps together.
    """
    # A cut may leave plain prose that Jupytext would split or join; region markers then hold it together.
    line = 0
    for protect in (False, True):
        shown = [_protected(piece) if protect or not piece.lines else piece for piece in pieces]
        text = _joined(template, shown)
        line = _first_difference(template, text, pieces)
        if line < 0:
            return text, 0
    return None, line


def to_notebook(template: Template, pieces: Sequence[Piece]) -> NotebookNode:
    """Write a version as a notebook.

    Returns:
        The notebook, its cells' ids made from what they say, so that a rebuild gives the same ones.
    """
    from nbformat import v4

    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}
    texts = [(piece.kind, piece.source, piece.metadata, _attached(template, piece)) for piece in pieces]
    if template.header_cell is not None:
        texts.insert(0, ("raw", template.header_cell, {}, {}))
    seen: Counter[str] = Counter()
    cells = []
    for kind, source, metadata, attachments in texts:
        digest = hashlib.sha256(f"{kind}\n{source}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
        seen[digest] += 1
        name = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        cells.append(make[kind](source, metadata=copy.deepcopy(metadata), id=name, **attachments))
    return v4.new_notebook(cells=cells, metadata=copy.deepcopy(template.metadata))


def _attached(template: Template, piece: Piece) -> dict[str, Any]:
    """The pictures inside the notebook that a cell shows, and no other: another may be the solution's."""
    if not template.attachments or piece.kind != "markdown":
        return {}
    names = (
        image.file.removeprefix(ATTACHED) for image in find_images([piece.lines]) if image.file.startswith(ATTACHED)
    )
    shown = {name: dict(template.attachments[name]) for name in names if name in template.attachments}
    return {"attachments": shown} if shown else {}


def _protected(piece: Piece) -> Piece:
    if piece.opening is not None:
        return piece
    return replace(piece, opening=_REGION[0], closing=_REGION[1])


def _joined(template: Template, pieces: Sequence[Piece]) -> str:
    out = list(template.header)
    for piece, after in pairwise([*pieces, None]):
        if piece is None:
            break
        out += [piece.opening] if piece.opening is not None else []
        out += [line.text for line in piece.lines]
        out += [piece.closing] if piece.closing is not None else []
        out += _gap(piece, after, len(template.cells) - 1)
    text = "\n".join(out)
    return text + "\n" if out and template.ends_with_newline else text


def _gap(piece: Piece, after: Piece | None, last: int) -> Sequence[str]:
    if after is None:
        return piece.tail if piece.tail is not None and piece.cell == last else ()
    follows = piece.tail is not None and after.cell == piece.cell + 1
    gap = piece.tail if follows and piece.tail is not None else ("",)
    if not gap and after.opening is None and after.lines and after.lines[0].line > after.line:
        gap = ("",)  # the prose touched the cell before only with lines that were cut
    plain = piece.opening is None and after.opening is None
    return ("", "") if plain and len(gap) < 2 else gap


def _first_difference(template: Template, text: str, pieces: Sequence[Piece]) -> int:
    """The template line of the first cell that reads back otherwise, -1 where none does."""
    layout = read_layout(text)
    if layout.header_cell != template.header_cell:
        return 1
    for piece, span in zip(pieces, layout.spans, strict=False):
        content = tuple(line.text for line in piece.lines)
        if (piece.kind, piece.prefix, content, piece.metadata) != (
            span.kind,
            span.prefix,
            span.lines,
            span.metadata,
        ):
            return piece.line
    if len(pieces) != len(layout.spans):
        return pieces[-1].line if pieces else 1
    return -1
