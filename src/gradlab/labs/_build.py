"""Build labs: read, make both versions, run, write, verify, and only then put the files in place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gradlab._errors import GradlabError
from gradlab._words import counted
from gradlab.labs._audit_files import Auditor
from gradlab.labs._check import CheckedTemplate, look_over
from gradlab.labs._diagnostics import Diagnostic, TemplateError, fault
from gradlab.labs._execute import Executed, ExecutionError, execute, leave_unrun, run_blocking
from gradlab.labs._export import UNSET
from gradlab.labs._gate import gate
from gradlab.labs._manifest import Manifest, build_key, hashes, manifest_name, read_manifest
from gradlab.labs._publish import recover, staging
from gradlab.labs._python import parse
from gradlab.labs._secrets import add_outputs
from gradlab.labs._template import Template, read_template
from gradlab.labs._versions import Version, Versions
from gradlab.labs._write import FORMATS, WrittenFile, write_version

if TYPE_CHECKING:
    from gradlab.labs._secrets import Secrets


@dataclass(frozen=True, slots=True)
class Step:
    """Where a build is.

    Args:
        template: the template's path.
        phase: what is being done.
        done: cells run so far.
        total: cells to run, 0 where the phase runs none.
        line: the template line of the cell that runs now, 0 for none.
    """

    template: Path
    phase: Literal["reading", "question", "solution", "checks", "files", "done", "failed"]
    done: int = 0
    total: int = 0
    line: int = 0


OnStep = Callable[[Step], None]
"""Called as a build goes on."""


@dataclass(frozen=True, slots=True)
class BuiltLab:
    """A lab that was built, now or before.

    Args:
        template: the template's path.
        folder: where its files are.
        files: the files, with what was verified about each.
        warnings: what the build went on in spite of.
        up_to_date: nothing had changed since the last build, so nothing was done.
        removed: files of an earlier build that are no longer made, taken away.
    """

    template: Path
    folder: Path
    files: tuple[WrittenFile, ...]
    warnings: tuple[Diagnostic, ...]
    up_to_date: bool
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedLab:
    """A lab that was not built; the files of an earlier build are as they were.

    Args:
        template: the template's path.
        diagnostics: why.
    """

    template: Path
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[str, ...]:
        """Why, each with its line."""
        return tuple(map(str, self.diagnostics))


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How labs are built.

    Args:
        formats: kinds of file, of md, ipynb, html and pdf.
        jobs: how many kernels run at once, default 1.
        force: build also what is up to date.
        execute: run the cells, default yes; else no file has outputs.
        kernel: name of the Jupyter kernel to run them in, by default the one that each template names.
        gate: build only what may be released, default no: the checks are tried, and false equations and repeated
            solution lines stop the build.
        page: where gradlab's page is, by default where each template says.
    """

    formats: tuple[str, ...] = FORMATS
    jobs: int = 1
    force: bool = False
    execute: bool = True
    kernel: str | None = None
    gate: bool = False
    page: str | None = None


def build_labs(
    targets: Sequence[tuple[Path, Path]], options: BuildOptions | None = None, on_step: OnStep | None = None
) -> tuple[BuiltLab | FailedLab, ...]:
    """Build labs, several at once if asked; one that fails does not stop the others.

    Args:
        targets: template and folder for its files, for each lab.
        options: formats, kernels at once, whether to build what is up to date.
        on_step: called as the builds go on.

    Returns:
        What became of each, in the order given.

    Raises:
        GradlabError: A format is not known, or two labs would write the same files.
    """
    options = options or BuildOptions()
    unknown = [name for name in options.formats if name not in FORMATS]
    if unknown or not options.formats:
        raise GradlabError(f"unknown format {', '.join(unknown) or '(none)'}: the formats are {', '.join(FORMATS)}")
    places = [(folder.resolve(), template.stem) for template, folder in targets]
    for place in places:
        if places.count(place) > 1:
            raise GradlabError(f"two templates would both write {place[1]}-question in {place[0]}: rename one")
    return run_blocking(_build_all(targets, options, on_step or (lambda _: None)))


async def _build_all(
    targets: Sequence[tuple[Path, Path]], options: BuildOptions, on_step: OnStep
) -> tuple[BuiltLab | FailedLab, ...]:
    kernels = asyncio.Semaphore(max(1, options.jobs))
    # A lab holds its own place too, so that with one job the labs come one after the other.
    labs = asyncio.Semaphore(max(1, options.jobs))

    async def one(template: Path, folder: Path) -> BuiltLab | FailedLab:
        async with labs:
            try:
                result: BuiltLab | FailedLab = await _Build(template, folder, options, on_step, kernels).build()
            except TemplateError as problem:
                result = FailedLab(template, problem.diagnostics)
            except GradlabError as problem:
                result = FailedLab(template, (Diagnostic(template, 0, "error", str(problem)),))
            except ModuleNotFoundError:
                raise  # what is not installed is missing for every template
            except Exception as problem:
                # A fault of ours, or of a library, in one template is no reason to lose the others.
                result = FailedLab(template, (fault(template, problem),))
            on_step(Step(template, "failed" if isinstance(result, FailedLab) else "done"))
            return result

    return tuple(await asyncio.gather(*(one(template, folder) for template, folder in targets)))


class _Build:
    def __init__(
        self, path: Path, folder: Path, options: BuildOptions, on_step: OnStep, kernels: asyncio.Semaphore
    ) -> None:
        self.path, self.folder, self.options = path, folder, options
        self.on_step, self.kernels = on_step, kernels
        self.name = path.stem

    async def build(self) -> BuiltLab:
        self.on_step(Step(self.path, "reading"))
        read = await asyncio.to_thread(self._read)
        noted = [remark for remark in (*read.remarks, *read.leaks) if remark.severity != "error"]
        how = "unrun" if not self.options.execute else f"kernel {self.options.kernel or ''}"
        how += " through the gate" if self.options.gate else ""
        how += f" with the page at {self.options.page}" if self.options.page else ""
        key = build_key(read.template, read.versions, read.images, how)
        recover(self.folder, self.name)
        before = read_manifest(self.folder, self.name)
        formats = self.options.formats
        if before is not None and before.key == key and before.holds(self.folder):
            if not self.options.force and {*formats} <= {*before.formats}:
                return self._unchanged(before)
            # What was made from the same things in another format stays, made together with the rest.
            formats = tuple(name for name in FORMATS if name in {*formats, *before.formats})
        with staging(self.folder, self.name) as place:
            executed = await self._execute(read.template, read.versions)
            judged = await self._gate(read)
            self.on_step(Step(self.path, "files"))
            errors = [diagnostic for diagnostic in judged if diagnostic.severity == "error"]
            try:
                files, warnings = await asyncio.to_thread(self._write, read, executed, place.new, formats)
            except TemplateError as problem:
                raise TemplateError(sorted({*errors, *problem.diagnostics})) from problem
            if errors:
                raise TemplateError(errors)
            linted = {warning.line for warning in noted}
            new = {found for found in warnings if UNSET not in found.message or found.line not in linted}
            warnings = tuple(sorted({*noted, *judged, *new}))
            report = {"files": [asdict(file) for file in files], "warnings": [_plain(warning) for warning in warnings]}
            record = Manifest(key, formats, hashes(place.new, [file.name for file in files]), report)
            (place.new / manifest_name(self.name)).write_text(record.dumps(), encoding="utf-8")
            obsolete = self._obsolete(before, record)
            place.publish(obsolete)
        return BuiltLab(self.path, self.folder, files, warnings, up_to_date=False, removed=obsolete)

    def _read(self) -> CheckedTemplate:
        template = read_template(self.path)
        if self.options.page is not None:
            template = replace(template, settings=replace(template.settings, page=self.options.page))
        return look_over(template)

    def _unchanged(self, before: Manifest) -> BuiltLab:
        files = tuple(WrittenFile(**file) for file in before.report["files"])
        warnings = tuple(
            Diagnostic(self.path, int(warning["line"]), warning["severity"], str(warning["message"]))
            for warning in before.report["warnings"]
        )
        return BuiltLab(self.path, self.folder, files, warnings, up_to_date=True)

    async def _execute(self, template: Template, versions: Versions) -> dict[str, Executed]:
        """Run both versions; both failures are told where both fail."""

        async def run(version: Version) -> Executed:
            def on_cell(done: int, total: int, line: int) -> None:
                self.on_step(Step(self.path, version.kind, done, total, line))

            async with self.kernels:
                return await execute(version, self.path, template.settings, on_cell, self.options.kernel)

        pair = (versions.question, versions.solution)
        if not self.options.execute:
            return {version.kind: leave_unrun(version) for version in pair}
        results = await asyncio.gather(*(run(version) for version in pair), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, ExecutionError):
                raise result
        failures = [result for result in results if isinstance(result, ExecutionError)]
        # Where the solution fails as well, the question has nothing of its own to say.
        if len({failure.diagnostic.line for failure in failures}) == 1:
            failures = failures[-1:]
        if failures:
            raise TemplateError(failure.diagnostic for failure in failures)
        return {
            version.kind: result for version, result in zip(pair, results, strict=True) if isinstance(result, Executed)
        }

    async def _gate(self, read: CheckedTemplate) -> tuple[Diagnostic, ...]:
        """What keeps the lab from being released, or is to be said about it."""
        if not self.options.gate or not self.options.execute:
            return ()

        from gradlab.labs.grade._run import end_graders

        lines = {check.name: check.line for check in read.versions.solution.checks}
        tried = set[tuple[str, str]]()

        def watch(event: str, version: str, question: str) -> None:
            if event == "waits":
                self.on_step(Step(self.path, "checks"))
            elif event == "at" and question in lines:
                self.on_step(Step(self.path, "checks", len(tried), 2 * len(lines), lines[question]))
                tried.add((version, question))

        async with self.kernels:
            try:
                found = await asyncio.to_thread(gate, read.template, read.versions, read.leaks, watch)
            except asyncio.CancelledError:  # the thread would wait for them to the end
                end_graders()
                raise
        known = {*read.leaks}
        return tuple(diagnostic for diagnostic in found if diagnostic not in known)

    def _write(
        self, read: CheckedTemplate, executed: dict[str, Executed], folder: Path, formats: tuple[str, ...]
    ) -> tuple[tuple[WrittenFile, ...], tuple[Diagnostic, ...]]:
        files: list[WrittenFile] = []
        warnings: list[Diagnostic] = []
        for version in (read.versions.question, read.versions.solution):
            run = executed[version.kind]
            written = write_version(read.template, version, run, read.images, folder, formats)
            files += written.files
            warnings += written.warnings
        solution, question = executed["solution"].notebook, executed["question"].notebook
        shown = {read.images[image.path].data for image in read.versions.question.images if image.path in read.images}
        lines, allowed = read.versions.solution.lines, read.template.allowed
        secrets = add_outputs(read.secrets, solution, lines, question, allowed, shown)
        self._verify(read.template, files, secrets, folder)
        return tuple(files), tuple(warnings)

    def _verify(self, template: Template, files: list[WrittenFile], secrets: Secrets, folder: Path) -> None:
        """Search what the students get for what only the solution may show, and parse every code cell of it."""
        leaks: list[Diagnostic] = []
        auditor = Auditor(secrets)
        for file in files:
            if file.version != "question":
                continue
            found = auditor.search(folder / file.name)
            leaks += [
                Diagnostic(template.path, leak.line, "error", str(replace(leak, file=Path(file.name))))
                for leak in found
            ]
            if secrets.lines and "/" not in file.name:
                file.facts.append(f"no solution line ({len(secrets.lines)} looked for)")
            if file.name.endswith(".ipynb") and template.is_python:
                file.facts.insert(0, f"{counted(_parsed(folder / file.name), 'code cell')} parsed")
        if leaks:
            raise TemplateError(sorted(leaks))

    def _obsolete(self, before: Manifest | None, now: Manifest) -> tuple[str, ...]:
        if before is None:
            return ()
        gone = {name: digest for name, digest in before.files.items() if name not in now.files}
        # What someone has changed by hand since is theirs.
        return tuple(name for name, digest in gone.items() if hashes(self.folder, [name])[name] == digest)


def _parsed(path: Path) -> int:
    """Parse every code cell of a notebook as it was written and return how many there are."""
    import nbformat

    notebook: Any = nbformat.read(path, as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for source in sources:
        parse(source.split("\n"))
    return len(sources)


def _plain(warning: Diagnostic) -> dict[str, Any]:
    return {"line": warning.line, "severity": warning.severity, "message": warning.message}
