"""Run a version's cells in a fresh kernel, one after the other, with a time limit for each."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from gradlab._errors import GradlabError
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._outputs import collecting_client, tidied
from gradlab.labs._scratch import scratch_folder

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

    from gradlab.labs._settings import LabSettings
    from gradlab.labs._versions import Version

OnCell = Callable[[int, int, int], None]
"""Takes how many cells are done, how many will be run, and the template line of the one that starts."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_START_LIMIT = 120
_LONGEST_ERROR = 2000
_HINT = "If it needs the homework, put '#!TAG SKIPQUESTEXEC' in the cell: the question then shows it unrun."
# What nbclient would print by itself, the errors say in our own words.
_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())


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

    Returns:
        Its notebook.
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

    Returns:
        The executed notebook.

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
        self.kernel = kernel or notebook.metadata.get("kernelspec", {}).get("name") or "python3"

    async def cells(self, wanted: Sequence[int], on_cell: OnCell) -> None:
        """Start a kernel, run the cells in order, and end the kernel whatever happens."""
        with tempfile.TemporaryDirectory(prefix="gl-") as private, open(Path(private) / "err", "w+b") as errors:
            await self._with_kernel(wanted, on_cell, Path(private), errors)

    async def _with_kernel(self, wanted: Sequence[int], on_cell: OnCell, private: Path, errors: BinaryIO) -> None:
        client = collecting_client(
            self.notebook,
            timeout=max(1, round(self.settings.timeout)),
            startup_timeout=_START_LIMIT,
            kernel_name=self.kernel,
            record_timing=False,
            log=_LOG,
            resources={"metadata": {"path": str(self.folder)}},
        )
        client.km = client.create_kernel_manager()
        # Sockets in a folder of our own: no port that two builds could both pick, nobody else can listen.
        client.km.transport = "ipc"
        client.km.connection_file = str(private / "k.json")
        self.errors = errors
        try:
            await self._start(client, wanted[0])
            await self._seed(client)
            for done, index in enumerate(wanted):
                on_cell(done, len(wanted), self.version.lines[index])
                await self._cell(client, index, done + 1)
            on_cell(len(wanted), len(wanted), 0)
        finally:
            await _stop(client)

    async def _start(self, client: NotebookClient, first: int) -> None:
        # Not async_setup_kernel: it takes over Ctrl-C, which has to reach the build.
        from jupyter_client.kernelspec import NoSuchKernel

        environment = {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": str((self.settings.seed or 0) % 2**32),
        }
        try:
            await client.async_start_new_kernel(env=environment, cwd=str(self.folder), stderr=self.errors)
            await client.async_start_new_kernel_client()
        except NoSuchKernel as problem:
            what = f"cannot be run: there is no Jupyter kernel named {problem.name!r} here{_kernels_here()}"
            raise self._error(first, what) from problem
        except (OSError, RuntimeError) as problem:
            raise self._error(first, f"cannot be run: its kernel does not start ({problem})") from problem

    async def _seed(self, client: NotebookClient) -> None:
        seed = self.settings.seed
        if seed is None:
            return
        uses_torch = any("torch" in cell.source for cell in self.notebook.cells if cell.cell_type == "code")
        lines = [f"import random; random.seed({seed})", f"import numpy; numpy.random.seed({seed % 2**32})"]
        if uses_torch:
            lines.append(f"import torch; torch.manual_seed({seed})")
        # Each in a namespace of its own: the student's cells see no name that they did not make.
        code = "\n".join(f"try:\n    exec({line!r}, {{}})\nexcept ImportError:\n    pass" for line in lines)
        client.kc.execute(code, silent=True, store_history=False)  # pyright: ignore[reportOptionalMemberAccess]

    async def _cell(self, client: Any, index: int, count: int) -> None:
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        cell = self.notebook.cells[index]
        try:
            await client.async_execute_cell(cell, index, execution_count=count, store_history=True)
        except CellTimeoutError as problem:
            limit = f"{self.settings.timeout:g} s"
            message = f"ran longer than {limit}, the limit for one cell; raise it with 'timeout:' under 'gradlab:'"
            raise self._error(index, message) from problem
        except DeadKernelError as problem:
            said = self._kernel_said()
            raise self._error(index, f"ended the kernel (it exited, or the memory ran out){said}") from problem
        except CellExecutionError as problem:
            what = _error_text(problem.ename, problem.evalue)
            missing = _missing_module(problem.ename, problem.evalue)
            if missing:
                what = f"needs {missing}, which is not installed in {_python_of(client)} and does not lie beside the "
                what += "template: install it there, or choose another kernel with --kernel NAME" + _kernels_here()
            raise self._error(index, what, _failed_row(cell), hint=not missing) from problem
        finally:
            client.settle()
        cell.outputs, left_out = tidied(cell.outputs, self.folder)
        if left_out:
            message = f"the output of this cell is too long: {left_out} are left out of its middle in every file"
            self.warnings.append(Diagnostic(self.path, self.version.lines[index], "warning", message))

    def _kernel_said(self) -> str:
        """Return the last lines the kernel's process wrote by itself, such as the reason of a crash."""
        self.errors.seek(0)
        lines = [line for line in self.errors.read()[-4000:].decode(errors="replace").splitlines() if line.strip()]
        return "".join(f"\n  {line}" for line in lines[-5:])

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


async def _stop(client: NotebookClient) -> None:
    from jupyter_core.utils import ensure_async

    if client.kc is not None:
        client.kc.stop_channels()
    if client.km is not None:
        if await ensure_async(client.km.is_alive()):
            await ensure_async(client.km.shutdown_kernel(now=True))
        await ensure_async(client.km.cleanup_resources())


def _error_text(name: str, value: str) -> str:
    text = f"failed with {name}: {_ANSI.sub('', value).strip()}"
    return text if len(text) <= _LONGEST_ERROR else f"{text[:_LONGEST_ERROR]} …"


def _missing_module(name: str, value: str) -> str | None:
    """The top-level module that an import did not find, None where the error is another."""
    found = re.match(r"No module named '([^'.]+)", value) if name == "ModuleNotFoundError" else None
    return found[1] if found else None


def _python_of(client: NotebookClient) -> str:
    """The program that runs the kernel."""
    command = client.km.format_kernel_cmd() if client.km is not None else []  # pyright: ignore[reportAttributeAccessIssue]
    return str(command[0]) if command else "the kernel's Python"


def _kernels_here() -> str:
    from jupyter_client.kernelspec import KernelSpecManager

    names = sorted(KernelSpecManager().find_kernel_specs())
    return f" (here: {', '.join(names)})" if names else " (there is none here)"


def _failed_row(cell: NotebookNode) -> int | None:
    """Return the row of the cell, from 1, in which its error arose, where the traceback tells it."""
    lines = cell.source.split("\n")
    # IPython takes blank lines off the top before it counts.
    blank = next((row for row, line in enumerate(lines) if line.strip()), 0)
    for output in cell.outputs:
        if output.output_type == "error":
            trace = _ANSI.sub("", "\n".join(output.traceback))
            for row, code in re.findall(r"^-+> ?(\d+) (.*)$", trace, re.MULTILINE):
                own = int(row) + blank
                if own <= len(lines) and code.strip() and lines[own - 1].strip() == code.strip():
                    return own
    return None


def run_blocking(work: Any) -> Any:
    """Run a coroutine to its end, also where an event loop is running already (inside Jupyter)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
