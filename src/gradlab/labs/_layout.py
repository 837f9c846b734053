"""Where the cells of a Jupytext Markdown file stand in it, line by line.

Jupytext itself decides what a cell is; its reader only does not say where it found one. `read_layout` lets it
read and notes how many lines each cell took, so that a file can be cut cell by cell and still be put together
again exactly as it was. (Rejected: a tokenizer of our own, which would have to follow every rule and every
later change of Jupytext's.)
"""

from __future__ import annotations

import copy
import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

CellKind = Literal["code", "markdown", "raw"]
SHIELD = "\ufdd0"
_NOT_CONTENT = re.compile(r"^#(?=!)|^(?!```|<!--).*?coding(?=[:=])")


@dataclass(frozen=True, slots=True)
class Span:
    """One cell and the lines it was read from.

    Args:
        kind: "code", "markdown" or "raw".
        metadata: the cell's own, without Jupytext's bookkeeping.
        opening: the fence or region marker before the content, None for plain prose.
        prefix: the `%%language` line that Jupytext makes of a fence in another language, else None.
        lines: the content.
        closing: the fence or region marker behind it, None for plain prose.
        tail: the blank lines up to the next cell.
        line: number of the cell's first line, counted from 1: its marker where it has one.
        numbers: of the lines of the content.
        closed: whether a marker that opened the cell was closed.
    """

    kind: CellKind
    metadata: dict[str, Any]
    opening: str | None
    prefix: str | None
    lines: tuple[str, ...]
    closing: str | None
    tail: tuple[str, ...]
    line: int
    numbers: Sequence[int]
    closed: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole file: its header and its cells.

    Args:
        header: the lines before the first cell.
        header_cell: the raw cell that Jupytext makes of settings other than `jupyter:`, None without.
        spans: the cells.
        metadata: the notebook's.
    """

    header: tuple[str, ...]
    header_cell: str | None
    spans: tuple[Span, ...]
    metadata: dict[str, Any]


class _Lines(Sequence[str]):
    """The lines of a file from one on.

    Jupytext takes the lines behind each cell as a new list, in time that grows with the square of the file; this is
    one list with many beginnings.
    """

    def __init__(self, lines: list[str], start: int = 0) -> None:
        self.lines, self.start = lines, start

    def __len__(self) -> int:
        return len(self.lines) - self.start

    def __iter__(self) -> Iterator[str]:
        return (self.lines[row] for row in range(self.start, len(self.lines)))

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, int):
            return self.lines[self.start + index if index >= 0 else index]
        start, stop, step = index.indices(len(self))
        if stop == len(self) and step == 1:
            return _Lines(self.lines, self.start + start)
        return self.lines[self.start + start : self.start + stop : step]


class _Text(str):
    """A text that parts into `_Lines`."""

    __slots__ = ()

    def splitlines(self, keepends: bool = False) -> _Lines:  # type: ignore[override]
        return _Lines(super().splitlines(keepends))


def import_nbformat() -> None:
    """Import nbformat, which Jupytext needs, without what no notebook has any use for.

    Where JupyterLab is installed, jsonschema loads `rfc3987_syntax`, which makes 38 grammars for international
    addresses when it is imported: 1.3 s of processor time in each command. No schema of a notebook asks for them.
    """
    if "jsonschema" in sys.modules or "rfc3987_syntax" in sys.modules:
        return
    sys.modules["rfc3987_syntax"] = None  # type: ignore[arg-type]
    try:
        importlib.import_module("nbformat")
    finally:
        del sys.modules["rfc3987_syntax"]


def read_layout(text: str) -> Layout:
    r"""Read a Jupytext Markdown file and say where each cell stands.

    Args:
        text: the file's text, lines ended by a line feed.

    Raises:
        ValueError: if Jupytext cannot read the header.

    >>> layout = read_layout("# Title\n\n```python\nx = 1\n```\n")
    >>> [(span.kind, span.line, span.lines) for span in layout.spans]
    [('markdown', 1, ('# Title',)), ('code', 3, ('x = 1',))]
    """
    import_nbformat()
    from jupytext.cell_reader import MarkdownCellReader
    from jupytext.jupytext import TextNotebookConverter

    taken: list[tuple[int, int, bool, list[str]]] = []

    class Recorder(MarkdownCellReader):
        def read(self, lines: list[str]) -> tuple[Any, int]:
            cell, end = super().read(lines)
            content = list(self.content or [])
            # A fence without a language is prose and part of its own content.
            start = int(bool(self.explicit_soc) and (self.in_region or content[:1] != lines[:1]))
            taken.append((start, end, bool(self.explicit_eoc), content))
            return cell, end

    covered = _shielded(text)
    converter = TextNotebookConverter({"extension": ".md", "format_name": "markdown"}, None)
    converter.implementation = copy.copy(converter.implementation)
    converter.implementation.cell_reader_class = Recorder
    notebook = converter.reads(_Text(covered))

    lines = text.splitlines()
    position = len(lines) - sum(end for _, end, _, _ in taken)
    header = tuple(lines[:position])
    cells = list(notebook.cells)
    header_cell = cells.pop(0).source if len(cells) > len(taken) else None
    spans = []
    if covered != text:
        for cell, (_, _, _, content) in zip(cells, taken, strict=True):
            cell.source = unshielded(cell.source)
            content[:] = [unshielded(line) for line in content]
    for cell, (start, length, closed, content) in zip(cells, taken, strict=True):
        own = lines[position : position + length]
        spans.append(_span(cell, own, start, closed, content, position + 1))
        position += length
    return Layout(header, header_cell, tuple(spans), dict(notebook.metadata))


def _shielded(text: str) -> str:
    """Keep Jupytext from reading the first two lines as what they are not.

    It looks there for an interpreter and an encoding, and would take a tag for the one and "Huffman coding: ..."
    for the other; with a character between that no text holds it finds neither.
    """
    if text.startswith("---"):
        return text
    lines = text.split("\n", 2)
    lines[:2] = [_NOT_CONTENT.sub(shielded_tag, line) for line in lines[:2]]
    return "\n".join(lines)


def shielded_tag(found: re.Match[str]) -> str:
    """Put behind what was found what keeps Jupytext from reading it."""
    return found[0] + SHIELD


def unshielded(text: str) -> str:
    """Take out of a text what `shielded` put in."""
    return text.replace(SHIELD, "")


def _span(cell: Any, own: list[str], start: int, closed: bool, content: list[str], line: int) -> Span:
    rest = own[start + len(content) :]
    closing = rest.pop(0) if start and closed else None
    source = "\n".join(content)
    return Span(
        kind=cell.cell_type,
        metadata={key: value for key, value in cell.metadata.items() if key != "lines_to_next_cell"},
        opening=own[0] if start else None,
        prefix=None if cell.source == source else cell.source.partition("\n")[0],
        lines=tuple(content),
        closing=closing,
        tail=tuple(rest),
        line=line,
        numbers=range(line + start, line + start + len(content)),
        closed=closed or not start,
    )
