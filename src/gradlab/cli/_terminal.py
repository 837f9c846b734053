"""What a terminal can show, and where a command may write."""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

# Where the name of a character says nothing that reads well.
_SPELT = {
    "•": "*", "–": "-", "—": "-", "−": "-", "×": "x", "·": "*", "…": "...", "±": "+-", "⋮": "...", "→": "->",
    "≤": "<=", "≥": ">=", "≠": "!=", "‘": "'", "’": "'", "“": '"', "”": '"', "∂": "d", "√": "sqrt", "∞": "inf",
}  # fmt: skip


def show_all_characters() -> None:
    """Let output in an encoding without some character spell it, where Python would stop with an error."""
    codecs.register_error("gradlab-spelt", _spelt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="gradlab-spelt")


def _spelt(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_in_ascii, error.object[error.start : error.end])), error.end


def _in_ascii(character: str) -> str:
    r"""One character in ASCII: as a word, without its accent, by the name of its letter, or as Python writes it.

    >>> [_in_ascii(character) for character in "•éσ│日"]
    ['*', 'e', 'sigma', '|', '\\u65e5']
    """
    if character in _SPELT:
        return _SPELT[character]
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    name = unicodedata.name(character, "")
    if plain or not name:
        return plain or character.encode("ascii", "backslashreplace").decode()
    if name.startswith("BOX DRAWINGS"):
        return "|" if name.endswith("VERTICAL") else "-" if name.endswith("HORIZONTAL") else "+"
    if name.startswith("GREEK SMALL LETTER ") and " WITH " not in name:
        return name.split()[-1].lower()
    return character.encode("ascii", "backslashreplace").decode()


def terminal_width() -> int | None:
    """How many characters a line has; None in a file or a pipe where no COLUMNS in the environment says it."""
    said = os.environ.get("COLUMNS", "").isdecimal()
    return shutil.get_terminal_size().columns if said or sys.stdout.isatty() else None


def console_of(width: int) -> Console:
    """What prints tables; the width is that of a line in a file or a pipe, where nothing says it."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else terminal_width() or width)


def file_to_write(*suffixes: str) -> Callable[[Path | None], Path | None]:
    """An option's callback that refuses, before the work, a file that cannot be written or has none of the suffixes."""

    def checked(path: Path | None) -> Path | None:
        if path is None:
            return None
        if suffixes and path.suffix.lower() not in suffixes:
            raise typer.BadParameter(f"{path.name} has to end in {' or '.join(suffixes)}")
        if path.is_dir():
            raise typer.BadParameter(f"{path} is a folder; name a file in it")
        if not path.parent.is_dir():
            raise typer.BadParameter(f"the folder {path.parent} does not exist; make it first")
        try:
            with tempfile.TemporaryFile(dir=path.parent):
                pass
        except OSError as problem:
            raise typer.BadParameter(f"nothing can be written into {path.parent}: {problem.strerror}") from problem
        return path

    return checked
