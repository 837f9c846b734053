"""Run a version's cells in a fresh kernel, one after the other, with a time limit for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradlab._errors import GradlabError
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._kernel import Kernel, KernelError, kernel_for
from gradlab.labs._outputs import tidied
from gradlab.labs._scratch import scratch_folder
from gradlab.labs._template import is_python

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from gradlab.labs._settings import LabSettings
    from gradlab.labs._versions import Version

OnCell = Callable[[int, int, int], None]
"""Takes how many cells are done, how many will be run, and the template line of the one that starts."""

_HINT = "If it needs the homework, put '#!TAG SKIPQUESTEXEC' in the cell: the question then shows it unrun."


class ExecutionError(GradlabError):
    """A cell failed or ran too long.

    Args:
        diagnostic: the template's file and line, and what happened.
    """

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(str(diagnostic))

    def __reduce__(self) -> tuple[type[ExecutionError], tuple[Diagnostic]]:
        return type(self), (self.diagnostic,)


@dataclass(frozen=True, slots=True)
class Executed:
    """A version after its run.

    Args:
        notebook: the cells with their outputs.
        run: how many code cells were run.
        skipped: how many were left alone because the version says so.
        was_run: whether it was run at all; else it has no outputs.
        warnings: what was left out of its outputs.
    """

    notebook: NotebookNode
    run: int
    skipped: int
    was_run: bool = True
    warnings: tuple[Diagnostic, ...] = ()


def leave_unrun(version: Version) -> Executed:
    """Take a version as it is written, without outputs.

    Args:
        version: The version; it is not changed.
    """
    notebook, code = _cleared(version)
    return Executed(notebook, 0, len(code), was_run=False)


def _cleared(version: Version) -> tuple[NotebookNode, list[int]]:
    """A copy of a version's notebook without outputs, and the indices of its code cells that hold something."""
    from copy import deepcopy

    notebook = deepcopy(version.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook, [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]


async def execute(
    version: Version, path: Path, settings: LabSettings, on_cell: OnCell, kernel: str | None = None
) -> Executed:
    """Run the code cells of a version that are not to be skipped.

    Args:
        version: What to run; it is not changed.
        path: The template, whose folder the cells see.
        settings: Time limit for each cell, and the seed.
        on_cell: Called as each cell starts.
        kernel: Name of the Jupyter kernel to run it in, by default the one that its header names.

    Raises:
        ExecutionError: A cell failed, ran too long or ended its kernel, or no kernel could be started.
    """
    notebook, code = _cleared(version)
    wanted = [index for index in code if index not in version.skip]
    warnings: tuple[Diagnostic, ...] = ()
    if wanted:
        with scratch_folder(path.resolve().parent) as folder:
            run = _Run(version, path, settings, notebook, folder, kernel)
            await run.cells(wanted, on_cell)
            warnings = tuple(run.warnings)
    return Executed(notebook, len(wanted), len(code) - len(wanted), warnings=warnings)


class _Run:
    def __init__(
        self,
        version: Version,
        path: Path,
        settings: LabSettings,
        notebook: NotebookNode,
        folder: Path,
        kernel: str | None,
    ) -> None:
        self.version, self.path, self.settings = version, path, settings
        self.notebook, self.folder = notebook, folder
        self.warnings: list[Diagnostic] = []
        self.kernel = kernel

    async def cells(self, wanted: Sequence[int], on_cell: OnCell) -> None:
        """Start a kernel, run the cells in order, and end the kernel whatever happens."""
        index = wanted[0]
        try:
            async with kernel_for(
                self.notebook, self.folder, self.settings, self.kernel, drawings=is_python(self.notebook.metadata)
            ) as kernel:
                for done, index in enumerate(wanted):
                    on_cell(done, len(wanted), self.version.lines[index])
                    await self._cell(kernel, index, done + 1)
                on_cell(len(wanted), len(wanted), 0)
        except KernelError as problem:
            raise self._error(index, str(problem)) from problem

    async def _cell(self, kernel: Kernel, index: int, count: int) -> None:
        failure = await kernel.run(index, count, self.settings.cell_limit)
        if failure is not None:
            what = failure.what
            if failure.is_timeout:
                what += ", the limit for one cell; raise it with 'timeout:' under 'gradlab:'"
            raise self._error(index, what, failure.row, hint=not failure.is_missing_package)
        cell = self.notebook.cells[index]
        cell.outputs, left_out = tidied(cell.outputs, self.folder)
        if left_out:
            message = f"the output of this cell is too long: {left_out} are left out of its middle in every file"
            self.warnings.append(Diagnostic(self.path, self.version.lines[index], "warning", message))

    def _error(self, index: int, what: str, row: int | None = None, *, hint: bool = True) -> ExecutionError:
        """Name the cell and the template line to blame: that of the row that failed where it is known."""
        code = [place for place, cell in enumerate(self.notebook.cells) if cell.cell_type == "code"]
        first = self.version.lines[index]
        rows = self.version.cell_lines[index]
        line = rows[row - 1].line if row is not None and 0 < row <= len(rows) else 0
        where = f" (it begins in line {first})" if line not in (0, first) else ""
        message = f"code cell {code.index(index) + 1} of the {self.version.kind}{where} {what}"
        if self.version.kind == "question" and hint:
            message += f"\n  {_HINT}"
        return ExecutionError(Diagnostic(self.path, line or first, "error", message))


def run_blocking(work: Any) -> Any:
    """Run a coroutine to its end, also where an event loop is running already (inside Jupyter)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
