"""Parse a notebook's code cell as IPython would run it."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Sequence
from typing import Final

_FORMATTED = re.compile("[rR]?[fF][rR]?[\"']")
_NEWER: Final = (
    "; Python 3.12 takes the quotes of an f-string, a backslash, a comment or a line break between its braces, "
    f"and this is Python {sys.version_info.major}.{sys.version_info.minor}: use other quotes there, or a name"
)
# Cell magics whose body is Python that runs in the notebook; what stands below any other is another language.
_PYTHON_MAGICS: Final = ("%%time", "%%timeit", "%%capture", "%%prun")


def is_python(lines: Sequence[str]) -> bool:
    """Say whether a cell of a Python notebook holds Python.

    Returns:
        False where the first line is a cell magic for another language.

    >>> is_python(["%%bash", "ls"]), is_python(["%matplotlib inline"])
    (False, True)
    """
    first = next((line for line in lines if line.strip()), "")
    return not first.startswith("%%") or first.split()[0] in _PYTHON_MAGICS


def parse(lines: Sequence[str]) -> ast.Module:
    """Parse a cell after IPython's transformation of `%`, `!` and `?` lines.

    Returns:
        The syntax tree; its line numbers are those of the cell, counted from 1.

    Raises:
        SyntaxError: if it is no Python.

    >>> parse(["", "!ls", "x = 1"]).body[1].lineno
    3
    """
    try:
        with warnings.catch_warnings():
            # An invalid escape in a student's string is for Python to report when the cell runs.
            warnings.simplefilter("ignore")
            code = "\n".join(transform(lines)) + "\n"
            return compile(
                code, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
            )
    except SyntaxError as error:
        if sys.version_info < (3, 12) and _is_newer(error):
            error.msg += _NEWER
        raise
    except (ValueError, RecursionError, MemoryError) as error:
        problem = SyntaxError(str(error) or "the cell is nested too deeply")
        problem.lineno = 1
        raise problem from error


def _is_newer(error: SyntaxError) -> bool:
    """Whether Python stops in an f-string that a later one may read."""
    begins = (error.text or "")[max(error.offset or 1, 1) - 1 :]
    return error.msg.startswith("f-string") or (
        error.msg.startswith("unterminated string") and _FORMATTED.match(begins) is not None
    )


def transform(lines: Sequence[str]) -> list[str]:
    """Apply IPython's transformation of `%`, `!` and `?` lines.

    Returns:
        The lines of plain Python, each at its place.

    Raises:
        SyntaxError: if IPython cannot read the cell.

    >>> transform(["", "%matplotlib inline"])
    ['', "get_ipython().run_line_magic('matplotlib', 'inline')"]
    """
    from IPython.core.inputtransformer2 import TransformerManager

    # IPython leaves blank lines at the top out, which would move every line below.
    blank = next((row for row, line in enumerate(lines) if line.strip()), len(lines))
    body = list(lines[blank:])
    if body and body[0].startswith("%%") and is_python(body):
        body[0] = "#"
    try:
        code = TransformerManager().transform_cell("\n".join(body) + "\n")
    except SyntaxError as error:
        error.lineno = (error.lineno or 1) + blank
        raise
    return [""] * blank + code.rstrip("\n").split("\n")


def parses(lines: Sequence[str]) -> ast.Module | None:
    """Parse a cell, or say that it does not parse.

    Returns:
        The syntax tree, None where it is no Python.

    >>> parses(["x = ("]) is None
    True
    """
    try:
        return parse(lines)
    except SyntaxError:
        return None
