"""What is said of a sweep or a map while it is made: kernels that are compiled, how long it takes, how far it is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from gradlab.train import Progress

INTERRUPTED = 130  # the exit status after Ctrl-C


@contextmanager
def announced(console: Console) -> Iterator[None]:
    """Says so where a kernel is compiled, which takes seconds without progress."""

    class Said(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            console.print(f"gradlab: {record.getMessage()}", markup=False, soft_wrap=True)

    logger, handler = logging.getLogger("gradlab"), Said()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def shown(console: Console) -> Iterator[Any]:
    """A bar on a terminal; anywhere else a line where it is known how long it takes, and one for each tenth done."""
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    last: list[Progress] = []
    with Bars(
        BarColumn(), TextColumn("{task.description}"), console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        task = bars.add_task("", total=None)

        def show(progress: Progress) -> None:
            if progress.cost is not None:
                console.print(f"gradlab: {progress}", soft_wrap=True)
                return
            tenth = 10 * progress.done // progress.total
            if last and not console.is_terminal and 10 * last[0].done // progress.total < tenth < 10:
                console.print(f"gradlab: {progress}", soft_wrap=True)
            last[:] = [progress]
            bars.update(task, total=progress.total, completed=progress.done, description=str(progress))

        yield show
    if last:
        console.print(f"gradlab: {last[0]}", soft_wrap=True)
