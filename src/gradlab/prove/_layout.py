r"""From a block of LaTeX to chains of sides: rows, columns, relations; what only shapes the page becomes blank.

Blanks are written over what they replace, so that every character keeps its place: an error found in a side points at
the line and column where a person wrote it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gradlab.graph import functions, known_as
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._verdict import Place

LONGEST_BLOCK = 20_000
START = Place(1, 1)
PARAGRAPH = "\f"

_TOKEN = re.compile(
    r"\\(?:begin|end)\s*\{[A-Za-z]+\*?\}|\\\\(?:\s*\[[^\]\n]{0,20}\])?|\\[A-Za-z]+\*?|\\.|[^\\\s]|\f|\\$", re.S
)
_SPACING = re.compile(
    r"\\(?:quad|qquad|displaystyle|textstyle|scriptstyle|nonumber|notag|limits|nolimits|left|right|middle|"
    r"[bB]igg?[lrm]?|thinspace|enspace|allowbreak|hfill|noindent|strut|mathstrut)(?![A-Za-z])|(?<!\\)\\[,;:!> ]|~"
)
_WITH_ARGUMENT = re.compile(r"\\(?:label|tag\*?|hspace\*?|vspace\*?|hphantom|phantom|vphantom|color|qty)\s*\{[^{}]*\}")
_OVER_EQUALS = re.compile(r"\\(?:overset|stackrel|underset)\s*(\{(?:[^{}]|\{[^{}]*\})*\})\s*\{\s*=\s*\}")
# What stands behind an empty column, to the end of the row, is a remark: the reason for a step.
_REMARK_COLUMN = re.compile(r"&\s*&((?!\\\\|&|\\end\s*\{).)*(?=\\\\|\\end\s*\{|\Z)", re.S)
# Delimiters of mathematics.
_DELIMITERS = re.compile(r"(?<!\\)\$|(?<!\\)\\[\[\]](?!\s*[\d.]+\s*(?:pt|em|ex|mm|cm)\])|(?<!\\)\\[()]")
_BRACE_BELOW = re.compile(r"\\(?:underbrace|overbrace|boxed|fbox|underline)\s*\{")
_SCRIPT = re.compile(r"\s*[_^]\s*\{")
_EMPTY = re.compile(r"(?<![A-Za-z}_^])\{\s*\}")  # as in ={}, which spaces a sign
_NULL_BRACKET = re.compile(r"\\(?:left|right)\s*\.")
_TEXT = re.compile(r"\\(?:text|textrm|textit|textbf|mbox|mathrm|intertext)\s*\{([^{}$]|\$[^$]*\$)*\}")
_TRANSPARENT = re.compile(
    r"\\(?:begin|end)\s*\{(?:align|aligned|alignat|equation|split|gather|gathered|multline|eqnarray|displaymath|math|"
    r"flalign|alignedat)\*?\}(?:\s*\{\d+\})?"
)
_EQUALS = frozenset(("=", r"\equiv", r"\coloneqq", r"\triangleq", ":="))
# These say something else than that two sides are equal; a chain is cut there.
_OTHER_RELATIONS = frozenset(
    [
        "<", ">", r"\le", r"\leq", r"\leqslant", r"\ge", r"\geq", r"\geqslant", r"\ne", r"\neq", r"\approx", r"\sim",
        r"\simeq", r"\propto", r"\in", r"\notin", r"\to", r"\rightarrow", r"\longrightarrow", r"\Rightarrow",
        r"\mapsto", r"\Longrightarrow", r"\implies",
        r"\iff", r"\Leftrightarrow", r"\Longleftrightarrow", r"\leftarrow", r"\ll",
        r"\gg", r"\cong", r"\gets", r"\subset",
    ]
)  # fmt: skip
_JOINING = frozenset(("+", "-", "*", "/", r"\cdot", r"\times", r"\ast", "·", "−"))
_BEFORE_ARGUMENT = frozenset((r"\log", r"\ln", r"\exp", r"\sin", r"\cos", r"\tan", r"\tanh", r"\sigma"))
_OPEN = {"{": "}", "(": ")", "[": "]", r"\{": r"\}"}
_CLOSE = {close: opening for opening, close in _OPEN.items()}
_MATRIX = re.compile(r"\\(begin|end)\s*\{[pbvB]?matrix\}")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an equation: a slice of the block."""

    start: int
    end: int


@dataclass(slots=True)
class Chain:
    """Sides with an equals sign between each two."""

    sides: list[Side] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of LaTeX, taken apart.

    Attributes:
        source: as it was written.
        text: of the same length, with blanks for what only shapes the page.
        chains: its chains, in order; one with a single side is no equation.
        origin: where it begins in what it was taken from.
    """

    source: str
    text: str
    chains: tuple[Chain, ...]
    origin: Place = START

    def place(self, at: int) -> Place:
        """The line and column of a character of the block."""
        return place_of(self.source, at, self.origin)


def place_of(source: str, at: int, origin: Place = START) -> Place:
    """The line and column of a character, in what a text was taken from."""
    at = min(at, len(source))
    before = source.rfind("\n", 0, at)
    line = source.count("\n", 0, at)
    return Place(origin.line + line, at - before + (origin.column - 1 if line == 0 else 0))


def take_apart(source: str, origin: Place = START) -> Block:
    """Take a block of LaTeX apart.

    Args:
        source: with or without its dollar signs, brackets or environment.
        origin: where it begins in what it was taken from.

    Raises:
        NotUnderstoodError: for braces that do not match, or a block of more than 20,000 characters.
    """
    if len(source) > LONGEST_BLOCK:
        raise NotUnderstoodError(
            f"this has {len(source):,} characters; {LONGEST_BLOCK:,} are the most: judge one equation at a time", 0
        )
    text = _mark_bars(_without_layout(source))
    return Block(source, *_chains(text), origin)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def _without_layout(source: str) -> str:
    # A paragraph ends every equation; a line that becomes blank below does not.
    source = re.sub(r"(?<=\n)[ \t]*\n", lambda m: " " * (len(m.group()) - 1) + PARAGRAPH, source)
    text = re.sub(r"(?<!\\)%[^\n]*", _blank, source.replace("\r", " ").replace("\t", " "))
    text = _REMARK_COLUMN.sub(lambda m: m.group() if _in_matrix(m.string, m.start()) else _blank(m), text)
    # \text{...} that ends a row is a remark; before that, remarks in brackets.
    text = re.sub(
        r"\(\s*" + _TEXT.pattern + r"\s*\)", lambda m: _blank(m) if _is_remark(m.group()) else m.group(), text
    )
    remark = r"(?<![_^{\s])(?<!operatorname)(\s*)(" + _TEXT.pattern + r")(?=[\s.,;]*(?:\\\\|&|\\end\s*\{|\$|\\\]|\Z))"
    text = re.sub(remark, lambda m: _blank(m) if _is_remark(m.group()) else m.group(), text)
    text = _without_braces_below(text)
    text = _OVER_EQUALS.sub(_keep_equals, text)
    for pattern in (_EMPTY, _NULL_BRACKET, _WITH_ARGUMENT, _TRANSPARENT, _SPACING):
        text = pattern.sub(_blank, text)
    return _DELIMITERS.sub(_blank, text)


def _without_braces_below(text: str) -> str:
    """What stands over or under a brace, without the brace and without its remark."""
    for match in reversed(list(_BRACE_BELOW.finditer(text))):
        inner = _closing(text, match.end() - 1)
        script = _SCRIPT.match(text, inner + 1)
        end = _closing(text, script.end() - 1) if script else inner
        if not 0 < inner <= end:
            continue
        command = " " * (match.end() - 1 - match.start())
        remark = re.sub(r"[^\n]", " ", text[inner + 1 : end + 1])
        text = text[: match.start()] + command + text[match.end() - 1 : inner + 1] + remark + text[end + 1 :]
    return text


def _closing(text: str, at: int) -> int:
    """Where the brace that opens at a place is closed; -1 if it is not."""
    depth = 0
    for match in re.compile(r"\\[{}]|[{}]").finditer(text, at):
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        if depth == 0:
            return match.start()
    return -1


def _in_matrix(text: str, at: int) -> bool:
    found = [match.group(1) for match in _MATRIX.finditer(text, 0, at)]
    return found.count("begin") > found.count("end")


def _is_remark(text: str) -> bool:
    """Words, not the name of a function or of a quantity: more than one word, or a word after a space of its own."""
    words = re.sub(r"\\[A-Za-z]+|[{}()]", " ", text).split()
    return len(words) > 1 or (len(words) == 1 and len(words[0]) > 3 and not _is_function(words[0]))


def _is_function(word: str) -> bool:
    return word in ("sinh", "cosh", "ReLU", "RELU") or known_as(word) in functions()


def _keep_equals(match: re.Match[str]) -> str:
    at = match.group().rindex("=")
    return "".join("=" if i == at else "\n" if c == "\n" else " " for i, c in enumerate(match.group()))


def _mark_bars(text: str) -> str:
    """Absolute values: a bar opens where something is expected and closes where something has just stood."""
    if "|" not in text:
        return text
    out = list(text)
    expecting = True
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "|":
            out[match.start()] = "⟦" if expecting else "⟧"
            expecting = expecting and out[match.start()] == "⟦"
        else:
            expecting = (
                token in _JOINING or token in _EQUALS or token in _OPEN or token in (",", "&")
                or token.startswith("\\\\") or token in _OTHER_RELATIONS or token in _BEFORE_ARGUMENT
            )  # fmt: skip
    return "".join(out)


class _Splitter:
    """Walks over the tokens of a block and cuts it into chains."""

    def __init__(self, text: str) -> None:
        self.out = list(text)
        self.text = text
        self.chains: list[Chain] = []
        self.chain = Chain()
        self.start = 0
        self.stack: list[tuple[str, int]] = []
        self.last = ""  # the last token that was no blank
        self.columns = 0
        self.pair_ends: int | None = None  # where a pair of columns ended, until something stands in the next one
        self.chains_in_row = 0
        self.row_start = True
        self.row_begins_with_column = False

    def finish_side(self, end: int, next_start: int) -> None:
        self.chain.sides.append(Side(self.start, end))
        self.start = next_start

    def finish_chain(self, end: int, next_start: int) -> None:
        """Close the chain, if there is anything in it, and begin another."""
        if self.chain.sides or self.text_between(self.start, end):
            self.finish_side(end, next_start)
            self.chains.append(self.chain)
        self.chain, self.start = Chain(), next_start

    def text_between(self, start: int, end: int) -> bool:
        return bool("".join(self.out[start:end]).strip(" \n.,;&"))

    def blank(self, start: int, end: int) -> None:
        for i in range(start, end):
            if self.out[i] != "\n":
                self.out[i] = " "

    def run(self) -> None:
        for match in _TOKEN.finditer(self.text):
            token, at = match.group(), match.start()
            if token == PARAGRAPH and not self.stack:
                self.row_break(at, at)
                self.finish_chain(at, at)
            if token.isspace():
                continue
            self.token(token, at, match.end())
        unclosed = [(kind, at) for kind, at in self.stack if kind == "{"]
        if unclosed:
            raise NotUnderstoodError("this brace is never closed: a } is missing", unclosed[-1][1])
        self.finish_chain(len(self.text), len(self.text))

    def token(self, token: str, at: int, end: int) -> None:
        if self.pair_ends is not None and token != "&" and not token.startswith("\\\\"):
            self.finish_chain(self.pair_ends, self.pair_ends)
            self.pair_ends = None
            self.chains_in_row += 1
        if self.bracket(token, at):
            self.note(token)
            return
        if token.startswith("\\\\") or token == "&":
            if not any(kind == "matrix" for kind, _ in self.stack):
                self.row_break(at, end) if token != "&" else self.column(at)
            return
        if self.stack:
            self.note(token)
            return
        if self.row_start and not self.begins(token, at):
            self.finish_chain(self.row_end, self.row_end)
        self.at_top(token, at, end)

    def bracket(self, token: str, at: int) -> bool:
        matrix = _MATRIX.fullmatch(token)
        if matrix:
            self.begin_content(token, at)
            if matrix.group(1) == "begin":
                self.stack.append(("matrix", at))
            elif self.stack and self.stack[-1][0] == "matrix":
                self.stack.pop()
            return True
        if token in _OPEN:
            self.begin_content(token, at)
            self.stack.append((token, at))
            return True
        if token in _CLOSE:
            if self.stack and self.stack[-1][0] == _CLOSE[token]:
                self.stack.pop()
            elif token == "}":
                inner = [at for kind, at in self.stack if kind not in ("{", "matrix")]
                if any(kind == "{" for kind, _ in self.stack) and inner:
                    raise NotUnderstoodError("this bracket is not closed before the brace around it ends", inner[-1])
                raise NotUnderstoodError("this brace closes nothing: a { is missing, or this } is too much", at)
            return True
        return False

    def begin_content(self, token: str, at: int) -> None:
        if self.row_start and not self.stack and not self.begins(token, at):
            self.finish_chain(self.row_end, self.row_end)

    row_end = 0
    chains_in_previous_row = 0

    def begins(self, token: str, at: int) -> bool:
        """At the first token of a row: whether the row goes on with the chain before it."""
        self.row_start = False
        if not self.chain.sides and not self.text_between(self.start, at):
            return True
        goes_on = token in _EQUALS or token in _OTHER_RELATIONS or self.last in _EQUALS or self.last in _JOINING
        goes_on = goes_on or (token in _JOINING and (self.row_begins_with_column or not self.row_has_equals(at)))
        if goes_on and self.chains_in_previous_row:
            raise NotUnderstoodError("a row that goes on below several columns of equations is not understood", at)
        return goes_on

    def row_has_equals(self, at: int) -> bool:
        row = re.split(r"\\\\", self.text[at:], maxsplit=1)[0]
        return "=" in row

    def row_break(self, at: int, end: int) -> None:
        self.blank(at, end)
        if any(kind != "{" for kind, _ in self.stack):
            return
        if not self.stack:
            self.row_start, self.row_end, self.columns, self.row_begins_with_column = True, at, 0, False
            self.chains_in_previous_row, self.chains_in_row, self.pair_ends = self.chains_in_row, 0, None

    def column(self, at: int) -> None:
        self.blank(at, at + 1)
        self.columns += 1
        if self.row_start and self.columns == 1:
            self.row_begins_with_column = True
        elif self.columns % 2 == 0 and not self.stack and not self.row_start:
            self.pair_ends = at

    def at_top(self, token: str, at: int, end: int) -> None:
        if token == ":" and self.text[end : end + 1] == "=":
            self.blank(at, end)
            return
        if token in _EQUALS:
            self.finish_side(at, end)
        elif token in _OTHER_RELATIONS:
            self.finish_chain(at, end)
            self.chain = Chain()
        elif token in (",", ";"):
            self.blank(at, end)
            self.finish_chain(at, end)
        elif token == "." and not self.digit_beside(at):
            self.blank(at, end)
        self.note(token)

    def digit_beside(self, at: int) -> bool:
        return self.text[at + 1 : at + 2].isdigit()

    def note(self, token: str) -> None:
        self.last = token


def _chains(text: str) -> tuple[str, tuple[Chain, ...]]:
    splitter = _Splitter(text)
    splitter.run()
    return "".join(splitter.out), tuple(splitter.chains)
