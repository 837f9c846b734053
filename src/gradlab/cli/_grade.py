"""`gradlab lab grade`: submissions in, a gradebook and feedback out."""

from __future__ import annotations

import os
import shutil
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradlab.cli._options import Scheduler

if TYPE_CHECKING:
    from gradlab.labs.grade import Grading


class Isolation(Enum):
    """How submissions are kept apart from everything else."""

    BUBBLEWRAP = "bubblewrap"
    DOCKER = "docker"
    PODMAN = "podman"
    NONE = "none"


Isolated = Annotated[
    Isolation,
    typer.Option(help="Docker or Podman where one answers; `none` lets submissions read and write all that you can."),
]
Limit = Annotated[
    float,
    typer.Option(
        "--limit",
        min=1,
        metavar="SECONDS",
        help="How long one submission may take in all; up to four times as long on a busy machine.",
    ),
]
Gradebook = Annotated[
    Path | None,
    typer.Option(
        "--gradebook", exists=True, dir_okay=False, readable=True, metavar="CSV",
        help="What Canvas exports as the course's gradebook, or Moodle's grading worksheet: the same with the points "
        "filled in is written to DIR.",
    ),
]  # fmt: skip
Roster = Annotated[
    Path | None,
    typer.Option(
        "--roster", exists=True, dir_okay=False, readable=True, metavar="CSV",
        help="People with their numbers and groups, as Canvas, Moodle or Gradescope export them: a submission of a "
        "group gives each member a row.",
    ),
]  # fmt: skip
Column = Annotated[
    str, typer.Option("--column", metavar="NAME", help="The assignment's column in Canvas's gradebook, Moodle's grade.")
]


def grade(
    template: Annotated[
        Path,
        typer.Argument(
            metavar="TEMPLATE", exists=True, dir_okay=False, readable=True,
            help="The lab's template; with --self, a notebook of your own.",
        ),
    ],
    submissions: Annotated[
        Path | None,
        typer.Argument(
            metavar="SUBMISSIONS", exists=True, readable=True,
            help="A folder or zip as Moodle, Canvas, Gradescope or nbgrader download it, or a single file.",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", file_okay=False, help="Where the results go.")
    ] = Path("grades"),
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, metavar="N", help="How many submissions are graded at once.")
    ] = min(2, os.cpu_count() or 1),
    isolation: Isolated = Isolation.BUBBLEWRAP,
    limit: Limit = 600.0,
    scheduler: Scheduler = None,
    roster: Roster = None,
    gradebook: Gradebook = None,
    column: Column = "",
    own: Annotated[
        bool, typer.Option("--self", help="For students: run a notebook of your own, and the checks that it shows.")
    ] = False,
) -> None:  # fmt: skip
    """Grade submissions: a gradebook, feedback for everyone, and a list of what a human has to judge.

    Each submission runs in a sandbox of its own: no network, no view of the key or of other submissions, limits on
    time, memory, processes and files. Verdicts are made outside of it. What was graded before and has not changed is
    not graded again; after an interruption the same command goes on. In human.toml you write the points for what
    nobody but a human can judge, and run the command once more.

    For example:

    * `gradlab lab grade courses/gradient-descent.md submissions.zip`
    * `gradlab lab grade lab-03.md downloads/ --out grades/ --jobs 4`
    * `gradlab lab grade lab-03.md moodle.zip --gradebook "Grades-Lab 3.csv"`
    * `gradlab lab grade lab-03.md downloads/ --scheduler tcp://host:8786`
    * `gradlab lab grade --self my-lab.ipynb`
    """
    if own:
        _grade_self(template)
        return
    if submissions is None:
        raise typer.BadParameter(
            "SUBMISSIONS is missing: name the folder or zip; or write --self for your own notebook"
        )
    from gradlab.labs.grade import GradeOptions
    from gradlab.labs.grade import grade as run

    if isolation is Isolation.NONE:
        typer.echo(
            "gradlab: without isolation a submission can read the key and change grades and anything else here",
            err=True,
        )
    engine = isolation.value if isolation in (Isolation.DOCKER, Isolation.PODMAN) else ""
    options = GradeOptions(out, jobs, isolation is not Isolation.NONE, engine, limit, roster=roster)
    try:
        grading = run(template, submissions, options, _Watch(), scheduler)
        _print(grading, out)
        if gradebook is not None:
            _hand_back(gradebook, grading, column, out)
    except KeyboardInterrupt:
        typer.echo("gradlab: stopped; run the same command again, and it goes on where it was", err=True)
        raise typer.Exit(130) from None


def _grade_self(notebook: Path) -> None:
    from gradlab.labs.grade import grade_self

    results = grade_self(notebook)
    if not results:
        typer.echo("gradlab: this notebook shows no checks", err=True)
    for result in results:
        typer.echo(f"{result.name:<30} {result.points:g} of {result.possible:g}   {result.reason or 'right'}")
    if any(result.status != "right" for result in results):
        raise typer.Exit(1)


def _hand_back(gradebook: Path, grading: Grading, column: str, out: Path) -> None:
    from gradlab.labs.grade.gradebook import fill_gradebook

    filled = fill_gradebook(gradebook, grading.rows, column)
    target = out / f"{filled.platform}.csv"
    target.write_bytes(filled.data)
    for remark in filled.remarks:
        typer.echo(f"gradlab: {remark}", err=True)
    typer.echo(f"{target}: to be handed back to {filled.platform.capitalize()}")


class _Watch:
    """Says what is running: a line for each submission; on a terminal the question too, in one line that changes."""

    def __init__(self) -> None:
        self._begun, self._at = 0, dict[str, str]()
        self._overwrites = sys.stderr.isatty()

    def __call__(self, event: str, name: str, detail: str) -> None:
        if event == "begun":
            self._begun += 1
            self._at[name] = ""
            if not self._overwrites:
                typer.echo(f"grading {name} ({self._begun} of {detail})", err=True)
        elif event == "done":
            self._at.pop(name, None)
        elif event == "waits":
            typer.echo(f"gradlab: {detail}", err=True)
        else:
            self._at[name] = detail
        if self._overwrites:
            text = ", ".join(f"{name}: {at}" if at else name for name, at in self._at.items())
            line = f"{self._begun} begun, now {text}" if text else ""
            sys.stderr.write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
            sys.stderr.flush()


def _print(grading: Grading, out: Path) -> None:
    for remark in grading.remarks:
        typer.echo(f"gradlab: {remark}", err=True)
    for result in grading.results:
        more = f"   {result.problem}" if result.problem else "   waits for a human" if result.waits else ""
        typer.echo(f"{result.student:<30} {result.points:6g} of {result.possible:g}{more}")
    for student, old, new in grading.moved:
        typer.echo(f"{student}: {old:g} before, {new:g} now")
    known = len(grading.results) - grading.fresh
    typer.echo(
        f"{grading.fresh} graded, {known} unchanged; {grading.waiting} answers wait for a human ({out / 'human.toml'})"
    )
    typer.echo(f"{out / 'gradebook.csv'}, {out / 'index.html'}")
