"""Where the command line starts and where its errors end: a message and an exit status, never a traceback."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Sequence

from gradlab._errors import GradlabError

# What a person has to install for a module that is not there.
_EXTRAS = {
    "typer": "cli", "rich": "cli",
    "jupytext": "labs", "nbformat": "labs", "nbclient": "labs", "jupyter_client": "labs", "jupyter_core": "labs",
    "ipykernel": "labs", "IPython": "labs", "pypandoc": "labs", "typst": "labs", "markdown_it": "labs",
    "pygments": "labs", "pypdf": "labs", "ahocorasick_rs": "labs", "yaml": "labs", "PIL": "labs",
    "pandas": "tables", "pyarrow": "tables",
    "matplotlib": "plot", "torch": "torch", "numba": "sweep", "xarray": "sweep",
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what follows `gradlab`, default: those of this process.

    Returns:
        The exit status: 0 done, 1 the job failed, 2 wrong usage, 130 stopped from the keyboard.
    """
    # With it jsonschema, which reads notebooks, would make a grammar of web addresses for a second.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    shown, warnings.showwarning = warnings.showwarning, _warn
    try:
        from gradlab.cli._app import run
        from gradlab.cli._terminal import show_all_characters

        show_all_characters()
        status = run(arguments)
        sys.stdout.flush()  # what cannot be written is said here, and not by Python at its end
        return status
    except GradlabError as problem:
        _say(f"error: {problem}")
        return 1
    except ModuleNotFoundError as problem:
        name = (problem.name or "").split(".")[0]
        if name not in _EXTRAS:
            raise
        _say(f"error: this needs {name}, which is not installed: pip install 'gradlab[{_EXTRAS[name]}]'")
        return 1
    except BrokenPipeError:
        # Whoever read the output (head, less) has gone: nothing is wrong, and Python need not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as problem:
        if problem.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        _say(f"error: {problem.filename or 'what was found'} cannot be written: {problem.strerror}")
        if problem.filename is None:  # the output: what waits for it would be tried again at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    finally:
        warnings.showwarning = shown


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """A warning as the rest is said, without the line of the source that gave it."""
    _say(f"warning: {message}")


def _say(message: str) -> None:
    print(f"gradlab: {message}", file=sys.stderr)
