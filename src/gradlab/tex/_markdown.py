r"""Where mathematics stands in Markdown text, told as Jupyter tells it.

Jupyter takes mathematics out before it reads the Markdown: between dollars (inner spaces allowed), double dollars,
escaped brackets with two backslashes, and bare `\begin{…}` … `\end{…}`; never in code, never over an empty line.
GitHub's fences, three backticks and the word math (in braces: MyST's), are mathematics on a line of its own
besides. Four things are read otherwise: `$5 and $6` is money, and so is `$6; ` where code stands before the next
dollar, both with a remark; the `>` that begin the lines of a quoted formula are no part of it; and an environment
in one of the same name ends where it is closed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradlab.tex._protected import BLANK_LINE, Interval, protected

_REFERENCE = r"\\(?:eq)?ref\s*\{[^{}\n]*\}"
_JUPYTER = r"\$\$?|\\begin\{[A-Za-z]*\*?\}|\\end\{[A-Za-z]*\*?\}|\\\\[()\[\]]|\\[{}$]|[{}]"
_TOKEN = re.compile(rf"{_REFERENCE}|{_JUPYTER}|\\[(\[\])]|{BLANK_LINE.pattern}")
_CLOSINGS = {"$": "$", "$$": "$$", "\\\\(": "\\\\)", "\\\\[": "\\\\]", "\\(": "\\)", "\\[": "\\]"}
_MONEY = re.compile(r"\d[\d.,]*(?:\s|$)")
_AMOUNT = re.compile(r"\d[\d.,]*(?:[;:!?)]?\s)")
_NO_MONEY = re.compile(r"[\\^_={}+*<>|]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MATH_FENCE = re.compile(
    r"[ \t]*(?:>[ \t]*)*(?:(?:[-*+]|\d+[.)])[ \t]+)*(`{3,}|~{3,})[ \t]*(?:math|\{math\})[ \t]*\n"
    r"(?P<tex>.*?)\n[ \t]*(?:>[ \t]*)*\1[`~]*",
    re.DOTALL,
)
_MATH_SCRIPT = re.compile(
    r"<script\s+type=[\"']math/tex(?P<mode>[^\"'>]*)[\"']\s*>(?P<tex>.*?)</script\s*>", re.I | re.S
)
_WIDE = re.compile(
    r"(?<![^\n])\$\$(?P<tex>(?:(?!\n\s*\n)[^$]|\n\s*\n(?=[ \t]*(?:[\\&=+-]|\$\$)))*)\$\$(?=[ \t]*(?:\n|\Z))"
)
_QUOTED = re.compile(r"(?<=\n)[ \t]*(?:>[ \t]?)+")


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

    @property
    def is_fence(self) -> bool:
        """Whether it stands in GitHub's fence, three backticks and the word math."""
        return self.source[0] in "`~"

    @property
    def inner(self) -> int:
        """Where in the text its TeX starts, behind the delimiter."""
        if self.is_fence or self.source[0] == "<":
            return self.offset + self.source.index("\n" if self.is_fence else ">") + 1
        return self.offset + (len(self.source) - len(self.tex)) // 2


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the mathematics of a text that its author should know, and where it stands."""

    offset: int
    message: str


@dataclass(frozen=True, slots=True)
class MathText:
    """A text parted into plain pieces and formulas, in order."""

    pieces: tuple[str | FoundMath, ...]
    remarks: tuple[Remark, ...]

    @property
    def formulas(self) -> tuple[FoundMath, ...]:
        """The formulas alone."""
        return tuple(piece for piece in self.pieces if isinstance(piece, FoundMath))


def find_math(text: str, *, brackets: bool = False) -> MathText:
    r"""Part Markdown text into formulas and the rest.

    Args:
        text: Markdown.
        brackets: whether what Jupyter does not show, but others do, is mathematics too: `\(x\)` and `\[x\]` with one
            backslash, scripts of MathJax, double dollars around an empty line, what stands in MyST's directives.

    Returns:
        The pieces in order; joined by their sources they are the text again.

    >>> [piece.tex for piece in find_math(r"a $ x $, `$y$`, \$3, $5 and $6").pieces if not isinstance(piece, str)]
    [' x ']
    """
    return Scanner(text, protected(text, directives=brackets), brackets=brackets).scan()


def marks(text: str) -> Iterator[tuple[int, str]]:
    r"""Find what begins or ends mathematics in Markdown text, closed or not, outside code and comments.

    Args:
        text: Markdown.

    Yields:
        Where each mark stands, and the mark, such as `$$` or `\begin{align}`.

    >>> list(marks(r"`$$` $$ \$ \end{align}"))
    [(5, '$$'), (8, '\\$'), (11, '\\end{align}')]
    """
    scanner, at = Scanner(text, protected(text), brackets=False), 0
    while (match := scanner.next_mark(at)) is not None:
        at = match.end()
        yield match.start(), match[0]


class Scanner:
    """Finds mathematics in what is not protected."""

    def __init__(self, text: str, skipped: Sequence[Interval], *, brackets: bool) -> None:
        self.text = text
        self.skipped = skipped
        self.brackets = brackets
        self.starts = [start for start, _ in skipped]
        self.pieces: list[str | FoundMath] = []
        self.remarks: list[Remark] = []
        self.start = 0  # of the plain text not yet handed over
        self.missing: dict[str, int] = {}  # closing mark to where none stands before

    def scan(self) -> MathText:
        """Return the pieces of the text."""
        at = 0
        fences = [found for start, end in self.skipped if (found := self._fence(start, end))]
        while True:
            match = self.next_mark(at)
            if fences and (match is None or fences[0].start() < match.start()):
                fence = fences.pop(0)
                if fence.start() >= at and fence["tex"].strip():
                    display = "display" in fence.groupdict().get("mode", "display")
                    at = self._found(self._outer(fence), fence.end(), fence["tex"], display)
            elif match is not None:
                at = self._opening(match)
            else:
                break
        if self.start < len(self.text):
            self.pieces.append(self.text[self.start :])
        return MathText(tuple(self.pieces), tuple(self.remarks))

    def _fence(self, start: int, end: int) -> re.Match[str] | None:
        """The mathematics that something protected is: GitHub's fence, a script of MathJax."""
        script = _MATH_SCRIPT.match(self.text, start, end) if self.brackets else None
        return script or _MATH_FENCE.match(self.text, start, end)

    @staticmethod
    def _outer(fence: re.Match[str]) -> int:
        """Where the mathematics begins, behind the marks of a list or a quotation."""
        return fence.start() if fence.re is _MATH_SCRIPT else fence.start(1)

    def opens(self, mark: str) -> bool:
        """Return whether mathematics may begin with a mark."""
        return mark in _CLOSINGS or mark.startswith(("\\begin", "\\ref", "\\eqref"))

    def next_mark(self, at: int) -> re.Match[str] | None:
        """Return the next mark from a place on that is in no code."""
        while (match := _TOKEN.search(self.text, at)) is not None:
            index = bisect_right(self.starts, match.start()) - 1
            if index < 0 or self.skipped[index][1] <= match.start():
                return match
            at = self.skipped[index][1]
        return None

    def _opening(self, match: re.Match[str]) -> int:
        """Handle a mark outside mathematics and return where to go on."""
        mark, start, after = match[0], match.start(), match.end()
        if mark.startswith("\n"):
            return after - 1  # the line's end may be the beginning of the next empty line
        if not self.opens(mark):
            return after
        if mark.startswith(("\\ref", "\\eqref")):
            return self._found(start, after, mark, False)
        closing = _CLOSINGS.get(mark) or f"\\end{mark.removeprefix(chr(92) + 'begin')}"
        end = self._closing(match, closing)
        if end is None and mark == "$$" and self.brackets and (wide := _WIDE.match(self.text, start)) is not None:
            return self._found(start, wide.end(), wide["tex"], True)
        if end is None:
            if mark == "$$" or mark.startswith("\\begin"):
                message = f"{mark} has no closing {closing} before the paragraph ends: it is shown as text"
                self.remarks.append(Remark(start, message))
            return after
        if mark.startswith("\\begin"):
            return self._found(start, end + len(closing), self.text[start : end + len(closing)], True)
        return self._delimited(mark, start, end)

    def _delimited(self, mark: str, start: int, end: int) -> int:
        after = start + len(mark)
        tex = self.text[after:end]
        if mark in ("\\(", "\\[") and not self.brackets:
            if re.search(r"[=^_\\]", tex):
                right = "$$ … $$" if mark == "\\[" else "$ … $"
                message = f"{mark} … {_CLOSINGS[mark]} is shown by Jupyter as brackets: write {right}"
                self.remarks.append(Remark(start, message))
            return after
        if mark == "$" and _is_money(tex, self.text[end + 1 : end + 2]):
            shown = " ".join(tex[:40].split()) + ("…" if len(tex) > 40 else "")
            message = f"'${shown}$' was read as money, but Jupyter sets it as mathematics: write \\$ for a dollar"
            self.remarks.append(Remark(start, message))
            return after
        if mark == "$" and _AMOUNT.match(tex) and self._holds_code(after, end):
            amount = tex.split()[0]
            message = f"'${amount}' was read as money, as code stands before the next dollar: write \\$ for a dollar"
            self.remarks.append(Remark(start, message))
            return after
        if not tex.strip():
            return end + len(mark)
        return self._found(start, end + len(mark), tex, mark[-1] == "[" or mark == "$$")

    def _holds_code(self, start: int, end: int) -> bool:
        """Whether a code span lies between two places."""
        index = bisect_right(self.starts, start)
        return any(self.text[begin] == "`" for begin, close in self.skipped[index:] if close <= end)

    def _closing(self, opening: re.Match[str], closing: str) -> int | None:
        """Find where mathematics ends: outside braces if it can, else at the last such mark of the paragraph."""
        if self.missing.get(closing, -1) > opening.start():
            return None
        last: int | None = None
        braces, depth, at = 0, 0, opening.end()
        while (match := self.next_mark(at)) is not None:
            mark, at = match[0], match.end()
            if mark.startswith("\n"):
                break
            if mark == closing or (mark == "$$" and closing == "$"):
                if braces == 0 and depth == 0:
                    return match.start()
                last = match.start()
                depth -= depth > 0
            elif mark == opening[0] and closing.startswith("\\end"):
                depth += 1
            elif mark == "{":
                braces += 1
            elif mark == "}" and braces:
                braces -= 1
        if last is None:
            self.missing[closing] = len(self.text) if match is None else match.start()
        return last

    def _found(self, start: int, end: int, tex: str, display: bool) -> int:
        if self.text[self.text.rfind("\n", 0, start) + 1 : start].lstrip().startswith(">"):
            first = "\n" if self.text[start] in "`~" else ""  # the first line of a fence is quoted too
            tex = _QUOTED.sub(lambda match: " " * len(match[0]), first + tex).removeprefix(first)
        if start > self.start:
            self.pieces.append(self.text[self.start : start])
        self.pieces.append(FoundMath(tex, display, self.text[start:end], start))
        self.start = end
        return end


def _is_money(tex: str, following: str) -> bool:
    if _MONEY.match(tex) is None or _NO_MONEY.search(tex) or not _WORD.search(tex):
        return False
    return following.isdigit() or tex[-1].isspace()
