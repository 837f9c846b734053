"""Write a template as another tool's assignment."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gradlab._errors import GradlabError
from gradlab._words import counted
from gradlab.labs._cut import OutLine
from gradlab.labs._images import VIEW, find_images
from gradlab.labs._settings import KNOWN, LabSettings
from gradlab.labs._template import Template, read_template
from gradlab.labs._versions import make_versions
from gradlab.labs._views import draw
from gradlab.labs.interchange import _gradescope, _to_nbgrader, _to_otter
from gradlab.labs.interchange._pieces import CheckPart, Part, parts_of

FORMATS: Final = ("nbgrader", "otter", "gradescope")
"""What a template can be written as."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What a template was written as.

    Args:
        suffix: of the file: ".ipynb" or ".zip".
        data: its bytes.
        remarks: what the other tool has no place for.
    """

    suffix: str
    data: bytes
    remarks: tuple[str, ...]


def export_template(path: Path, tool: str) -> Exported:
    """Write a template as nbgrader's or Otter's source notebook, or as an autograder for Gradescope.

    Args:
        path: the template.
        tool: of `FORMATS`.

    Raises:
        TemplateError: if no versions can be made of the template.
        GradlabError: if the tool is none of them.
    """
    if tool not in FORMATS:
        raise GradlabError(f"{tool!r} is nothing that a template can be written as; write {', '.join(FORMATS)}")
    template = read_template(path)
    make_versions(template)
    if tool == "gradescope":
        return Exported(".zip", _gradescope.archive(template), _gradescope.REMARKS)
    parts = parts_of(template, statements=tool == "nbgrader")
    name = re.sub(r"[^\w-]+", "-", template.path.stem).strip("-") or "lab"
    made, remarks = _to_nbgrader.cells(parts) if tool == "nbgrader" else _to_otter.cells(parts, name)
    if template.settings.seed is not None:
        remarks.append(f"the seed {template.settings.seed} is not set before the first cell: set it there")
    return Exported(".ipynb", _notebook(template, made), (*remarks, *_lost(template, parts)))


def _lost(template: Template, parts: Sequence[Part]) -> Iterator[str]:
    """What neither of the other tools has a place for."""
    for part in parts:
        if isinstance(part, CheckPart) and part.ours:
            yield f"line {part.line}: of the check {part.name!r} {' and '.join(part.ours)} is left out"
    if template.allowed:
        yield f"{counted(len(template.allowed), 'ALLOW tag')} left out"


def _notebook(template: Template, made: list[dict[str, Any]]) -> bytes:
    import nbformat
    from nbformat import v4

    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}
    cells = [
        make[cell["cell_type"]](cell["source"], metadata=cell["metadata"], id=f"cell-{number}")
        for number, cell in enumerate(made)
    ]
    for cell in cells:
        if cell.cell_type == "markdown" and VIEW in cell.source:
            _draw_views(cell)
        names = [name for name in template.attachments if f"attachment:{name}" in cell.source]
        if names and cell.cell_type == "markdown":
            kept = {name: dict(template.attachments[name]) for name in names}
            cell["attachments"] = {**cell.get("attachments", {}), **kept}
    usual = LabSettings()
    # What gradlab alone knows stands there for the way back.
    own = {name: value for name in KNOWN if (value := getattr(template.settings, name)) != getattr(usual, name)}
    metadata = {"kernelspec": template.metadata["kernelspec"], **({"gradlab": own} if own else {})}
    notebook = v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(notebook)
    return (nbformat.writes(notebook, ensure_ascii=False) + "\n").encode()


def _draw_views(cell: Any) -> None:
    """Put pictures into a cell in the place of views of gradlab's page."""
    lines = [OutLine(text, number) for number, text in enumerate(cell.source.split("\n"), 1)]
    for number, image in enumerate(find_images([lines])):
        if image.path.startswith(VIEW):
            name, data = f"view-{number}.png", draw(image.path.removeprefix(VIEW))[1]
            cell.source = cell.source.replace(f"({image.path})", f"(attachment:{name})").replace(
                f"<{image.path}>", f"attachment:{name}"
            )
            cell.setdefault("attachments", {})[name] = {"image/png": b64encode(data).decode()}
