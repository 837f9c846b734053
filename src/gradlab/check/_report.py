"""The result of a check, and how it reads."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from gradlab.check._errors import GradientError
from gradlab.check._outcomes import Entry, Precision, Verdict

_ROWS = 12
_NAME_WIDTH = 24
_SEVERITY = {Verdict.WRONG: 2, Verdict.UNDECIDED: 1, Verdict.CORRECT: 0}


@dataclass(frozen=True, slots=True)
class Report:
    """What a check of a gradient found, entry by entry.

    A report counts as true only if the gradient is CORRECT: `assert check_gradient(...)` fails for a WRONG one, and
    for an UNDECIDED one, too, since nothing has been shown then.

    Attributes:
        entries: One for each checked derivative, in the order of the point.
        evaluations: How often the loss was evaluated.
        diagnoses: What mistake turns the right gradient into this one, the simplest first; empty unless WRONG.
        precision: The separate verdict on the formula in lower precision; None where it was not asked for.
        notes: What else was seen, the gravest first: that the function is not deterministic, or changes its input.
        miss_probability: How likely random directions bear out a wrong entry; 0 where every entry was measured.
    """

    entries: tuple[Entry, ...]
    evaluations: int
    diagnoses: tuple[Any, ...] = ()
    precision: Precision | None = None
    notes: tuple[str, ...] = ()
    miss_probability: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """WRONG if an entry is; else UNDECIDED if one is; else CORRECT."""
        return max((entry.verdict for entry in self.entries), key=_SEVERITY.__getitem__)

    @property
    def ok(self) -> bool:
        """Whether every entry is CORRECT."""
        return self.verdict is Verdict.CORRECT

    @property
    def worst(self) -> Entry:
        """The entry with the gravest verdict and, among those, the largest relative difference."""
        return max(self.entries, key=_gravity)

    def raise_if_wrong(self) -> None:
        """Do nothing unless the gradient is WRONG; an UNDECIDED one passes.

        Raises:
            GradientError: The gradient is WRONG; the message is this report.
        """
        if self.verdict is Verdict.WRONG:
            raise GradientError(str(self))

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        """The verdict, the worst entries as a table, and what to do: at most one screen."""
        shown = sorted(self.entries, key=_gravity, reverse=True)[:_ROWS]
        if len(self.entries) <= _ROWS:
            shown = list(self.entries)
        lines = [self._headline(), "", *_table(shown)]
        left = len(self.entries) - len(shown)
        if left:
            lines.append(f"and {left} more that are no worse")
        return "\n".join([*lines, "", self.verdict.remedy])

    def _headline(self) -> str:
        counts = Counter(entry.verdict for entry in self.entries)
        total = len(self.entries)
        parts = [f"{counts[verdict]} {verdict.value}" for verdict in _SEVERITY if counts[verdict]]
        return f"{self.verdict.name}: {', '.join(parts)} of {total} {'entry' if total == 1 else 'entries'}"


def _gravity(entry: Entry) -> tuple[int, float]:
    relative = entry.relative_difference
    return _SEVERITY[entry.verdict], math.inf if math.isnan(relative) else relative


def _table(entries: list[Entry]) -> list[str]:
    header = ("entry", "claimed", "numeric", "error bar", "rel. diff.", "verdict", "reason")
    rows = [header, *(_cells(entry) for entry in entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = {0, 5, 6}
    return [
        "  ".join(
            cell.ljust(width) if index in left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _cells(entry: Entry) -> tuple[str, ...]:
    name = entry.name if len(entry.name) <= _NAME_WIDTH else f"{entry.name[: _NAME_WIDTH - 3]}..."
    numbers = (f"{entry.claimed:.8g}", f"{entry.numeric:.8g}", f"{entry.error_bar:.1e}")
    return (name, *numbers, f"{entry.relative_difference:.1e}", entry.verdict.name, entry.reason)
