"""`gradlab lab new`, `lab import` and `lab export`: templates from nothing, from other tools, and for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gradlab._errors import GradlabError
from gradlab.cli._options import Template

Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def new(
    template: Annotated[Path, typer.Argument(metavar="TEMPLATE", help="The file to write, such as lab-01.md.")],
    title: Annotated[str, typer.Option("--title", help="The lab's title. Default: the file's name.")] = "",
    force: Force = False,
) -> None:
    """Write a small template to start from: it shows the tags and passes `gradlab lab check`.

    For example:

    * `gradlab lab new lab-01.md --title "Slopes and steps"`
    """
    from gradlab.labs.interchange import new_template

    name = title or template.stem.replace("-", " ").replace("_", " ").capitalize()
    _write(template, new_template(name).encode(), force)
    typer.echo(f"{template}: written; look at it, then run: gradlab lab check {template}")


def import_(
    notebook: Annotated[
        Path, typer.Argument(metavar="NOTEBOOK", exists=True, dir_okay=False, help="The notebook with the solutions.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="TEMPLATE", help="The file to write. Default: NOTEBOOK.md.")
    ] = None,
    force: Force = False,
) -> None:
    """Read a source notebook of nbgrader, Otter, or with comments around its solutions into a template.

    Such comments are `### START CODE HERE ###` and `### END CODE HERE ###`, or what other courses write for them.
    Solutions become homework, tests become checks with their points, hidden ones hidden; written answers get answer
    cells with their key. What has no counterpart here is named. `gradlab lab check` then says whether all is well.

    For example:

    * `gradlab lab import source/ps1/problem1.ipynb --out ps1.md`
    """
    from gradlab.labs.interchange import import_notebook

    imported = import_notebook(notebook)
    target = out or notebook.with_suffix(".md")
    _write(target, imported.text.encode(), force)
    for remark in imported.remarks:
        typer.echo(f"{notebook}: {remark}", err=True)
    typer.echo(f"{target}: written from {imported.tool}'s notebook; now run: gradlab lab check {target}")


def export(
    template: Template,
    to: Annotated[str, typer.Option("--to", metavar="TOOL", help="nbgrader, otter or gradescope.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The file to write. Default: TEMPLATE-TOOL.ipynb or .zip."),
    ] = None,
    force: Force = False,
) -> None:
    """Write a template as another tool's assignment.

    For nbgrader and Otter that is a source notebook, to be handed to `nbgrader generate_assignment` or `otter assign`;
    for Gradescope a zip to be uploaded as the autograder, which grades with `gradlab lab grade`.

    For example:

    * `gradlab lab export courses/gradient-descent.md --to nbgrader --out source/ps1/problem1.ipynb`
    * `gradlab lab export lab-03.md --to gradescope`
    """
    from gradlab.labs.interchange import FORMATS, export_template

    if to not in FORMATS:
        raise typer.BadParameter(f"--to {to}: a template can be written as {', '.join(FORMATS)}")
    made = export_template(template, to)
    target = out or template.with_name(f"{template.stem}-{to}{made.suffix}")
    _write(target, made.data, force)
    for remark in made.remarks:
        typer.echo(f"{template}: {remark}", err=True)
    typer.echo(f"{target}: written for {to}")


def _write(target: Path, data: bytes, force: bool) -> None:
    try:
        with target.open("wb" if force else "xb") as stream:
            stream.write(data)
    except FileExistsError as problem:
        raise GradlabError(f"{target}: is there already; name another file with --out, or give --force") from problem
    except OSError as problem:
        raise GradlabError(f"{target}: cannot be written: {problem.strerror or problem}") from problem
