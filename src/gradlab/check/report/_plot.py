"""The error of a claim against the step size, as text for a terminal and as SVG for a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from gradlab.check._outcomes import Entry

_COLUMNS, _ROWS = 56, 7
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 460, 220, 58, 40, 12, 14
_SMALLEST = 1e-17

Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class ErrorPlot:
    """What is drawn: for each step how far the claim is from the estimate, and how exact the estimate is.

    Attributes:
        name: The entry.
        steps: The step sizes, ascending.
        errors: |claimed - estimate| over the larger of both.
        bars: The estimate's error bar, over the same.
        chosen: The position of the scale that the verdict comes from; None if it is none of these.
    """

    name: str
    steps: tuple[float, ...]
    errors: tuple[float, ...]
    bars: tuple[float, ...]
    chosen: int | None


def error_plot(entries: Sequence[Entry]) -> ErrorPlot | None:
    """The plot of the first entry that was measured at several scales; None if none was."""
    for entry in entries:
        scales = [scale for scale in entry.scales if all(map(math.isfinite, scale)) and scale[0] > 0]
        if len(scales) > 1 and math.isfinite(entry.claimed):
            scales.sort(key=lambda scale: scale[0])
            size = max(abs(entry.claimed), abs(entry.numeric)) or 1.0
            steps = tuple(step for step, _, _ in scales)
            return ErrorPlot(
                entry.name,
                steps,
                tuple(abs(entry.claimed - estimate) / size for _, estimate, _ in scales),
                tuple(bar / size for _, _, bar in scales),
                _nearest(steps, entry.step),
            )
    return None


def as_text(plot: ErrorPlot) -> list[str]:
    """The plot in nine lines: o the error, . the bar, # the error at the chosen scale."""
    low, high = _decades(plot)
    first, last = math.log10(plot.steps[0]), math.log10(plot.steps[-1])
    grid = [[" "] * _COLUMNS for _ in range(_ROWS)]
    for index, step in enumerate(plot.steps):
        column = round((math.log10(step) - first) / (last - first) * (_COLUMNS - 1))
        for value, mark in ((plot.bars[index], "."), (plot.errors[index], "#" if index == plot.chosen else "o")):
            row = round((high - _log(value)) / (high - low) * (_ROWS - 1))
            grid[min(max(row, 0), _ROWS - 1)][column] = mark
    lines = [f"Error of {plot.name} against the step (o), its bar (.), the scale it was judged by (#)"]
    for row, cells in enumerate(grid):
        label = {0: f"1e{high:+03d}", _ROWS - 1: f"1e{low:+03d}"}.get(row, "")
        lines.append(f"{label:>7} |{''.join(cells)}".rstrip())
    ends = f"step {plot.steps[0]:.0e}", f"{plot.steps[-1]:.0e}"
    lines.append(f"{'':>7} +{ends[0]}{ends[1].rjust(_COLUMNS - len(ends[0]), '-')}".replace("+step", "+ step"))
    return lines


def as_svg(plot: ErrorPlot) -> str:
    """The plot as an SVG element in the colours of the page around it."""
    low, high = _decades(plot)
    first, last = math.floor(math.log10(plot.steps[0])), math.ceil(math.log10(plot.steps[-1]))

    def across(step: float) -> float:
        return _LEFT + (math.log10(step) - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)

    def down(value: float) -> float:
        share = min(max((high - _log(value)) / (high - low), 0.0), 1.0)
        return _TOP + share * (_HEIGHT - _TOP - _BOTTOM)

    errors = [(across(step), down(error)) for step, error in zip(plot.steps, plot.errors, strict=True)]
    bars = [(across(step), down(bar)) for step, bar in zip(plot.steps, plot.bars, strict=True)]
    chosen = "" if plot.chosen is None else _chosen(*errors[plot.chosen])
    marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#c2410c"/>' for x, y in errors)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'role="img" aria-label="Error of {escape(plot.name)} against the step size" '
        f'font-family="sans-serif" font-size="11" fill="currentColor" style="max-width:100%">'
        f"{_axes(low, high, first, last, across, down)}"
        f'<polyline points="{_points(bars)}" fill="none" stroke="#6b7280" stroke-dasharray="4 3"/>'
        f'<polyline points="{_points(errors)}" fill="none" stroke="#c2410c" stroke-width="1.5"/>{marks}{chosen}</svg>'
    )


def _axes(low: int, high: int, first: int, last: int, across: Scale, down: Scale) -> str:
    bottom = _HEIGHT - _BOTTOM
    parts = []
    for exponent in range(low, high + 1, max(1, (high - low) // 5)):
        y = down(10.0**exponent)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#9ca3af55"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">1e{exponent}</text>')
    for exponent in range(first, last + 1, max(1, (last - first) // 5)):
        x = across(10.0**exponent)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 4}" stroke="currentColor"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">1e{exponent}</text>')
    parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}" stroke="currentColor"/>')
    parts.append(f'<text x="{(_LEFT + _WIDTH) / 2:.0f}" y="{_HEIGHT - 6}" text-anchor="middle">step size</text>')
    return "".join(parts)


def _chosen(x: float, y: float) -> str:
    ring = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" stroke="#9ca3af"/>{ring}'


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)


def _decades(plot: ErrorPlot) -> tuple[int, int]:
    """The decades that the plot spans."""
    values = [_log(value) for value in (*plot.errors, *plot.bars)]
    low, high = math.floor(min(values)), min(math.ceil(max(values)), 2)
    return (low, high) if high > low else (high - 1, high)


def _log(value: float) -> float:
    return math.log10(max(value, _SMALLEST))


def _nearest(steps: Sequence[float], step: float) -> int | None:
    if not (math.isfinite(step) and step > 0):
        return None
    index = min(range(len(steps)), key=lambda each: abs(math.log(steps[each] / step)))
    return index if abs(math.log(steps[index] / step)) < 0.5 else None
