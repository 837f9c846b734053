"""Markdown with formulas and pictures as a page by itself: HTML and PDF by the exporters of the labs."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gradlab._errors import GradlabError
from gradlab.labs._export import Source, make_document, to_html, to_pdf


@dataclass(frozen=True, slots=True)
class Page:
    """A finished file.

    Attributes:
        data: its bytes.
        pages: how many pages it has; None for HTML.
        formulas: how many formulas were set.
        warnings: what could not be shown as it is written.
    """

    data: bytes
    pages: int | None
    formulas: int
    warnings: tuple[str, ...]


def make_page(markdown: str, pictures: Mapping[str, bytes], kind: Literal["html", "pdf"]) -> Page:
    r"""Set Markdown with LaTeX as a page that needs nothing beside it.

    Args:
        markdown: the text; its first heading is the title.
        pictures: for the path of each picture in the text, an SVG or PNG file.
        kind: "html" or "pdf".

    Returns:
        The file.

    Raises:
        GradlabError: if it cannot be set.

    >>> b"<math" in make_page("# A square\n\n$x^2$\n", {}, "html").data
    True
    """
    import nbformat.v4 as v4

    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(markdown)])
    warnings: list[str] = []
    with tempfile.TemporaryDirectory(prefix="gradlab-page-") as name:
        folder = Path(name)
        images: dict[str, Path | None] = {}
        for number, (path, data) in enumerate(pictures.items()):
            file = folder / f"{number}{_suffix(data)}"
            file.write_bytes(data)
            images[path] = file
        lines = (tuple(range(1, markdown.count("\n") + 2)),)
        source = Source(notebook, lines, images, None, "Sheet")
        document = make_document(source, lambda line, message: warnings.append(f"line {line}: {message}"))
    formulas = document.formulas - document.failed_formulas
    if kind == "html":
        return Page(to_html(document).encode(), None, formulas, tuple(warnings))
    pdf = to_pdf(document)
    warnings += [f"no font has the character {character}" for character in pdf.missing]
    return Page(pdf.data, pdf.pages, formulas, tuple(warnings))


def _suffix(data: bytes) -> str:
    if data.startswith(b"\x89PNG"):
        return ".png"
    if b"<svg" in data[:2000]:
        return ".svg"
    raise GradlabError("a picture of a page is an SVG or PNG file")
