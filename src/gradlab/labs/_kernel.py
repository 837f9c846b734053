"""A fresh Jupyter kernel for the cells of a notebook, and what is said when one of them fails."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from gradlab._errors import GradlabError
from gradlab.labs._deadline import Deadline, Waiting
from gradlab.labs._outputs import collecting_client

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from gradlab.labs._settings import LabSettings

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_START_LIMIT = 120
_AFTER_INTERRUPT = 1.0  # seconds in which an interrupted cell says that it has ended
_LONGEST_ERROR = 2000
# What nbclient would print by itself, the errors say in our own words.
_LOG = logging.getLogger(__name__)
_LOG.addHandler(logging.NullHandler())
# Beside each bitmap a drawing, which a PDF shows sharp at any size; an author who chooses formats is not overruled.
# (A kernel of Python that is not IPython's knows no such thing, and is left alone.)
_DRAWINGS = """
def draw(figure):
    from IPython.core.pylabtools import print_figure
    return print_figure(figure, fmt="svg", bbox_inches="tight")

if shell is not None:
    shell.config.InlineBackend.figure_formats = {"png", "svg"}
    shell.display_formatter.formatters["image/svg+xml"].for_type_by_name("matplotlib.figure", "Figure", draw)
"""


class KernelError(GradlabError):
    """A kernel that does not start or has ended."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a cell failed.

    Args:
        what: in words, to stand behind the cell's name.
        row: of the cell, from 1, in which the error arose; None where it is not known.
        is_missing_package: whether an import did not find its package.
        is_timeout: whether it ran too long.
    """

    what: str
    row: int | None = None
    is_missing_package: bool = False
    is_timeout: bool = False


class Kernel:
    """A kernel that is running; `kernel_for` starts and ends one.

    Args:
        client: nbclient's.
        notebook: the cells.
        errors: what the kernel's process writes by itself.
    """

    def __init__(self, client: Any, notebook: NotebookNode, errors: BinaryIO) -> None:
        self._client, self._notebook, self._errors = client, notebook, errors

    async def run(self, index: int, count: int, timeout: float) -> Failure | None:
        """Run one cell; its outputs are then in the notebook.

        Args:
            index: of the cell.
            count: its number in the run.
            timeout: seconds that it may run; those in which no processor was free for it do not count.

        Returns:
            Why it failed, None where it did not.

        Raises:
            KernelError: If the cell ended the kernel.
        """
        from nbclient.exceptions import CellExecutionError, DeadKernelError

        cell = self._notebook.cells[index]
        running = asyncio.ensure_future(
            self._client.async_execute_cell(cell, index, execution_count=count, store_history=True)
        )
        deadline = Deadline(timeout, Waiting(self._client.km.provisioner.pid))
        try:
            while not running.done() and (left := deadline.left()):
                await asyncio.wait({running}, timeout=left)
            if not running.done():
                await self._interrupt(running)
                return Failure(f"ran longer than {timeout:g} s", is_timeout=True)
            running.result()
        except DeadKernelError as problem:
            raise KernelError(f"ended the kernel (it exited, or the memory ran out){self._said()}") from problem
        except CellExecutionError as problem:
            missing = _missing_module(problem.ename, problem.evalue)
            what = _error_text(problem.ename, problem.evalue)
            if missing:
                what = f"needs {missing}, which is not installed in {self._python()} and does not lie beside the "
                what += "template: install it there, or choose another kernel with --kernel NAME" + _kernels_here()
            return Failure(what, _failed_row(cell), is_missing_package=missing is not None)
        finally:
            self._client.settle()
        return None

    async def _interrupt(self, running: asyncio.Future[Any]) -> None:
        """Stop the cell that runs, so that another can be run after it."""
        from jupyter_core.utils import ensure_async

        await ensure_async(self._client.km.interrupt_kernel())
        await asyncio.wait({running}, timeout=_AFTER_INTERRUPT)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def _said(self) -> str:
        """Return the last lines the kernel's process wrote by itself, such as the reason of a crash."""
        self._errors.seek(0)
        lines = [line for line in self._errors.read()[-4000:].decode(errors="replace").splitlines() if line.strip()]
        return "".join(f"\n  {line}" for line in lines[-5:])

    def _python(self) -> str:
        """The program that runs the kernel."""
        command = self._client.km.format_kernel_cmd()
        return str(command[0]) if command else "the kernel's Python"


@asynccontextmanager
async def kernel_for(
    notebook: NotebookNode, folder: Path, settings: LabSettings, name: str | None = None, *, drawings: bool = False
) -> AsyncIterator[Kernel]:
    """Start a kernel, and end it whatever happens.

    Args:
        notebook: The cells that it will run.
        folder: Where it works.
        settings: The seed.
        name: Name of the Jupyter kernel, by default the one that the notebook names.
        drawings: Whether figures of matplotlib shall come as drawings too, for the pages; by default as bitmaps alone.

    Yields:
        The kernel, its random numbers seeded.

    Raises:
        KernelError: If none can be started.
    """
    with tempfile.TemporaryDirectory(prefix="gl-") as private, open(Path(private) / "err", "w+b") as errors:
        client = collecting_client(
            notebook,
            startup_timeout=_START_LIMIT,
            kernel_name=name or notebook.metadata.get("kernelspec", {}).get("name") or "python3",
            record_timing=False,
            log=_LOG,
            resources={"metadata": {"path": str(folder)}},
        )
        client.km = client.create_kernel_manager()
        # Sockets in a folder of our own: no port that two builds could both pick, nobody else can listen.
        client.km.transport = "ipc"
        client.km.connection_file = str(Path(private) / "k.json")
        try:
            await _start(client, folder, settings, errors)
            _seed(client, notebook, settings.seed)
            if drawings:
                shell = "globals().get('get_ipython', lambda: None)()"
                client.kc.execute(f"exec({_DRAWINGS!r}, {{'shell': {shell}}})", silent=True, store_history=False)
            yield Kernel(client, notebook, errors)
        finally:
            await _stop(client)


async def _start(client: Any, folder: Path, settings: LabSettings, errors: BinaryIO) -> None:
    # Not async_setup_kernel: it takes over Ctrl-C, which has to reach the build.
    from jupyter_client.kernelspec import NoSuchKernel

    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "GRADLAB_QUIET": "1",  # that a kernel is compiled is no result of a lab
        "PYTHONHASHSEED": str((settings.seed or 0) % 2**32),
    }
    try:
        await client.async_start_new_kernel(env=environment, cwd=str(folder), stderr=errors)
        await client.async_start_new_kernel_client()
    except NoSuchKernel as problem:
        what = f"cannot be run: there is no Jupyter kernel named {problem.name!r} here{_kernels_here()}"
        raise KernelError(what) from problem
    except (OSError, RuntimeError) as problem:
        raise KernelError(f"cannot be run: its kernel does not start ({problem})") from problem


def _seed(client: Any, notebook: NotebookNode, seed: int | None) -> None:
    if seed is None:
        return
    uses_torch = any("torch" in cell.source for cell in notebook.cells if cell.cell_type == "code")
    lines = [f"import random; random.seed({seed})", f"import numpy; numpy.random.seed({seed % 2**32})"]
    if uses_torch:
        lines.append(f"import torch; torch.manual_seed({seed})")
    # Each in a namespace of its own: the student's cells see no name that they did not make.
    code = "\n".join(f"try:\n    exec({line!r}, {{}})\nexcept ImportError:\n    pass" for line in lines)
    client.kc.execute(code, silent=True, store_history=False)


async def _stop(client: Any) -> None:
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
