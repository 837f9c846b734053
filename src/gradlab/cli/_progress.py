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
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[place]}"))
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
        elif step.phase in ("question", "solution", "checks") and step.line:
            what = "check" if step.phase == "checks" else "cell"
            self._print(step, f"{what} {step.done + 1} of {step.total} (line {step.line})")
        elif step.phase in ("checks", "files"):
            self._print(step, "made and searched" if step.phase == "files" else "")

    def _print(self, step: Step, what: str) -> None:
        print(f"{step.template.name}: {step.phase} {what}".rstrip(), file=sys.stderr, flush=True)

    def _show(self, bars: Progress, step: Step) -> None:
        key = (step.template, step.phase)
        passing = ("reading",) if step.total else ("reading", "question", "solution", "checks", "files")
        for (template, phase), task in self._tasks.items():
            if template == step.template and phase in passing and phase != step.phase:
                bars.update(task, visible=False)
        if step.phase in ("done", "failed"):
            return
        place = f"cell {min(step.done + 1, step.total)} of {step.total}" if step.total else ""
        place += f", line {step.line}" if step.line else ""
        if key not in self._tasks:
            from rich.markup import escape

            title = f"{escape(step.template.name)} [bold]{step.phase}[/]"
            self._tasks[key] = bars.add_task(title, total=step.total or None, place=place)
        bars.update(self._tasks[key], completed=step.done, total=step.total or None, place=place)
