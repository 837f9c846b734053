"""`gradlab fractal`: the boundary of trainability as a picture, a film, a dimension and a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import gradlab
from gradlab.cli._options import Device, Out, Scheduler, one_of
from gradlab.cli._shown import INTERRUPTED, announced, shown
from gradlab.cli._terminal import file_to_write
from gradlab.graph import activations
from gradlab.rules import Rule

_FEWEST = 17  # pixels along an axis, below which a boundary has no dimension
# The experiments by their names; training, and NumPy with it, is loaded when one is asked for.
_PANELS = "tanh, relu, identity, mini-batch, single-point, offset"


_PICTURE = "Draw the last window: .png, .svg or .pdf. Default: trainability.png where nothing else is written."


def _axis_option(text: str) -> Any:
    return typer.Option(metavar="SETTING,LOW,HIGH", help=text)


def _file_option(text: str, *suffixes: str) -> Any:
    return typer.Option(metavar="FILE", help=text, callback=file_to_write(*suffixes))


def fractal(
    panel: Annotated[
        str, typer.Option(metavar="NAME", help=f"An experiment of the paper to begin with: {_PANELS}.")
    ] = "tanh",
    width: Annotated[int, typer.Option(min=1, metavar="N", help="Units of each hidden layer, and inputs.")] = 8,
    depth: Annotated[int, typer.Option(min=1, metavar="N", help="Layers of weights.")] = 2,
    activation: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"Of the hidden layers: {', '.join(activations())}.")
    ] = None,
    x: Annotated[str | None, _axis_option("The horizontal axis: learning_rate[0],0.1,10000")] = None,
    y: Annotated[str | None, _axis_option("The vertical axis.")] = None,
    resolution: Annotated[int, typer.Option(min=2, metavar="N", help="Pixels of each axis.")] = 256,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Steps of each run.")] = 200,
    rule: Annotated[str | None, typer.Option(metavar="RULE", help=f"{one_of(Rule)}. Default: the first.")] = None,
    windows: Annotated[
        int, typer.Option(min=0, metavar="N", help="Windows of a deep zoom, each where the boundary winds.")
    ] = 0,
    zoom: Annotated[float, typer.Option(metavar="F", help="How many times smaller each of them is.")] = 4.0,
    full: Annotated[bool, typer.Option("--full", help="Train every pixel, not only those near the boundary.")] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="The key of the random numbers.")] = 0,
    picture: Annotated[Path | None, _file_option(_PICTURE, ".png", ".svg", ".pdf")] = None,
    film: Annotated[Path | None, _file_option("Write the zoom: .gif or .mp4.", ".gif", ".mp4")] = None,
    out: Out = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the store: train only what is not finished.")
    ] = False,
    scheduler: Scheduler = None,
    device: Device = "cpu",
) -> None:
    """Draw the boundary of trainability: one network, trained with the settings of every pixel.

    Blue settings converge and orange ones diverge, the darker the more slowly. The boundary's box-counting dimension is
    printed with its standard error. How long it takes is said before it starts; Ctrl-C stops, and what is done is kept.

    After J. Sohl-Dickstein, The boundary of neural network trainability is fractal, 2024 (arXiv 2402.06184).

    For example:

    * `gradlab fractal --picture map.png`
    * `gradlab fractal --panel relu --resolution 512 --out relu.zarr --resume`
    * `gradlab fractal --windows 6 --film zoom.gif --resolution 128`
    * `gradlab fractal --x momentum,0.1,0.99 --y learning_rate,0.1,1000 --rule momentum`
    """
    from rich.console import Console

    _ = gradlab.plot  # if it is not installed, that is said before the work
    if resume and out is None:
        raise typer.BadParameter("it goes on with a store: say which one with --out STORE.zarr.", param_hint="--resume")
    if film is not None and not windows:
        raise typer.BadParameter(
            "a film goes through several windows: say how many with --windows 6.", param_hint="--film"
        )
    settings: dict[str, Any] = _panel(panel)
    chosen = {"activation": activation, "rule": rule, "x": _axis("--x", x), "y": _axis("--y", y)}
    settings |= {name: value for name, value in chosen.items() if value is not None}
    settings |= {"width": width, "depth": depth, "resolution": resolution, "steps": steps, "seed": seed}
    kept: dict[str, Any] = {"device": device} | ({} if out is None else {"out": out, "resume": resume})
    kept |= {} if scheduler is None else {"scheduler": scheduler}
    console = Console(stderr=True, highlight=False)
    with announced(console), shown(console) as progress:
        made = gradlab.trainability(**settings, **kept, windows=windows, zoom=zoom, refined=not full, progress=progress)
    done = float(made["done"].mean())
    if done == 1:
        _say(made, resolution)
    _write(made, Path("trainability.png") if picture is film is out is None else picture, film if done == 1 else None)
    if out is not None:
        print(f"the map is in {out}: read it with gl.open, or with xarray")
    if done < 1:
        console.print(f"gradlab: stopped after {100 * done:.0f} % of the map; the rest is grey in a picture")
        raise typer.Exit(INTERRUPTED)


def _write(made: Any, picture: Path | None, film: Path | None) -> None:
    """The files that are asked for."""
    draw = gradlab.plot
    if picture is not None:
        draw.save(draw.trainability(made.isel(window=-1) if "window" in made.dims else made), picture)
        print(f"the picture is in {picture}")
    if film is not None:
        print(f"the film is in {draw.zoom(made, film)}")


def _panel(name: str) -> dict[str, Any]:
    from gradlab.train import PANELS

    if name not in PANELS:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(PANELS)}.", param_hint="--panel")
    return dict(PANELS[name])


def _axis(option: str, text: str | None) -> tuple[str, float, float] | None:
    """A setting with its ends."""
    if text is None:
        return None
    try:
        name, low, high = text.split(",")
        return name.strip(), float(low), float(high)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no setting with its lowest and highest value; write learning_rate[0],0.1,10000.",
            param_hint=option,
        ) from None


def _say(made: Any, resolution: int) -> None:
    """What there is to say of a whole map."""
    share, trained = float(made["converged"].mean()), float(made["trained"].mean())
    print(f"{100 * share:.1f} % of the settings converge; {100 * trained:.1f} % of the pixels were trained themselves")
    if resolution < _FEWEST or not 0 < share < 1:
        return
    print(f"dimension of the boundary, by counting boxes: {gradlab.boundary_dimension(made)}")
