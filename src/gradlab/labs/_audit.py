"""The leak audit: does anything that only the solution has stand in what the students get?"""

from __future__ import annotations

import base64
import bisect
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from gradlab._errors import GradlabError
from gradlab.labs._blocks import Role
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._image_files import ImageFile
from gradlab.labs._secrets import (
    SecretImage,
    SecretLine,
    Secrets,
    is_telling,
    loose_form,
    secret_line,
    strict_form,
    tokens,
)
from gradlab.labs._template import Template
from gradlab.labs._versions import Versions


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the audit of a template found.

    Args:
        warnings: one for each solution line that stands again outside any block, with both line numbers.
        secrets: what the files written for the students are to be searched for.
    """

    warnings: tuple[Diagnostic, ...]
    secrets: Secrets


@dataclass(frozen=True, slots=True)
class Leak:
    """Something secret in a file for the students.

    Args:
        file: the file.
        place: where in it: a line, a page, a notebook's entry.
        secret: the line, or the image's name.
        line: the template line of the secret, 0 where it has none.
    """

    file: Path
    place: str
    secret: str
    line: int

    def __str__(self) -> str:
        origin = f" (line {self.line} of the template)" if self.line else ""
        return f"{self.file}: {self.place} shows what only the solution may show{origin}: {self.secret}"


class AuditError(GradlabError):
    """A file that cannot be searched, so that nothing can be said about it."""


def audit_text(template: Template, versions: Versions, images: Mapping[str, ImageFile]) -> AuditReport:
    r"""Find solution lines that stand again where the students read them.

    Args:
        template: the template.
        versions: what was made of it.
        images: the image for each path as the template writes it.

    Returns:
        A warning for each such line, and the secrets that are left to look for in the written files.

    >>> import tempfile
    >>> from gradlab.labs._template import read_template
    >>> from gradlab.labs._versions import make_versions
    >>> path = Path(tempfile.mkdtemp()) / "lab.md"
    >>> block = "#!TAG HWBEGIN\ny = slope * x + offset\n#!TAG HWEND\n"
    >>> _ = path.write_text(f"```python\n{block}```\n\n```python\ny = slope*x + offset\n```\n")
    >>> template = read_template(path)
    >>> [warning.line for warning in audit_text(template, make_versions(template), {}).warnings]
    [8]
    """
    question = _Haystack()
    for cell in template.cells:
        for line in cell.lines:
            if line.role is Role.CONTENT or (line.role is Role.CHECK and line.block and not _hidden(line.block)):
                question.add(line.text, line.number)
    question.close()
    warnings: list[Diagnostic] = []
    kept: dict[str, SecretLine] = {}
    for secret in _secret_lines(template):
        numbers = question.find(secret.strict)
        if not numbers:
            loose = "" if question.has_loose(secret.loose) else secret.loose
            kept.setdefault(secret.strict, SecretLine(secret.text, secret.line, secret.strict, loose))
        elif not any(warning.line == numbers[0] for warning in warnings):
            again = f" (and in {len(numbers) - 1} more places)" if len(numbers) > 1 else ""
            quoted = secret.text.replace("\\", "\\\\").replace('"', '\\"')
            message = (
                f"this repeats line {secret.line}, which is homework{again}: {secret.text}; "
                f'take it out here, or allow it with: #!TAG ALLOW "{quoted}".'
            )
            warnings.append(Diagnostic(template.path, numbers[0], "warning", message))
    return AuditReport(tuple(sorted(warnings)), Secrets(tuple(kept.values()), _secret_images(versions, images)))


def _hidden(block: Any) -> bool:
    return block.check is None or block.check.hidden


def _secret_lines(template: Template) -> Iterator[SecretLine]:
    messages: dict[int, list[str]] = {}
    for cell in template.cells:
        for line in cell.lines:
            if line.role is Role.MESSAGE and line.block is not None:
                messages.setdefault(line.block.line, []).append(line.text)
    said = strict_form("\n".join(text for own in messages.values() for text in own))
    allowed = [strict_form(text) for text in template.allowed]
    for cell in template.cells:
        for line in cell.lines:
            # The cells of a hidden check are as secret as a solution.
            hidden = line.role is Role.CHECK and line.block is not None and _hidden(line.block)
            if not (hidden or line.role is Role.HOMEWORK) or not is_telling(line.text):
                continue
            secret = secret_line(line.text, line.number)
            words = set(tokens(line.text))
            own = messages.get(line.block.line, []) if line.block else []
            if secret.strict in said or words <= set(tokens(" ".join(own))) or any(secret.strict in a for a in allowed):
                continue
            if is_telling(_without(line.text, template.allowed)):
                yield secret


def _without(text: str, allowed: Iterable[str]) -> str:
    for part in allowed:
        text = re.sub(r"\s*".join(map(re.escape, part.split())), " ", text)
    return text


def _secret_images(versions: Versions, images: Mapping[str, ImageFile]) -> tuple[SecretImage, ...]:
    shown = {image.file for image in versions.question.images}
    secret = {image.file: image.path for image in versions.solution.images if image.file not in shown}
    # The build warns of an image that is missing; its name is looked for all the same.
    return tuple(SecretImage(path, images[path].data if path in images else None) for path in secret.values())


@dataclass(slots=True)
class _Haystack:
    """A text in both forms, and the number of the line or part that each character comes from."""

    parts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    length: int = 0
    strict: str = ""
    loose: str = ""

    def add(self, text: str, number: int) -> None:
        form = strict_form(text)
        self.starts.append(self.length)
        self.numbers.append(number)
        self.parts.append(form)
        self.length += len(form)

    def close(self) -> None:
        self.strict = "".join(self.parts)
        self.loose = loose_form(self.strict)

    def find(self, needle: str) -> list[int]:
        found = []
        position = self.strict.find(needle)
        while position >= 0:
            found.append(self.numbers[bisect.bisect_right(self.starts, position) - 1])
            position = self.strict.find(needle, position + len(needle))
        return found

    def has_loose(self, needle: str) -> bool:
        return bool(needle) and needle in self.loose


def audit_file(path: Path, secrets: Secrets, data: bytes | None = None) -> tuple[Leak, ...]:
    r"""Search a file written for the students.

    Args:
        path: a .md, .ipynb, .html or .pdf file; the suffix says how it is read.
        secrets: what to look for.
        data: the file's content, default: read from the path.

    Returns:
        What was found: lines in text, sources, outputs, metadata and attachments; images by name and content.

    Raises:
        AuditError: if the file cannot be read as what its suffix says, or its kind is not known.

    >>> secrets = Secrets((secret_line("y = slope * x + offset", 7),))
    >>> print(audit_file(Path("lab.md"), secrets, b"text\n# y = slope*x+offset\n")[0])
    lab.md: line 2 shows what only the solution may show (line 7 of the template): y = slope * x + offset
    """
    path = Path(path)
    content = path.read_bytes() if data is None else data
    readers = {".md": _markdown, ".ipynb": _notebook, ".html": _html, ".pdf": _pdf}
    if path.suffix.lower() not in readers:
        raise AuditError(f"{path}: a file of this kind cannot be audited; known are {', '.join(readers)}.")
    try:
        texts = list(readers[path.suffix.lower()](content))
    except (ValueError, KeyError) as problem:
        raise AuditError(f"{path}: the file cannot be read for the audit: {problem}") from problem
    leaks = [leak for place, text in texts for leak in _search(path, place, text, secrets)]
    if path.suffix.lower() == ".pdf" and secrets.images:
        leaks += _pdf_images(path, content, secrets.images)
    first = {(leak.secret, leak.line, leak.place): leak for leak in leaks}
    return tuple(first.values())


def _search(path: Path, place: str, text: str, secrets: Secrets) -> Iterator[Leak]:
    strict, loose = strict_form(text), loose_form(text)
    for secret in secrets.lines:
        if secret.strict in strict or (secret.loose and secret.loose in loose):
            where = place or f"line {_line_of(text, secret)}"
            yield Leak(path, where, secret.text, secret.line)
    for image in secrets.images:
        encoded = base64.b64encode(image.content).decode() if image.content else ""
        if (image.name and strict_form(image.name) in strict) or (encoded and encoded in strict):
            yield Leak(path, place or "the text", f"the image {image.name or 'that a cell draws'}", 0)


def _line_of(text: str, secret: SecretLine) -> int:
    """The line of a text in which a secret ends: the first by which it has been shown."""
    lines = text.split("\n")
    low, high = 1, len(lines)
    while low < high:
        middle = (low + high) // 2
        before = "\n".join(lines[:middle])
        if secret.strict in strict_form(before) or (secret.loose and secret.loose in loose_form(before)):
            high = middle
        else:
            low = middle + 1
    return low


def _markdown(content: bytes) -> Iterator[tuple[str, str]]:
    yield "", content.decode("utf-8-sig")


def _notebook(content: bytes) -> Iterator[tuple[str, str]]:
    yield from _leaves(json.loads(content), "")


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every text in a notebook: sources, outputs, metadata, attachments, whatever the format may add."""
    if isinstance(value, str):
        # Errors are printed in colour; a colour between two words hides neither.
        yield place, re.sub(r"\x1b\[[0-9;]*m", "", value)
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        yield from _leaves("".join(value), place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield place, str(key)
            yield from _leaves(item, f"{place}.{key}" if place else str(key))


class _Text(HTMLParser):
    """Collects what an HTML file says: its text, comments, scripts and the values of its attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.aside: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.aside.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.aside += [value for _, value in attrs if value]


def _html(content: bytes) -> Iterator[tuple[str, str]]:
    parser = _Text()
    parser.feed(content.decode("utf-8-sig"))
    parser.close()
    yield "the text", "".join(parser.text)
    yield "a comment or an attribute", "\n".join(parser.aside)


def _pdf(content: bytes) -> Iterator[tuple[str, str]]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content))
        pages = [page.extract_text() for page in reader.pages]
        information = "\n".join(str(value) for value in (reader.metadata or {}).values())
    except PyPdfError as problem:
        raise AuditError(str(problem)) from problem
    yield "the document's information", information
    for number, text in enumerate(pages, 1):
        # A line may run over to the next page.
        following = pages[number][:500] if number < len(pages) else ""
        yield f"page {number}", f"{text}\n{following}"


def _pdf_images(path: Path, content: bytes, secrets: Iterable[SecretImage]) -> Iterator[Leak]:
    from pypdf import PdfReader

    wanted = {pixels: image for image in secrets if (pixels := _pixels(image.content)) is not None}
    if not wanted:
        return
    for number, page in enumerate(PdfReader(io.BytesIO(content)).pages, 1):
        for embedded in page.images:
            pixels = _pixels(embedded.data)
            image = wanted.get(pixels) if pixels else None
            if image is not None:
                yield Leak(path, f"page {number}", f"the image {image.name or 'that a cell draws'}", 0)


def _pixels(content: bytes | None) -> tuple[tuple[int, int], bytes] | None:
    """An image's size and colours on white, None where it is no bitmap: a PDF stores it in its own way."""
    from PIL import Image, UnidentifiedImageError

    if content is None:
        return None
    try:
        image = Image.open(io.BytesIO(content)).convert("RGBA")
    except (UnidentifiedImageError, OSError):
        return None
    white = Image.new("RGBA", image.size, "white")
    flat = Image.alpha_composite(white, image).convert("RGB")
    return image.size, flat.tobytes()
