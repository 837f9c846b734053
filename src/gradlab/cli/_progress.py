"""Progress while labs are built: bars on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from gradlab.labs import Step


class Reporter:
    """Shows each step of the builds; used as a context manager."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True)
        self._bars: Progress | None = None
        self._tasks: dict[tuple[Path, str], TaskID] = {}

    def __enter__(self) -> Reporter:
        if self._console.is_terminal:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[place]}"),
            )
            self._bars = Progress(*columns, TimeElapsedColumn(), console=self._console, transient=True)
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def step(self, step: Step) -> None:
        """Show where a build is."""
        if self._bars is not None:
            self._show(self._bars, step)
        elif step.phase in ("question", "solution") and step.line:
            self._print(step, f"cell {step.done + 1} of {step.total} (line {step.line})")
        elif step.phase == "writing":
            self._print(step, "")

    def _print(self, step: Step, what: str) -> None:
        print(f"{step.template.name}: {step.phase} {what}".rstrip(), file=sys.stderr, flush=True)

    def _show(self, bars: Progress, step: Step) -> None:
        key = (step.template, step.phase)
        if step.phase in ("done", "failed"):
            for (template, _), task in self._tasks.items():
                if template == step.template:
                    bars.update(task, visible=False)
            return
        place = f"line {step.line}" if step.line else ""
        total = step.total or None
        if key not in self._tasks:
            from rich.markup import escape

            self._tasks[key] = bars.add_task(
                f"{escape(step.template.name)} [bold]{step.phase}[/]", total=total, place=place
            )
        bars.update(self._tasks[key], completed=step.done, total=total, place=place)
