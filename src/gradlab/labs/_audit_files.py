"""Search the files that students get for what only the solution may show."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from gradlab._errors import GradlabError
from gradlab.labs._search import Haystack, Needles, strict_form
from gradlab.labs._secrets import SecretImage, SecretLine, Secrets

_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_IMAGES: Final = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".avif", ".tif", ".tiff"}
)
# Text in a file that is none: comments, EXIF, XMP, and whatever stands behind the pixels.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\xc0\xc1\xf5-\xff]+")
_WIDE = re.compile(rb"(?:[\t\n\r -~]\0){8,}")  # in UTF-16
_SHORTEST: Final = 8  # bytes
_MOST_LEAKS: Final = 20
_LARGEST_ARCHIVE: Final = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Leak:
    """Something secret in a file for the students.

    Args:
        file: the file.
        place: where in it: a line, a page, a notebook's entry.
        secret: the line or the image.
        line: the template line of the secret, 0 where it has none.
    """

    file: Path
    place: str
    secret: SecretLine | SecretImage
    line: int

    def __str__(self) -> str:
        if isinstance(self.secret, SecretImage):
            what = f"the image {self.secret.name}" if self.secret.name else "the picture that this cell draws"
            return f"{self.file}: {self.place} shows what only the solution may show: {what}"
        quoted = allow_line(self.secret.text)
        what = "what only the solution prints" if self.secret.is_output else "what only the solution may show"
        return f"{self.file}: {self.place} shows {what}: {self.secret.text}; take it out, or allow it with: {quoted}"


def allow_line(text: str) -> str:
    r"""Write the tag that lets a text pass.

    Returns:
        The line for the template.

    >>> print(allow_line('print("x")'))
    #!TAG ALLOW "print(\"x\")"
    """
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'#!TAG ALLOW "{quoted}"'


class AuditError(GradlabError):
    """A file that cannot be searched, so that nothing can be said about it."""


class Auditor:
    """Searches files for secrets.

    Args:
        secrets: what to look for.
    """

    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets
        self._strict: dict[str, list[SecretLine | SecretImage]] = {}
        self._loose: dict[str, list[SecretLine | SecretImage]] = {}
        for secret in secrets.lines:
            self._strict.setdefault(secret.strict, []).append(secret)
            self._loose.setdefault(secret.loose, []).append(secret)
        for image in secrets.images:
            self._strict.setdefault(strict_form(image.name), []).append(image)
        self._strict_needles, self._loose_needles = Needles(self._strict), Needles(self._loose)
        self._images = {_digest(image.content): image for image in secrets.images if image.content}
        self._pixels = {pixels: image for image in secrets.images if (pixels := _pixels(image.content)) is not None}

    def search(self, path: Path, data: bytes | None = None) -> tuple[Leak, ...]:
        r"""Search a file written for the students.

        Args:
            path: a text, notebook, HTML, PDF or image file, or a zip of such; the suffix says how it is read.
            data: the file's content, default: read from the path.

        Returns:
            What was found: lines in text, sources, outputs, metadata and attachments; images by name and content. Each
            secret once for each place, twenty in all.

        Raises:
            AuditError: if the file cannot be read as what its suffix says, or its kind is not known.

        >>> from gradlab.labs._secrets import secret_line
        >>> auditor = Auditor(Secrets((secret_line("y = slope * x + offset", 7),)))
        >>> [leak] = auditor.search(Path("lab.md"), b"text\n# y = slope*x+offset\n")
        >>> leak.line, leak.place
        (7, 'line 2')
        """
        path = Path(path)
        content = path.read_bytes() if data is None else data
        suffix = path.suffix.lower()
        if suffix == ".zip":
            return self._in_archive(path, content)
        if suffix in _IMAGES:
            seen = dict.fromkeys(self._in_image("it", content))
            return tuple(Leak(path, where, secret, secret.line) for where, secret in seen)
        if suffix not in _READERS:
            raise AuditError(f"{path}: a file of this kind cannot be audited; known are {', '.join(_READERS)}.")
        found: dict[tuple[str, SecretLine | SecretImage], Leak] = {}
        try:
            for place, text in _READERS[suffix](content):
                for where, secret in self._in_text(place, text):
                    found.setdefault((where, secret), Leak(path, where, secret, secret.line))
        except (ValueError, KeyError) as problem:
            raise AuditError(f"{path}: the file cannot be read for the audit: {problem}") from problem
        if suffix == ".pdf" and self._images:
            for where, data in _pdf_images(content):
                image = self._known(data)
                if image is not None:
                    found.setdefault((where, image), Leak(path, where, image, image.line))
        return tuple(found.values())[:_MOST_LEAKS]

    def _in_archive(self, path: Path, content: bytes) -> tuple[Leak, ...]:
        """Search the files of a zip, and their names."""
        leaks: list[Leak] = []
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if sum(member.file_size for member in archive.infolist()) > _LARGEST_ARCHIVE:
                    raise AuditError(f"{path}: the files in it are too large to be searched.")
                names = "\n".join(archive.namelist())
                leaks += [Leak(path, "a file's name", secret, secret.line) for _, secret in self._in_text("", names)]
                for member in archive.infolist():
                    if not member.is_dir():
                        leaks += self.search(path / member.filename, archive.read(member))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as problem:
            raise AuditError(f"{path}: the archive cannot be read for the audit: {problem}") from problem
        return tuple(leaks[:_MOST_LEAKS])

    def _in_text(self, place: str, text: str) -> Iterator[tuple[str, SecretLine | SecretImage]]:
        haystack = Haystack((line, number) for number, line in enumerate(text.split("\n"), 1))
        hits = [
            (spans[0][1], False, self._strict[form])
            for form, spans in self._strict_needles.find(haystack.strict).items()
        ]
        hits += [
            (spans[0][1], True, self._loose[form]) for form, spans in self._loose_needles.find(haystack.loose).items()
        ]
        for end, loose, secrets in hits:
            for secret in secrets:
                yield place or f"line {haystack.number(end - 1, loose=loose)}", secret
        for run in _BASE64.finditer(haystack.strict):
            if content := _unpacked(run[0]):
                yield from self._in_image(place or f"line {haystack.number(run.end() - 1)}", content)

    def _in_image(self, place: str, content: bytes) -> Iterator[tuple[str, SecretLine | SecretImage]]:
        image = self._known(content)
        if image is not None:
            yield place, image
        yield from self._in_text(f"{place}, where nobody sees it,", _words_in(content))

    def _known(self, content: bytes | None) -> SecretImage | None:
        """The secret image that some bytes are, in the same file format or in another."""
        if not content or not self._images:
            return None
        image = self._images.get(_digest(content))
        return self._pixels.get(_pixels(content)) if image is None and self._pixels else image  # type: ignore[arg-type]


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _unpacked(run: str) -> bytes | None:
    try:
        return base64.b64decode(run, validate=True)
    except ValueError:
        return None


def _text(content: bytes) -> Iterator[tuple[str, str]]:
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
    yield "a picture in it, where nobody sees it,", _written(content)
    for number, text in enumerate(pages, 1):
        # A line may run over to the next page.
        following = pages[number][:500] if number < len(pages) else ""
        yield f"page {number}", f"{text}\n{following}"


def _pdf_images(content: bytes) -> Iterator[tuple[str, bytes]]:
    from pypdf import PdfReader

    for number, page in enumerate(PdfReader(io.BytesIO(content)).pages, 1):
        for embedded in page.images:
            yield f"page {number}", embedded.data


_READERS: Final[dict[str, Callable[[bytes], Iterable[tuple[str, str]]]]] = {
    ".md": _text, ".py": _text, ".txt": _text, ".json": _text, ".toml": _text, ".csv": _text, ".sh": _text,
    ".yml": _text, ".yaml": _text, ".ipynb": _notebook, ".html": _html, ".pdf": _pdf,
}  # fmt: skip


def _written(content: bytes) -> str:
    """What is written in a file that is none of text; most of what pixels hold is neither ASCII nor UTF-8."""
    pieces = [
        (len(piece), piece.decode(errors="ignore")) for piece in _NO_TEXT.split(content) if len(piece) >= _SHORTEST
    ]
    runs = [text for length, text in pieces if len(text.encode()) > 0.8 * length]
    return "\n".join([*runs, *(run[::2].decode() for run in _WIDE.findall(content))])


def _words_in(image: bytes) -> str:
    """What an image says beside its pixels, also where that is compressed."""
    from PIL import Image

    said = dict[Any, Any]()
    try:
        with Image.open(io.BytesIO(image)) as opened:
            opened.load()  # texts may stand behind the pixels
            said = opened.info
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        said = {}  # of what is no image, or a broken one, the bytes alone are searched
    return "\n".join([_written(image), *(text for text in said.values() if isinstance(text, str))])


def _pixels(content: bytes | None) -> bytes | None:
    """What tells a bitmap's size and colours on white, None where it is none: a PDF stores it in its own way."""
    from PIL import Image, UnidentifiedImageError

    if content is None:
        return None
    try:
        image = Image.open(io.BytesIO(content)).convert("RGBA")
    except (UnidentifiedImageError, OSError):
        return None
    white = Image.new("RGBA", image.size, "white")
    flat = Image.alpha_composite(white, image).convert("RGB")
    return _digest(repr(image.size).encode() + flat.tobytes())
