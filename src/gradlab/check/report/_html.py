"""A report as HTML for a notebook: one element, no scripts, nothing fetched, readable on light and dark pages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from gradlab.check._outcomes import Verdict
from gradlab.check.report._plot import as_svg
from gradlab.check.report._text import HEADER, cells

if TYPE_CHECKING:
    from gradlab.check.names import Diagnosis
    from gradlab.check.report._report import Report

_COLOURS = {Verdict.CORRECT: "#15803d", Verdict.WRONG: "#b91c1c", Verdict.UNDECIDED: "#a16207"}
_PAGE = "font-family:sans-serif;font-size:13px;max-width:72em"
_GRID = "border-collapse:collapse;font-size:13px;margin:6px 0;font-variant-numeric:tabular-nums"
_CELL = "padding:2px 10px;border:0;white-space:nowrap;vertical-align:top"
_REASON = ";white-space:normal;min-width:16em"
_NUMERIC = {1, 2, 3, 4}
_DIAGNOSES = 3


def as_html(report: Report) -> str:
    """The verdict, what is wrong, the worst entries, the plot, and what to do."""
    name, _, counts = report.headline.partition(": ")
    badge = (
        f'<span style="background:{_COLOURS[report.verdict]};color:#fff;border-radius:4px;padding:2px 8px;'
        f'font-weight:600">{name}</span> {escape(counts)}'
    )
    parts = [
        f'<div style="font-size:14px;line-height:1.5">{badge}</div>',
        *map(_diagnosis, report.diagnoses[:_DIAGNOSES]),
    ]
    parts.append(_table(report))
    if report.plot is not None:
        caption = (
            f"Error of <code>{escape(report.plot.name)}</code> against the step size; dashed, the error bar of the "
            "numeric value; ringed, the scale that it was judged by."
        )
        parts.append(
            f'<figure style="margin:8px 0">{as_svg(report.plot)}<figcaption style="font-size:12px">{caption}'
            "</figcaption></figure>"
        )
    parts += [f'<div style="margin:4px 0">{escape(line)}</div>' for line in report.remarks]
    parts.append(f'<div style="margin:6px 0"><b>What to do.</b> {escape(report.remedy)}</div>')
    return f'<div class="gradlab-report" style="{_PAGE}">{"".join(parts)}</div>'


def _diagnosis(diagnosis: Diagnosis) -> str:
    place = ""
    if diagnosis.place:
        place = f'<br><code style="font-size:12px">{escape(diagnosis.place)}</code>'
    return (
        f'<div style="border-left:3px solid {_COLOURS[Verdict.WRONG]};padding:2px 10px;margin:8px 0">'
        f"<b>{escape(diagnosis.kind.value.capitalize())}.</b> {escape(diagnosis.sentence)}{place}"
        f'<br><span style="opacity:.8">{escape(diagnosis.remedy)}</span></div>'
    )


def _table(report: Report) -> str:
    shown, left = report.shown
    head = "".join(f'<th style="{_CELL};{_align(index)}">{escape(text)}</th>' for index, text in enumerate(HEADER))
    rows = []
    for entry in shown:
        texts = cells(entry, name_width=60, reason_width=200)
        colour = _COLOURS[entry.verdict]
        own = {5: f";color:{colour};font-weight:600", 6: _REASON}
        styles = [f"{_CELL};{_align(index)}{own.get(index, '')}" for index in range(len(HEADER))]
        rows.append(
            "".join(f'<td style="{style}">{escape(text)}</td>' for style, text in zip(styles, texts, strict=True))
        )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    more = f'<div style="opacity:.8">and {left} more that are no worse</div>' if left else ""
    return (
        f'<div style="overflow-x:auto"><table style="{_GRID}"><thead>'
        f'<tr style="border-bottom:1px solid currentColor">{head}</tr></thead><tbody>{body}</tbody></table></div>{more}'
    )


def _align(index: int) -> str:
    return f"text-align:{'right' if index in _NUMERIC else 'left'}"
