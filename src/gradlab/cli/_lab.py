"""`gradlab lab build` and `gradlab lab check`: from templates to labs that can be handed out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradlab.cli._exchange import export, import_, new
from gradlab.cli._formats import Format
from gradlab.cli._gate import Gate
from gradlab.cli._grade import grade
from gradlab.cli._options import Templates
from gradlab.cli._progress import Reporter
from gradlab.cli._report import print_built, print_failed
from gradlab.cli._similar import similar

if TYPE_CHECKING:
    from gradlab.labs import BuildOptions, BuiltLab, FailedLab

Kernel = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The Jupyter kernel to run the cells in. Default: the one that the template names."
    ),
]

lab = typer.Typer(
    help="Course labs: one tagged template in, a question and a solution out.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@lab.callback()
def _lab() -> None:
    pass


lab.command()(grade)
lab.command()(new)
lab.command("import")(import_)
lab.command()(export)
lab.command()(similar)


@lab.command()
def build(
    templates: Templates,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            file_okay=False,
            help="Where the files go; several templates get a folder each in it. Default: build/NAME.",
        ),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="FORMATS", help="md, ipynb, html, pdf: with commas or given again. Default: all."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, metavar="N", help="How many kernels run at once.")] = min(
        2, os.cpu_count() or 1
    ),
    force: Annotated[bool, typer.Option("--force", help="Build also what is up to date.")] = False,
    no_execute: Annotated[bool, typer.Option("--no-execute", help="Run nothing: files without outputs.")] = False,
    kernel: Kernel = None,
    no_gate: Annotated[
        bool, typer.Option("--no-gate", help="Build what may not be released too: see `gradlab lab check`.")
    ] = False,
    page: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Where gradlab's page is, of the web or as seen from the HTML, for the views in it. Default: as the "
            "template says; without one they are pictures.",
        ),
    ] = None,
) -> None:
    """Build the student's version (question) and the solution of each template.

    The solution is run from top to bottom; in the question the cells marked SKIPQUESTEXEC are left unrun. The
    cells see the files beside the template, and what they write there is thrown away. The checks are tried as
    `gradlab lab check` does. Files are replaced only when everything has worked; where nothing has changed,
    nothing is done.

    For example:

    * `gradlab lab build courses/gradient-descent.md`
    * `gradlab lab build lab-03.md --out build/lab-03 --to html,pdf`
    * `gradlab lab build courses/*.md --out build --jobs 4`
    """
    from gradlab.labs import FORMATS, BuildOptions, is_page

    if page is not None and not is_page(page):
        raise typer.BadParameter(f"--page {page}: write https://uni.example/gradlab, or ../gradlab beside the lab")
    if no_execute and kernel is not None:
        raise typer.BadParameter("--no-execute runs nothing, so that --kernel has no use beside it")
    formats = _formats(to, FORMATS)
    targets = [(template, _folder(template, out, len(templates))) for template in templates]
    results = _run(targets, BuildOptions(formats, jobs, force, not no_execute, kernel, not no_gate, page))
    from gradlab.labs import BuiltLab, FailedLab

    for result in results:
        if isinstance(result, BuiltLab):
            print_built(result)
    failed = [result for result in results if isinstance(result, FailedLab)]
    for result in failed:
        print_failed(result)
    if failed:
        raise typer.Exit(1)


@lab.command()
def check(
    templates: Templates,
    strict: Annotated[bool, typer.Option("--strict", help="Fail also where an equation is not understood.")] = False,
    no_execute: Annotated[bool, typer.Option("--no-execute", help="Run nothing: text and equations alone.")] = False,
    kernel: Kernel = None,
    form: Annotated[Format, typer.Option("--format", help="How to print what was found.")] = Format.TEXT,
) -> None:
    """The release gate: may a lab be handed out? Tags, LaTeX, leaks, every equation, and every check is tried.

    The solution has to run and to pass each check; the question has to run as it stands, and with its homework
    empty it may pass no check that is worth points. All files are made in a place that is thrown away, and
    searched for what only the solution may show. The equations are proved, step by step, against the network or
    function that the template's header names under `gradlab: graph:`, else against the 2-2-1 network with the
    usual names; one that the author stands by is allowed with `#!TAG ALLOW "..."`. The exit status is 1 if there
    is anything to be mended.

    For example:

    * `gradlab lab check courses/gradient-descent.md`
    * `gradlab lab check courses/gradient-descent.md --no-execute`
    * `gradlab lab check courses/*.md --strict`
    * `gradlab lab check courses/*.md --format github`
    """
    gate = Gate(strict=strict, form=form)
    for template in templates:
        gate.read(template)
    if not no_execute:
        gate.run(_run, kernel)
    gate.write()
    if not gate.passed:
        raise typer.Exit(1)


def _run(targets: list[tuple[Path, Path]], options: BuildOptions) -> tuple[BuiltLab | FailedLab, ...]:
    from gradlab.labs import build_labs

    try:
        with Reporter() as reporter:
            return build_labs(targets, options, reporter.step)
    except KeyboardInterrupt:
        typer.echo("gradlab: stopped; the files of earlier builds are as they were", err=True)
        raise typer.Exit(130) from None


def _formats(given: list[str] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    if not given:
        return known
    names = [name.strip().lower().lstrip(".") for text in given for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise typer.BadParameter(f"--to {', '.join(unknown) or '(nothing)'}: the formats are {', '.join(known)}")
    return tuple(name for name in known if name in names)


def _folder(template: Path, out: Path | None, count: int) -> Path:
    if out is None:
        return Path("build") / template.stem
    return out if count == 1 else out / template.stem
