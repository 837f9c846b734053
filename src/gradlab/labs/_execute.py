"""Run a version's cells in a fresh kernel, one after the other, with a time limit for each.

The kernel works in a stand-in for the template's folder: `data.csv` and `../utils/plot.py` are found as they would
be beside the template, and what a cell writes lands in the stand-in and goes with it. The template's own folder is
copied (what is large or plentiful is linked), the folders above it are linked: building never adds a file to them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from gradlab._errors import GradlabError
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._export import collapse

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

    from gradlab.labs._settings import LabSettings
    from gradlab.labs._versions import Version

OnCell = Callable[[int, int, int], None]
"""Takes how many cells are done, how many will be run, and the template line of the one that starts."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_KERNEL_FILE = re.compile(r"(?:/[^\s:'\"()]*)?/ipykernel_\d+/\d+\.py")
# A warning names the file it comes from: of an installed package, the folder is this machine's affair.
_PACKAGE_FOLDER = re.compile(r"^/\S*/(?=(?:site|dist)-packages/\S+:\d+: \w*Warning)", re.MULTILINE)
_LEVELS_UP = 3  # how far above the template's folder relative paths are followed
_UNLINKED = frozenset({"__pycache__", ".ipynb_checkpoints", ".git"})
_COPIED_BYTES, _COPIED_ENTRIES = 1_000_000, 2000
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
    """

    notebook: NotebookNode
    run: int
    skipped: int


async def execute(version: Version, path: Path, settings: LabSettings, on_cell: OnCell) -> Executed:
    """Run the code cells of a version that are not to be skipped.

    Args:
        version: What to run; it is not changed.
        path: The template, whose folder the cells see.
        settings: Time limit for each cell, and the seed.
        on_cell: Called as each cell starts.

    Returns:
        The executed notebook.

    Raises:
        ExecutionError: A cell failed, ran too long or ended its kernel, or no kernel could be started.
    """
    from copy import deepcopy

    notebook = deepcopy(version.notebook)
    code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    wanted = [index for index in code if index not in version.skip]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if wanted:
        with scratch_folder(path.resolve().parent) as folder:
            run = _Run(version, path, settings, notebook, folder)
            await run.cells(wanted, on_cell)
    return Executed(notebook, len(wanted), len(code) - len(wanted))


class _Run:
    def __init__(
        self, version: Version, path: Path, settings: LabSettings, notebook: NotebookNode, folder: Path
    ) -> None:
        self.version, self.path, self.settings = version, path, settings
        self.notebook, self.folder = notebook, folder

    async def cells(self, wanted: Sequence[int], on_cell: OnCell) -> None:
        """Start a kernel, run the cells in order, and end the kernel whatever happens."""
        with tempfile.TemporaryDirectory(prefix="gl-") as private, open(Path(private) / "err", "w+b") as errors:
            await self._with_kernel(wanted, on_cell, Path(private), errors)

    async def _with_kernel(self, wanted: Sequence[int], on_cell: OnCell, private: Path, errors: BinaryIO) -> None:
        from nbclient import NotebookClient

        client = NotebookClient(
            self.notebook,
            timeout=max(1, round(self.settings.timeout)),
            startup_timeout=_START_LIMIT,
            kernel_name=self.notebook.metadata.get("kernelspec", {}).get("name") or "python3",
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
            what = f"cannot be run: there is no Jupyter kernel named {problem.name!r} here"
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

    async def _cell(self, client: NotebookClient, index: int, count: int) -> None:
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
            raise self._error(index, _error_text(problem.ename, problem.evalue), _failed_row(cell)) from problem
        cell.outputs = _joined_streams(cell.outputs)
        for output in cell.outputs:
            _forget_paths(output, self.folder)

    def _kernel_said(self) -> str:
        """Return the last lines the kernel's process wrote by itself, such as the reason of a crash."""
        self.errors.seek(0)
        lines = [line for line in self.errors.read()[-4000:].decode(errors="replace").splitlines() if line.strip()]
        return "".join(f"\n  {line}" for line in lines[-5:])

    def _error(self, index: int, what: str, row: int | None = None) -> ExecutionError:
        """Name the cell and the template line to blame: that of the row that failed where it is known."""
        code = [place for place, cell in enumerate(self.notebook.cells) if cell.cell_type == "code"]
        first = self.version.lines[index]
        rows = self.version.cell_lines[index]
        line = rows[row - 1].line if row is not None and 0 < row <= len(rows) else 0
        where = f" (it begins in line {first})" if line not in (0, first) else ""
        message = f"code cell {code.index(index) + 1} of the {self.version.kind}{where} {what}"
        if self.version.kind == "question":
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


def _failed_row(cell: NotebookNode) -> int | None:
    """Return the row of the cell, from 1, in which its error arose, where the traceback tells it."""
    lines = cell.source.split("\n")
    for output in cell.outputs:
        if output.output_type == "error":
            trace = _ANSI.sub("", "\n".join(output.traceback))
            for row, code in re.findall(r"^-+> ?(\d+) (.*)$", trace, re.MULTILINE):
                if int(row) <= len(lines) and code.strip() and lines[int(row) - 1].strip() == code.strip():
                    return int(row)
    return None


def _joined_streams(outputs: Sequence[Any]) -> list[Any]:
    """Join what a stream sent in pieces, and keep what a terminal would show of it in the end."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if output.output_type == "stream" and last is not None and last.get("name") == output.name:
            last.text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            output.text = collapse(output.text)
    return joined


def _forget_paths(output: Any, folder: Path) -> None:
    """Take the places of this machine's temporary files out of what a cell printed."""

    def clean(text: str) -> str:
        return _PACKAGE_FOLDER.sub("", _KERNEL_FILE.sub("<cell>", text)).replace(str(folder), ".")

    if output.output_type == "stream":
        output.text = clean(output.text)
    elif output.output_type == "error":
        output.evalue, output.traceback = clean(output.evalue), [clean(line) for line in output.traceback]
    else:
        for kind, value in output.data.items():
            if kind.startswith("text/") and isinstance(value, str):
                output.data[kind] = clean(value)


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Make a stand-in for a folder, and for those above it, that a run may write to.

    Args:
        folder: The folder to stand in for, absolute.

    Yields:
        The stand-in; it is removed afterwards.
    """
    root = Path(tempfile.mkdtemp(prefix="gradlab-run-"))
    try:
        chain = [folder, *folder.parents][:_LEVELS_UP]
        place = root
        for position, original in enumerate(reversed(chain)):
            if position:
                place = place / original.name
                place.unlink(missing_ok=True)
                place.mkdir()
            if original != folder:
                _link_entries(original, place)
        _copy_entries(folder, place)
        yield place
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _link_entries(original: Path, place: Path) -> None:
    with suppress(PermissionError):
        for entry in original.iterdir():
            if entry.name not in _UNLINKED:
                (place / entry.name).symlink_to(entry)


def _copy_entries(original: Path, place: Path) -> None:
    """Copy a folder file by file; large files, hidden folders and what exceeds the count are linked instead."""
    copied = 0
    waiting = [(original, place)]
    while waiting:
        source, target = waiting.pop(0)
        with suppress(PermissionError):
            for entry in sorted(source.iterdir()):
                copied += 1
                goal = target / entry.name
                if entry.name in _UNLINKED:
                    continue
                if copied > _COPIED_ENTRIES or entry.is_symlink() or (entry.is_dir() and entry.name.startswith(".")):
                    goal.symlink_to(entry)
                elif entry.is_dir():
                    goal.mkdir()
                    waiting.append((entry, goal))
                elif entry.is_file() and entry.stat().st_size <= _COPIED_BYTES and os.access(entry, os.R_OK):
                    shutil.copy2(entry, goal)
                else:
                    goal.symlink_to(entry)


def run_blocking(work: Any) -> Any:
    """Run a coroutine to its end, also where an event loop is running already (inside Jupyter)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
