"""What several commands take: what a network is made of, where it is trained, a lab's template."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gradlab._words import listed
from gradlab.graph import activations, functions, losses
from gradlab.rules import Described, snake


def one_of(kind: type[Described]) -> str:
    """The names of a kind of thing, as they are written on the command line."""
    return listed([snake(each.__name__) for each in kind.all()])


FORMULA = f'A formula, such as `"(x1 - 6)**2 + x2**2 - x1*x2"`; its functions are {listed(functions(), "and")}.'
Out = Annotated[
    str | None,
    typer.Option(
        metavar="STORE.zarr",
        help="Keep it in a Zarr store, which gl.open and xarray read: a folder, or as s3://bucket/STORE.zarr.",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Work on the workers of a scheduler of dask.distributed, as tcp://host:8786."),
]
Hidden = Annotated[str, typer.Option(help=f"Hidden layers: {listed(activations())}.")]
Output = Annotated[str | None, typer.Option(help="Outputs: the same choice. Default: what goes with the loss.")]
Loss = Annotated[str, typer.Option(help=f"{listed(losses())}; with a number of its own as quantile(0.9).")]
Device = Annotated[
    str,
    typer.Option(metavar="DEVICE", help="cpu, cuda, cuda:1 (a GPU by its number) or auto: a GPU where it pays."),
]

_READ: dict[str, Any] = {"exists": True, "dir_okay": False, "readable": True}
Template = Annotated[Path, typer.Argument(metavar="TEMPLATE", help="The lab's template.", **_READ)]
Templates = Annotated[
    list[Path], typer.Argument(metavar="TEMPLATE...", help="Jupytext Markdown files with tags.", **_READ)
]
