"""Read a lab template: a Jupytext Markdown file with tags, or a notebook or script that Jupytext reads as one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from gradlab.labs._blocks import Line, mark_lines
from gradlab.labs._convert import ConversionError, Converted, convert, is_converted, line_of
from gradlab.labs._diagnostics import Diagnostic, TemplateError
from gradlab.labs._files import UnfitFileError, read_regular
from gradlab.labs._foreign import refuse_foreign
from gradlab.labs._layout import CellKind, Layout, Span, read_layout
from gradlab.labs._settings import LabSettings, SettingsError, split_settings

LARGEST_TEMPLATE: Final = 100_000_000
"""Bytes of the largest template that is read."""

# What str.splitlines, and so Jupytext, takes for the end of a line though no editor counts it as one.
_ODD_LINE_ENDS = re.compile("[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_REGION_MARKER = re.compile(r"^\s*<!--\s*#(?:end)?(?:region|markdown|md|raw)\b.*-->\s*$")
_FORMAT_NAME = re.compile(r"\bformat_name:\s*['\"]?([\w-]+)")
_MYST_CELL = re.compile(r"\s*(?:`{3,}|~{3,}|:{3,})\s*\{code-cell\}")
_OTHER_CELL = re.compile(
    r"\s*(?:`{3,}|~{3,})\s*\{(?:\.(?P<notedown>\w+)\s[^}]*\.input|(?P<rmd>python|r|julia)\b)[^}]*\}"
)
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a template.

    Args:
        kind: "code", "markdown" or "raw".
        source: its text as Jupyter would show the template.
        metadata: its own metadata.
        line: number of its first line in the template, counted from 1.
        skip_in_question: whether the question leaves it unrun (SKIPQUESTEXEC).
        lines: its lines with what each is for.
        span: the lines with the markers around them.
    """

    kind: CellKind
    source: str
    metadata: dict[str, Any]
    line: int
    skip_in_question: bool
    lines: tuple[Line, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Template:
    """A template that can be built.

    Args:
        path: the file, as it was named.
        cells: its cells in their order.
        metadata: the notebook's metadata, kernelspec included.
        settings: what the header sets under `gradlab:`.
        warnings: what was accepted though it should be written otherwise.
        notes: what is said though nothing need be changed.
        header: the header's lines without gradlab's settings.
        header_cell: the raw cell that Jupytext makes of other settings in the header, None without.
        allowed: the texts that ALLOW tags name.
        ends_with_newline: whether the last line is ended.
        attachments: the pictures inside a notebook: name, then kind, then content.
    """

    path: Path
    cells: tuple[Cell, ...]
    metadata: dict[str, Any]
    settings: LabSettings
    warnings: tuple[Diagnostic, ...]
    notes: tuple[Diagnostic, ...]
    header: tuple[str, ...]
    header_cell: str | None
    allowed: tuple[str, ...]
    ends_with_newline: bool
    attachments: Mapping[str, Mapping[str, str]]

    @property
    def is_python(self) -> bool:
        """Whether its kernel runs Python."""
        return is_python(self.metadata)


def is_python(metadata: Mapping[str, Any]) -> bool:
    """Say whether a notebook with these metadata is run by a Python kernel."""
    return str(metadata.get("kernelspec", {}).get("language", "python")).lower() in ("python", "python3", "ipython")


class _Findings:
    """Collects what is found in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.errors: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self.notes: list[Diagnostic] = []

    def error(self, line: int, message: str) -> None:
        self.errors.append(Diagnostic(self.path, line, "error", message))

    def warning(self, line: int, message: str) -> None:
        self.warnings.append(Diagnostic(self.path, line, "warning", message))

    def note(self, line: int, message: str) -> None:
        self.notes.append(Diagnostic(self.path, line, "note", message))

    def stop(self) -> TemplateError:
        return TemplateError(sorted(self.errors))


def read_template(path: Path) -> Template:
    r"""Read a template and find everything that is wrong with its tags.

    Args:
        path: a Jupytext Markdown file, UTF-8, or what Jupytext reads by its suffix: a notebook, a script.

    Raises:
        TemplateError: if it cannot be read, or if tags, region markers or settings are wrong; it names all.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "lab.md"
    >>> _ = path.write_text("# Lab\n\n```python\n#!TAG SKIPQUESTEXEC\nx = 1\n```\n")
    >>> [(cell.kind, cell.line, cell.skip_in_question) for cell in read_template(path).cells]
    [('markdown', 1, False), ('code', 3, True)]
    """
    path = Path(path)
    findings = _Findings(path)
    try:
        is_markdown = not is_converted(path)
        text = _read_text(path, findings)
        converted = None if is_markdown else convert(path, text)
    except ConversionError as problem:
        findings.error(problem.line, str(problem))
        raise findings.stop() from problem
    if converted is not None and converted.remark:
        findings.note(0, f"{converted.remark}.")
    layout, settings = _layout(text if converted is None else converted.text, findings, text if converted else None)
    if converted is not None:
        layout = _placed(layout, converted, findings)
    marked = mark_lines(layout.spans, findings.error, findings.warning)
    _check_markers(layout.spans, findings)
    if not findings.errors:
        cells = zip(layout.spans, marked.cells, strict=True)
        refuse_foreign(cells, findings.error, findings.warning, findings.note)
    if findings.errors:
        raise findings.stop()
    metadata = {**layout.metadata, "kernelspec": dict(layout.metadata.get("kernelspec") or _KERNEL)}
    cells = tuple(
        Cell(
            kind=span.kind,
            source="\n".join([*([span.prefix] if span.prefix else []), *(span.lines or [""])]),
            metadata=span.metadata,
            line=span.line,
            skip_in_question=index in marked.skipped,
            lines=marked.cells[index],
            span=span,
        )
        for index, span in enumerate(layout.spans)
    )
    return Template(
        path=path,
        cells=cells,
        metadata=metadata,
        settings=settings,
        warnings=tuple(sorted(findings.warnings)),
        notes=tuple(findings.notes),
        header=layout.header,
        header_cell=layout.header_cell,
        allowed=marked.allowed,
        ends_with_newline=converted is not None or text.endswith("\n"),
        attachments={} if converted is None else converted.attachments,
    )


def _placed(layout: Layout, converted: Converted, findings: _Findings) -> Layout:
    """The cells with the lines of the notebook or script that they come from."""
    if len(layout.spans) != len(converted.cells):
        findings.error(
            0, "the cells cannot be told apart in Markdown; save the template as a notebook with other cells."
        )
        raise findings.stop()
    spans = []
    for span, numbers in zip(layout.spans, converted.cells, strict=True):
        own = numbers[1:] if span.prefix is not None else numbers
        last = own[-1] if own else numbers[-1]
        padded = (*own, *[last] * (len(span.lines) - len(own)))[: len(span.lines)]
        spans.append(replace(span, line=numbers[0], numbers=padded))
    return replace(layout, spans=tuple(spans), metadata={**converted.metadata, "jupytext": layout.metadata["jupytext"]})


def _read_text(path: Path, findings: _Findings) -> str:
    try:
        raw, _ = read_regular(path, LARGEST_TEMPLATE, "the template")
    except UnfitFileError as problem:
        findings.error(0, str(problem))
        raise findings.stop() from problem
    except OSError as problem:
        findings.error(0, f"the template cannot be read: {problem.strerror or problem}.")
        raise findings.stop() from problem
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        findings.error(line, "this line is not UTF-8 text; save the template in the encoding UTF-8.")
        raise findings.stop() from problem
    text = text.replace("\r\n", "\n")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    if "\0" in text:
        findings.error(text[: text.index("\0")].count("\n") + 1, "this line holds a null character; delete it.")
        raise findings.stop()
    for match in _ODD_LINE_ENDS.finditer(text):
        line = text[: match.start()].count("\n") + 1
        findings.warning(line, f"the character U+{ord(match[0]):04X} was read as a blank; delete it.")
    # A blank and not a line end: the numbers of the lines stay those that an editor shows.
    return _ODD_LINE_ENDS.sub(" ", text)


def _layout(text: str, findings: _Findings, script: str | None) -> tuple[Layout, LabSettings]:
    """Part Markdown into cells, and take gradlab's settings out of its header.

    A script, where the Markdown was made of one, is what the lines of the header are looked up in.
    """
    lines = text.split("\n")
    try:
        settings, own = split_settings(lines)
    except SettingsError as problem:
        line = problem.line if script is None else line_of(script, lines[problem.line - 1])
        findings.error(line, str(problem))
        raise findings.stop() from problem
    try:
        layout = read_layout("\n".join(line for row, line in enumerate(lines) if row not in own))
    except Exception as problem:  # Jupytext and PyYAML raise what their parts happen to raise
        findings.error(1, f"Jupytext cannot read the file: {str(problem).strip().partition(chr(10))[0]}")
        raise findings.stop() from problem
    if script is None:
        _refuse_other_formats(layout, lines, findings)
    removed = len(own)
    spans = tuple(
        replace(span, line=span.line + removed, numbers=[number + removed for number in span.numbers])
        for span in layout.spans
    )
    return replace(layout, spans=spans), settings


def _refuse_other_formats(layout: Layout, lines: Sequence[str], findings: _Findings) -> None:
    """A MyST notebook has the suffix of Markdown; read as that, its code would be prose and its homework stay in."""
    remedy = "make a notebook of it with 'jupytext --from md:myst --to ipynb', and build that"
    names = {match[1] for line in layout.header if (match := _FORMAT_NAME.search(line))} - {"markdown"}
    if names:
        said = f"the header says 'format_name: {names.pop()}'"
        findings.error(1, f"{said}; a template is written in 'format_name: markdown': {remedy}.")
    else:
        for number, line in enumerate(lines, 1):
            if _MYST_CELL.match(line):
                findings.error(number, f"'{line.strip()}' is a code cell of MyST, which would be prose here: {remedy}.")
                break
            if (other := _OTHER_CELL.match(line)) is not None:
                tool, language = ("notedown", other["notedown"]) if other["notedown"] else ("R Markdown", other["rmd"])
                said = f"'{line.strip()}' is a code cell of {tool}, which would be prose here"
                findings.error(number, f"{said}: write '```{language}' in its place, here and in the others.")
                break
    if findings.errors:
        raise findings.stop()


def _check_markers(spans: Sequence[Span], findings: _Findings) -> None:
    for span in spans:
        if not span.closed:
            closing = "```" if span.kind == "code" else "<!-- #endregion -->"
            findings.error(span.line, f"the cell that begins here is never closed; write '{closing}' where it ends.")
        if span.kind == "code" and (span.closing or "").strip("` \t"):
            findings.error(
                (span.numbers[-1] if span.numbers else span.line) + 1,
                f"a fence opens here though that of line {span.line} is still open; write '```' before it.",
            )
        for number, text in zip(span.numbers, span.lines, strict=True):
            if _REGION_MARKER.match(text):
                findings.error(
                    number,
                    f"{text.strip()!r} does not belong to the cell that begins in line {span.line}; "
                    "regions cannot be nested, and each end needs its beginning.",
                )
