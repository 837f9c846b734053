"""What `gradlab check` found: the marked gradients of a module, and reports as text, JSON and JUnit's XML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import typer

from gradlab._errors import GradlabError
from gradlab._words import counted
from gradlab.check import Report, Verdict
from gradlab.cli._terminal import terminal_width
from gradlab.testing import marks_in, passes


@dataclass(frozen=True)
class Checked:
    """One check: its name, what came of it, whether UNDECIDED passes, and why it could not be made, if so."""

    name: str
    report: Report | None
    allow_undecided: bool
    problem: str = ""

    @property
    def passes(self) -> bool:
        """Whether it lets the command exit with 0."""
        return self.report is not None and passes(self.report, self.allow_undecided)

    @property
    def headline(self) -> str:
        """What came of it in one line."""
        return f"could not be checked: {self.problem}" if self.report is None else self.report.headline

    @property
    def body(self) -> dict[str, Any]:
        """Its report as JSON has it."""
        return {"error": self.problem} if self.report is None else json.loads(self.report.to_json())

    def text(self, width: int | None = None) -> str:
        """The report, or why there is none, in lines of at most so many characters."""
        return self.headline if self.report is None else self.report.text(width)


def marked_in(module: Any, name: str, seeds: int) -> list[Checked]:
    """Check all that a module has marked; raises BadParameter if that is nothing."""
    found = marks_in(module, module.__name__)
    if not found:
        raise typer.BadParameter(
            f"{name} marks no gradient: write @gl.testing.gradient_of(loss, at=...) above a gradient or "
            f"@gl.testing.checked(inputs) above an autograd.Function, or name what to check, as in {name}:loss"
        )
    checks = []
    for mark in found:
        for seed in range(seeds) if mark.draws else (None,):
            rng = () if seed is None else (np.random.default_rng(seed),)
            title = mark.name if seed is None else f"{mark.name}[seed{seed}]"
            checks.append(_run(mark, title, rng))
    return checks


def _run(mark: Any, title: str, rng: tuple[Any, ...]) -> Checked:
    """One check; what cannot be asked of one gradient says nothing about the others."""
    try:
        return Checked(title, mark.run(*rng), mark.allow_undecided)
    except GradlabError as problem:
        return Checked(title, None, mark.allow_undecided, str(problem))


def show(checks: Sequence[Checked], as_json: bool, junit: Path | None, alone: bool) -> None:
    """Print reports (as JSON one report if `alone`, else a list), and write JUnit's XML where it is asked for."""
    if junit is not None:
        _write_junit(checks, junit)
    if as_json:
        bodies = [{"name": check.name, **check.body} for check in checks]
        print(json.dumps(bodies[0] if alone else bodies, indent=2, ensure_ascii=False))
    elif alone:
        print(checks[0].text(terminal_width()))
    else:
        for check in checks:
            print(f"{check.name}: {check.headline if check.passes else check.text(terminal_width())}")
        failed = sum(not check.passes for check in checks)
        print(f"{counted(len(checks), 'gradient')} checked, {failed} failed")


def _write_junit(checks: Sequence[Checked], path: Path) -> None:
    errors = sum(check.report is None for check in checks)
    failed = sum(not check.passes for check in checks) - errors
    counts = {"tests": str(len(checks)), "failures": str(failed), "errors": str(errors)}
    suite = ElementTree.Element("testsuite", counts, name="gradlab check")
    for check in checks:
        case = ElementTree.SubElement(suite, "testcase", classname="gradlab.check", name=check.name)
        if not check.passes:
            if check.report is None:
                tag, kind = "error", "not checked"
            else:
                tag, kind = "failure", "wrong" if check.report.verdict is Verdict.WRONG else "undecided"
            ElementTree.SubElement(case, tag, type=kind, message=check.headline).text = check.text()
    try:
        ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as problem:
        raise GradlabError(f"{path} cannot be written: {problem.strerror}") from problem
