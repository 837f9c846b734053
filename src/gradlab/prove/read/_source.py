"""From a text to its equations: where mathematics stands in it, and what to say where TeX itself cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gradlab import tex
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._verdict import Place
from gradlab.prove.read._lines import equations
from gradlab.prove.read._part import Part
from gradlab.prove.read._parts import UNKNOWN

LONGEST_BLOCK = 20_000
MOST_UNKNOWN = 20
START = Place(1, 1)

_DELIMITERS = re.compile(
    r"\\(?:text|textrm|textnormal|mbox)\s*\{(?:[^{}]|\{[^{}]*\})*\}"
    r"|\\\\(?:\[[\d.]+\s*(?:pt|em|ex|mm|cm)\])?|\\\$|(?P<mark>\$\$?|\\[\[\]()])|(?P<empty>\n[ \t\r]*\n)"
)
_CLOSING = {"$": "$", "$$": "$$", r"\[": r"\]", r"\(": r"\)"}
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([A-Za-z]+\*?)\}")
_UNKNOWN_COMMAND = re.compile(r"\\([A-Za-z]+\*?|.)", re.S)
_INNER_ROWS = re.compile(r"\\begin\s*\{(?:[pbvBV]?matrix|smallmatrix|d?cases|array)\}")
_ROW_ENDS = re.compile(
    r"&\s*&(?:(?!\\\\).)*(?=\\\\|$)|\\\\(?:\[[^\]]*\])?|(?<!\\)&|\\begin\s*\{\w+\*?\}|\\end\s*\{\w+\*?\}", re.S
)
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")

Row = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A formula in what it was taken from.

    Attributes:
        tex: the formula.
        locate: gives for a character of it the line and column where it was found.
    """

    tex: str
    locate: Callable[[int], tuple[int, int]]

    @classmethod
    def of(cls, formula: tex.Formula) -> Source:
        """A formula of a document."""
        return cls(formula.tex, formula.place)

    @classmethod
    def inside(cls, text: str, whole: str, offset: int) -> Source:
        """A formula that stands at an offset in a text."""
        return cls(text, lambda at: _line_and_column(whole, offset + at))

    def place(self, at: int) -> Place:
        """The line and column of a character of the formula, in what it was taken from."""
        return Place(*self.locate(min(max(at, 0), len(self.tex))))

    def slice(self, start: int, end: int) -> str:
        """A piece of the formula on one line, without remarks at the ends of rows and without what parts rows."""
        piece = _COMMENT.sub(" ", self.tex[start:end])
        if not _INNER_ROWS.search(piece):
            piece = _ROW_ENDS.sub(" ", piece)
        return " ".join(piece.split())


def _line_and_column(text: str, at: int) -> tuple[int, int]:
    at = min(at, len(text))
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def blocks_of(text: str) -> Iterator[Source]:
    """The formulas of a block: what stands between its delimiters, or all of it, one for each paragraph."""
    marks = list(_DELIMITERS.finditer(text))
    spans = list(_spans(text, marks))
    if not spans:
        cuts = [m.span() for m in marks if m["empty"]]
        starts = [0, *(end for _, end in cuts)]
        ends = [*(start for start, _ in cuts), len(text)]
        spans = [span for span in zip(starts, ends, strict=True) if text[span[0] : span[1]].strip()]
        clean = _without_marks(text, marks)
        for start, end in spans:
            yield Source.inside(clean[start:end], text, start)
        return
    for start, end in spans:
        yield Source.inside(text[start:end], text, start)


def _without_marks(text: str, marks: list[re.Match[str]]) -> str:
    """The text with blanks for delimiters that have no partner."""
    characters = list(text)
    for match in marks:
        if match["mark"]:
            characters[match.start() : match.end()] = " " * len(match.group())
    return "".join(characters)


def _spans(text: str, marks: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    opened: re.Match[str] | None = None
    for match in marks:
        mark = match["mark"]
        if match["empty"]:
            opened = None
        elif mark and opened is None:
            opened = match if mark in _CLOSING else None
        elif mark and opened is not None and mark == _CLOSING[opened["mark"]]:
            if text[opened.end() : match.start()].strip():
                yield opened.end(), match.start()
            opened = None


def rows_of(source: Source, macros: dict[str, tex.Macro]) -> list[Row]:
    """The equations of a formula, each as one row of parts.

    Raises:
        NotUnderstoodError: if TeX itself cannot read it, or if it is longer than 20,000 characters.
    """
    text = source.tex
    if len(text) > LONGEST_BLOCK:
        raise NotUnderstoodError(
            f"this has {len(text):,} characters; {LONGEST_BLOCK:,} are the most: judge one equation at a time", 0
        )
    return equations(_parsed(text, macros))


def _parsed(text: str, macros: dict[str, tex.Macro]) -> tex.Node:
    """The tree of a formula; a command that is not known becomes a sign that says so where it is met."""
    known = dict(macros)
    text = _balanced(text.replace(r"\newline", r"\\      "))
    for _ in range(MOST_UNKNOWN):
        try:
            tree = tex.parse(text, known).body
        except tex.TexError as error:
            at = error.offset or 0
            match = _UNKNOWN_COMMAND.match(text, at)
            name = match.group(1) if match else ""
            if match is None or "not a command" not in str(error) or name in known or not name.rstrip("*").isalpha():
                raise NotUnderstoodError(_reworded(str(error), text), at) from None
            known[name] = tex.Macro(0, tuple(tex.tokenise(f"\\operatorname{{{UNKNOWN}{name}}}")))
        except RecursionError:
            raise NotUnderstoodError("this is nested too deeply", 0) from None
        else:
            macros.update({name: macro for name, macro in known.items() if not _stands_for_unknown(macro)})
            return tree
    raise NotUnderstoodError("too many commands of this are not known", 0)


def _stands_for_unknown(macro: tex.Macro) -> bool:
    return len(macro.body) > 2 and macro.body[2] == UNKNOWN


def _balanced(text: str) -> str:
    """The text with the ends of environments that were left away, and blanks for ends that end nothing."""
    opened: list[str] = []
    result = text
    for match in _ENVIRONMENT.finditer(text):
        if match.group(1) == "begin":
            opened.append(match.group(2))
        elif match.group(2) in opened:
            while opened and opened[-1] != match.group(2):
                return text
            opened.pop()
        else:
            result = result[: match.start()] + " " * len(match.group()) + result[match.end() :]
    if len(opened) > 20:
        raise NotUnderstoodError("this is nested too deeply", 0)
    return result + "".join(f"\\end{{{name}}}" for name in reversed(opened))


def _reworded(message: str, text: str) -> str:
    if message.startswith("a { is never closed"):
        return "this { is never closed: a } is missing"
    if "two superscripts" in message:
        return "a second exponent: write (x^a)^b or x^{ab}"
    return message
