"""What of a Markdown text is no prose: fenced and indented code, code spans, HTML comments and HTML that holds code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

Interval = tuple[int, int]

BLANK_LINE = re.compile(r"\n[ \t\r]*(?:>[ \t]*)*\r?\n")
"""What ends a paragraph: an empty line, in a quotation too."""

_LINE = re.compile(r"[^\n]*\n?")
_QUOTE = re.compile(r"(?: {0,3}>[ \t]?)+")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?=[ \t\r\n]|$)[ \t]*")
_FENCE = re.compile(r"(`{3,})[^`\n]*$|(~{3,})")
_DIRECTIVE = re.compile(
    r"(`{3,}|~{3,})[ \t]*\{(?!(?:math|code[\w-]*|raw|literalinclude|mermaid|include|eval-rst|tikz)\})[\w:-]+\}"
)
_COMMENT = re.compile(r"<!--(?!.*-->)")
_CODE_SPAN = re.compile(r"(`+)[^`].*?\1")
_STARTS_ANEW = re.compile(r"#{1,6}(?:[ \t]|$)|(?:[-*_][ \t]*){3,}$|\|")
_INLINE = re.compile(r"\\.|`+|<!--|<(pre|code|script|style|textarea)\b[^>]*>", re.DOTALL | re.IGNORECASE)


def protected(text: str, *, directives: bool = False) -> list[Interval]:
    r"""Return where a Markdown text has code and comments, in order; none of them overlap.

    Args:
        text: Markdown.
        directives: whether a fence with a name in braces, such as `{note}`, is a directive of MyST, whose body is text.

    >>> text = "a `b` <!-- c -->\n\n    code\n"
    >>> [text[start:end] for start, end in protected(text)]
    ['`b`', '<!-- c -->', '    code\n']
    """
    found: list[Interval] = []
    at = 0
    for start, end in _Blocks(text, directives=directives).code():
        found += _inline(text, at, start)
        at = found[-1][1] if found and found[-1][1] > end else end  # a comment may hold a fence
        if at == end and not (found and found[-1][1] > start):
            found.append((start, end))
    return found + _inline(text, at, len(text))


def _inline(text: str, at: int, end: int) -> list[Interval]:
    return list(_Inline(text, end).spans(at))


class _Inline:
    """Finds code spans, comments and HTML that holds code; nothing is looked for twice."""

    def __init__(self, text: str, end: int) -> None:
        self.text, self.end = text, end
        self.missing: dict[str, int] = {}  # what opens to where nothing closes it before
        self.paragraph = -1  # where the paragraph ends that was looked at last

    def spans(self, at: int) -> Iterator[Interval]:
        while (match := _INLINE.search(self.text, at, self.end)) is not None:
            at = match.end()
            closed = None if match[0].startswith("\\") else self._closing(match)
            if closed is not None:
                yield match.start(), closed
                at = closed

    def _closing(self, match: re.Match[str]) -> int | None:
        opening = match[0]
        if opening == "<!--":
            closing = self.text.find("-->", match.end())
            return len(self.text) if closing < 0 else closing + 3
        key = match[1].lower() if match[1] else opening
        if self.missing.get(key, -1) > match.start():
            return None
        limit = len(self.text) if match[1] else self._paragraph_end(match.end())
        closing = (_tag(key) if match[1] else _ticks(len(opening))).search(self.text, match.end(), limit)
        if closing is None:
            self.missing[key] = limit
            return None
        return closing.end()

    def _paragraph_end(self, at: int) -> int:
        if self.paragraph < at:
            blank = BLANK_LINE.search(self.text, at, self.end)
            self.paragraph = self.end if blank is None else blank.start() + 1
        return self.paragraph


@cache
def _tag(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}\s*>", re.IGNORECASE)


@cache
def _ticks(count: int) -> re.Pattern[str]:
    return re.compile(rf"(?<!`)`{{{count}}}(?!`)")


class _Blocks:
    """Walks over the lines and finds fenced and indented code, as CommonMark nests them in lists and quotations."""

    def __init__(self, text: str, *, directives: bool) -> None:
        self.text = text
        self.directives = directives
        self.open: list[str] = []  # the fences of the directives around a line
        self.content = 0  # columns that the innermost open list item asks for
        self.may_indent = True  # whether an indented line here begins code and does not go on with a paragraph
        self.fence = ""
        self.comment = False
        self.quoted = False
        self.start = 0  # of the open fence, or of the run of indented code
        self.code_until = -1  # end of the run of indented code, while it may go on

    def code(self) -> Iterator[Interval]:
        for match in _LINE.finditer(self.text):
            if match.end() > match.start():
                yield from self._line(match.start(), match.end())
        if self.fence:
            yield self.start, len(self.text)
        elif self.code_until >= 0:
            yield self.start, self.code_until

    def _line(self, start: int, end: int) -> Iterator[Interval]:
        line = self.text[start:end].rstrip()
        if self.comment:
            self.comment = "-->" not in line
            self.may_indent = not self.comment
            return
        quote = _QUOTE.match(line)
        inner = line[quote.end() :] if quote else line
        indent = len(inner) - len(inner.lstrip())
        if "\t" in inner[:indent]:
            indent = len(inner[:indent].expandtabs(4))
        inner = inner.strip()
        if self.fence:
            if (quote is None and self.quoted) or (inner and indent < self.content):
                yield self.start, start  # what the fence stood in has ended
                self.fence = ""
            else:
                if set(inner) == {self.fence[0]} and len(inner) >= len(self.fence):
                    yield self.start, end
                    self.fence, self.may_indent = "", True
                return
        yield from self._no_fence(inner, indent, start, end, quoted=quote is not None)

    def _is_of_directive(self, inner: str) -> bool:
        """Whether a fence begins or ends a directive whose body is text."""
        begun = _DIRECTIVE.match(inner) if self.directives else None
        if begun is not None:
            self.open.append(begun[1])
        elif self.open and set(inner) == {self.open[-1][0]} and len(inner) >= len(self.open[-1]):
            self.open.pop()
        else:
            return False
        return True

    def _no_fence(self, inner: str, indent: int, start: int, end: int, *, quoted: bool) -> Iterator[Interval]:
        if not inner:
            self.may_indent = True
            return
        if self.may_indent and indent < self.content and not _ITEM.match(inner):
            self.content = 0
        base = self.content if indent >= self.content else 0
        if self.may_indent and indent >= base + 4:
            if self.code_until < 0:
                self.start = start
            self.code_until = end
            return
        if self.code_until >= 0:
            yield self.start, self.code_until
            self.code_until = -1
        while (item := _ITEM.match(inner)) is not None:
            self.content = indent = indent + min(len(item[0]), len(item[0].rstrip()) + 4)
            inner = inner[item.end() :]
        self.comment = "<!--" in inner and _COMMENT.search(_CODE_SPAN.sub("", inner)) is not None
        self.may_indent = bool(_STARTS_ANEW.match(inner))
        fence = _FENCE.match(inner)
        if fence is not None and self._is_of_directive(inner):
            yield start, end
        elif fence is not None:
            self.fence, self.start, self.quoted = fence[1] or fence[2], start, quoted
            self.content = self.content if indent >= self.content else 0
