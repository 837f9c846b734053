"""Remarks on a template that can be built: LaTeX that Jupyter cannot show, names never defined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gradlab.labs._cut import OutLine
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._export import UNSET
from gradlab.labs._formulas import formulas_of
from gradlab.labs._names import undefined_names
from gradlab.labs._template import Template
from gradlab.labs._versions import Version, Versions
from gradlab.tex import Formula, LineIndex, Macro, TexError, marks, parse

_DISPLAYS: Final = frozenset(
    name + star
    for name in ("align", "alignat", "eqnarray", "equation", "flalign", "gather", "multline")
    for star in ("", "*")
)


def lint(template: Template, versions: Versions) -> tuple[Diagnostic, ...]:
    r"""Find what can be built and still is not right.

    Returns:
        Warnings: LaTeX environments that are not balanced or stand where MathJax refuses them, and formulas that
        cannot be read, in either version; names that only a homework block defines.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from gradlab.labs._template import read_template
    >>> from gradlab.labs._versions import make_versions
    >>> path = Path(tempfile.mkdtemp()) / "lab.md"
    >>> _ = path.write_text("Text\n\\end{enumerate}\n")
    >>> template = read_template(path)
    >>> [warning.line for warning in lint(template, make_versions(template))]
    [2]
    """
    found: dict[tuple[int, str], Diagnostic] = {}
    for version in (versions.solution, versions.question):
        for index, lines in enumerate(version.cell_lines):
            if version.notebook.cells[index].cell_type != "markdown":
                continue
            for line, message in _latex(lines):
                where = "" if version.kind == "solution" else "in the question, "
                remark = Diagnostic(template.path, line, "warning", where + message)
                found.setdefault((line, message), remark)
        known = {line for line, _ in found}
        for formula, line, message in _not_read(version):
            if known.isdisjoint(formula.lines):
                found.setdefault((line, message), Diagnostic(template.path, line, "warning", message))
    return tuple(sorted([*found.values(), *undefined_names(template, versions)]))


def _not_read(version: Version) -> Iterator[tuple[Formula, int, str]]:
    """Formulas that cannot be typeset, each with the template line of the mistake and what it is."""
    macros: dict[str, Macro] = {}
    for formula in formulas_of(version):
        try:
            parse(formula.tex, macros)
        except TexError as problem:
            yield formula, formula.place(problem.offset or 0)[0], f"{problem}; {UNSET}."


def _latex(lines: Sequence[OutLine]) -> list[tuple[int, str]]:
    """What is wrong with the LaTeX of one prose cell: template line and message."""
    reader, text = _Latex(), "\n".join(line.text for line in lines)
    index = LineIndex(text)
    for offset, mark in marks(text):
        word, _, name = mark.removesuffix("}").partition("{")
        line = lines[index.at(offset)[0] - 1].line
        if mark == "$$":
            reader.dollars(line)
        elif word == "\\begin":
            reader.begin(name, line)
        elif word == "\\end":
            reader.end(name, line)
    reader.close()
    return reader.found


class _Latex:
    """Knows which environments and which `$$` are open."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []
        self.open: list[tuple[str, int]] = []
        self.formula: int | None = None
        self.outer = 0

    def dollars(self, line: int) -> None:
        if self.formula is None:
            self.formula, self.outer = line, len(self.open)
            return
        while len(self.open) > self.outer:
            self._unclosed("before the closing $$")
        self.formula = None

    def begin(self, name: str, line: int) -> None:
        if name in _DISPLAYS and (self.formula is not None or any(outer in _DISPLAYS for outer, _ in self.open)):
            inside = "another display" if self.formula is None else "$$"
            inner = "aligned" if name.startswith(("align", "eqnarray", "flalign")) else "gathered"
            message = (
                f"\\begin{{{name}}} inside {inside}: it is a display of its own; "
                f"delete the outer one or write \\begin{{{inner}}}."
            )
            self.found.append((line, message))
        self.open.append((name, line))

    def end(self, name: str, line: int) -> None:
        if all(outer != name for outer, _ in self.open):
            message = f"\\end{{{name}}} without \\begin{{{name}}} in its cell; add it or delete this."
            self.found.append((line, message))
            return
        while self.open[-1][0] != name:
            self._unclosed(f"before \\end{{{name}}}")
        self.open.pop()
        self.outer = min(self.outer, len(self.open))

    def close(self) -> None:
        while self.open:
            self._unclosed("in its cell")
        if self.formula is not None:
            message = "$$ opens a formula that is not closed in its cell; write $$ where it ends."
            self.found.append((self.formula, message))

    def _unclosed(self, where: str) -> None:
        name, line = self.open.pop()
        self.found.append((line, f"\\begin{{{name}}} is not closed {where}; write \\end{{{name}}}."))
