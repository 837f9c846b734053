"""Where a store lies: in a folder of this machine, or at an address that fsspec reaches."""

from __future__ import annotations

import glob
import json
import logging
import os
import re
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gradlab._errors import GradlabError
from gradlab.train.store._errors import StoreError

log = logging.getLogger("gradlab.train.store")
_CHAIN = re.compile(r"[\w+.-]+(://[^:]*)?::")  # of fsspec's addresses
_LONGEST = 300  # letters of what another package says
_LEASE = 120.0  # seconds for which a writer of a remote store is believed to live; it says so anew while it writes


def place_of(where: str | os.PathLike[str]) -> Folder | Remote:
    """Returns the place that a person names: a path, or an address such as ``s3://bucket/sweep.zarr``.

    Raises:
        StoreError: if it leads through another, as ``simplecache::s3://bucket/sweep.zarr``, or names no place.
        GradlabError: if the package is missing that reaches such an address.
    """
    text = os.fspath(where)
    if _CHAIN.match(text):
        raise StoreError(
            f"{text} leads through a cache or an archive, where what is read may be old and what is written may be "
            "lost; give the address of the store itself."
        )
    text = re.sub("^(file|local)://", "", text)
    return Remote(text) if "://" in text else Folder(Path(text).expanduser().absolute())


class Folder:
    """A folder of this machine.

    Args:
        path: where it is.
    """

    room = "the disk, less once it is compressed"
    wrong: tuple[type[Exception], ...] = (OSError,)  # what says that it cannot be written
    damage: tuple[type[Exception], ...] = (ValueError, RuntimeError, OSError)  # and that what is read is not whole
    lists = True  # says what files there are

    def __init__(self, path: Path) -> None:
        self.path = path
        self.target = str(path)

    def __str__(self) -> str:
        return self.target

    def is_there(self) -> bool:
        """Whether something is there."""
        return self.path.exists()

    def files_in(self, folder: str) -> dict[str, int]:
        """Returns the files below a folder of the store, or that file, and how many bytes each has."""
        below, made = os.path.join(self.path, folder), {}
        found = [(os.path.dirname(below), [], [os.path.basename(below)])] if os.path.isfile(below) else os.walk(below)
        for at, _, files in found:
            for file in (os.path.join(at, each) for each in files):
                with suppress(FileNotFoundError):  # a writer may put another in its place
                    about = os.stat(file)
                    if stat.S_ISREG(about.st_mode):
                        made[Path(os.path.relpath(file, self.path)).as_posix()] = about.st_size
        return made

    def heads(self, files: list[str], count: int, *, bounded: bool) -> Iterator[tuple[str, bytes]]:
        """Returns the first bytes of files; of `bounded` ones, 2 GiB unpacked at most, a remote one is not asked."""
        for file in files:
            with (self.path / file).open("rb") as opened:
                yield file, opened.read(count)

    def remove(self, file: str) -> None:
        """Takes a file away."""
        (self.path / file).unlink(missing_ok=True)

    def read(self, file: str, most: int) -> str:
        """Returns the text of a file of the store's own.

        Raises:
            StoreError: if it is a link, or longer than so many bytes.
            OSError: if it is not there.
        """
        path = self.path / file
        if path.is_symlink() or path.stat().st_size > most or not path.is_file():
            raise StoreError(f"{path} is not safe to read: it is a link, no file, or longer than {most:,} bytes.")
        return path.read_text(encoding="utf-8")

    def check_links(self) -> None:
        """Looks for links.

        Raises:
            StoreError: if it has some: they lead out of it.
        """
        for folder, folders, files in os.walk(self.path):
            for name in (*folders, *files):
                if os.path.islink(os.path.join(folder, name)):
                    raise StoreError(f"{self} is not safe to read: {os.path.join(folder, name)} is a link out of it.")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other writers away, and takes away what one that was killed left half-written.

        Raises:
            StoreError: if there is another, or files cannot be made.
        """
        import filelock

        lock = filelock.FileLock(self.path.with_name(self.path.name + ".lock"), timeout=0)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except filelock.Timeout:
            if not Path(lock.lock_file).exists():
                raise StoreError(f"{self} cannot be written: files cannot be made in {self.path.parent}.") from None
            raise StoreError(
                f"{self} is being written by another process; wait for it, or write to another store."
            ) from None
        except OSError as problem:
            raise StoreError(f"{self} cannot be written: {problem.strerror or problem}.") from None
        try:
            for file in self.path.rglob("*.partial"):
                file.unlink(missing_ok=True)
            for half_made in self.path.parent.glob(f".{glob.escape(self.path.name)}.{'?' * 32}"):
                shutil.rmtree(half_made, ignore_errors=True)
            yield
        finally:
            Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()

    def still_alone(self) -> None:
        """Nothing: the lock is the system's, which takes it away with its process alone."""

    def create(self, make: Callable[[str], None]) -> None:
        """Has the store made beside its place and moves it there, so that it is there whole or not at all.

        Raises a StoreError if it cannot be written.
        """
        made = self.path.with_name(f".{self.path.name}.{uuid.uuid4().hex}")
        try:
            make(str(made))
            os.rename(made, self.path)
        except OSError as problem:
            raise StoreError(f"{self} cannot be made: {problem.strerror or problem}.") from None
        finally:
            shutil.rmtree(made, ignore_errors=True)


class Remote:
    """What lies at an address: a bucket of S3's kind, or whatever fsspec has a package for.

    Args:
        address: as ``s3://bucket/sweep.zarr``.
    """

    room = "storage, less once it is compressed"
    wrong: tuple[type[Exception], ...] = (Exception,)  # each package of fsspec's has errors of its own
    damage: tuple[type[Exception], ...] = (ValueError, RuntimeError)  # others say that it cannot be reached

    def __init__(self, address: str) -> None:
        try:
            from fsspec.core import url_to_fs

            self.files, self.root = url_to_fs(address.rstrip("/"))
        except ImportError as problem:
            raise GradlabError(f"{address} cannot be reached: {problem}; pip install what is named there.") from None
        except Exception as problem:  # each package of fsspec's has errors of its own
            raise StoreError(f"{address} cannot be reached: {in_a_line(problem)}.") from None
        self.target = address.rstrip("/")
        self.lists = not self.target.startswith(("http://", "https://"))  # servers of files need not
        self.token, self.leased, self.half_made = uuid.uuid4().hex, 0.0, False

    def __str__(self) -> str:
        return self.target

    def _at(self, file: str) -> str:
        return f"{self.root}/{file}"

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (GradlabError, FileExistsError, FileNotFoundError):
            raise
        except Exception as problem:
            raise StoreError(f"{self} cannot be reached: {in_a_line(problem)}.") from problem

    def is_there(self) -> bool:
        """Whether a whole store is there: its description is written last."""
        self.files.invalidate_cache()
        try:
            return "gradlab_store" in self.read("zarr.json", 2**24)
        except FileNotFoundError:
            return False

    def files_in(self, folder: str) -> dict[str, int]:
        """Returns the files below a folder of the store, or that file, and how many bytes each has."""
        with self._reached():
            found = self.files.find(self._at(folder), detail=True)
        inside = f"/{folder}/"
        return {
            text[text.rindex(inside) + 1 :] if inside in text else folder: about.get("size") or 0
            for text, about in found.items()
        }

    def heads(self, files: list[str], count: int, *, bounded: bool) -> Iterator[tuple[str, bytes]]:
        """Returns the first bytes of files; arguments are those of `Folder.heads`."""
        if not bounded:
            for file in files:
                with self._reached():
                    yield file, self.files.cat_file(self._at(file), end=count)

    def remove(self, file: str) -> None:
        """Takes a file away."""
        with self._reached():
            self.files.rm_file(self._at(file))

    def read(self, file: str, most: int) -> str:
        """Returns the text of a file; arguments and errors are those of `Folder.read`."""
        with self._reached():
            if not self.files.exists(self._at(file)):
                raise FileNotFoundError(file)
            if (self.files.size(self._at(file)) or 0) > most:
                raise StoreError(f"{self}/{file} is not safe to read: it is longer than {most:,} bytes.")
            return self.files.cat_file(self._at(file)).decode("utf-8")

    def check_links(self) -> None:
        """Nothing: objects have no links."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other writers away as far as files that each of them looks at can; errors are those of `Folder`."""
        busy = StoreError(
            f"{self} is being written by another process, or was by one that ended less than {_LEASE:.0f} seconds "
            "ago; wait for it, or write to another store; where no process writes, and a clock was put back, delete "
            f"{self}.lock."
        )
        with self._reached():
            there = self._lease()
            if there is not None and there.get("until", 0) > time.time():
                raise busy
            self.half_made = bool(there and there.get("makes"))
            try:
                self._take(mode="overwrite" if there is not None else "create")
            except FileExistsError:
                raise busy from None
            except FileNotFoundError as problem:
                raise StoreError(f"{self} cannot be written: {in_a_line(problem)}.") from None
        try:
            yield
        finally:
            try:
                if (self._lease() or {}).get("token") == self.token and not self.half_made:
                    self.files.rm_file(self._lock)
            except self.wrong as problem:
                log.warning("%s is held for %.0f seconds more, as it cannot be reached: %s", self, _LEASE, problem)

    @property
    def _lock(self) -> str:
        return f"{self.root}.lock"

    def _lease(self) -> dict[str, Any] | None:
        self.files.invalidate_cache()
        try:
            made = json.loads(self.files.cat_file(self._lock))
        except FileNotFoundError:
            return None
        except ValueError:
            return {}
        return made if isinstance(made, dict) else {}

    def _take(self, mode: str = "overwrite") -> None:
        self.leased = time.monotonic()  # which nobody puts back
        says = {"token": self.token, "until": time.time() + _LEASE, "makes": self.half_made}
        self.files.pipe_file(self._lock, json.dumps(says).encode(), mode=mode)

    def still_alone(self) -> None:
        """Says anew, after a while, that it is being written.

        Raises:
            StoreError: if another process has begun to.
        """
        if time.monotonic() - self.leased < _LEASE / 4:
            return
        with self._reached():
            if (self._lease() or {}).get("token", self.token) != self.token:
                raise StoreError(
                    f"{self} is now written by another process, which took this one for dead; go on there."
                )
            self._take()

    def create(self, make: Callable[[str], None]) -> None:
        """Has the store made in its place; it is one only when its description is there, which is written last.

        Raises a StoreError if something else is there, which would be lost, or it cannot be written.
        """
        with self._reached():
            if not self.half_made and self._holds_something():
                raise StoreError(f"{self} holds something that is no store of gradlab's; write to another place.")
            self.half_made = True  # which the lease says, so that who comes after a kill may make it anew
            self._take()
            make(self.target)
            self.half_made = False
            self._take()

    def _holds_something(self) -> bool:
        try:
            return any(str(name).rstrip("/") != self.root for name in self.files.ls(self.root, detail=False))
        except FileNotFoundError:
            return False


def in_a_line(problem: Exception) -> str:
    """Returns what went wrong in a line."""
    return (" ".join(str(problem).split()) or type(problem).__name__)[:_LONGEST].rstrip(".")
