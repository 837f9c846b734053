"""`gradlab lab similar`: where a person should compare two submissions."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gradlab.cli._options import Template

_SHOWN = 3
_LINES = 8


def similar(
    template: Template,
    submissions: Annotated[
        Path,
        typer.Argument(
            metavar="SUBMISSIONS", exists=True, readable=True, help="A folder or zip, as `lab grade` takes it."
        ),
    ],
    least: Annotated[
        float, typer.Option("--least", min=0, max=1, help="How much of their own code two have to share, from 0 to 1.")
    ] = 0.3,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", file_okay=False, help="Write similar.html and similar.csv there."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it for programs.")] = False,
) -> None:
    """Name pairs of submissions that share unusual code, with the passages.

    The lab's own text, key and checks included, is taken out first, and what many of the class wrote; names, comments
    and blanks make no difference. Nothing leaves this machine. It says where to look, and is no proof of anything.

    For example:

    * `gradlab lab similar courses/gradient-descent.md submissions.zip`
    * `gradlab lab similar lab-03.md downloads/ --out grades/`
    """
    from gradlab.labs import find_similar

    found = find_similar(template, submissions, least=least)
    if out is not None:
        from gradlab.labs.grade.feedback import similar_page, similar_table

        out.mkdir(parents=True, exist_ok=True)
        (out / "similar.html").write_text(similar_page(found, template.stem), encoding="utf-8")
        (out / "similar.csv").write_text(similar_table(found), encoding="utf-8-sig")
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=1, ensure_ascii=False))
        return
    for name, problem in found.unreadable:
        typer.echo(f"{name}: not compared: {problem}", err=True)
    for pair in found.pairs:
        typer.echo(f"{pair.first} and {pair.second}: {pair.share:.0%} of the own code, {pair.shared} fingerprints")
        for mine, theirs in pair.passages[:_SHOWN]:
            typer.echo(_quoted(pair.first, mine) + _quoted(pair.second, theirs))
    none = "" if found.pairs else "; none share unusual code"
    typer.echo(f"{found.compared} submissions compared, {len(found.pairs)} pairs to look at{none}")


def _quoted(who: str, passage: str) -> str:
    lines = passage.split("\n")
    shown = lines[:_LINES] + ([f"... {len(lines) - _LINES} more lines"] if len(lines) > _LINES else [])
    return f"  {who}\n" + "".join(f"    | {line}\n" for line in shown)
