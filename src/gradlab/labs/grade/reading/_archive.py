"""Unpack a zip that may be hostile: nothing is written beside its folder, and not more than a submission can need."""

from __future__ import annotations

import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from gradlab._errors import GradlabError
from gradlab.labs.grade.reading._notebook import LARGEST

_MOST_FILES: Final = 2_000
_MOST_BYTES: Final = 200_000_000
_PLATFORM: Final = 50  # a platform's zip holds the submissions of a class
_BLOCK: Final = 1 << 20


class UnsafeArchiveError(GradlabError):
    """A zip that is damaged, or that is refused."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a folder or a zip.

    Args:
        name: its name there.
        path: where it can be read, None where it must not.
        problem: why not, to stand behind its name.
    """

    name: PurePosixPath
    path: Path | None
    problem: str = ""

    @property
    def suffix(self) -> str:
        """Of its name, in small letters, without what a browser has put behind it (`lab.ipynb.txt`)."""
        last, stem = self.name.suffix.lower(), PurePosixPath(self.name.stem)
        return stem.suffix.lower() if last in (".txt", ".json") and stem.suffix.lower() == ".ipynb" else last


def printable(text: str) -> str:
    """A name in which nothing moves a terminal's cursor, turns the direction of writing, or cannot be encoded."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def unpack(archive: Path, folder: Path, *, whole_platform: bool = False) -> list[Member]:
    """Unpack a zip.

    Args:
        archive: the zip.
        folder: where to, made by this.
        whole_platform: whether it is a class's and not a student's. Default no.

    Returns:
        Its files; those that are links, or whose names lead out of the folder, have a problem instead of a path.

    Raises:
        UnsafeArchiveError: if it is damaged, or holds more than it may.
    """
    times = _PLATFORM if whole_platform else 1
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            if len(entries) > _MOST_FILES * times:
                raise UnsafeArchiveError(
                    f"the zip holds {len(entries):,} files; at most {_MOST_FILES * times:,} are read"
                )
            left, members = _MOST_BYTES * times, list[Member]()
            for number, entry in enumerate(entries):
                member, taken = _member(opened, entry, folder / str(number), left)
                left -= taken
                members.append(member)
            return members
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as problem:
        raise UnsafeArchiveError(f"the zip cannot be unpacked: {problem}") from problem


def _member(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, left: int) -> tuple[Member, int]:
    name = PurePosixPath(printable(entry.filename.replace("\\", "/")))
    if name.is_absolute() or ".." in name.parts or not name.parts or ":" in name.parts[0]:
        inside = [part for part in name.parts if part not in ("..", "/")]
        shown = PurePosixPath(*inside or ("nameless",))
        return Member(shown, None, "has a name that leads out of its folder, and was refused"), 0
    if stat.S_ISLNK(entry.external_attr >> 16):
        return Member(name, None, "is a link, which is not followed"), 0
    folder.mkdir(parents=True)
    target = folder / f"file{name.suffix.lower()[:10]}"
    taken = 0
    with opened.open(entry) as stream, target.open("wb") as written:
        # One byte more than is read of any file: then it is known to be too large.
        while taken <= LARGEST and (data := stream.read(min(_BLOCK, LARGEST + 1 - taken))):
            taken += len(data)
            if taken > left:
                raise UnsafeArchiveError("the zip unpacks to far more than a submission can need, and was refused")
            written.write(data)
    return Member(name, target), taken
