"""One submitted file as cells, whatever wrote it; what cannot be read says why in words for the gradebook."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gradlab._errors import GradlabError
from gradlab.labs._layout import import_nbformat

LARGEST: Final = 20_000_000
"""Bytes of the largest file that is read."""
_MOST_CELLS: Final = 5_000
_LONGEST_CELL: Final = 5_000_000


_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


class UnreadableError(GradlabError):
    """A file that holds no submission; the message is the reason that stands in its row."""


@dataclass(frozen=True, slots=True)
class SubmittedCell:
    """A cell of a submission.

    Args:
        kind: "code" or "markdown".
        source: its text.
        id: as the notebook has it, "" where it has none.
        answer: whether its metadata say that an answer is written here.
        check: the name of the check that its metadata say it is, "" where it is none.
        points: of that check.
    """

    kind: str
    source: str
    id: str = ""
    answer: bool = False
    check: str = ""
    points: float = 0.0


def read_cells(data: bytes, suffix: str) -> tuple[list[SubmittedCell], str]:
    """Read a submitted file.

    Returns:
        Its cells, and what was set right to read it, in words.

    Raises:
        UnreadableError: if it holds no submission.
    """
    if len(data) > LARGEST:
        raise UnreadableError(f"the file is larger than {LARGEST // 1_000_000} megabytes")
    text, remark = _text(data)
    if not text.strip():
        raise UnreadableError("the file is empty")
    begins = text.lstrip()[:1]
    if begins == "<" and re.match(r"\s*<(?:!doctype html|html|\?xml)", text, re.IGNORECASE):
        raise UnreadableError("the file is a web page, such as a saved login page, and no notebook")
    cells = _from_notebook(text) if suffix == ".ipynb" or begins == "{" else _from_text(text, suffix)
    if not any(cell.source.strip() for cell in cells):
        raise UnreadableError("the notebook has no cell with anything in it")
    return cells, remark


def _text(data: bytes) -> tuple[str, str]:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding), "" if encoding != "utf-16" else "the file is in UTF-16"
    except UnicodeDecodeError:
        if b"\0" in data[:1000]:
            raise UnreadableError("the file is no text") from None
        return data.decode("cp1252", errors="replace"), "the file is not in UTF-8; it was read as Windows-1252"


def _from_notebook(text: str) -> list[SubmittedCell]:
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as problem:
        where = f" (line {problem.lineno})" if isinstance(problem, json.JSONDecodeError) else ""
        raise UnreadableError(f"the notebook is damaged: its JSON ends or breaks{where}") from problem
    if not isinstance(notebook, dict):
        raise UnreadableError("the file is JSON, and no notebook")
    cells = notebook.get("cells")
    if cells is None:  # notebooks of the versions 2 and 3
        sheets = notebook.get("worksheets")
        cells = sheets[0].get("cells") if isinstance(sheets, list) and sheets and isinstance(sheets[0], dict) else None
    if not isinstance(cells, list):
        version = notebook.get("nbformat")
        known = f" of a version that is not known ({version})" if version not in (None, 2, 3, 4) else ""
        raise UnreadableError(f"the file has no cells: it is no notebook, or one{known}")
    if len(cells) > _MOST_CELLS:
        raise UnreadableError(f"the notebook has {len(cells):,} cells; at most {_MOST_CELLS:,} are read")
    return [_cell(cell) for cell in cells if isinstance(cell, dict)]


def _cell(cell: Mapping[str, Any]) -> SubmittedCell:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    metadata = cell.get("metadata")
    ours = metadata.get("gradlab") if isinstance(metadata, dict) else None
    ours = ours if isinstance(ours, dict) else {}
    check, points = ours.get("check", ""), ours.get("points", 0.0)
    kind = "code" if cell.get("cell_type") == "code" else "markdown"
    text = source if isinstance(source, str) else ""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > _LONGEST_CELL:
        raise UnreadableError(f"a cell has {len(text):,} characters; at most {_LONGEST_CELL:,} are read")
    known = isinstance(check, str) and isinstance(points, int | float)
    return SubmittedCell(
        kind, text, str(cell.get("id", ""))[:64], ours.get("answer") is True,
        check[:100] if known else "", float(points) if known else 0.0,
    )  # fmt: skip


def _from_text(text: str, suffix: str) -> list[SubmittedCell]:
    import_nbformat()
    import jupytext

    # It has been decoded already; Jupytext refuses to hear of other encodings.
    text = re.sub(r"\A((?:.*\n)?#.*coding[:=][ \t]*)[-\w.]+", r"\1utf-8", text)
    try:
        notebook = jupytext.reads(text, fmt={"extension": suffix if suffix in (".md", ".py") else ".md"})
    except Exception as problem:  # Jupytext raises what its parts happen to raise
        first = str(problem).strip().partition("\n")[0]
        raise UnreadableError(f"the file cannot be read as a notebook: {first}") from problem
    cells = [_cell(cell) for cell in notebook.cells]
    if len(cells) > _MOST_CELLS:
        raise UnreadableError(f"the notebook has {len(cells):,} cells; at most {_MOST_CELLS:,} are read")
    return [replace(cell, id="") for cell in cells]  # Jupytext makes ids up
