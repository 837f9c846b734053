"""A report as text: one screen, whatever the number of entries."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradlab.check._outcomes import Entry, Precision, PrecisionVerdict, Verdict
from gradlab.check.report._plot import as_text

if TYPE_CHECKING:
    from gradlab.check.names import Diagnosis
    from gradlab.check.report._report import Report

_NAME_WIDTH, _REASON_WIDTH = 24, 60
_DIAGNOSES = 3
HEADER = ("entry", "claimed", "numeric", "error bar", "rel. diff.", "verdict", "reason")


def as_text_report(report: Report, width: int | None = None) -> str:
    """The verdict, the worst entries, what is wrong, the plot, and what to do."""
    lines = _lines(report, width)
    if width is None:
        return "\n".join(lines)
    return "\n".join(_broken(line, width) for line in lines)


def _broken(line: str, width: int) -> str:
    """A line in lines that fit, those after the first indented by as much and by two more."""
    if len(line) <= width:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(line, width, subsequent_indent=f"{indent}  ", break_on_hyphens=False)


def _lines(report: Report, width: int | None) -> list[str]:
    shown, left = report.shown
    table = _table(shown)
    if width is not None and max(map(len, table)) > width:
        table = [line for entry in shown for line in _paragraph(entry)]
    lines = [report.headline, "", *table]
    if left:
        lines.append(f"and {left} more that are no worse")
    if report.diagnoses:
        lines += ["", *_diagnoses(report.diagnoses)]
    plot = None if report.verdict is Verdict.CORRECT else report.plot
    drawn = [] if plot is None else as_text(plot)
    # Of a plot the first line may be broken.
    if drawn and (width is None or max(map(len, drawn[1:])) <= width):
        lines += ["", *drawn]
    remarks = report.remarks
    if remarks:
        lines += ["", *remarks]
    return [*lines, "", report.remedy]


def precision_lines(precision: Precision) -> list[str]:
    """The separate verdict on the formula in lower precision, the worst entries first."""
    if precision.verdict is not PrecisionVerdict.LOST:
        return []
    lines = []
    for finding in precision.findings[:_DIAGNOSES]:
        place = f" in {finding.place}" if finding.place else ""
        stable = f" Write {finding.stable}." if finding.stable else ""
        lines.append(
            f"In {precision.dtype}, {finding.name} is {finding.low:.4g} where {finding.high:.4g} is right: "
            f"{finding.kind.value}{place}.{stable}"
        )
    return lines


def shorten(text: str, width: int) -> str:
    """A text that fits."""
    return text if len(text) <= width else f"{text[: width - 3]}..."


def cells(entry: Entry, name_width: int = _NAME_WIDTH, reason_width: int = _REASON_WIDTH) -> tuple[str, ...]:
    """An entry as a row of the table."""
    numbers = (f"{entry.claimed:.8g}", f"{entry.numeric:.8g}", f"{entry.error_bar:.1e}")
    reason = shorten(entry.reason, reason_width)
    name = shorten(entry.name, name_width)
    return (name, *numbers, f"{entry.relative_difference:.1e}", entry.verdict.name, reason)


def _paragraph(entry: Entry) -> list[str]:
    """An entry where a row has no room."""
    name, claimed, numeric, bar, _, verdict, _ = cells(entry)
    return [f"{verdict} {name}", f"  claimed {claimed}, numeric {numeric} +- {bar}", f"  {entry.reason}"]


def _diagnoses(diagnoses: Sequence[Diagnosis]) -> list[str]:
    first, *others = diagnoses[:_DIAGNOSES]
    lines = [f"What is wrong: {first.sentence}", *([f"  {first.place}"] if first.place else []), f"  {first.remedy}"]
    for each in others:
        lines.append(f"It may also be: {each.sentence}")
        if each.place:
            lines.append(f"  {each.place}")
    return lines


def _table(entries: Sequence[Entry]) -> list[str]:
    rows = [HEADER, *(cells(entry) for entry in entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = {0, 5, 6}
    return [
        "  ".join(
            cell.ljust(width) if index in left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
