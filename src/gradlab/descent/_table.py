"""A Trace as a table, in plain text, Markdown and LaTeX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradlab._words import in_columns
from gradlab.descent._numbers import is_rational, show
from gradlab.graph import latex_of_name

if TYPE_CHECKING:
    from gradlab.descent._trace import Trace


def text_table(trace: Trace, max_rows: int, width: int | None) -> str:
    """Columns aligned to the right, as many beside each other as fit."""
    header = ["k", *trace.names, "f", *(f"df/d{name}" for name in trace.names), "step"]
    rows = [["..."] * len(header) if row is None else _cells(row, show) for row in _rows(trace, max_rows)]
    return in_columns([header, *rows], width)


def markdown_table(trace: Trace, max_rows: int) -> str:
    """A pipe table of mathematics between dollars."""
    header = _latex_header(trace.names)
    lines = [_pipes([f"${cell}$" for cell in header]), _pipes(["---:"] * len(header))]
    for row in _rows(trace, max_rows):
        cells = ["⋮"] * len(header) if row is None else [f"${c}$" if c else "" for c in _cells(row, _latex_number)]
        lines.append(_pipes(cells))
    return "\n".join(lines)


def latex_table(trace: Trace, max_rows: int) -> str:
    r"""An `array` environment."""
    header = _latex_header(trace.names)
    size = "r" * len(trace.names)
    body = [
        " & ".join([r"\vdots"] * len(header) if row is None else _cells(row, _latex_number)).rstrip()
        for row in _rows(trace, max_rows)
    ]
    lines = [rf"\begin{{array}}{{r|{size}|r|{size}|r}}", " & ".join(header) + r" \\ \hline"]
    return "\n".join([*lines, " \\\\\n".join(body), r"\end{array}"])


def _latex_header(names: tuple[str, ...]) -> list[str]:
    letters = [latex_of_name(name.replace("[", "").replace("]", "")) for name in names]  # x[0] is x_0
    return ["k", *letters, "f", *(rf"\partial f / \partial {letter}" for letter in letters), r"\text{step}"]


def _rows(trace: Trace, max_rows: int) -> list[tuple[int, list[Any], Any, bool] | None]:
    """The points to show as (index, numbers, step, taken); None stands for those left out."""
    if max_rows < 2:
        raise ValueError(f"max_rows is {max_rows}; write at least 2, for the first and the last point.")
    count = len(trace.points)
    shown: list[int | None] = list(range(count))
    if count > max_rows:
        tail = max_rows // 2
        shown = [*range(max_rows - tail), None, *range(count - tail, count)]
    return [None if index is None else _row(trace, index) for index in shown]


def _row(trace: Trace, index: int) -> tuple[int, list[Any], Any, bool]:
    taken = index < len(trace.steps)
    step = trace.steps[index] if taken else (trace.unused[0] if trace.unused else None)
    return index, [*trace.points[index], trace.values[index], *trace.gradients[index]], step, taken


def _cells(row: tuple[int, list[Any], Any, bool], spell: Any) -> list[str]:
    index, numbers, step, taken = row
    size = "" if step is None else spell(step) if taken else f"({spell(step)})"
    return [str(index), *map(spell, numbers), size]


def _latex_number(number: Any) -> str:
    if is_rational(number):
        sign, top = "-" if number < 0 else "", abs(number.numerator)
        return f"{sign}{top}" if number.denominator == 1 else rf"{sign}\tfrac{{{top}}}{{{number.denominator}}}"
    text = show(number)
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\text{NaN}"}.get(text, text)


def _pipes(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
