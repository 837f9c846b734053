r"""reStructuredText as Markdown: its mathematics and its headings, each on the line on which it stands."""

from __future__ import annotations

import re

_ROLE = re.compile(r":math:`([^`]*)`")
_DIRECTIVE = re.compile(r"([ \t]*)\.\. math::(.*)")
_OPTION = re.compile(r"[ \t]*:\w+:")
_UNDER = re.compile(r"([=\-~^\"'#*+.:_`])\1{2,}[ \t]*")


def as_markdown(text: str) -> str:
    r"""A text with dollar signs for the directive and the role of mathematics, and marks before its headings.

    >>> print(as_markdown("Head\n~~~~\n:math:`x`\n\n.. math:: a = b"))
    # Head
    <BLANKLINE>
          $x$
    <BLANKLINE>
    $$        a = b$$
    """
    lines = [_ROLE.sub(r"      $\1$", line) for line in text.split("\n")]
    at = 0
    while at < len(lines):
        directive = _DIRECTIVE.fullmatch(lines[at])
        if directive is None:
            if at and _UNDER.fullmatch(lines[at]) and lines[at - 1].strip() and not lines[at - 1].startswith(" "):
                lines[at - 1], lines[at] = f"# {lines[at - 1]}", ""
            at += 1
            continue
        margin, first = directive.groups()
        lines[at] = " " * (lines[at].index("::") + 2) + first
        begin, at = at if first.strip() else -1, at + 1
        while at < len(lines) and (not lines[at].strip() or re.match(rf"{margin}[ \t]", lines[at])):
            lines[at] = "" if _OPTION.match(lines[at]) else lines[at]
            begin = _closed(lines, begin, at) if not lines[at].strip() else at if begin < 0 else begin
            at += 1
        _closed(lines, begin, at)
    return "\n".join(lines)


def _closed(lines: list[str], begin: int, end: int) -> int:
    """Put dollar signs around the lines of one formula, in the place of blanks before it; where none is, do nothing."""
    if begin >= 0:
        bare = lines[begin].lstrip()
        lines[begin] = f"$${' ' * (len(lines[begin]) - len(bare) - 2)}{bare}"
        lines[end - 1] = f"{lines[end - 1].rstrip()}$$"
    return -1
