"""What is wrong in a template, and where: a line of a file with a message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gradlab._errors import GradlabError


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One remark about one line of a template.

    Args:
        file: the template, as it was named.
        line: line number in it, counted from 1; 0 where the remark is about the whole file.
        severity: "error" where nothing can be built, "warning" where the build goes on.
        message: what is wrong and what to write instead.

    >>> print(Diagnostic(Path("lab.md"), 12, "error", "HWEND closes nothing."))
    lab.md:12: error: HWEND closes nothing.
    """

    file: Path
    line: int
    severity: Literal["error", "warning"]
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else f"{self.file}"
        return f"{place}: {self.severity}: {self.message}"


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
