"""What a build was made from and what it made: so that the next one knows whether anything is left to do."""

from __future__ import annotations

import ast
import hashlib
import json
import platform
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from gradlab.labs._image_files import ImageFile
from gradlab.labs._python import parses
from gradlab.labs._template import Template
from gradlab.labs._versions import Versions

_FORMAT = 2
_NAMED_FILE = re.compile(r"""(["'])([^"'\n]{1,200})\1""")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The record of one build.

    Args:
        key: what it was made from, hashed: template, images, files the cells name, gradlab, packages.
        formats: the kinds of file made.
        files: each file made, relative to the folder, with its hash.
        report: what was verified, to be shown again.
    """

    key: str
    formats: tuple[str, ...]
    files: dict[str, str]
    report: dict[str, Any]

    def dumps(self) -> str:
        """Return the record as JSON."""
        content = {"format": _FORMAT, **asdict(self)}
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    def holds(self, folder: Path) -> bool:
        """Return whether every file is there as it was made."""
        return all(hash_file(folder / name) == digest for name, digest in self.files.items())


def manifest_name(name: str) -> str:
    """Return the file name of a lab's record."""
    return f"{name}-build.json"


def read_manifest(folder: Path, name: str) -> Manifest | None:
    """Read the record of the last build of a lab; one that cannot be read counts as none."""
    try:
        content = json.loads((folder / manifest_name(name)).read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            return None
        files = {str(key): str(value) for key, value in content["files"].items()}
        if any(Path(key).is_absolute() or ".." in Path(key).parts for key in files):
            return None
        return Manifest(str(content["key"]), tuple(content["formats"]), files, dict(content["report"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, empty where there is none."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def build_key(template: Template, versions: Versions, images: Mapping[str, ImageFile], how: str) -> str:
    """Return a hash of everything a build of this template depends on that can be known beforehand.

    Returns:
        A hexadecimal SHA-256.
    """
    folder = template.path.resolve().parent
    named = named_files(_code(versions), folder)
    parts: list[tuple[str, str]] = [
        ("template", hash_file(template.path)),
        ("gradlab", own_source()),
        ("how", how),
        ("python", platform.python_version()),
        *((str(path), hash_file(path)) for path in sorted(named)),
        *((name, hashlib.sha256(image.data).hexdigest()) for name, image in sorted(images.items())),
        *((name, _version(name)) for name in sorted(_imports(versions))),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def own_source() -> str:
    """Return a hash of gradlab's own source: labs import it, and a newer gradlab may write other files."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".css", ".typ") and path.is_file():
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _code(versions: Versions) -> Iterator[str]:
    for cell in versions.solution.notebook.cells:
        if cell.cell_type == "code":
            yield cell.source


def named_files(sources: Iterable[str], folder: Path) -> set[Path]:
    """Find the files beside a template that code speaks of.

    Returns:
        The files whose names stand in quotes, also behind that of a folder (`Path("data") / "table.csv"`), and the
        modules that are imported, with all that these speak of in turn.
    """
    todo, found = list(sources), set[Path]()
    while todo:
        source = todo.pop()
        texts = [match[2] for match in _NAMED_FILE.finditer(source)]
        places = [folder, *(folder / text for text in texts if _is(Path.is_dir, folder / text))]
        more = {place / text for place in places for text in texts if _is(Path.is_file, place / text)}
        for name in _imported(source):
            package = folder / name
            more |= {package.with_suffix(".py")} if _is(Path.is_file, package.with_suffix(".py")) else set()
            more |= set(package.rglob("*.py")) if _is(Path.is_file, package / "__init__.py") else set()
        modules = [path for path in more - found if path.suffix == ".py"]
        todo += [path.read_text(encoding="utf-8", errors="replace") for path in modules]
        found |= more
    return found


def _is(what: Callable[[Path], bool], path: Path) -> bool:
    try:
        return what(path)
    except (OSError, ValueError):
        return False


def _imports(versions: Versions) -> set[str]:
    return {name for source in _code(versions) for name in _imported(source)}


def _imported(source: str) -> set[str]:
    names: set[str] = set()
    tree = parses(source.split("\n"))
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the hash of each named file in a folder."""
    return {name: hash_file(folder / name) for name in names}
