"""An executed notebook as the parts that are shown, the same for HTML and PDF."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from gradlab.labs._views import frame, legend
from gradlab.tex import FoundMath, LineIndex, Macro, find_math, reference_numbers

from ._atoms import (
    IMAGES,
    Atom,
    close_marks,
    data_uri,
    decode,
    drawing_atom,
    formula_atom,
    mark,
    missing_atom,
    picture_atom,
    restore_source,
)
from ._sanitise import clean_html

if TYPE_CHECKING:
    from nbformat import NotebookNode

Warn = Callable[[int, str], None]
"""Takes a template line (0: none) and a message."""

_PREFERENCE = (
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/gif",
    "text/plain",
)
_LARGEST_DRAWING = 2_000_000
_REMOTE = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]+:)?//|^[A-Za-z][A-Za-z0-9+.-]+:(?!//)")
_SVG_TAG = re.compile(r"<(/?)svg\b[^>]*>")
_REFERENCE = re.compile(r"\\(?:eq)?ref\s*\{([^{}]*)\}")
_TITLE = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Prose:
    """HTML from Markdown or from an output, with marks where atoms stand; `line` is the template's."""

    html: str
    is_output: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Code:
    """A code cell's source; `count` is its number in the run, None where it was not run."""

    source: str
    count: int | None
    language: str


@dataclass(frozen=True, slots=True)
class Words:
    """Text that an output shows as it is, perhaps with ANSI colours."""

    text: str
    kind: Literal["stdout", "stderr", "result", "error", "raw"]


@dataclass(frozen=True, slots=True)
class Figure:
    """An output that is one atom: a picture."""

    mark: str


@dataclass(frozen=True, slots=True)
class Room:
    """An empty cell in which a student answers; `points` is what the answer is worth."""

    points: float

    @property
    def label(self) -> str:
        """What stands in its corner."""
        return f"your answer ({self.points:g} point{'' if self.points == 1 else 's'})"

    @property
    def lines(self) -> int:
        """How many lines of handwriting it has room for."""
        return 3 + 3 * max(1, round(self.points))


Block = Prose | Code | Words | Figure | Room


@dataclass(slots=True)
class Document:
    """The parts of one version in their order, and the atoms their marks stand for.

    Args:
        title: its title.
        language: of its code.
        blocks: its parts.
        atoms: its formulas and pictures.
        heads_itself: the title need not be printed above the parts, for they begin with it or have none of their own.
        page: the address of gradlab's page, of which frames in the HTML show views; empty without frames.
    """

    title: str
    language: str
    blocks: list[Block] = field(default_factory=lambda: list[Block]())
    atoms: list[Atom] = field(default_factory=lambda: list[Atom]())
    heads_itself: bool = True
    page: str = ""

    @property
    def formulas(self) -> int:
        """How many formulas it shows."""
        return sum(atom.kind == "formula" for atom in self.atoms)

    @property
    def failed_formulas(self) -> int:
        """How many formulas could not be set and stand as their TeX."""
        return sum(atom.kind == "formula" and bool(atom.failed) for atom in self.atoms)


@dataclass(frozen=True, slots=True)
class Source:
    """What a document is made from.

    Args:
        notebook: nbformat 4, executed or not.
        lines: for each cell, the template line of each of its lines, as `cell_line_numbers` tells them.
        images: path as written in a cell to the file, None where it is missing.
        title: the title, None for the first heading.
        fallback_title: the title where there is no heading either.
        views: of the images those that are views of gradlab's page, `%` decoded, with what stands behind its address.
        page: that address, empty where there is none.
    """

    notebook: NotebookNode
    lines: tuple[tuple[int, ...], ...]
    images: dict[str, Path | None]
    title: str | None
    fallback_title: str
    views: Mapping[str, str] = field(default_factory=dict[str, str])
    page: str = ""


def make_document(source: Source, warn: Warn) -> Document:
    """Take a notebook apart into what is shown.

    Args:
        source: The notebook and what belongs to it.
        warn: Called with the template line and a message for all that cannot be shown as Jupyter would.

    Returns:
        The document.
    """
    return _Maker(source, warn).make()


class _Maker:
    def __init__(self, source: Source, warn: Warn) -> None:
        self.source = source
        self.warn = warn
        self.macros: dict[str, Macro] = {}
        self.numbers = _numbers(source.notebook)
        info = source.notebook.metadata.get("kernelspec", {})
        self.document = Document(source.title or "", str(info.get("language", "python")))
        self.cell_lines: tuple[int, ...] = ()
        self._cell("")

    def _cell(self, text: str) -> None:
        self.text = text
        self.seen = 0  # where in it was last found what a warning is about
        self.index: LineIndex | None = None

    def make(self) -> Document:
        for index, cell in enumerate(self.source.notebook.cells):
            self.cell_lines = self.source.lines[index] if index < len(self.source.lines) else ()
            self._cell(cell.source)
            if _is_room(cell):
                self.document.blocks.append(Room(float(cell.metadata["gradlab"].get("points", 1))))
            elif cell.cell_type == "markdown":
                self.document.blocks.append(Prose(self._markdown(cell.source, self._line_at), line=self._line_at(0)))
            elif cell.cell_type == "code":
                self.document.blocks.append(Code(cell.source, cell.get("execution_count"), self.document.language))
                for output in cell.get("outputs", []):
                    self._output(output)
            elif cell.source.strip() and not _is_header(cell.source):
                self.document.blocks.append(Words(cell.source, "raw"))
        heading = self._first_heading()
        self.document.heads_itself = not self.document.title or self.document.title == heading
        self.document.title = self.document.title or heading or self.source.fallback_title
        return self.document

    def _line_at(self, row: int) -> int:
        """Return the template line of a row of the present cell."""
        rows = self.cell_lines
        return rows[min(row, len(rows) - 1)] if rows else 0

    def _line_of(self, words: str) -> int:
        """Return the template line of the next place in the cell that has some words, the cell's first if none has."""
        found = self.text.find(words, self.seen)
        found = self.text.find(words) if found < 0 else found
        if found < 0:
            return self._line_at(0)
        self.seen = found
        self.index = self.index or LineIndex(self.text)
        return self._line_at(self.index.at(found)[0] - 1)

    def _first_heading(self) -> str:
        for block in self.document.blocks:
            match = _TITLE.search(block.html) if isinstance(block, Prose) and not block.is_output else None
            if match:
                text = re.sub(r"<[^>]+>", "", match[1])
                return unescape(restore_source(text, self.document.atoms)).strip()
        return ""

    def _markdown(self, text: str, line_at: Callable[[int], int]) -> str:
        from ._markdown import to_html

        found = find_math(close_marks(text))
        index = LineIndex(text)
        for remark in found.remarks:
            self.warn(line_at(index.at(remark.offset)[0] - 1), remark.message)
        parts: list[str] = []
        for piece in found.pieces:
            if isinstance(piece, FoundMath):
                row = index.at(piece.inner)[0] - 1
                parts.append(self._formula(piece, lambda rows, row=row: line_at(row + rows)))
            else:
                parts.append(piece)
        html = restore_source(to_html("".join(parts)), self.document.atoms, inside_code=True)
        return self._clean(html)

    def _formula(self, found: FoundMath, line_at: Callable[[int], int]) -> str:
        atom = formula_atom(found, self.macros, self.numbers)
        for label in _REFERENCE.findall(found.tex) if "ref" in found.tex else ():
            if label not in self.numbers:
                self.warn(line_at(0), f"nothing has \\label{{{label}}}: the reference to it shows ???")
        if atom.failed:
            self.warn(line_at(found.tex.count("\n", 0, atom.at)), atom.failed)
        return self._place(atom, line_at(0))

    def _place(self, atom: Atom, line: int) -> str:
        self.document.atoms.append(replace(atom, line=line))
        return mark(len(self.document.atoms) - 1)

    def _clean(self, html: str) -> str:
        cleaned, dropped = clean_html(html, self._image)
        for name in sorted(dropped):
            what = f"<{name}> cannot be kept in a file that runs and fetches nothing; left out of HTML and PDF"
            self.warn(self._line_of(f"<{name}"), what)
        return self._drawings(cleaned) if "<svg" in cleaned else cleaned

    def _drawings(self, html: str) -> str:
        """Take drawings in SVG out of well-formed HTML, each with what stands in it."""
        parts: list[str] = []
        depth = start = end = 0
        for tag in _SVG_TAG.finditer(html):
            if tag[1]:
                depth -= 1
            else:
                depth += 1
                start = tag.start() if depth == 1 else start
            if depth == 0:
                svg = restore_source(html[start : tag.end()], self.document.atoms)
                parts += [html[end:start], self._place(drawing_atom(svg), self._line_of("<svg"))]
                end = tag.end()
        return "".join([*parts, html[end:]])

    def _image(self, attributes: dict[str, str]) -> str:
        path = restore_source(attributes.get("src", ""), self.document.atoms)
        alternative = restore_source(attributes.get("alt", ""), self.document.atoms)
        line = self._line_of(path)
        data = data_uri(path)
        if data is not None and data[1]:
            return self._place(picture_atom(data[1], data[0], alternative, attributes.get("width", "")), line)
        known = self.source.images
        file = known.get(path, known.get(unquote(path)))
        link = self.source.views.get(unquote(path))
        if link is not None and file is not None:
            return self._view(file, link, alternative, line)
        if file is not None:
            suffix = file.suffix.lower().lstrip(".").replace("jpeg", "jpg")
            if suffix in {*IMAGES.values(), "webp"}:
                atom = picture_atom(file.read_bytes(), suffix, alternative, attributes.get("width", ""))
                return self._place(atom, line)
            self.warn(line, f"the image {path} is shown in Jupyter only: HTML and PDF take png, jpg, gif, svg and webp")
        elif _REMOTE.match(path):
            self.warn(line, f"the image {path} is not part of the lab: keep a copy beside the template")
        return self._place(missing_atom(path, alternative), line)

    def _view(self, file: Path, link: str, caption: str, line: int) -> str:
        page = self.source.page
        atom = picture_atom(file.read_bytes(), "png", caption, "")
        if page:
            self.document.page = page
            atom = replace(atom, html=frame(page, link, caption))
        return self._place(atom, line) + legend(page, link, caption)

    def _output(self, output: Any) -> None:
        if output.output_type == "stream":
            self.document.blocks.append(Words(output.text, "stderr" if output.name == "stderr" else "stdout"))
        elif output.output_type == "error":
            text = "\n".join(output.get("traceback") or [f"{output.ename}: {output.evalue}"])
            self.document.blocks.append(Words(text, "error"))
        else:
            self._data(output.data, output.get("metadata", {}))

    def _data(self, data: Any, metadata: Any) -> None:
        kind = next((name for name in _PREFERENCE if name in data), None)
        drawing: tuple[bytes, str] | None = None
        if "image/png" in data and kind in ("image/svg+xml", "image/png"):
            kind, drawing = "image/png", _drawing(data)
        text = "".join(data[kind]) if kind else ""
        if kind in IMAGES:
            raw = text.encode() if kind == "image/svg+xml" else decode(text)
            width = str(metadata.get(kind, {}).get("width", ""))
            words = "".join(data.get("text/plain", ""))
            atom = picture_atom(raw, IMAGES[kind], words, width) if raw else missing_atom("picture", words)
            if drawing is not None and raw:
                # For the printed page alone, and as large as the bitmap there.
                atom = replace(atom, data=drawing[0], suffix=drawing[1])
            self.document.blocks.append(Figure(self._place(atom, self._line_at(0))))
        elif kind == "text/html":
            self.document.blocks.append(Prose(self._html_output(text), is_output=True, line=self._line_at(0)))
        elif kind in ("text/markdown", "text/latex"):
            html = self._markdown(text, lambda _: self._line_at(0))
            self.document.blocks.append(Prose(html, is_output=True, line=self._line_at(0)))
        elif kind == "text/plain":
            self.document.blocks.append(Words(text, "result"))
        elif data:
            names = ", ".join(sorted(data))
            self.warn(self._line_at(0), f"an output of kind {names} can be shown by Jupyter only")

    def _html_output(self, text: str) -> str:
        """Make an HTML output inert, its mathematics set as MathJax sets it."""
        parts: list[str] = []
        for piece in re.split(r"(<[^>]*>)", close_marks(text)):
            if piece.startswith("<"):
                parts.append(piece)
                continue
            pieces = find_math(piece).pieces
            parts += [
                found if isinstance(found, str) else self._formula(found, lambda _: self._line_at(0))
                for found in pieces
            ]
        return self._clean(restore_source("".join(parts), self.document.atoms, inside_code=True))


def _numbers(notebook: NotebookNode) -> dict[str, str]:
    texts = [close_marks(cell.source) for cell in notebook.cells if cell.cell_type == "markdown"]
    if not any("\\label" in text for text in texts):
        return {}
    return reference_numbers(found.tex for text in texts for found in find_math(text).formulas if found.display)


def _is_room(cell: NotebookNode) -> bool:
    given = cell.metadata.get("gradlab", {})
    return cell.cell_type == "markdown" and isinstance(given, dict) and bool(given.get("answer")) and not cell.source


def _is_header(text: str) -> bool:
    return text.startswith("---") and text.rstrip().endswith("---")


def _drawing(data: Any) -> tuple[bytes, str] | None:
    """The drawing that stands beside a bitmap, and its kind; None for one with more in it than a page bears."""
    if "image/svg+xml" in data:
        svg = "".join(data["image/svg+xml"]).encode()
        return (svg, "svg") if len(svg) <= _LARGEST_DRAWING else None
    pdf = decode("".join(data.get("application/pdf", "")))
    return (pdf, "pdf") if 0 < len(pdf) <= _LARGEST_DRAWING else None


def cell_line_numbers(cell_lines: Iterable[Iterable[Any]]) -> tuple[tuple[int, ...], ...]:
    """Return the template line numbers alone of a version's `cell_lines`.

    A line that was put in (0) has the number of the line before it, at the beginning that of the one after it.
    """
    return tuple(_nearest([line.line for line in cell]) for cell in cell_lines)


def _nearest(numbers: Sequence[int]) -> tuple[int, ...]:
    last = next((number for number in numbers if number), 0)
    return tuple(last := number or last for number in numbers)
