"""What is wrong in a template, and where: a line of a file with a message."""

from __future__ import annotations

import errno
import re
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from gradlab._errors import GradlabError
from gradlab.labs._convert import place_in_cells

_PACKAGE: Final = Path(__file__).parents[1]
_LONGEST_FAULT: Final = 300
_NAMED = re.compile(r"\b(?:repeats|stands in|begins in|block in|that of|[A-Z]{4,} in) line (\d+)")
UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})
"""Errors of the place that is written to."""


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One remark about one line of a template.

    Args:
        file: the template, as it was named.
        line: line number in it, counted from 1; 0 where the remark is about the whole file.
        severity: "error" where nothing can be built, "warning" where the build goes on, "note" where all is well.
        message: what is wrong and what to write instead.
        rule: what kind of thing it is: "template", "leak", "check", "run", "equation" or "key".

    >>> print(Diagnostic(Path("lab.md"), 12, "error", "HWEND closes nothing."))
    lab.md:12: error: HWEND closes nothing.
    """

    file: Path
    line: int
    severity: Literal["error", "warning", "note"]
    message: str
    rule: str = field(default="template", compare=False)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}{in_cells(self.file, self.line)}" if self.line else f"{self.file}"
        return f"{place}: {self.severity}: {self.said}"

    @property
    def said(self) -> str:
        """The message; of a notebook's lines that it names with the cells that they stand in."""
        return _NAMED.sub(lambda named: named[0] + in_cells(self.file, int(named[1])), self.message)


def in_cells(file: Path, line: int) -> str:
    """What is to stand behind the number of a template's line: of a notebook the cell, and the line there."""
    where = place_in_cells(file, line)
    return f" ({where})" if where else ""


def fault(file: Path, problem: Exception) -> Diagnostic:
    """Say that something went wrong that should not have, for a template that is not to blame for it.

    Returns:
        An error that names the place in gradlab, for a report; or what could not be written.
    """
    if isinstance(problem, OSError) and problem.errno in UNWRITABLE:
        return Diagnostic(file, 0, "error", f"{problem.filename or 'a file'} cannot be written: {problem.strerror}.")
    frames = traceback.extract_tb(problem.__traceback__)
    own = [frame for frame in frames if _PACKAGE in Path(frame.filename).parents] or frames
    place = f" in {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    said = " ".join(str(problem).split())[:_LONGEST_FAULT]
    what = f"{type(problem).__name__}{place}{': ' if said else ''}{said}"
    return Diagnostic(file, 0, "error", f"gradlab itself failed ({what}); please report this with the template.")


class TemplateError(GradlabError):
    """A template that cannot be built; its text names every error found, one a line.

    Args:
        diagnostics: the errors, in the order of the template's lines.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))

    def __reduce__(self) -> tuple[type[TemplateError], tuple[tuple[Diagnostic, ...]]]:
        # The default would hand the joined text to __init__ when a worker process sends the error back.
        return type(self), (self.diagnostics,)
