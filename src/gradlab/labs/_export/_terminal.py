"""Text as a terminal would show it: carriage returns overwrite, and ANSI colours become styles."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

_CONTROL = re.compile(r"[\r\x08]|\x1b\[[0-9;]*[A-DKJGHf]")
_ESCAPE = re.compile(r"\x1b\[([0-9;?]*)([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_UNSHOWN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
_MAX_COLUMNS = 100_000


def collapse(text: str) -> str:
    r"""Return what is left to see once carriage returns, backspaces and cursor moves have done their work.

    Args:
        text: A stream's text, perhaps thousands of progress lines that end in a carriage return.

    Returns:
        The text of the screen at the end; colours are kept.

    >>> collapse("10%\r100%\rdone\nab\bc")
    'done\nac'
    """
    text = text.replace("\r\n", "\n")
    if not _CONTROL.search(text):
        return text
    screen = _Screen()
    position = 0
    for match in _ESCAPE.finditer(text):
        screen.write(text[position : match.start()])
        screen.escape(match)
        position = match.end()
    screen.write(text[position:])
    return screen.text()


class _Screen:
    """The lines written so far, each a list of cells (colour codes before a character, and the character)."""

    def __init__(self) -> None:
        self.lines: list[list[tuple[str, str]]] = [[]]
        self.row = self.column = 0
        self.pending = ""

    def write(self, text: str) -> None:
        for part in re.split(r"([\n\r\x08])", text):
            if part == "\n":
                self._settle()
                self.row += 1
                self.column = 0
                while len(self.lines) <= self.row:
                    self.lines.append([])
            elif part == "\r":
                self._settle()
                self.column = 0
            elif part == "\x08":
                self.column = max(0, self.column - 1)
            elif part:
                self._put(part)

    def _put(self, text: str) -> None:
        line = self.lines[self.row]
        line.extend([("", " ")] * (self.column - len(line)))
        cells = [("", character) for character in text]
        cells[0] = (self.pending, text[0])
        self.pending = ""
        line[self.column : self.column + len(cells)] = cells
        self.column += len(cells)

    def _settle(self) -> None:
        """Hang colour codes that nothing followed on the end of the line, where they take no room."""
        if self.pending and self.lines[self.row]:
            self.lines[self.row].append((self.pending, ""))
            self.pending = ""

    def escape(self, match: re.Match[str]) -> None:
        kind = match[2]
        if kind == "m":
            self.pending += match[0]
            return
        digits = (match[1] or "").split(";")[0]
        count = min(int(digits), _MAX_COLUMNS) if digits.isdigit() else 0
        if kind == "A":
            self.row = max(0, self.row - max(count, 1))
        elif kind == "B":
            self.row = min(len(self.lines) - 1, self.row + max(count, 1))
        elif kind == "C":
            self.column += max(count, 1)
        elif kind == "D":
            self.column = max(0, self.column - max(count, 1))
        elif kind == "G":
            self.column = max(count, 1) - 1
        elif kind == "K":
            line = self.lines[self.row]
            if count == 0:
                del line[self.column :]
            else:
                line[: self.column if count == 1 else len(line)] = [("", " ")] * (self.column if count == 1 else 0)

    def text(self) -> str:
        lines = ["".join(code + character for code, character in line) for line in self.lines]
        return "\n".join(lines) + self.pending


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of text is shown; colours are #rrggbb or empty."""

    colour: str = ""
    background: str = ""
    bold: bool = False
    italic: bool = False
    underline: bool = False


_PLAIN = Style()
# Dark enough to be read on white and light enough on black.
_BASIC = ("#3e424d", "#c23b2e", "#00803f", "#97701a", "#1f6fd0", "#a3479e", "#00818c", "#7a7f8a")


def styled_runs(text: str) -> list[tuple[Style, str]]:
    r"""Part text into runs of one style, without the escape sequences.

    >>> [(style.bold, run) for style, run in styled_runs("a\x1b[1mb\x1b[0m")]
    [(False, 'a'), (True, 'b')]
    """
    runs: list[tuple[Style, str]] = []
    style, position = _PLAIN, 0
    for match in _ESCAPE.finditer(text):
        _add(runs, style, text[position : match.start()])
        if match[2] == "m":
            style = _apply(style, match[1])
        position = match.end()
    _add(runs, style, text[position:])
    return runs


def _add(runs: list[tuple[Style, str]], style: Style, text: str) -> None:
    text = _UNSHOWN.sub("", text).replace("\x1b", "")
    if not text:
        return
    if runs and runs[-1][0] == style:
        runs[-1] = (style, runs[-1][1] + text)
    else:
        runs.append((style, text))


def _apply(style: Style, parameters: str) -> Style:
    codes = [int(code) if code.isdigit() else 0 for code in parameters.split(";")]
    while codes:
        code = codes.pop(0)
        if code in (38, 48):
            colour = _extended(codes)
            style = replace(style, colour=colour) if code == 38 else replace(style, background=colour)
        else:
            style = _simple(style, code)
    return style


def _simple(style: Style, code: int) -> Style:
    flags: dict[int, dict[str, Any]] = {
        1: {"bold": True}, 22: {"bold": False}, 3: {"italic": True}, 23: {"italic": False},
        4: {"underline": True}, 24: {"underline": False},
    }  # fmt: skip
    if code == 0:
        return _PLAIN
    if code in flags:
        return replace(style, **flags[code])
    if code == 39:
        return replace(style, colour="")
    if code == 49:
        return replace(style, background="")
    for base, name in ((30, "colour"), (90, "colour"), (40, "background"), (100, "background")):
        if base <= code < base + 8:
            colour: dict[str, Any] = {name: _BASIC[code - base]}
            return replace(style, **colour)
    return style


def _extended(codes: list[int]) -> str:
    """Read a colour given by number (5;n) or by red, green and blue (2;r;g;b)."""
    kind = codes.pop(0) if codes else 0
    if kind == 2 and len(codes) >= 3:
        red, green, blue = (min(codes.pop(0), 255) for _ in range(3))
        return f"#{red:02x}{green:02x}{blue:02x}"
    if kind != 5 or not codes:
        return ""
    number = codes.pop(0)
    if number < 16:
        return _BASIC[number % 8]
    if number >= 232:
        return "#" + f"{min(8 + 10 * (number - 232), 255):02x}" * 3
    number -= 16
    levels = [0, 95, 135, 175, 215, 255]
    return "#" + "".join(f"{levels[number // step % 6]:02x}" for step in (36, 6, 1))
