"""A document as PDF, through Typst: prose by way of pandoc, formulas and code in our own hand."""

from __future__ import annotations

import datetime
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from gradlab._errors import GradlabError

from ._atoms import BETWEEN, put_back, typst_string
from ._document import Block, Code, Document, Figure, Prose, Words
from ._terminal import Style, styled_runs

_MAX_LINES = 200
_MAX_LINE = 4000
# A fixed date: the same lab makes the same file, byte for byte.
_DATE = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Pdf:
    """A finished PDF file.

    Args:
        data: its bytes.
        pages: how many pages it has.
        missing: the characters that no font here can show.
        unshown: the descriptions of pictures whose files are broken; they stand in their places.
    """

    data: bytes
    pages: int
    missing: tuple[str, ...]
    unshown: tuple[str, ...]


def to_pdf(document: Document) -> Pdf:
    """Typeset a document.

    Args:
        document: What is shown.

    Returns:
        The file, its number of pages, and the characters it could not show.

    Raises:
        GradlabError: Typst refuses the page; the message holds what it said.
    """
    import typst

    with tempfile.TemporaryDirectory(prefix="gradlab-pdf-") as name:
        folder = Path(name)
        (folder / "template.typ").write_text(_template(), encoding="utf-8")
        try:
            return _compile(document, folder, frozenset())
        except typst.TypstError as problem:
            broken = _broken_pictures(document, folder)
            if not broken:
                raise _refused(problem) from problem
        try:
            return _compile(document, folder, broken)
        except typst.TypstError as problem:
            raise _refused(problem) from problem


def _compile(document: Document, folder: Path, broken: frozenset[int]) -> Pdf:
    import json

    import typst

    main = folder / "main.typ"
    main.write_text(_main(document, "\n\n".join(_blocks(document, folder, broken))), encoding="utf-8")
    compiler = typst.Compiler(str(main), root=str(folder))
    data = compiler.compile(format="pdf", timestamp=_DATE)
    measured = json.loads(compiler.query("<measured>", field="value", one=True))
    assert isinstance(data, bytes)
    unshown = tuple(document.atoms[index].source for index in sorted(broken))
    return Pdf(data, measured["pages"], tuple(measured["missing"]), unshown)


def _refused(problem: Exception) -> GradlabError:
    return GradlabError(f"the PDF cannot be typeset: {getattr(problem, 'message', '') or problem}")


def _broken_pictures(document: Document, folder: Path) -> frozenset[int]:
    """Find the pictures that cannot be read, one by one: asked only when a page was refused."""
    import typst

    broken: set[int] = set()
    for index, atom in enumerate(document.atoms):
        if atom.data:
            (folder / f"picture.{atom.suffix}").write_bytes(atom.data)
            (folder / "picture.typ").write_text(f'#image("picture.{atom.suffix}")', encoding="utf-8")
            try:
                typst.compile(str(folder / "picture.typ"), root=str(folder))
            except typst.TypstError:
                broken.add(index)
    return frozenset(broken)


@cache
def _template() -> str:
    return files(__package__ or "").joinpath("template.typ").read_text(encoding="utf-8")


def _main(document: Document, body: str) -> str:
    # Which of the rarer characters no font has: they are as wide and high as one that cannot exist.
    rare = sorted({character for character in body if ord(character) > 0x2FF and not "\ue000" <= character <= "\uf8ff"})
    characters = ", ".join(typst_string(character) for character in rare)
    return f"""#import "template.typ": *
#set document(title: {typst_string(document.title)}, date: none)
#show: lab
{_heading(document)}{body}

#context {{
  let none-such = measure(text("\\u{{10fffd}}"))
  let missing = ({characters}{"," if rare else ""}).filter(c => measure(text(c)) == none-such)
  [#metadata((pages: counter(page).final().first(), missing: missing)) <measured>]
}}
"""


def _heading(document: Document) -> str:
    return "" if document.heads_itself else f"#heading(level: 1, {typst_string(document.title)})\n\n"


def _blocks(document: Document, folder: Path, broken: frozenset[int]) -> list[str]:
    prose = iter(_convert([block.html for block in document.blocks if isinstance(block, Prose)]))

    def shown(index: int) -> str:
        atom = document.atoms[index]
        if "{file}" not in atom.typst or not atom.data:
            return atom.typst
        if index in broken:
            return f"#missing-image({typst_string(atom.source or 'picture')})"
        path = folder / f"picture-{index}.{atom.suffix}"
        path.write_bytes(atom.data)
        return atom.typst.replace("{file}", typst_string(path.name), 1)

    return [put_back(next(prose) if isinstance(block, Prose) else _block(block), shown) for block in document.blocks]


def _convert(fragments: Sequence[str]) -> list[str]:
    """Turn HTML fragments into Typst, all in one run of pandoc."""
    import pypandoc

    if not fragments:
        return []
    joined = f"\n<p>{BETWEEN}</p>\n".join(_for_pandoc(fragment) for fragment in fragments)
    try:
        text = pypandoc.convert_text(joined, "typst", "html", extra_args=["--wrap=none", "--columns=1000"])
    except RuntimeError as problem:
        raise GradlabError(f"the prose of the lab cannot be converted to PDF: {problem}") from problem
    parts = text.split(BETWEEN)
    if len(parts) != len(fragments):
        raise GradlabError("the prose of the lab cannot be converted to PDF: pandoc returned another number of cells")
    return [part.strip() for part in parts]


def _for_pandoc(html: str) -> str:
    # Identifiers become labels in Typst, where each may stand only once; the PDF's own outline replaces them.
    html = re.sub(r'(<[a-zA-Z][^>]*?)\s(?:id|class|name)="[^"]*"', r"\1", html)
    return re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def _block(block: Block) -> str:
    match block:
        case Code(source, count, language):
            label = f"[{count}]" if count is not None else "[ ]"
            return f"#code-cell({typst_string(label)}, {typst_string(_breakable(source))}, {typst_string(language)})"
        case Words(text, kind):
            runs = "".join(_run(style, run) for style, run in styled_runs(_shortened(text.rstrip("\n"))))
            return f"#words({typst_string(kind)})[{runs}]"
        case Figure(mark):
            return mark
        case Prose():
            raise TypeError("prose goes through pandoc")


def _run(style: Style, text: str) -> str:
    options = [
        f'colour: rgb("{style.colour}")' if style.colour else "",
        f'ground: rgb("{style.background}")' if style.background else "",
        "bold: true" if style.bold else "",
        "italic: true" if style.italic else "",
        "underlined: true" if style.underline else "",
    ]
    return f"#run({', '.join([typst_string(text), *(option for option in options if option)])})"


def _shortened(text: str) -> str:
    """Leave out the middle of what would fill many pages, and let long words break."""
    lines = [line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]} …" for line in text.split("\n")]
    if len(lines) > _MAX_LINES:
        left_out = len(lines) - _MAX_LINES
        half = _MAX_LINES // 2
        lines = [*lines[:half], f"… {left_out} lines are left out here; the notebook has them …", *lines[-half:]]
    return "\n".join(_breakable(line) for line in lines)


def _breakable(source: str) -> str:
    """Let words longer than a line break anywhere: a space of no width after every few characters."""
    return re.sub(r"\S{80,}", lambda match: "\u200b".join(re.findall(".{1,20}", match[0])), source)
