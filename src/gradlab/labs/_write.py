"""Write one version's files: Markdown, notebook, HTML, PDF and the images it shows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from gradlab._errors import GradlabError
from gradlab._words import counted
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._execute import Executed
from gradlab.labs._export import (
    Document,
    Source,
    cell_line_numbers,
    fetched_references,
    make_document,
    to_html,
    to_pdf,
)
from gradlab.labs._image_files import ImageFile
from gradlab.labs._images import ATTACHED
from gradlab.labs._template import Template
from gradlab.labs._versions import Version
from gradlab.labs._views import link_views, living, start_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

FORMATS = ("md", "ipynb", "html", "pdf")
"""The kinds of file a lab can be written as."""


@dataclass(slots=True)
class WrittenFile:
    """One file made, and what was found about it.

    Args:
        name: relative to the lab's folder.
        version: "question" or "solution".
        facts: what was measured, each in a few words.
        pages: of a PDF.
        size: bytes.
    """

    name: str
    version: str
    facts: list[str] = field(default_factory=lambda: list[str]())
    pages: int | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """The files of one version."""

    files: tuple[WrittenFile, ...]
    warnings: tuple[Diagnostic, ...]


def write_version(
    template: Template,
    version: Version,
    executed: Executed,
    images: Mapping[str, ImageFile],
    folder: Path,
    formats: Sequence[str],
) -> Written:
    """Write a version in the formats asked for.

    Args:
        template: What it was made from.
        version: The version.
        executed: Its notebook after the run.
        images: The image for each path as the template writes it.
        folder: Where to write; it is there and empty.
        formats: Of `FORMATS`.

    Returns:
        The files and what could not be shown as Jupyter would.
    """
    return _Writer(template, version, executed, images, folder).write(formats)


class _Writer:
    def __init__(
        self,
        template: Template,
        version: Version,
        executed: Executed,
        images: Mapping[str, ImageFile],
        folder: Path,
    ) -> None:
        self.template, self.version, self.executed, self.folder = template, version, executed, folder
        self.images, self.name = images, template.path.stem
        self.stem = f"{self.name}-{version.kind}"
        self.warnings: dict[Diagnostic, None] = dict.fromkeys(executed.warnings)
        self.files: list[WrittenFile] = []

    def write(self, formats: Sequence[str]) -> Written:
        links, sources = self._images()
        shown = {path: image.link for path, image in self.images.items() if image.link and path in links}
        views, page = {unquote(path): link for path, link in shown.items()}, self.template.settings.page or ""
        web = {path: living(page, link) for path, link in shown.items() if living(page, link)}
        notebook = self.executed.notebook
        document = self._document(notebook, sources, views) if {"html", "pdf"} & {*formats} else None
        if "md" in formats:
            self._add("md", relink(link_views(self.version.markdown, web), links).encode(), [])
        if "ipynb" in formats:
            files = {path: link for path, link in links.items() if not path.startswith(ATTACHED)}
            self._add("ipynb", _notebook_bytes(notebook, files, web), self._run_facts())
        if document is not None:
            self._pages(document, formats)
        for link in dict.fromkeys(links.values()):
            size = (self.folder / link).stat().st_size
            self.files.append(WrittenFile(link, self.version.kind, [], None, size))
        return Written(tuple(self.files), tuple(self.warnings))

    def _warn(self, line: int, message: str) -> None:
        self.warnings[Diagnostic(self.template.path, line, "warning", message)] = None

    def _add(self, suffix: str, data: bytes, facts: list[str], pages: int | None = None) -> None:
        path = self.folder / f"{self.stem}.{suffix}"
        path.write_bytes(data)
        facts = facts if self.executed.was_run else ["not executed", *facts]
        self.files.append(WrittenFile(path.name, self.version.kind, facts, pages, len(data)))

    def _images(self) -> tuple[dict[str, str], dict[str, Path | None]]:
        """Copy the images this version shows; return the new link and the copy for each path as written."""
        links: dict[str, str] = {}
        sources: dict[str, Path | None] = {}
        names: dict[Path, str] = {}
        for image in self.version.images:
            found = self.images.get(image.path)
            if found is None:
                sources.setdefault(image.path, None)
                continue
            if found.link:
                link = links.get(image.path) or self._free_name(found.path, links.values())
            else:
                name = Path(image.file.removeprefix(ATTACHED))
                link = names.setdefault(found.path, self._free_name(name, {*names.values(), *links.values()}))
            copy = self.folder / link
            if image.path not in links and not copy.exists():
                copy.parent.mkdir(exist_ok=True)
                copy.write_bytes(found.data)
                copy.chmod(copy.stat().st_mode & found.mode)
            links[image.path] = link
            sources[image.path] = sources[image.file] = copy
        return links, sources

    def _free_name(self, path: Path, taken: Collection[str]) -> str:
        number, name = 1, f"{self.stem}_files/{path.name}"
        while name in taken:
            number += 1
            name = f"{self.stem}_files/{path.stem}-{number}{path.suffix}"
        return name

    def _document(self, notebook: NotebookNode, images: dict[str, Path | None], views: dict[str, str]) -> Document:
        title, page = self.template.settings.title, self.template.settings.page or ""
        kind = self.version.kind
        source = Source(notebook, cell_line_numbers(self.version.cell_lines), images, title, self.name, views, page)
        document = make_document(source, self._warn)
        if kind == "solution":
            document.title = f"{document.title} (solution)"
        return document

    def _pages(self, document: Document, formats: Sequence[str]) -> None:
        formulas = []
        if document.formulas:
            formulas.append(f"{counted(document.formulas - document.failed_formulas, 'formula')} set")
        if document.failed_formulas:
            formulas.append(f"{document.failed_formulas} shown as TeX")
        if "html" in formats:
            html = to_html(document)
            page = document.page
            fetched = fetched_references(html, start_of(page) if page else "")
            if fetched:
                raise GradlabError(
                    f"{self.stem}.html would fetch {fetched[0]}: please report this as a fault of gradlab"
                )
            self._add("html", html.encode(), [*formulas, f"fetches nothing but {page}" if page else "fetches nothing"])
        if "pdf" in formats:
            pdf = to_pdf(document)
            if pdf.missing:
                shown = " ".join(f"{character} (U+{ord(character):04X})" for character in pdf.missing[:20])
                self._warn(0, f"no font for these characters in the PDF: {shown}; install one that has them")
            for line, remark in pdf.remarks:
                self._warn(line, remark)
            self._add("pdf", pdf.data, formulas, pdf.pages)

    def _run_facts(self) -> list[str]:
        if not self.executed.was_run:
            return []
        facts = [f"{counted(self.executed.run, 'cell')} run"]
        if self.executed.skipped:
            facts.append(f"{self.executed.skipped} left to run")
        figures = sum(
            any(kind.startswith("image/") for kind in output.get("data", {}))
            for cell in self.executed.notebook.cells
            for output in cell.get("outputs", [])
        )
        return [*facts, counted(figures, "figure")] if figures else facts


def _notebook_bytes(notebook: NotebookNode, links: dict[str, str], views: dict[str, str]) -> bytes:
    from copy import deepcopy

    import nbformat

    made = deepcopy(notebook)
    for cell in made.cells:
        for output in cell.get("outputs", ()):
            # The drawing is for the printed page; a notebook would show it in place of the bitmap and double in size.
            if "image/png" in output.get("data", {}):
                output.data.pop("image/svg+xml", None)
        if cell.cell_type == "markdown":
            cell.source = relink(link_views(cell.source, views), links)
    nbformat.validate(made)
    return (nbformat.writes(made, ensure_ascii=False) + "\n").encode()


def relink(text: str, links: dict[str, str]) -> str:
    """Point the images of Markdown text to where the copies are.

    Args:
        text: Markdown.
        links: path as written to path as it shall be.

    Returns:
        The text with those image paths replaced, and nothing else.

    >>> relink("![net](../a.png) and ../a.png", {"../a.png": "lab_files/a.png"})
    '![net](lab_files/a.png) and ../a.png'
    """
    for old, new in sorted(links.items(), key=lambda pair: -len(pair[0])):
        before = r"""(\]\(\s*<?|\bsrc\s*=\s*["']?|^ {0,3}\[[^\]\n]+\]:\s*<?)"""
        pattern = re.compile(before + re.escape(old) + r"""(?=[\s)>"'#?]|$)""", re.MULTILINE)
        replacement = quote(new)
        text = pattern.sub(lambda match, path=replacement: match[1] + path, text)
    return text
