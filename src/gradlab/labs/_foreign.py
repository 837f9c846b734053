"""Templates without a tag of ours: those of others, whose markers would put the solution before the students."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from gradlab.labs._blocks import Line, Report, Role
from gradlab.labs._layout import Span

YOURS: Final = r"(?:YOUR[\s_]+)?(?:CODE|SOLUTION|ANSWER)"
END: Final = re.compile(rf"^\s*#[#*\s]*(?:END[\s_]+(?:OF[\s_]+)?{YOURS}|{YOURS}[\s_]+ENDS)\b.*")
"""What ends a solution in the notebooks of many courses, such as `### END CODE HERE ###`."""
AUTOTEST: Final = re.compile(
    r"^[ \t]*#+[ \t]*(?:HASHED[ \t]+)?AUTOTEST\b[ \t]*([^;\n]*?)[ \t]*(?:;|$)", re.IGNORECASE | re.MULTILINE
)
"""A line in the place of which nbgrader writes a test, from what the solution gives."""
_COURSE: Final = "another course"
_MARKERS: Final = (
    ("nbgrader", re.compile(r"#{3}\s*(?:BEGIN|END)\s+(?:SOLUTION|HIDDEN TESTS?)\b|=== (?:BEGIN|END) MARK SCHEME ===")),
    (
        "Otter",
        re.compile(
            r"#\s*(?:BEGIN|END)\s+(?:SOLUTION|PROMPT|QUESTION|TESTS|MANUAL)\b|#\s*ASSIGNMENT CONFIG\b"
            r"|#\s*SOLUTION(?:\s+NO PROMPT)?\s*$"
        ),
    ),
    (_COURSE, END),
)
_MOST_NAMED: Final = 5
_METADATA: Final = "nbgrader={...}"


def refuse_foreign(cells: Iterable[tuple[Span, Iterable[Line]]], error: Report, warning: Report, note: Report) -> None:
    """Look for the markers of nbgrader and Otter outside every block, and for a template without any block.

    Args:
        cells: the cells with what each of their lines is for.
        error: told of markers in a template without a block, whose question would hold the whole solution.
        warning: told of markers that are left in a template of ours.
        note: told that there is no block at all.
    """
    cells = [(span, list(lines)) for span, lines in cells]
    tagged = any(line.role not in (Role.CONTENT, Role.FLAG) for _, lines in cells for line in lines)
    found = [marker for span, lines in cells for marker in _in_cell(span, lines)]
    if tagged:
        # Metadata of another tool hide nothing: a course that goes either way keeps them.
        told = [marker for marker in found if marker[1] != _COURSE and marker[2] != _METADATA]
        for line, tool, text in told[:_MOST_NAMED]:
            warning(line, f"{text!r} is {tool}'s and does nothing here; the tags of this template are '#!TAG ...'.")
    elif found:
        named = ", ".join(f"{tool}'s {text!r} (line {line})" for line, tool, text in found[:_MOST_NAMED])
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        error(
            found[0][0],
            f"no '#!TAG HWBEGIN' stands in this file, but {named}{more}: its question would show the whole solution; "
            "write '#!TAG HWBEGIN' and '#!TAG HWEND' on lines of their own around each solution instead, or read a "
            "notebook with 'gradlab lab import'.",
        )
    else:
        note(0, "no tag marks anything as homework here: the question and the solution are the same.")


def _in_cell(span: Span, lines: Iterable[Line]) -> Iterator[tuple[int, str, str]]:
    """The line, the tool and the text of each marker."""
    if "nbgrader" in span.metadata:
        yield span.line, "nbgrader", _METADATA
    for line in lines:
        if line.role is Role.CONTENT and ("#" in line.text or "===" in line.text):
            for tool, pattern in _MARKERS:
                match = pattern.search(line.text)
                if match is not None:
                    yield line.number, tool, match[0]
                    break
