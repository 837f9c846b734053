"""Read another tool's source notebook into a template."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gradlab._errors import GradlabError
from gradlab.labs._files import UnfitFileError, read_regular
from gradlab.labs._layout import import_nbformat
from gradlab.labs._template import LARGEST_TEMPLATE
from gradlab.labs.interchange import _from_marked, _from_nbgrader, _from_otter
from gradlab.labs.interchange._write import Writer

if TYPE_CHECKING:
    from nbformat import NotebookNode

_READERS = {"nbgrader": _from_nbgrader, "Otter": _from_otter, "another course": _from_marked}


@dataclass(frozen=True, slots=True)
class Imported:
    """A template made from another tool's notebook.

    Args:
        text: the template, Jupytext Markdown.
        tool: "nbgrader", "Otter", or "another course" where comments alone mark the solutions.
        remarks: what was not taken over, or is meant otherwise here.
    """

    text: str
    tool: str
    remarks: tuple[str, ...]


def import_notebook(path: Path) -> Imported:
    """Read a source notebook of nbgrader or of Otter, or one in which comments stand around the solutions.

    Args:
        path: the notebook with the solutions and the hidden tests.

    Raises:
        GradlabError: if it is no notebook, of neither tool, or not written as its tool wants it.
    """
    notebook = _read(path)
    tool = next((name for name, reader in _READERS.items() if reader.is_ours(notebook)), None)
    if tool is None:
        raise GradlabError(
            f"{path}: neither nbgrader's metadata and markers (### BEGIN SOLUTION) nor Otter's "
            "(# ASSIGNMENT CONFIG, # BEGIN QUESTION) nor a pair of comments around each solution (### START CODE HERE "
            "###, ### END CODE HERE ###) stand in this notebook. A notebook without them is a template "
            "as it is: put '#!TAG HWBEGIN' and '#!TAG HWEND' around its solutions"
        )
    writer = Writer(dict(notebook.metadata))
    pictures = sum(bool(cell.get("attachments")) for cell in notebook.cells)
    if pictures:
        writer.remarks.append(f"the pictures inside {pictures} cells are not taken over: save them beside the template")
    try:
        _READERS[tool].read(notebook, writer)
        return Imported(writer.text(), tool, tuple(writer.remarks))
    except GradlabError as problem:
        raise GradlabError(f"{path}: {problem}") from problem


def _read(path: Path) -> NotebookNode:
    import_nbformat()
    import nbformat

    try:
        raw, _ = read_regular(path, LARGEST_TEMPLATE, "the notebook")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old formats, which are brought up to date here
            return nbformat.reads(raw.decode("utf-8-sig"), as_version=4)  # type: ignore[return-value]
    except UnfitFileError as problem:
        raise GradlabError(f"{path}: {problem}") from problem
    except OSError as problem:
        raise GradlabError(f"{path}: cannot be read: {problem.strerror or problem}") from problem
    except Exception as problem:  # nbformat raises what its parts happen to raise
        raise GradlabError(f"{path}: is no notebook: {str(problem).partition(chr(10))[0]}") from problem
