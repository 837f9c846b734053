"""Templates that are notebooks or scripts: read by Jupytext, with the line of the file for each line of each cell."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from gradlab._errors import GradlabError
from gradlab.labs._layout import SHIELD, import_nbformat, shielded_tag, unshielded

if TYPE_CHECKING:
    from nbformat import NotebookNode

_MARKDOWN: Final = frozenset({".md", ".markdown", ".txt", ""})
_COMMENT = re.compile(r"^\s*(?:#+'?|//+|--+|%+|;+|\"{3}|'{3})?\s?(.*?)(?:\"{3}|'{3})?\s*$")
_TAG = re.compile(r"#(?=!(?:TAG|MSG)\b)")
# In a Markdown cell of a script the sign before a tag was taken for the comment's.
_UNSIGNED = re.compile(f"^[ \t]*{SHIELD}", re.MULTILINE)
_PLACE = re.compile("\ue000([0-9]+):([0-9]+)\ue000")
_LINES_AHEAD: Final = 200


class ConversionError(GradlabError):
    """A file that Jupytext cannot read, with the line that is to blame.

    Args:
        line: counted from 1.
        message: what is wrong.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Converted:
    """A template as Jupytext Markdown.

    Args:
        text: the Markdown.
        cells: for each cell, the line of the file for each line of its source.
        metadata: the notebook's.
        attachments: the pictures inside the notebook: name, then kind, then content.
        remark: what is to be said about the line numbers, empty if nothing is.
    """

    text: str
    cells: tuple[tuple[int, ...], ...]
    metadata: dict[str, Any] = field(default_factory=lambda: dict[str, Any]())
    attachments: dict[str, dict[str, str]] = field(default_factory=lambda: dict[str, dict[str, str]]())
    remark: str = ""


def is_converted(path: Path) -> bool:
    """Say whether a template is no Markdown but a notebook or a script.

    Returns:
        Whether its suffix is one that Jupytext knows for another format.

    Raises:
        ConversionError: if it is one of no template.

    >>> is_converted(Path("lab.ipynb")), is_converted(Path("lab.md")), is_converted(Path("lab.txt"))
    (True, False, False)
    """
    if path.suffix.lower() in _MARKDOWN:
        return False
    import_nbformat()
    from jupytext.formats import NOTEBOOK_EXTENSIONS

    if path.suffix not in NOTEBOOK_EXTENSIONS:
        raise ConversionError(
            0,
            f"a file that ends in {path.suffix} is no template; it is Markdown (.md), a notebook (.ipynb) or a script.",
        )
    return True


def convert(path: Path, text: str) -> Converted:
    """Read a notebook or a script.

    Returns:
        The same cells as Markdown; outputs are left out, for a build makes them anew.

    Raises:
        ConversionError: if it cannot be read.
    """
    import jupytext

    remark = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old notebook formats, which are brought up to date here
            if path.suffix == ".ipynb":
                places, remark = _json_places(text)
                notebook = jupytext.reads(text, "ipynb")
            else:
                # Jupytext would take the tags for shell commands that someone has commented out.
                notebook = jupytext.reads(_TAG.sub(shielded_tag, text), path.suffix)
                for cell in notebook.cells:
                    cell.source = unshielded(_UNSIGNED.sub(r"#\g<0>", cell.source))
                places = _aligned([cell.source.split("\n") for cell in notebook.cells], text.split("\n"))
            _refuse_rules(notebook, places)
            attachments = _attachments(notebook)
            metadata = _prepared(notebook)
            markdown = unshielded(jupytext.writes(notebook, {"extension": ".md", "format_name": "markdown"}))
    except json.JSONDecodeError as problem:
        raise ConversionError(problem.lineno, f"the notebook is no JSON: {problem.msg}.") from problem
    except ConversionError:
        raise
    except Exception as problem:  # Jupytext and nbformat raise what their parts happen to raise
        first = str(problem).strip().partition("\n")[0]
        raise ConversionError(1, f"Jupytext cannot read the file as {path.suffix}: {first}.") from problem
    if notebook.cells and _is_header(notebook.cells[0]):
        places = places[1:]
    return Converted(markdown, tuple(places), metadata, attachments, remark)


def _is_header(cell: NotebookNode) -> bool:
    """Whether a cell is what Jupytext writes as the header of a Markdown file."""
    return cell.cell_type == "raw" and cell.source.startswith("---") and cell.source.rstrip().endswith("---")


def _refuse_rules(notebook: NotebookNode, places: Sequence[Sequence[int]]) -> None:
    """Refuse a first raw cell between two rules that is no YAML: Jupytext would write it as a broken header."""
    import yaml

    if not notebook.cells or not _is_header(notebook.cells[0]):
        return
    said = ""
    try:
        holds = yaml.safe_load(notebook.cells[0].source.strip().strip("-"))
    except yaml.YAMLError as problem:
        holds, said = "", f" ({getattr(problem, 'problem', None) or 'no YAML'})"
    if holds is not None and not isinstance(holds, dict):
        line = places[0][0] if places and places[0] else 1
        told = f"the first cell is raw and stands between two ---, as a header of YAML does, and is none{said}"
        raise ConversionError(line, f"{told}; make it a Markdown cell, or write lines of the form 'key: value'.")


def _prepared(notebook: NotebookNode) -> dict[str, Any]:
    """Take out what no template has, and return the metadata that the versions keep."""
    for cell in notebook.cells:
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    metadata = notebook.metadata
    language = metadata.pop("jupytext", {}).get("main_language") or metadata.get("language_info", {}).get("name")
    # What widgets showed is an output.
    metadata.pop("widgets", None)
    if "kernelspec" not in metadata:
        python = language in (None, "python")
        name = (
            {"display_name": "Python 3", "name": "python3"} if python else {"display_name": language, "name": language}
        )
        metadata.kernelspec = {**name, "language": language or "python"}
    metadata.kernelspec.setdefault("language", language or "python")
    kept = dict(metadata)
    metadata.jupytext = {"cell_metadata_filter": "all"}
    return kept


def _attachments(notebook: NotebookNode) -> dict[str, dict[str, str]]:
    """The pictures in the cells by name; Jupyter names them alike in each cell, here each gets its own name."""
    taken: dict[str, dict[str, str]] = {}
    for cell in notebook.cells:
        for name, bundle in cell.get("attachments", {}).items():
            own, number = name, 1
            while taken.setdefault(own, dict(bundle)) != dict(bundle):
                number += 1
                own = f"{Path(name).stem}-{number}{Path(name).suffix}"
            if own != name:
                spelt = "|".join(re.escape(text) for text in {name, quote(name)})
                pattern = re.compile(rf"""attachment:(?:{spelt})(?=[\s)>"'])""")
                cell.source = pattern.sub(lambda _, own=own: f"attachment:{quote(own)}", cell.source)
    return taken


def _json_places(text: str) -> tuple[list[tuple[int, ...]], str]:
    """The file's line of each line of source, where Jupyter wrote the notebook; else where Jupyter would write it."""
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("it holds no notebook")
    plain = json.dumps(data, indent=1).count("\n")
    sheets = data.get("worksheets") or [data]
    cells = [cell for sheet in sheets for cell in sheet.get("cells", [])]
    lists = True
    counts = []
    for index, cell in enumerate(cells):
        key = "source" if "source" in cell else "input"
        source = cell.get(key, "")
        lists = lists and isinstance(source, list)
        count = len((source if isinstance(source, str) else "".join(source)).splitlines())
        cell[key] = [f"\ue000{index}:{row}\ue000" for row in range(count)]
        counts.append(count)
    as_jupyter_writes = lists and plain == text.strip().count("\n")
    written = json.dumps(data, indent=1, ensure_ascii=False, sort_keys=not as_jupyter_writes).split("\n")
    found = {(int(m[1]), int(m[2])): row for row, line in enumerate(written, 1) if (m := _PLACE.search(line))}
    places, last = [], 1
    for index, count in enumerate(counts):
        places.append(tuple(found[index, row] for row in range(count)) or (last,))
        last = places[-1][-1]
    return places, "" if as_jupyter_writes else "the line numbers are those of the notebook once Jupyter has saved it"


@lru_cache(maxsize=8)
def _cells_by_line(path: Path, _: int) -> dict[int, tuple[int, int]]:
    places, _remark = _json_places(path.read_text(encoding="utf-8-sig"))
    return {line: (cell, row) for cell, rows in enumerate(places, 1) for row, line in enumerate(rows, 1)}


def place_in_cells(path: Path, line: int) -> str:
    """Say where in a notebook's cells, counted from 1, a line of its file stands.

    Returns:
        As in "cell 3, line 2"; nothing where that is no line of a cell, or the file no notebook.
    """
    if path.suffix != ".ipynb" or not path.is_file():
        return ""
    try:
        found = _cells_by_line(path, path.stat().st_mtime_ns).get(line)
    except (ValueError, KeyError, AttributeError, TypeError):  # broken, which reading it as a template tells
        return ""
    return f"cell {found[0]}, line {found[1]}" if found else ""


def _aligned(cells: Iterable[Sequence[str]], lines: Sequence[str]) -> list[tuple[int, ...]]:
    """The script's line of each line of source: the next that says the same, a comment sign before it or not."""
    places, at = [], 0
    for rows in cells:
        numbers = []
        for row in rows:
            wanted = row.strip()
            ahead = range(at, min(at + (_LINES_AHEAD if wanted else 1), len(lines)))
            place = next((j for j in ahead if wanted in (lines[j].strip(), _bare(lines[j]))), None)
            at = at if place is None else place + 1
            numbers.append(max(1, at))
        places.append(tuple(numbers))
    return places


def line_of(text: str, wanted: str) -> int:
    r"""Find a line of a script.

    Returns:
        The number of the first such line, a comment sign before it or not; 1 where there is none.

    >>> line_of("# ---\n# gradlab:\n#   seed: x\n", "  seed: x")
    3
    """
    bare = wanted.strip()
    lines = enumerate(text.split("\n"), 1)
    return next((number for number, line in lines if bare in (line.strip(), _bare(line))), 1)


def _bare(line: str) -> str:
    found = _COMMENT.match(line)
    return found[1].strip() if found else line.strip()
