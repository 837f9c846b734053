"""Read ordinary files that others have named, without trusting that they are ordinary files; write files whole."""

from __future__ import annotations

import csv
import io
import os
import stat
from pathlib import Path
from typing import Final

from gradlab._errors import GradlabError
from gradlab._files import replacing
from gradlab._words import counted

_LARGEST_TABLE: Final = 50_000_000  # bytes


class UnfitFileError(GradlabError):
    """A file that must not or cannot be used; the message says what to do instead."""


def read_regular(path: Path, largest: int, what: str) -> tuple[bytes, int]:
    """Read an ordinary file, and never wait for a pipe or a device.

    Args:
        path: the file.
        largest: how many bytes it may hold.
        what: how messages name it.

    Returns:
        What it holds, and its permissions.

    Raises:
        UnfitFileError: if it is a folder, a pipe or a device, or too large.
        OSError: if it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode):
        os.close(descriptor)
        raise UnfitFileError(f"{what} is no ordinary file but {_file_kind(state.st_mode)}.")
    with os.fdopen(descriptor, "rb") as stream:
        data = stream.read(largest + 1)
    if len(data) > largest:
        raise UnfitFileError(f"{what} is larger than {counted(largest // 1_000_000, 'megabyte')}; make it smaller.")
    return data, stat.S_IMODE(state.st_mode)


def read_csv(path: Path) -> tuple[str, str, list[list[str]]]:
    """Read a table that a platform exported: commas, semicolons or tabs, with or without a byte order mark.

    Returns:
        Its text, what separates its columns, and its rows.

    Raises:
        UnfitFileError: if it is no ordinary file, too large or not in UTF-8.
        OSError: if it cannot be read.
    """
    raw, _ = read_regular(path, _LARGEST_TABLE, str(path))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise UnfitFileError(f"{path} is not in UTF-8; export it from the platform anew") from problem
    separator = max(",;\t", key=text.partition("\n")[0].count)
    return text, separator, list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator))


def write_whole(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file in one step, so that it is there whole or as it was.

    Args:
        path: the file.
        text: what it is to hold; what no encoding knows (half a surrogate pair) becomes a question mark.
        encoding: how.

    Raises:
        OSError: if it cannot be written.
    """
    with replacing(path) as scratch:
        scratch.write_text(text, encoding=encoding, errors="replace")


def _file_kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")
