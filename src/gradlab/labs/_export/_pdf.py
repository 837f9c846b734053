"""A document as PDF, through Typst: prose by way of pandoc, formulas and code in our own hand."""

from __future__ import annotations

import datetime
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import unescape
from importlib.resources import files
from pathlib import Path

from gradlab._errors import GradlabError

from ._atoms import BETWEEN, put_back, restore_source, typst_string
from ._document import Block, Code, Document, Figure, Prose, Room, Words
from ._terminal import Style, styled_runs

_MAX_LINES = 200
_MAX_LINE = 4000
_LONGEST_QUESTION = 1500
# A fixed date: the same lab makes the same file, byte for byte.
_DATE = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Pdf:
    """A finished PDF file.

    Args:
        data: its bytes.
        pages: how many pages it has.
        missing: the characters that no font here can show.
        remarks: template line and message for each part that Typst refuses and that is shown another way.
    """

    data: bytes
    pages: int
    missing: tuple[str, ...]
    remarks: tuple[tuple[int, str], ...]


def to_pdf(document: Document) -> Pdf:
    """Typeset a document.

    A formula, a picture or a paragraph that Typst refuses never stops the page: it is looked for, named, and shown as
    its TeX, its description or its plain text.

    Args:
        document: What is shown.

    Returns:
        The file, its number of pages, and what it could not show.

    Raises:
        GradlabError: Typst refuses the page for another reason; the message holds what it said.
    """
    import typst

    with tempfile.TemporaryDirectory(prefix="gradlab-pdf-") as name:
        folder = Path(name)
        (folder / "template.typ").write_text(_template(), encoding="utf-8")
        page = _Page(document, folder)
        try:
            return _compile(page)
        except typst.TypstError:
            page.look_for_faults()
        try:
            return _compile(page)
        except typst.TypstError as problem:
            raise GradlabError(f"the PDF cannot be typeset: {_said(problem)}") from problem


def _compile(page: _Page) -> Pdf:
    import json

    import typst

    main = page.folder / "main.typ"
    main.write_text(_main(page.document, "\n\n".join(page.blocks())), encoding="utf-8")
    compiler = typst.Compiler(str(main), root=str(page.folder))
    data = compiler.compile(format="pdf", timestamp=_DATE)
    measured = json.loads(compiler.query("<measured>", field="value", one=True))
    assert isinstance(data, bytes)
    return Pdf(data, measured["pages"], tuple(measured["missing"]), tuple(page.remarks))


def _said(problem: Exception) -> str:
    return str(getattr(problem, "message", "") or problem)


class _Page:
    """A document as parts in Typst's language, and those of them that Typst refuses."""

    def __init__(self, document: Document, folder: Path) -> None:
        self.document, self.folder = document, folder
        self.prose = _convert([block.html for block in document.blocks if isinstance(block, Prose)])
        self.refused_atoms: set[int] = set()
        self.refused_blocks: set[int] = set()
        self.remarks: list[tuple[int, str]] = []
        for index, atom in enumerate(document.atoms):
            if atom.data:
                self._picture(index).write_bytes(atom.data)

    def _picture(self, index: int) -> Path:
        return self.folder / f"picture-{index}.{self.document.atoms[index].suffix}"

    def atom(self, index: int) -> str:
        """Return an atom as it is shown."""
        atom = self.document.atoms[index]
        if index in self.refused_atoms:
            return atom.typst_if_broken
        return atom.typst.replace("{file}", typst_string(self._picture(index).name), 1) if atom.data else atom.typst

    def blocks(self) -> list[str]:
        """Return the blocks as they are shown."""
        prose = iter(self.prose)
        shown: list[str] = []
        for index, block in enumerate(self.document.blocks):
            text = next(prose) if isinstance(block, Prose) else _block(block)
            if index in self.refused_blocks and isinstance(block, Prose):
                plain = unescape(re.sub(r"<[^>]*>", "", block.html))
                text = _block(Words(restore_source(plain, self.document.atoms), "raw"))
            if self._asks(index):
                text = f"#block(width: 100%, sticky: true)[\n{text}\n]"
            shown.append(put_back(text, self.atom))
        return shown

    def _asks(self, index: int) -> bool:
        """Whether a block is a question, to be kept on one page with the room for its answer."""
        block, after = self.document.blocks[index], self.document.blocks[index + 1 : index + 2]
        short = isinstance(block, Prose) and len(block.html) <= _LONGEST_QUESTION
        return short and bool(after) and isinstance(after[0], Room)

    def look_for_faults(self) -> None:
        """Find what Typst refuses: atoms first, then whole blocks."""
        atoms = [index for index, atom in enumerate(self.document.atoms) if atom.typst and not atom.failed]
        for index, said in _refused(self.folder, [(index, self.atom(index)) for index in atoms]):
            atom = self.document.atoms[index]
            self.refused_atoms.add(index)
            what = "its description" if atom.kind == "picture" else "its TeX"
            name = f"{atom.kind} {' '.join(atom.source.split())[:70]!r}"
            self.remarks.append((atom.line, f"the PDF cannot show the {name} ({said}): {what} stands in its place"))
        for index, said in _refused(self.folder, list(enumerate(self.blocks()))):
            block = self.document.blocks[index]
            if isinstance(block, Prose):
                self.refused_blocks.add(index)
                what = "output" if block.is_output else "text"
                self.remarks.append((block.line, f"the PDF cannot set this {what} ({said}): it is shown plain"))


def _refused(folder: Path, parts: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the numbers of the parts that Typst refuses and what it says, by halves: few are, if any."""
    import typst

    probe = folder / "probe.typ"
    lines = "\n\n".join(text for _, text in parts)
    probe.write_text(f'#import "template.typ": *\n#show: lab\n{lines}\n', encoding="utf-8")
    try:
        typst.compile(str(probe), root=str(folder))
    except typst.TypstError as problem:
        if len(parts) == 1:
            yield parts[0][0], _said(problem)
            return
        half = len(parts) // 2
        yield from _refused(folder, parts[:half])
        yield from _refused(folder, parts[half:])


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
    # Identifiers become labels in Typst, where each may stand only once, and a link to one that is not there stops the
    # page: the PDF's own outline replaces them, and links within the page show their words alone.
    html = re.sub(r'\s(?:(?:id|class|name)="[^"]*"|href="#[^"]*")(?=[^<>]*>)', "", html)
    return re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def _block(block: Block) -> str:
    match block:
        case Code(source, count, language):
            label = f"[{count}]" if count is not None else "[ ]"
            return f"#code-cell({typst_string(label)}, {typst_string(_breakable(source))}, {typst_string(language)})"
        case Words(text, kind):
            runs = "".join(_run(style, run) for style, run in styled_runs(_fewer_lines(text.rstrip("\n"))))
            return f"#words({typst_string(kind)})[{runs}]"
        case Room():
            return f"#room({typst_string(block.label)}, {block.lines})"
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


def _fewer_lines(text: str) -> str:
    """Leave out the middle of what would fill many pages, and let long words break."""
    lines = [line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]} …" for line in text.split("\n")]
    if len(lines) > _MAX_LINES:
        left_out = len(lines) - _MAX_LINES
        half = _MAX_LINES // 2
        lines = [*lines[:half], f"… {left_out} lines of this output are left out here …", *lines[-half:]]
    return "\n".join(_breakable(line) for line in lines)


def _breakable(source: str) -> str:
    """Let words longer than a line break anywhere: a space of no width after every few characters."""
    return re.sub(r"\S{80,}", lambda match: "\u200b".join(re.findall(".{1,20}", match[0])), source)
