"""A template put together from cells: what both kinds of foreign notebooks are read into."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gradlab.labs._convert import convert
from gradlab.labs._settings import SettingsError, split_settings

Origin = Mapping[str, Any] | None
"""What nbgrader knows of a cell, which the template's cell keeps for the way back."""
MESSAGE: Final = "TODO write your code here."
"""What the students are told where the foreign tool has a stub of its own."""
_TODO = re.compile(r"^(?P<indent>\s*)#\s*(?P<text>TODO\b.*)$")
_NAME = re.compile(r"[^\w.-]+")


@dataclass(slots=True)
class Writer:
    """Collects the cells of a template and what was not taken over.

    Args:
        metadata: the notebook's.
    """

    metadata: dict[str, Any]
    cells: list[dict[str, Any]] = field(default_factory=lambda: list[dict[str, Any]]())
    remarks: list[str] = field(default_factory=lambda: list[str]())
    _names: set[str] = field(default_factory=lambda: set[str]())
    _has_homework: bool = False

    def prose(self, lines: Sequence[str], kind: str = "markdown", origin: Origin = None) -> None:
        """Add a cell of prose, or a raw one; none where nothing is in it."""
        text = "\n".join(lines).strip("\n")
        if text.strip():
            self._add(kind, text, origin)

    def code(self, lines: Sequence[str], *, homework: bool = False, origin: Origin = None) -> None:
        """Add a code cell; from the first with homework on the question leaves them unrun."""
        self._has_homework = self._has_homework or homework
        flag = ["#!TAG SKIPQUESTEXEC"] if self._has_homework else []
        self._add("code", "\n".join([*flag, *lines]), origin)

    def answer(
        self,
        points: float,
        key: Sequence[str],
        asked: Sequence[str] = (),
        scheme: Sequence[str] = (),
        origin: Origin = None,
    ) -> None:
        """Add an answer cell for the students, what is asked and what it is marked by before it, the key behind it."""
        before = [*_block(asked), *(["#!TAG NOTE", *scheme, "#!TAG NOTEEND", ""] if scheme else [])]
        block = ["", "#!TAG HWBEGIN", "", *_block(key), "#!TAG HWEND"] if _block(key) else []
        self._add("markdown", "\n".join([*before, f"#!TAG ANSWER points={points:.12g}", *block]), origin)

    def check(
        self, name: str, points: float, lines: Sequence[str], *, hidden: bool = False, origin: Origin = None
    ) -> None:
        """Add a graded check, in a cell of its own."""
        tag = f"#!TAG CHECK {self.free_name(name)} points={points:.12g}{' hidden' if hidden else ''}"
        self._add("code", "\n".join([tag, *lines, "#!TAG CHECKEND"]), origin)

    def note(self, lines: Sequence[str]) -> None:
        """Add what only the instructor sees."""
        self._add("markdown", "\n".join(["#!TAG NOTE", *lines, "#!TAG NOTEEND"]))

    def free_name(self, wanted: str) -> str:
        """A name that no check has yet, of the letters that a check's name may have."""
        name = _NAME.sub("-", wanted).strip("-") or "check"
        name = name if re.match(r"[A-Za-z_]", name) else f"check-{name}"
        stem, number = name, 1
        while name in self._names or name == "hidden":
            number += 1
            name = f"{stem}-{number}"
        self._names.add(name)
        return name

    def _add(self, kind: str, source: str, origin: Origin = None) -> None:
        metadata = {"nbgrader": dict(origin)} if origin else {}
        cell = {"cell_type": kind, "metadata": metadata, "source": source, "id": f"cell-{len(self.cells)}"}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        self.cells.append(cell)

    def text(self) -> str:
        """The template, as Jupytext Markdown."""
        kept = {key: self.metadata[key] for key in ("kernelspec",) if key in self.metadata}
        notebook = {"cells": self.cells, "metadata": kept, "nbformat": 4, "nbformat_minor": 5}
        text = convert(Path("imported.ipynb"), json.dumps(notebook)).text
        settings = self.metadata.get("gradlab")
        return _with_settings(text, settings, self.remarks) if isinstance(settings, dict) else text


def homework(before: list[str], solution: Sequence[str], indent: str) -> list[str]:
    """Tag a stretch of code as homework.

    Args:
        before: the lines before it; what the students are told at their end is taken from there.
        solution: the stretch.
        indent: that of the foreign tool's marker.
    """
    messages: list[str] = []
    while before and (found := _TODO.match(before[-1])):
        before.pop()
        messages.insert(0, f"{found['indent']}#!MSG {found['text']}")
    return [
        f"{indent}#!TAG HWBEGIN",
        *(messages or [f"{indent}#!MSG {MESSAGE}"]),
        *solution,
        f"{indent}#!TAG HWEND",
    ]


def without_ends(lines: Iterable[str]) -> list[str]:
    """Lines without the blank ones at both ends."""
    kept = list(lines)
    while kept and not kept[0].strip():
        kept.pop(0)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def _block(lines: Sequence[str]) -> list[str]:
    """Lines with a blank one behind them, none where nothing is in them."""
    kept = without_ends(lines)
    return [*kept, ""] if kept else []


def _with_settings(text: str, settings: dict[str, Any], remarks: list[str]) -> str:
    """A template with the settings that it had before it was exported."""
    import yaml

    own = yaml.safe_dump({"gradlab": settings}, sort_keys=False, allow_unicode=True)
    begin, _, rest = text.partition("---\n")
    made = f"---\n{own}{rest}" if not begin and rest else f"---\n{own}---\n\n{text}"
    try:
        split_settings(made.split("\n"))
    except SettingsError as problem:
        remarks.append(f"gradlab's settings in the notebook are left out: {problem}")
        return text
    return made
