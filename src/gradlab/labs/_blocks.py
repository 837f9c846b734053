"""What each line of a template is for: content, homework, message, note, check or tag.

A block may run over cells: what is open is carried from one cell to the next, while the markers between the
cells are no lines of any cell and so can be neither cut nor lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from gradlab.labs._kinds import Kind, kind_of, opener, opens
from gradlab.labs._kinds import Role as Role
from gradlab.labs._layout import Span
from gradlab.labs._recovery import block_tags, open_after
from gradlab.labs._tags import (
    CheckArguments,
    Tag,
    TagSyntaxError,
    allowed_text,
    answer_points,
    check_arguments,
    named_cost,
    parse_tag,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of lines between two tags.

    Args:
        word: the tag that opened it.
        line: the line of that tag.
        check: the arguments, where it is a check.
    """

    word: str
    line: int
    check: CheckArguments | None = None

    @property
    def kind(self) -> Kind:
        """The tag that opened it."""
        found = kind_of(self.word)
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a cell.

    Args:
        number: its number in the template.
        text: as it stands there; of a message, what the message says.
        role: what it is for.
        block: the block that it lies in or opens.
        indent: white space before a message.
        points: of an ANSWER tag.
    """

    number: int
    text: str
    role: Role
    block: Block | None = None
    indent: str = ""
    points: float = 0.0


@dataclass(frozen=True, slots=True)
class Marked:
    """The lines of all cells with their roles.

    Args:
        cells: the lines of each cell.
        skipped: indices of the cells that the question does not run.
        allowed: texts that the leak audit passes.
    """

    cells: tuple[tuple[Line, ...], ...]
    skipped: frozenset[int]
    allowed: tuple[str, ...]


Report = Callable[[int, str], None]
"""Takes a line number and a message."""


def mark_lines(spans: Sequence[Span], error: Report, warning: Report) -> Marked:
    """Find out what each line is for.

    Args:
        spans: the cells.
        error: told of everything that stops the build.
        warning: told of everything accepted that should be written otherwise.

    Returns:
        The lines; of use only if no error was reported.
    """
    marker = _Marker(spans, error, warning)
    cells = tuple(tuple(marker.cell(index, span)) for index, span in enumerate(spans))
    marker.end()
    return Marked(cells, frozenset(marker.skipped), tuple(marker.allowed))


class _Marker:
    """Walks through the lines and knows which block is open."""

    def __init__(self, spans: Sequence[Span], error: Report, warning: Report) -> None:
        self.spans, self.error, self.warning = spans, error, warning
        # More than one only behind an error, where the blocks of a slip are waited for.
        self.stack: list[Block] = []
        self.skipped: set[int] = set()
        self.allowed: list[str] = []
        self.names: dict[str, int] = {}

    @property
    def open(self) -> Block | None:
        return self.stack[-1] if self.stack else None

    def cell(self, index: int, span: Span) -> Iterable[Line]:
        for number, text in zip(span.numbers, span.lines, strict=True):
            tag = None
            try:
                tag = parse_tag(text)
                yield self._plain(number, text) if tag is None else self._tag(number, text, tag, index, span)
            except TagSyntaxError as problem:
                self.error(number, str(problem) + ".")
                self._recover(number, index, "" if tag is None else tag.word)
        if self.open is not None and self.open.word == "CHECK":
            self.error(self.open.line, "CHECK is not closed in its cell; write '#!TAG CHECKEND' in the same cell.")
            self.stack.clear()

    def _recover(self, number: int, index: int, word: str) -> None:
        """Go on so that the slip in a line is not told again at the tags behind it."""
        if word and not opens(word) and not opener(word):
            return
        words = open_after(word, [block.word for block in self.stack], block_tags(self.spans, index, number))
        same = len(list(takewhile(lambda pair: pair[0].word == pair[1], zip(self.stack, words, strict=False))))
        self.stack[same:] = [Block(name, number) for name in words[same:]]

    def end(self) -> None:
        if self.open is not None:
            closing = self.open.kind.closing
            self.error(self.open.line, f"{self.open.word} is never closed; write '#!TAG {closing}' where it ends.")

    def _plain(self, number: int, text: str) -> Line:
        if self.open is None:
            return Line(number, text, Role.CONTENT)
        return Line(number, text, self.open.kind.role, self.open)

    def _tag(self, number: int, text: str, tag: Tag, index: int, span: Span) -> Line:
        for remark in tag.remarks:
            self.warning(number, remark + ".")
        if opens(tag.word):
            return self._opens(number, text, tag, span)
        if opener(tag.word):
            return self._closes(number, text, tag)
        if tag.word == "MSG":
            if self.open is None or self.open.kind.role is not Role.HOMEWORK:
                raise TagSyntaxError(
                    f"a message outside a homework block{self._opened()}; move it between HWBEGIN and HWEND"
                )
            return Line(number, tag.text, Role.MESSAGE, self.open, tag.indent)
        if tag.word == "ANSWER":
            if span.kind != "markdown":
                raise TagSyntaxError("ANSWER belongs in prose, not in a code cell; move it out of the fence")
            if self.open is not None:
                raise TagSyntaxError(f"ANSWER inside a block{self._opened()}; move it before or behind the block")
            return Line(number, text, Role.ANSWER, points=answer_points(tag.text))
        self._flag(number, tag, index, span)
        return Line(number, text, Role.FLAG, self.open)

    def _flag(self, number: int, tag: Tag, index: int, span: Span) -> None:
        if tag.word == "COST":
            if self.open is None or self.open.check is None:
                raise TagSyntaxError(f"COST outside a check{self._opened()}; move it between CHECK and CHECKEND")
            self.open.check.costs.append(named_cost(tag.text))
        elif tag.word == "ALLOW":
            self.allowed.append(allowed_text(tag.text))
        elif span.kind == "code":
            self.skipped.add(index)
        else:
            self.warning(number, "SKIPQUESTEXEC stands in prose and does nothing there; put it into the code cell.")

    def _opens(self, number: int, text: str, tag: Tag, span: Span) -> Line:
        if self.open is not None:
            meant = self.open.kind.closing
            raise TagSyntaxError(
                f"{tag.word} inside a block{self._opened()}; blocks cannot be nested: "
                f"close that one with '#!TAG {meant}' first, or write {meant} here if that was meant"
            )
        check = None
        if tag.word == "CHECK":
            check = self._check(number, tag, span)
        self.stack.append(Block(tag.word, number, check))
        return Line(number, text, Role.TAG, self.open)

    def _check(self, number: int, tag: Tag, span: Span) -> CheckArguments | None:
        # Reported, not raised: the block is open all the same, and its CHECKEND is not a second error.
        if span.kind != "code":
            self.error(number, "CHECK belongs in a code cell: it is code that runs after the cell.")
            return None
        try:
            check = check_arguments(tag.text)
        except TagSyntaxError as problem:
            self.error(number, f"{problem}.")
            return None
        first = self.names.setdefault(check.name, number)
        if first != number:
            self.error(number, f"the check {check.name!r} stands in line {first} already; give each its own name.")
        return check

    def _closes(self, number: int, text: str, tag: Tag) -> Line:
        block = self.open
        if block is None:
            raise TagSyntaxError(f"{tag.word} closes nothing; write '#!TAG {opener(tag.word)}' before it or delete it")
        if block.kind.closing != tag.word:
            closing = block.kind.closing
            raise TagSyntaxError(f"{tag.word} inside a block{self._opened()}; close it with '#!TAG {closing}'")
        self.stack.pop()
        return Line(number, text, Role.TAG, block)

    def _opened(self) -> str:
        return "" if self.open is None else f" ({self.open.word} in line {self.open.line} is open)"
