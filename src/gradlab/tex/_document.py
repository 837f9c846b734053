"""The formulas of a whole document: Markdown, LaTeX or a notebook, each with its place and the heading above it."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradlab.tex._errors import TexError
from gradlab.tex._latex import find_in_latex
from gradlab.tex._lines import LineIndex
from gradlab.tex._markdown import FoundMath, MathText, find_math
from gradlab.tex._protected import protected
from gradlab.tex._restructured import as_markdown

_MOST_WORDS = 120  # characters of them before a formula
_MOST_OF_SENTENCE = 400  # characters of it before a formula, or behind it
_SENTENCE_END = re.compile(r"(?<=[.!?])(?:\s|$)|\n[ \t]*(?:[-*#>]|\d+\.)[ \t]")
_HEADER = re.compile(r"\A---[ \t]*\n(?:.*\n)*?---[ \t]*(?:\n|\Z)")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(?!#!)(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_STATEMENT = re.compile(  # what begins a statement of its own as a heading does
    r"^[ \t]*(?:\*\*|__)?(\\question\b(?!\s*\{)[^\n$]*|"
    r"(?:Problem|Exercise|Question|Task|Aufgabe|Exercice|Ejercicio|Esercizio)[ \t]+\d+\b[^\n$]*)",
    re.MULTILINE,
)
_POINT = re.compile(r"^[ \t]*(?:(\d{1,2}[.)])|[-*+]|\\item\b)(?=\s|$)", re.MULTILINE)
_SECTION = re.compile(r"\\(?:part|chapter|(?:sub)*section|paragraph|question|exercise)\*?\s*\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula of a document.

    Attributes:
        tex: its TeX without delimiters; macros defined before it hold in it.
        offset: where its TeX begins in the text that it was found in.
        lines: the document's line of each of its lines, counted from 1.
        column: the column of its first character, counted from 1.
        display: whether it stands on a line of its own.
        heading: the heading above it, empty without one.
        in_key: whether it belongs to the solution, which students do not get.
        cell: the notebook's cell in which its lines are counted, from 1; 0 where the document is no notebook.
        before: the words before it in its paragraph, behind the formula before it.
        sentence: what stands before it in its sentence, with other formulas as they are.
        after: what stands behind it in its sentence.
        items: how many points of numbered lists, and how many points of any list, begin before it.
    """

    tex: str
    offset: int
    lines: tuple[int, ...]
    column: int
    display: bool
    heading: str = ""
    in_key: bool = False
    cell: int = 0
    before: str = ""
    sentence: str = ""
    after: str = ""
    items: tuple[int, int] = (0, 0)

    @property
    def line(self) -> int:
        """The document's line in which it begins."""
        return self.lines[0]

    def place(self, at: int) -> tuple[int, int]:
        r"""Return the document's line and column of a character of its TeX.

        >>> formulas("It is\n$a\n = b$.")[0].place(3)
        (3, 2)
        """
        row = self.tex.count("\n", 0, at)
        before = self.tex.rfind("\n", 0, at)
        return self.lines[min(row, len(self.lines) - 1)], at - before if row else self.column + at


def formulas(text: str, name: str = "") -> tuple[Formula, ...]:
    r"""Find all formulas of a document, in order.

    Definitions of macros outside mathematics, as in the preamble of a LaTeX document, are formulas that show nothing.

    Args:
        text: the document.
        name: its file name: `.tex` is LaTeX, `.ipynb` a notebook, `.rst` reStructuredText, all else Markdown. By
            default told by the text.

    Returns:
        The formulas.

    Raises:
        TexError: if a notebook is none.

    >>> [(found.tex, found.line, found.heading) for found in formulas("# One\n\nHere $x = 1$.")]
    [('x = 1', 3, 'One')]
    """
    kind = name.rpartition(".")[2].lower() if "." in name else _kind(text)
    if kind == "ipynb":
        return _of_notebook(text)
    if kind in ("tex", "latex", "ltx"):
        return placed(text, find_in_latex(text), _found(text, _SECTION, _words))
    text = as_markdown(text) if kind == "rst" else text
    header = _HEADER.match(text)
    if header is not None:
        text = re.sub(r"[^\n]", " ", header[0]) + text[header.end() :]
    return placed(text, find_math(text, brackets=True), _headings(text))


def placed(text: str, found: MathText, headings: Sequence[tuple[int, str]] = ()) -> tuple[Formula, ...]:
    """Tell the formulas of a text where they stand in it.

    Args:
        text: the text.
        found: what was found in it.
        headings: offset and words of each heading, in order.

    Returns:
        Its formulas.
    """
    index = LineIndex(text)
    offsets = [offset for offset, _ in headings]
    points = [(match.start(), bool(match[1])) for match in _POINT.finditer(text)]
    every, numbered = [at for at, _ in points], [at for at, has_number in points if has_number]
    result: list[Formula] = []
    end = 0
    for piece in found.formulas:
        words = text[max(end, piece.offset - _MOST_WORDS) : piece.offset].rpartition("\n\n")[2]
        end = piece.offset + len(piece.source)
        result.append(
            replace(
                _formula(piece, index, offsets, headings),
                before=_words(words),
                sentence=_sentence_before(text, piece.offset),
                after=_sentence_after(text, end),
                items=(bisect_right(numbered, piece.offset), bisect_right(every, piece.offset)),
            )
        )
    return tuple(result)


def _sentence_before(text: str, offset: int) -> str:
    """The words of a sentence before a formula; an empty line before it ends no sentence that has no full stop."""
    lead = text[max(0, offset - _MOST_OF_SENTENCE) : offset]
    paragraph = lead.rstrip().rpartition("\n\n")[2]
    return _words(_SENTENCE_END.split(paragraph)[-1])


def _sentence_after(text: str, offset: int) -> str:
    """The words of a sentence behind a formula."""
    rest = text[offset : offset + _MOST_OF_SENTENCE]
    here, empty_line, below = rest.partition("\n\n")
    if not here.strip() and empty_line and not below.lstrip()[:1].isupper():
        here = below.partition("\n\n")[0]
    return _words(_SENTENCE_END.split(f"{here} ")[0])


def _formula(
    piece: FoundMath, index: LineIndex, offsets: Sequence[int], headings: Sequence[tuple[int, str]]
) -> Formula:
    line, column = index.at(piece.inner)
    above = bisect_right(offsets, piece.offset)
    return Formula(
        tex=piece.tex,
        offset=piece.inner,
        lines=tuple(range(line, line + piece.tex.count("\n") + 1)),
        column=column,
        display=piece.display,
        heading=headings[above - 1][1] if above else "",
    )


def _kind(text: str) -> str:
    if text.lstrip()[:1] == "{" and '"cells"' in text:
        return "ipynb"
    return "tex" if "\\documentclass" in text or "\\begin{document}" in text else "md"


def _headings(text: str) -> list[tuple[int, str]]:
    skipped = protected(text, directives=True)
    starts = [start for start, _ in skipped]
    found: list[tuple[int, str]] = []
    for start, heading in _found(text, _HEADING):
        before = bisect_right(starts, start) - 1
        if before < 0 or skipped[before][1] <= start:
            found.append((start, heading))
    return found


def _found(text: str, pattern: re.Pattern[str], show: Callable[[str], str] = str.strip) -> list[tuple[int, str]]:
    """Where headings of a kind stand, and the beginnings of exercises, in order."""
    return sorted((match.start(), show(match[1])) for each in (pattern, _STATEMENT) for match in each.finditer(text))


def _words(text: str) -> str:
    return " ".join(text.split())


def _of_notebook(text: str) -> tuple[Formula, ...]:
    try:
        notebook: Any = json.loads(text)
        cells: Any = notebook["cells"]
        sources = [("".join(cell["source"]) if cell["cell_type"] == "markdown" else "") for cell in cells]
    except (ValueError, KeyError, TypeError) as problem:
        raise TexError("this is no Jupyter notebook: save it in nbformat 4") from problem
    found: list[Formula] = []
    heading = ""
    for number, source in enumerate(sources, 1):
        headings = _headings(source)
        inner = placed(source, find_math(source), headings)
        found += [replace(formula, heading=formula.heading or heading, cell=number) for formula in inner]
        heading = headings[-1][1] if headings else heading
    return tuple(found)
