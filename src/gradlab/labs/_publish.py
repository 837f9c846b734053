"""Put a finished set of files in place: all of it or nothing, also when the machine stops halfway.

The files are made in a staging folder inside the target folder (one file system, so that moving is renaming).
Once all are there, a list of the moves is written, and only then is anything moved. If the process dies between two
moves, the list is still there and the next build finishes them; if it dies before, the old files were never touched.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gradlab._errors import GradlabError

_LIST = "moves.json"


class PublishError(GradlabError):
    """The target folder cannot be written, or another build is writing to it."""


@dataclass(frozen=True, slots=True)
class Staging:
    """A folder in which the new files are made, and the folder they are for."""

    folder: Path
    target: Path

    @property
    def new(self) -> Path:
        """Where the new files are written, under the names they will have in the target."""
        return self.folder / "new"

    def publish(self, obsolete: Sequence[str] = ()) -> None:
        """Move every new file into place and remove what an earlier build left that is no longer made.

        Args:
            obsolete: names, relative to the target.

        Raises:
            PublishError: A file cannot be moved; the old ones have been put back.
        """
        names = sorted(str(path.relative_to(self.new)) for path in self.new.rglob("*") if path.is_file())
        for name in names:
            _flush(self.new / name)
        listing = self.folder / f"{_LIST}.part"
        listing.write_text(json.dumps({"files": names, "obsolete": list(obsolete)}), encoding="utf-8")
        _flush(listing)
        os.replace(listing, self.folder / _LIST)
        try:
            _move(self.folder, self.target)
        except OSError as problem:
            _put_back(self.folder, self.target)
            (self.folder / _LIST).unlink(missing_ok=True)
            raise PublishError(f"{problem.filename or self.target}: cannot be written: {problem.strerror}") from problem


@contextmanager
def staging(target: Path, name: str) -> Iterator[Staging]:
    """Make a staging folder for a lab, after finishing what a build that died had begun.

    Args:
        target: The folder the files are for; made if it is not there.
        name: The lab's name, which tells its staging folders from those of other labs.

    Yields:
        The staging folder; it is removed afterwards.

    Raises:
        PublishError: The target cannot be written, or another build of this lab is at work.
    """
    recover(target, name)
    try:
        target.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_prefix(name), dir=target))
    except OSError as problem:
        raise PublishError(f"{target}: cannot be written: {problem.strerror or problem}") from problem
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            (folder / "new").mkdir()
            yield Staging(folder, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def recover(target: Path, name: str) -> None:
    """Finish the moves of a build that died between two of them; sweep up after one that died before.

    Raises:
        PublishError: Another build of this lab is at work here.
    """
    if not target.is_dir():
        return
    for folder in sorted(target.iterdir()):
        if not folder.name.startswith(_prefix(name)) or not folder.is_dir():
            continue
        with suppress(FileNotFoundError), (folder / "lock").open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as problem:
                raise PublishError(
                    f"{target}: another build of {name} is writing here; wait for it to end"
                ) from problem
        if (folder / _LIST).is_file():
            _move(folder, target)
        shutil.rmtree(folder, ignore_errors=True)


def _prefix(name: str) -> str:
    return f".{name[:80]}.gradlab-"


def _move(folder: Path, target: Path) -> None:
    listed = json.loads((folder / _LIST).read_text(encoding="utf-8"))
    for name in listed["files"]:
        source, place, old = folder / "new" / name, target / name, folder / "old" / name
        if not source.exists():
            continue  # moved before the process died
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_file() and not old.exists():
            old.parent.mkdir(parents=True, exist_ok=True)
            _keep(place, old)
        os.replace(source, place)
    for name in listed["obsolete"]:
        (target / name).unlink(missing_ok=True)
        with suppress(OSError):
            if (target / name).parent != target:
                (target / name).parent.rmdir()


def _keep(place: Path, old: Path) -> None:
    try:
        os.link(place, old)
    except OSError:  # a file system without links
        shutil.copy2(place, old)


def _put_back(folder: Path, target: Path) -> None:
    listed = json.loads((folder / _LIST).read_text(encoding="utf-8"))
    for name in listed["files"]:
        moved = not (folder / "new" / name).exists()
        old = folder / "old" / name
        if old.exists():
            os.replace(old, target / name)
        elif moved:
            (target / name).unlink(missing_ok=True)


def _flush(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
