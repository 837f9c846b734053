"""The result of a check: verdict, entries, what is wrong and what to do; as text, HTML and JSON."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from dataclasses import dataclass

from gradlab.check._errors import GradientError
from gradlab.check._outcomes import NEAR, SINGLE_RELEVANCE, SINGLE_TOLERANCE, ZERO, Cause, Entry, Precision, Verdict
from gradlab.check.names import Diagnosis
from gradlab.check.report._html import as_html
from gradlab.check.report._json import as_json, read_json
from gradlab.check.report._plot import ErrorPlot, error_plot
from gradlab.check.report._text import as_text_report, precision_lines

_ROWS = 12
_SEVERITY = {Verdict.WRONG: 2, Verdict.UNDECIDED: 1, Verdict.CORRECT: 0}


@dataclass(frozen=True, slots=True)
class Report:
    """What a check of a gradient found, entry by entry.

    A report counts as true only if the gradient is CORRECT: `assert check_gradient(...)` fails for a WRONG one, and
    for an UNDECIDED one, too, since nothing has been shown then. In a notebook it shows itself with a plot.

    Attributes:
        entries: One for each checked derivative, in the order of the point.
        evaluations: How often the loss was evaluated.
        diagnoses: What mistake turns the right gradient into this one, the simplest first; empty unless WRONG.
        precision: The separate verdict on the formula in lower precision; None where it was not asked for.
        notes: What else was seen, the gravest first: that the function is not deterministic, or changes its input.
        miss_probability: How likely random directions bear out a wrong entry; 0 where every entry was measured.
        relevance: The part of the largest share (derivative times size of the coordinate) below which an entry is as
            good as zero, or from which a difference would have shown.
    """

    entries: tuple[Entry, ...]
    evaluations: int
    diagnoses: tuple[Diagnosis, ...] = ()
    precision: Precision | None = None
    notes: tuple[str, ...] = ()
    miss_probability: float = 0.0
    relevance: float = 1e-8

    @property
    def verdict(self) -> Verdict:
        """WRONG if an entry is, or what the gradient does beside computing; else UNDECIDED if one is; else CORRECT."""
        return (
            Verdict.WRONG
            if self.diagnoses
            else max((entry.verdict for entry in self.entries), key=_SEVERITY.__getitem__)
        )

    @property
    def ok(self) -> bool:
        """Whether every entry is CORRECT."""
        return self.verdict is Verdict.CORRECT

    @property
    def worst(self) -> Entry:
        """The entry with the gravest verdict and, among those, the largest relative difference."""
        return max(self.entries, key=_gravity)

    @property
    def headline(self) -> str:
        """The verdict and how many entries have which, on one line."""
        told = Counter(_told(entry) for entry in self.entries)
        total = len(self.entries)
        beside = f", but the gradient {self.diagnoses[0].kind.value}" if self._is_wrong_beside else ""
        words = [*(verdict.value for verdict in _SEVERITY), Cause.NOT_MEASURED.value]
        parts = [f"{told[word]} {word}" for word in words if told[word]]
        return f"{self.verdict.name}: {', '.join(parts)} of {total} {'entry' if total == 1 else 'entries'}{beside}"

    @property
    def _is_wrong_beside(self) -> bool:
        return bool(self.diagnoses) and self.worst.verdict is not Verdict.WRONG

    @property
    def shown(self) -> tuple[list[Entry], int]:
        """The entries that fit on a screen, the worst first if they do not all fit, and how many are left out."""
        if len(self.entries) <= _ROWS:
            return list(self.entries), 0
        rows = _ROWS - 4 if self.diagnoses else _ROWS
        return heapq.nlargest(rows, self.entries, key=_gravity), len(self.entries) - rows

    @property
    def plot(self) -> ErrorPlot | None:
        """The error against the step size for the worst entry that was measured at several; None if none was."""
        measured = [entry for entry in self.entries if len(entry.scales) > 1]
        return error_plot(heapq.nlargest(4, measured, key=_gravity))

    @property
    def remarks(self) -> list[str]:
        """What there is to say beside the entries, one sentence each."""
        lines = list(self.notes)
        if self.precision is not None:
            lines += precision_lines(self.precision)
        if self.miss_probability > 0:
            lines.append(
                f"Borne out along random directions; one off by {self.relevance:.0e} of the largest share passes with "
                f"a probability below {self.miss_probability:.0e}."
            )
        elif any(entry.reason == ZERO for entry in self.entries):
            lines.append(f"Shares below relevance={self.relevance:.0e} of the largest are as good as zero.")
        if any(entry.reason == NEAR for entry in self.entries):
            lines.append(
                f"The loss computes in float32: it was compared to {SINGLE_TOLERANCE:g} of an entry, or to "
                f"{SINGLE_RELEVANCE:g} of the largest entry of its array."
            )
        return [line[:1].upper() + line[1:] for line in lines]

    @property
    def remedy(self) -> str:
        """What to do, as one sentence."""
        return self.diagnoses[0].remedy if self._is_wrong_beside else self.worst.remedy

    def raise_if_wrong(self) -> None:
        """Do nothing unless the gradient is WRONG; an UNDECIDED one passes.

        Raises:
            GradientError: The gradient is WRONG; the message is this report.
        """
        if self.verdict is Verdict.WRONG:
            raise GradientError(str(self))

    def to_json(self, indent: int | None = None) -> str:
        """Everything in it as JSON, with its schema's name; `from_json` makes an equal report of it.

        Args:
            indent: Spaces to indent by. Default all on one line.

        Returns:
            The text.

        Example:
            >>> from gradlab.check import check_gradient
            >>> report = check_gradient(lambda x: x * x, 4.0, at=2.0)
            >>> report.to_json()[:70]
            '{"schema": "gradlab.check.report/1", "verdict": "CORRECT", "summary": '
            >>> Report.from_json(report.to_json()) == report
            True
        """
        return as_json(self, indent)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The report that a text of `to_json` describes.

        Args:
            text: What `to_json` returned.

        Returns:
            The report.

        Raises:
            CheckError: It is no such text.
        """
        return cls(**read_json(text))

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        """The verdict, the worst entries, what is wrong, a plot and what to do: at most one screen."""
        return as_text_report(self)

    def text(self, width: int | None = None) -> str:
        """The report as text.

        Args:
            width: How many characters a line may have; entries are then told in lines of their own where a row has no
                room, and a plot that is wider is left out. Default as many as it takes.
        """
        return as_text_report(self, width)

    def _repr_html_(self) -> str:
        """The same for a notebook."""
        return as_html(self)


def _gravity(entry: Entry) -> tuple[int, float]:
    relative = entry.relative_difference
    return _SEVERITY[entry.verdict], math.inf if math.isnan(relative) else relative


def _told(entry: Entry) -> str:
    """What the headline counts an entry as: of one that was left open it is not said that nobody can know."""
    return entry.cause.value if entry.cause is Cause.NOT_MEASURED else entry.verdict.value
