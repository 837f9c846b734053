"""The files behind a template's images: which of them may be published, and what they hold.

A lab's files are handed out, so that a reference is a decision to publish. Only what is an image by its name and
by its content goes out, and only from the template's own folder and the folders that its header names.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gradlab.labs._diagnostics import Diagnostic, TemplateError
from gradlab.labs._files import UnfitFileError, read_regular
from gradlab.labs._images import ATTACHED, VIEW, ImageReference
from gradlab.labs._template import Template
from gradlab.labs._versions import Versions
from gradlab.labs._views import draw

LARGEST_IMAGE: Final = 50_000_000
"""Bytes of the largest image that is published."""

_SUFFIXES: Final = {
    ".png": "png", ".apng": "png", ".jpg": "jpg", ".jpeg": "jpg", ".gif": "gif", ".webp": "webp", ".svg": "svg",
    ".bmp": "bmp", ".avif": "avif", ".tif": "tif", ".tiff": "tif",
}  # fmt: skip
_SIGNATURES: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"\xff\xd8\xff"), "jpg"),
    (re.compile(rb"GIF8[79]a"), "gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "webp"),
    (re.compile(rb"BM.{12}[\x0c\x28\x6c\x7c]\0\0\0", re.DOTALL), "bmp"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "avif"),
    (re.compile(rb"II\*\0|MM\0\*"), "tif"),
)


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image that may be published.

    Args:
        path: the file, links resolved.
        data: what it holds.
        mode: its permissions; a copy gets no more than these.
        link: of a view's picture, what stands behind the page's address; else empty.
    """

    path: Path
    data: bytes
    mode: int
    link: str = ""


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """The files of all images that a template's versions show.

    Args:
        files: the image for each path as the template writes it; those that are missing are not in it.
        warnings: what is missing or has the wrong name.
    """

    files: dict[str, ImageFile]
    warnings: tuple[Diagnostic, ...]


def read_images(template: Template, versions: Versions) -> ImageFiles:
    """Read the images that either version shows.

    Args:
        template: the template, whose folder and settings say where images may lie.
        versions: what was made of it.

    Returns:
        The images.

    Raises:
        TemplateError: if a reference names what is no image or lies where nothing may be published from; it
            names every such place.
    """
    references = {image: None for version in (versions.solution, versions.question) for image in version.images}
    folder = template.path.parent
    allowed = [folder.resolve(), *((folder / name).resolve() for name in template.settings.image_folders)]
    files: dict[str, ImageFile] = {}
    problems: dict[str, UnfitFileError | None] = {}
    remarks: dict[str, str] = {}
    found: list[Diagnostic] = []
    for image in references:
        if image.path not in problems:
            problems[image.path] = None
            try:
                if image.file.startswith(ATTACHED):
                    files[image.path], remarks[image.path] = _attached(image, template), ""
                elif image.path.startswith(VIEW):
                    files[image.path], remarks[image.path] = _view(image.path), ""
                else:
                    files[image.path], remarks[image.path] = _read(image, folder, allowed)
            except UnfitFileError as problem:
                problems[image.path] = problem
            except OSError as problem:
                missing = isinstance(problem, FileNotFoundError | NotADirectoryError)
                reason = "is not there" if missing else f"cannot be read ({problem.strerror})"
                remarks[image.path] = f"the image {image.path} {reason}; its place shows its description"
        error = problems[image.path]
        if error is not None:
            found.append(Diagnostic(template.path, image.line, "error", str(error)))
        elif image.path.startswith(VIEW) and template.settings.page is None:
            told = (
                f"{image.path} is a picture in the HTML too: with 'page: ADDRESS' under 'gradlab:' it is alive there."
            )
            found.append(Diagnostic(template.path, image.line, "note", told))
        elif remarks[image.path]:
            found.append(Diagnostic(template.path, image.line, "warning", remarks[image.path]))
    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    if errors:
        raise TemplateError(sorted(errors))
    return ImageFiles(files, tuple(sorted(found)))


def _read(image: ImageReference, folder: Path, allowed: Iterable[Path]) -> tuple[ImageFile, str]:
    """Read one image; with it comes a remark, empty where there is nothing to remark."""
    if "\0" in image.file:
        raise UnfitFileError(
            f"the image {image.path} has a null character in its name, which no file can have; rename it."
        )
    wanted = _SUFFIXES.get(Path(image.file).suffix.lower())
    if wanted is None:
        known = ", ".join(sorted(suffix.lstrip(".") for suffix in _SUFFIXES))
        raise UnfitFileError(
            f"the image {image.path} is not published: its name is not that of an image ({known}); "
            "show an image, or give the file to the students yourself."
        )
    try:
        path = (folder / image.file).resolve(strict=True)
    except RuntimeError as problem:  # what older Pythons raise for links that lead round in a circle
        raise UnfitFileError(f"the image {image.path} is a link that leads to itself.") from problem
    if not any(path.is_relative_to(place) for place in allowed):
        raise UnfitFileError(
            f"the image {image.path} lies outside the template's folder and is not published; copy it beside the "
            f"template, or write 'image_folders: [{_outer(image, folder, path)}]' under 'gradlab:' in the header."
        )
    data, mode = read_regular(path, LARGEST_IMAGE, f"the image {image.path}")
    kind = image_kind(data)
    if kind is None:
        raise UnfitFileError(
            f"the image {image.path} is not published: the file holds no image of a known kind; "
            "replace it by one, or leave it out."
        )
    remark = ""
    if kind != wanted:
        remark = f"the image {image.path} is {kind} and not {wanted} as its name says; give it the suffix .{kind}"
    return ImageFile(path, data, mode), remark


def _attached(image: ImageReference, template: Template) -> ImageFile:
    """A picture inside the notebook."""
    name = image.file.removeprefix(ATTACHED)
    bundle = template.attachments.get(name)
    if bundle is None:
        raise FileNotFoundError
    try:
        data = next((b64decode("".join(text)) for kind, text in bundle.items() if kind.startswith("image/")), b"")
    except ValueError:
        data = b""
    if Path(name).suffix.lower() not in _SUFFIXES or image_kind(data) is None:
        raise UnfitFileError(f"the attachment {name} is not published: it is no image by its name and its content.")
    return ImageFile(Path(name), data, 0o666)


def _view(path: str) -> ImageFile:
    """The picture that stands for a view of the page where nothing moves."""
    link, data = draw(path.removeprefix(VIEW))
    return ImageFile(Path(f"{re.split('[/?]', link)[1]}.png"), data, 0o666, link)


def _outer(image: ImageReference, folder: Path, path: Path) -> str:
    """The folder to name in the header: as the template writes it, of a link the place that it leads to."""
    written = Path(image.file).parent
    return str(written if (folder / written).resolve() == path.parent else path.parent)


def image_kind(data: bytes) -> str | None:
    """Say what kind of image a file holds.

    Args:
        data: the file.

    Returns:
        Its usual suffix without the dot, None where it is no image.

    >>> image_kind(b"GIF89a..."), image_kind(b"root:x:0:0")
    ('gif', None)
    """
    for signature, kind in _SIGNATURES:
        if signature.match(data):
            return kind
    return "svg" if _is_svg(data) else None


def _is_svg(data: bytes) -> bool:
    """Whether a file is XML whose outermost element is an SVG drawing."""
    from xml.parsers import expat

    names: list[str] = []

    def begin(name: str, _: dict[str, str]) -> None:
        names.append(name)
        raise StopIteration  # the first element says it

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    with suppress(expat.ExpatError, StopIteration):
        parser.Parse(data, True)
    return bool(names) and names[0].rpartition(":")[2] == "svg"
