"""`gradlab sweep`: every setting in a file trained many times, and the one that trains reliably."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

import gradlab
from gradlab._words import in_columns, listed
from gradlab.cli._options import Device, Out, Scheduler, one_of
from gradlab.cli._shown import INTERRUPTED, announced, shown
from gradlab.cli._terminal import file_to_write, terminal_width
from gradlab.rules import Rule

if TYPE_CHECKING:
    from gradlab.train import Recommendation

_LARGE = 10**7  # runs, from which on a store is not read whole to recommend a setting
_SPEC = f"What to train, and on what; rules are {one_of(Rule)}, as in rule = 'adam(beta1=[0.8, 0.9])'."


class SweepCommand(TyperCommand):
    """A command whose help names all data sets, which are loaded, and NumPy with them, when they are asked for."""

    def format_help(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # Typer has its own
        """Write the help."""
        from gradlab.train import data_sets

        for each in self.params:
            if each.name == "spec":
                each.help = f"{_SPEC} Data sets are {listed(data_sets(), 'and')}."  # type: ignore[attr-defined]  # an argument
        super().format_help(ctx, formatter)


def sweep(
    spec: Annotated[Path, typer.Argument(metavar="SPEC.toml", exists=True, dir_okay=False, help=_SPEC)],
    map_file: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="Draw the success rates: .png, .svg or .pdf.",
            callback=file_to_write(".png", ".svg", ".pdf"),
        ),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write all success rates: .parquet, else CSV.", callback=file_to_write()),
    ] = None,
    out: Out = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the store: train only what is not finished.")
    ] = False,
    scheduler: Scheduler = None,
    device: Device = "cpu",
    best: Annotated[int, typer.Option(min=1, metavar="N", help="How many settings to list.")] = 5,
) -> None:
    """Train every setting in a file many times, and recommend one that succeeds reliably.

    The best settings are listed with the share of their runs that get every point right, its 95 % interval, and the
    lowest that the interval gets within a quarter of the setting. The recommended one is trained again with fresh
    seeds. What it costs is said before it starts; Ctrl-C stops, and shows what is done.

    For example, with the file `five-points.toml`

        [network]
        sizes = [2, 2, 1]

        [data]
        set = "five_points"

        [sweep]
        learning_rate = { from = 0.3, to = 20, count = 8 }
        init_scale = [0.3, 0.5, 1.0, 2.0]
        steps = 200
        restarts = 1000

    * `gradlab sweep five-points.toml`
    * `gradlab sweep five-points.toml --map success.png --table success.csv`
    * `gradlab sweep five-points.toml --out five-points.zarr --resume`
    * `gradlab sweep five-points.toml --scheduler tcp://host:8786`
    """
    from rich.console import Console

    from gradlab.cli._sweep_spec import named, read_spec

    draw = gradlab.plot if map_file is not None else None  # if it is not installed, that is said before the work
    if resume and out is None:
        raise typer.BadParameter("it goes on with a store: say which one with --out STORE.zarr.", param_hint="--resume")
    wanted = read_spec(spec)
    console = Console(stderr=True, highlight=False)
    # Without --resume a store that is there is refused; with it, one that is not there is made.
    kept: dict[str, Any] = {"device": device} | ({} if out is None else {"out": out, "resume": resume})
    kept |= {} if scheduler is None else {"scheduler": scheduler}
    with announced(console), shown(console) as progress:
        grid = named("sweep", gradlab.sweep, wanted.net, wanted.data, **wanted.settings, **kept, progress=progress)
        large = out is not None and grid.attrs["runs"] > _LARGE
        found = None if large else named("recommend", gradlab.recommend, grid, **wanted.advice)
    if found is None:
        print(f"the runs are in {out}: read it with gl.open, or with xarray")
        raise typer.Exit(INTERRUPTED if grid.attrs["interrupted"] else 0)
    print(_ranking(found, best))
    print()
    print(found)
    if table is not None:
        _write_table(_frame(found), table)
    if draw is not None and map_file is not None:
        draw.save(draw.success_map(grid, found), map_file)
    if grid.attrs["interrupted"]:
        done, total = int(grid["done"].sum()), grid.attrs["runs"]
        console.print(f"gradlab: stopped after {done:,} of {total:,} runs; this is what they say")
        raise typer.Exit(INTERRUPTED)


def _frame(found: Recommendation) -> Any:
    """The rates of all settings, a row for each, also of a sweep of one."""
    table = found.table
    return (table if table.dims else table.expand_dims("setting")).to_dataframe().reset_index(drop=not table.dims)


def _write_table(frame: Any, path: Path) -> None:
    if path.suffix.lower() != ".parquet":
        frame.to_csv(path, index=False)
        return
    try:
        frame.to_parquet(path, index=False)
    except ImportError:
        raise gradlab.GradlabError(
            f"{path.name} takes a reader of Parquet: pip install 'gradlab[tables]', or write a .csv."
        ) from None


def _ranking(found: Recommendation, count: int) -> str:
    """The settings with the best surroundings, in order."""
    settings = [str(name) for name in found.table["rate"].dims]
    frame = _frame(found)
    frame = frame.sort_values(["nearby", "low"], ascending=False, kind="stable").head(count)
    records: list[dict[str, Any]] = frame.to_dict("records")
    heads = [*(name.replace("_", " ") for name in settings), "success", "interval", "nearby"]
    rows = [
        [
            *(row[name] if isinstance(row[name], str) else f"{row[name]:g}" for name in settings),
            f"{100 * row['rate']:.1f} %",
            f"{100 * row['low']:.1f} to {100 * row['high']:.1f}",
            f"{100 * row['nearby']:.1f}",
        ]
        for row in records
    ]
    return in_columns([heads, *rows], terminal_width())
