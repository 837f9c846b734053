r"""Where mathematics stands in Markdown text, told as Jupyter tells it.

Jupyter takes mathematics out before it reads the Markdown: between dollars (inner spaces allowed), double
dollars, escaped brackets with two backslashes, and bare `\begin{…}` … `\end{…}`; never inside code. One thing is
read otherwise, with a remark: `$5 and $6` is money.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^[ \t>]*(?:[-*+]\s+|\d+[.)]\s+)?(`{3,}|~{3,})")
_BEGIN = re.compile(r"\\begin\{([A-Za-z]+\*?)\}")
_BLANK_LINE = re.compile(r"\n[ \t>]*\n")
_TICKS = re.compile("`+")
_MONEY = re.compile(r"\d[\d.,]*(?:\s|$)")


@dataclass(frozen=True, slots=True)
class FoundMath:
    """One formula in a text.

    Args:
        tex: its TeX without delimiters.
        display: on a line of its own.
        source: as it is written, with delimiters.
        offset: where in the text it starts.
    """

    tex: str
    display: bool
    source: str
    offset: int


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the dollars of a text that its author should know, and where it stands."""

    offset: int
    message: str


@dataclass(frozen=True, slots=True)
class MathText:
    """A text parted into plain pieces and formulas, in order."""

    pieces: tuple[str | FoundMath, ...]
    remarks: tuple[Remark, ...]


def find_math(text: str) -> MathText:
    r"""Part Markdown text into formulas and the rest.

    Args:
        text: Markdown.

    Returns:
        The pieces in order; joined by their sources they are the text again.

    >>> [piece.tex for piece in find_math(r"a $ x $, `$y$`, \$3, $5 and $6").pieces if not isinstance(piece, str)]
    [' x ']
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces: list[str | FoundMath] = []
        self.remarks: list[Remark] = []
        self.start = 0  # of the plain text not yet handed over

    def scan(self) -> MathText:
        position = 0
        while position < len(self.text):
            position = self._step(position)
        if self.start < len(self.text):
            self.pieces.append(self.text[self.start :])
        return MathText(tuple(self.pieces), tuple(self.remarks))

    def _step(self, at: int) -> int:
        """Handle what stands at a position and return where to go on."""
        text = self.text
        if at == 0 or text[at - 1] == "\n":
            after = self._fenced(at)
            if after is not None:
                return after
        character = text[at]
        if character == "`":
            return self._code_span(at)
        if character == "$":
            return self._dollar(at)
        if character == "\\":
            return self._backslash(at)
        if text.startswith("<!--", at):
            end = text.find("-->", at)
            return len(text) if end < 0 else end + 3
        return at + 1

    def _fenced(self, at: int) -> int | None:
        line_end = self.text.find("\n", at)
        line = self.text[at : len(self.text) if line_end < 0 else line_end]
        match = _FENCE.match(line)
        if match is None or (match[1][0] == "`" and "`" in line[match.end() :]):
            return None
        closing = re.compile(rf"^[ \t>]*{re.escape(match[1][0])}{{{len(match[1])},}}[ \t]*$", re.MULTILINE)
        end = closing.search(self.text, at + len(line))
        return len(self.text) if end is None else end.end()

    def _code_span(self, at: int) -> int:
        opening = _TICKS.match(self.text, at)
        assert opening is not None
        for closing in _TICKS.finditer(self.text, opening.end()):
            if _BLANK_LINE.search(self.text, opening.end(), closing.start()):
                break
            if len(closing[0]) == len(opening[0]):
                return closing.end()
        return opening.end()

    def _backslash(self, at: int) -> int:
        text = self.text
        for opening, closing, display in (("\\\\(", "\\\\)", False), ("\\\\[", "\\\\]", True)):
            end = text.find(closing, at + 3) if text.startswith(opening, at) else -1
            if end >= 0 and not _BLANK_LINE.search(text, at, end):
                return self._found(at, end + 3, text[at + 3 : end], display)
        match = _BEGIN.match(text, at)
        if match is not None:
            end = self._environment_end(match)
            if end is not None:
                return self._found(at, end, text[at:end], True)
            self.remarks.append(Remark(at, f"\\begin{{{match[1]}}} has no \\end{{{match[1]}}}: it is shown as text"))
            return match.end()
        return at + 2

    def _environment_end(self, begin: re.Match[str]) -> int | None:
        name = re.escape(begin[1])
        depth = 1
        for match in re.compile(rf"\\(begin|end)\{{{name}\}}").finditer(self.text, begin.end()):
            depth += 1 if match[1] == "begin" else -1
            if depth == 0:
                return match.end()
        return None

    def _dollar(self, at: int) -> int:
        text = self.text
        mark = "$$" if text.startswith("$$", at) else "$"
        end = self._closing(at + len(mark), mark)
        if end is None:
            if mark == "$$":
                self.remarks.append(Remark(at, "$$ has no closing $$ before the paragraph ends: it is shown as text"))
            return at + len(mark)
        tex = text[at + len(mark) : end]
        if mark == "$" and self._is_money(tex, text[end + 1 : end + 2]):
            shown = " ".join(tex[:40].split()) + ("…" if len(tex) > 40 else "")
            message = f"'${shown}$' was read as money, but Jupyter sets it as mathematics: write \\$ for a dollar"
            self.remarks.append(Remark(at, message))
            return at + 1
        if not tex.strip():
            return end + len(mark)
        return self._found(at, end + len(mark), tex, mark == "$$")

    def _closing(self, start: int, mark: str) -> int | None:
        """Find the closing dollar: outside braces if there is one, else the last before the paragraph ends."""
        text, depth, fallback, at = self.text, 0, None, start
        while at < len(text):
            if text[at] == "\\":
                at += 2
                continue
            if text[at] == "`":
                at = self._code_span(at)
                continue
            if text[at] == "\n" and _BLANK_LINE.match(text, at):
                return fallback
            if text.startswith(mark, at):
                if depth <= 0:
                    return at
                fallback = at
                at += len(mark)
                continue
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        return fallback

    @staticmethod
    def _is_money(tex: str, following: str) -> bool:
        return _MONEY.match(tex) is not None and (following.isdigit() or (tex[-1].isspace() and tex[0].isdigit()))

    def _found(self, start: int, end: int, tex: str, display: bool) -> int:
        if start > self.start:
            self.pieces.append(self.text[self.start : start])
        self.pieces.append(FoundMath(tex, display, self.text[start:end], start))
        self.start = end
        return end
