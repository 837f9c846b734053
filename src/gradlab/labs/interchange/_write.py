"""A template put together from cells: what both kinds of foreign notebooks are read into."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gradlab.labs._convert import convert

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

    def prose(self, lines: Sequence[str], kind: str = "markdown") -> None:
        """Add a cell of prose, or a raw one; none where nothing is in it."""
        text = "\n".join(lines).strip("\n")
        if text.strip():
            self._add(kind, text)

    def code(self, lines: Sequence[str], *, homework: bool = False) -> None:
        """Add a code cell; from the first with homework on the question leaves them unrun."""
        self._has_homework = self._has_homework or homework
        flag = ["#!TAG SKIPQUESTEXEC"] if self._has_homework else []
        self._add("code", "\n".join([*flag, *lines]))

    def answer(self, points: float, key: Sequence[str]) -> None:
        """Add an answer cell for the students, with the key behind it."""
        shown = [line for line in key if line.strip()]
        block = ["", "#!TAG HWBEGIN", "", *"\n".join(key).strip("\n").split("\n"), "", "#!TAG HWEND"] if shown else []
        self._add("markdown", "\n".join([f"#!TAG ANSWER points={points:g}", *block]))

    def check(self, name: str, points: float, lines: Sequence[str], *, hidden: bool = False) -> None:
        """Add a graded check, in a cell of its own."""
        tag = f"#!TAG CHECK {self.free_name(name)} points={points:g}{' hidden' if hidden else ''}"
        self._add("code", "\n".join([tag, *lines, "#!TAG CHECKEND"]))

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

    def _add(self, kind: str, source: str) -> None:
        cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source, "id": f"cell-{len(self.cells)}"}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        self.cells.append(cell)

    def text(self) -> str:
        """The template, as Jupytext Markdown."""
        kept = {key: self.metadata[key] for key in ("kernelspec",) if key in self.metadata}
        notebook = {"cells": self.cells, "metadata": kept, "nbformat": 4, "nbformat_minor": 5}
        return convert(Path("imported.ipynb"), json.dumps(notebook)).text


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
