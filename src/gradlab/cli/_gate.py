"""`gradlab lab check`: what the text of templates shows, then what running them shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from gradlab._errors import GradlabError
from gradlab.cli._formats import Entry, Format, as_github, as_json, as_sarif, entries_of

if TYPE_CHECKING:
    from gradlab.labs import BuildOptions, BuiltLab, Diagnostic, FailedLab
    from gradlab.prove import DocumentProof

_RULES = {"template": "template", "leak": "leak", "check": "check", "key": "key"}
Build = Callable[[list[tuple[Path, Path]], "BuildOptions"], "tuple[BuiltLab | FailedLab, ...]"]


class Gate:
    """Checks templates one by one and keeps what was found.

    Args:
        strict: whether an equation that is not understood counts as wrong.
        form: how it is printed.
    """

    def __init__(self, *, strict: bool, form: Format) -> None:
        self.strict, self.form = strict, form
        self.found: list[Diagnostic] = []
        self.entries: list[Entry] = []
        self.proofs: list[tuple[Path | None, DocumentProof]] = []
        self.readable: list[Path] = []
        self.passed = True

    def read(self, template: Path) -> None:
        """Check a template without running it; what goes wrong in it does not keep the others from their turn."""
        from gradlab.labs import Diagnostic, TemplateError, fault

        try:
            self._judge(template)
        except TemplateError as problem:
            self._keep(problem.diagnostics)
        except GradlabError as problem:
            self._keep([Diagnostic(template, 0, "error", str(problem))])
        except ModuleNotFoundError:
            raise  # what is not installed is missing for every template
        except Exception as problem:
            self._keep([fault(template, problem)])
        else:
            self.readable.append(template)

    def _judge(self, template: Path) -> None:
        from gradlab.cli._key import print_checked
        from gradlab.labs import check_template, false_elsewhere, false_equations, judged
        from gradlab.prove import Truth

        checked = check_template(template)
        formulas = checked.formulas
        proof = judged(formulas, checked.graph)
        self.proofs.append((template, proof))
        if self.form is Format.TEXT:
            print_checked(checked, proof)
        self._keep((*checked.remarks, *checked.leaks), printed=True)
        false = false_equations(checked.template, proof)
        self._keep((*false, *false_elsewhere(checked.template, formulas, proof)))
        wrong = {error.line for error in false}
        # Of the false steps only those that are not acknowledged; they have columns here.
        self.entries = [entry for entry in self.entries if entry.rule != "false-step" or entry.file != template]
        own = entries_of(template, proof, self.strict)
        self.entries += [entry for entry in own if entry.rule != "false-step" or entry.line in wrong]
        if self.strict and proof.count(Truth.NOT_UNDERSTOOD):
            self.passed = False

    def run(self, build: Build, kernel: str | None) -> None:
        """Put the templates that can be read through the gate: all files are made, searched and thrown away.

        Args:
            build: builds labs and shows how it goes.
            kernel: name of the Jupyter kernel, by default the one that each template names.
        """
        from gradlab.labs import FORMATS, BuildOptions, FailedLab

        with TemporaryDirectory(prefix="gradlab-gate-") as place:
            folders = [Path(place) / str(number) for number in range(len(self.readable))]
            results = build(
                list(zip(self.readable, folders, strict=True)), BuildOptions(FORMATS, kernel=kernel, gate=True)
            )
        for template, result in zip(self.readable, results, strict=True):
            failed = isinstance(result, FailedLab)
            self._keep(result.diagnostics if isinstance(result, FailedLab) else result.warnings)
            if failed:
                typer.echo(f"{template}: not fit to be handed out", err=True)
            elif self.form is Format.TEXT:
                typer.echo(f"{template}: built, searched, and its checks tried")

    def write(self) -> None:
        """Print what was found for programs, where that was asked for."""
        if self.form is Format.JSON:
            typer.echo(as_json(self.proofs, [entry for entry in self.entries if entry.rule in _RULES.values()]))
        elif self.form is not Format.TEXT:
            typer.echo({Format.SARIF: as_sarif, Format.GITHUB: as_github}[self.form](self.entries))

    def _keep(self, diagnostics: Sequence[Diagnostic], *, printed: bool = False) -> None:
        """Print what is new, and remember it."""
        known = {(old.file, old.line, old.message) for old in self.found}
        for diagnostic in diagnostics:
            if (diagnostic.file, diagnostic.line, diagnostic.message) not in known:
                if not printed:
                    typer.echo(str(diagnostic), err=True)
                self.found.append(diagnostic)
                rule = _RULES.get(diagnostic.rule, "false-step")
                self.entries.append(
                    Entry(diagnostic.file, diagnostic.line, 0, diagnostic.severity, rule, diagnostic.said)
                )
            self.passed = self.passed and diagnostic.severity == "note"
