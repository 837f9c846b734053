"""The record of a descent."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from textwrap import wrap
from typing import Any

import numpy as np

from gradlab.descent._outcome import Outcome
from gradlab.descent._steps import RuleState
from gradlab.descent._table import latex_table, markdown_table, text_table


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """What a descent did: T steps, T + 1 points.

    The arrays are read-only. They are float64, or hold Fractions (dtype object) if the run was exact.

    Attributes:
        points: Where it was, from the start to the end, shape (T + 1, n).
        values: The function there, shape (T + 1,).
        gradients: Its gradient there, shape (T + 1, n).
        steps: The sizes of the steps that were taken, shape (T,).
        outcome: How it ended.
        message: The same in a sentence, with numbers.
        advice: What to try, with numbers.
        names: The variables, n names.
        unused: Sizes from a list of steps that the run did not need, since it had stopped before.
        state: What the rule keeps at the end: `descend(function, trace.last, state=trace.state, ...)` goes on.

    Example:
        >>> from gradlab.descent import descend
        >>> trace = descend(lambda x: x * x, 2.0, gradient=lambda x: 2 * x, steps=[0.25, 0.25])
        >>> trace.points[:, 0].tolist(), trace.values.tolist()
        ([2.0, 1.0, 0.5], [4.0, 1.0, 0.25])
        >>> trace.outcome.name
        'MAX_STEPS'
    """

    points: np.ndarray
    values: np.ndarray
    gradients: np.ndarray
    steps: np.ndarray
    outcome: Outcome
    message: str
    advice: str
    names: tuple[str, ...]
    unused: tuple[Any, ...] = ()
    state: RuleState | None = None

    def __post_init__(self) -> None:
        for array in (self.points, self.values, self.gradients, self.steps):
            array.setflags(write=False)

    @property
    def last(self) -> np.ndarray:
        """The last point, shape (n,)."""
        return self.points[-1]

    @property
    def exact(self) -> bool:
        """Whether the run was made in exact rational numbers."""
        return self.points.dtype == object

    def table(self, max_rows: int = 20, width: int | None = None) -> str:
        """The run as a plain-text table, one line a point, with the message and the advice below it.

        The column `step` holds the size of the step that leaves the point; one in brackets was not needed.

        Args:
            max_rows: The most points to show; those in the middle are left out first. Default 20.
            width: How many characters a line may have; a wider table is cut into several, each with the column `k`.
                Default: any number for the table, 100 for the sentences.

        Returns:
            The table, without a newline at its end.

        Raises:
            ValueError: `max_rows` is less than 2.

        Example:
            >>> from gradlab.descent import descend
            >>> trace = descend(lambda x: x * x, 2.0, gradient=lambda x: 2 * x, steps=[0.25, 0.5])
            >>> print(trace.table())
            k  x  f  df/dx  step
            0  2  4      4  0.25
            1  1  1      2   0.5
            2  0  0      0
            <BLANKLINE>
            CONVERGED after 2 steps: 0 is a fixed point, with the value 0. Every further step, of whatever size,
            leaves it where it is, since the gradient there is 0.
        """
        lines = (wrap(sentence, min(width or 100, 100)) for sentence in self._sentences().splitlines())
        return "\n".join([text_table(self, max_rows, width), "", *chain.from_iterable(lines)])

    def latex(self, max_rows: int = 20) -> str:
        r"""The run as a LaTeX `array`, for use inside a displayed equation.

        Args:
            max_rows: The most points to show; those in the middle are left out first. Default 20.

        Returns:
            The lines from `\begin{array}` to `\end{array}`.

        Raises:
            ValueError: `max_rows` is less than 2.

        Example:
            >>> from gradlab.descent import descend
            >>> print(descend(lambda x: x * x, 2.0, gradient=lambda x: 2 * x, steps=[0.5]).latex())
            \begin{array}{r|r|r|r|r}
            k & x & f & \partial f / \partial x & \text{step} \\ \hline
            0 & 2 & 4 & 4 & 0.5 \\
            1 & 0 & 0 & 0 &
            \end{array}
        """
        return latex_table(self, max_rows)

    def markdown(self, max_rows: int = 20) -> str:
        """The run as a Markdown table, with the message and the advice below it.

        Args:
            max_rows: The most points to show; those in the middle are left out first. Default 20.

        Returns:
            A pipe table whose heading and entries are mathematics between dollars, and the sentences.

        Raises:
            ValueError: `max_rows` is less than 2.

        Example:
            >>> from gradlab.descent import descend
            >>> trace = descend(lambda x: x * x, 2.0, gradient=lambda x: 2 * x, steps=[0.5])
            >>> print(trace.markdown().splitlines()[2])
            | $0$ | $2$ | $4$ | $4$ | $0.5$ |
        """
        return f"{markdown_table(self, max_rows)}\n\n{self._sentences()}"

    def _sentences(self) -> str:
        return f"{self.message}\n{self.advice}" if self.advice else self.message

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        return f"<Trace of {len(self.steps)} steps. {self.message}>"
