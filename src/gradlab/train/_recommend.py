"""The answer of a sweep: a setting that trains reliably, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradlab.rules import Kind
from gradlab.train._data import contradiction
from gradlab.train._draw import check_seed
from gradlab.train._errors import TrainError, real_number, whole_number
from gradlab.train._judge import BoolArray
from gradlab.train._plateau import (
    FRESH,
    LEAST_FRESH,
    PLATEAU,
    QUARTER,
    connected,
    lowest_nearby,
    ranking,
    surroundings,
)
from gradlab.train._recommendation import Recommendation, success_in_words
from gradlab.train._scaling import far_from_one
from gradlab.train._sweep import require_xarray, run_grid
from gradlab.train._wilson import Share, wilson_interval

if TYPE_CHECKING:
    import xarray

_ABOUT = ("resized", "rule", "batches")  # of what is swept there is no attribute
_ROUGH = ("learning_rate", "init_scale")  # what one sets roughly, like a rule's numbers; steps and units are exact
FloatArray = NDArray[np.float64]


def recommend(
    grid: xarray.Dataset,
    *,
    loss_below: float | None = None,
    confidence: float = 0.95,
    restarts: int | None = None,
    seed: int | None = None,
) -> Recommendation:
    """Finds the setting of a sweep that trains most reliably, and trains it once more with fresh seeds.

    Settings are ranked by the lower end of their Wilson intervals, at its lowest within a quarter of the learning
    rates, the scale and the rule's numbers (of one minus those below 1), with straight lines between the sweep's
    values on a logarithmic scale: a high rate beside a steep fall is worth little. Of equals the one that is better
    further around is taken, then the one with the fewest steps.

    Args:
        grid: the result of `gl.sweep`, or a part of it.
        loss_below: count a run as a success if its last loss is below this; default: if every point is right.
        confidence: that of the intervals.
        restarts: runs with fresh seeds; default: as many as each setting has in the sweep, but at least 1,000.
        seed: the key of their random numbers; default: one made from the sweep's.

    Returns:
        The setting, its success rate in the sweep and with fresh seeds, its surroundings and its cost.

    Raises:
        TrainError: if the grid is not a sweep's result, no run succeeds, or the labels are measurements and there is
            no `loss_below`.
        GradlabError: if xarray is not installed.

    >>> import gradlab as gl
    >>> grid = gl.sweep(gl.mlp([2, 2, 1]), gl.datasets.five_points(), learning_rate=[1, 5], restarts=100, steps=50)
    >>> recommend(grid, restarts=100).setting["learning_rate"]
    5.0
    """
    require_xarray()
    from gradlab.train._dataset import data_of, grid_of, in_order, settings_of

    grid = in_order(grid)
    names = settings_of(grid)
    grid = grid.transpose(*names, "restart", ...)
    grid = grid.assign(
        done=grid["done"].compute().astype(bool)
    )  # first and once: a store that grows meanwhile has more done later
    succeeded = _succeeded(grid, loss_below)
    kinds = _rough(grid, names)
    table = _table(grid, succeeded, names, kinds, confidence)
    if not int(table["successes"].sum()):
        data = data_of(grid)
        far = far_from_one(data.inputs, data.names, None if "success" in grid else data.y)
        usual = "try more steps, more hidden units, or other learning rates and scales"
        hopeless = contradiction(data) if "success" in grid and loss_below is None else ""
        raise TrainError(f"none of the {int(table['runs'].sum()):,} runs succeeds; {hopeless or far or usual}.")
    index = _best(table, names, kinds)
    where = dict(zip(names, index, strict=True))
    chosen = grid.isel(where)
    count = whole_number("restarts", restarts, least=1, example=1000) if restarts is not None else None
    again = grid_of(
        chosen,
        restarts=count or max(LEAST_FRESH, grid.sizes["restart"]),
        seed=int(grid.attrs["seed"]) ^ FRESH if seed is None else check_seed(seed),
    )
    median, expected = _cost(chosen, np.asarray(succeeded)[index], loss_below)
    results = run_grid(again, data_of(grid))
    fresh = _succeeded(results, loss_below)
    return Recommendation(
        setting=_values(chosen),
        share=_share(table.isel(where), confidence),
        fresh=Share.of(int(fresh.sum()), int(results["done"].sum()), confidence),
        success=success_in_words(chosen.sizes["point"], chosen["steps"].item(), loss_below),
        table=table,
        edges=tuple(n for n in names if n in kinds and len(grid[n]) > 1 and where[n] in (0, len(grid[n]) - 1)),
        nearby=float(table["nearby"].values[index]),
        **_plateau(table, names, kinds, index),
        median_steps=median,
        expected_steps=expected,
    )


def _rough(grid: xarray.Dataset, names: list[str]) -> dict[str, Kind]:
    """The settings that one sets roughly, and which values each may have."""
    from gradlab.train._dataset import rule_of

    own = {each.name: each.kind for each in rule_of(grid).own_numbers()}
    rough = {name: Kind.AMOUNT for name in names if name.startswith(_ROUGH)}
    return rough | {name: own[name] for name in names if name in own and own[name] is not Kind.COUNT}


def _logarithm(kind: Kind, values: FloatArray) -> FloatArray:
    """Where values lie on a logarithmic scale: rates and scales, and what a share leaves of the whole."""
    if kind is Kind.SHARE:
        return -np.log1p(-values)
    positive = np.where(values > 0, values, np.min(values, where=values > 0, initial=1.0) * 1e-9)  # a scale of 0
    return np.log(positive)


def _succeeded(grid: xarray.Dataset, loss_below: float | None) -> BoolArray:
    """Which runs succeed, shape (..., restarts); none that was not done."""
    if loss_below is not None:
        bound = real_number("loss_below", loss_below, example=0.1, positive=True)
        return (grid["loss"].values < bound) & grid["done"].values
    if "success" not in grid:
        raise TrainError(
            "the labels are measurements, so no point is right or wrong; say what loss is low enough, "
            "for example gl.recommend(grid, loss_below=0.01)."
        )
    return (grid["success"].values == 1) & grid["done"].values


def _table(
    grid: xarray.Dataset, succeeded: BoolArray, names: list[str], kinds: dict[str, Kind], confidence: float
) -> xarray.Dataset:
    """What is known of every setting."""
    import xarray

    successes, runs = succeeded.sum(axis=-1), grid["done"].values.sum(axis=-1)
    low, high = wilson_interval(successes, runs, confidence)
    variables = {
        "rate": (names, successes / np.maximum(runs, 1), {"long_name": "success rate", "units": "1"}),
        "low": (names, low, {"long_name": "lower end of the success rate's interval", "units": "1"}),
        "high": (names, high, {"long_name": "upper end of the success rate's interval", "units": "1"}),
        "nearby": (
            names,
            surroundings(low, _places(grid, names, kinds), QUARTER, _lowest, _cap),
            {"long_name": "lowest lower end within a quarter of it", "units": "1"},
        ),
        "successes": (names, successes, {"long_name": "runs that succeed", "units": "1"}),
        "runs": (names, runs, {"long_name": "runs", "units": "1"}),
    }
    about = {"confidence": confidence, **{name: grid.attrs[name] for name in _ABOUT if name in grid.attrs}}
    return xarray.Dataset(variables, {name: grid[name] for name in names}, about)


def _places(grid: xarray.Dataset, names: list[str], kinds: dict[str, Kind]) -> dict[int, list[float]]:
    """Where the values of the rough settings lie, by axis."""
    return {i: _logarithm(kinds[name], grid[name].values).tolist() for i, name in enumerate(names) if name in kinds}


def _lowest(values: FloatArray, axis: int, places: Sequence[float], reach: float) -> FloatArray:
    return np.moveaxis(np.stack(lowest_nearby(list(np.moveaxis(values, axis, 0)), places, reach, np.minimum)), 0, axis)


def _cap(values: FloatArray, axis: int, entries: Sequence[float], _: float) -> FloatArray:
    return np.minimum(values, np.reshape(entries, [-1 if a == axis else 1 for a in range(values.ndim)]))


def _best(table: xarray.Dataset, names: list[str], kinds: dict[str, Kind]) -> tuple[int, ...]:
    """The setting with the best surroundings; of equals the best itself, then in a wider view, then in few steps."""
    low = table["low"].values
    steps = np.zeros(low.shape)
    if "steps" in names:
        steps = steps + table["steps"].values.reshape([-1 if name == "steps" else 1 for name in names])
    # Rounded, as values read between equal ones differ by rounding; the last key counts first.
    ranked = ranking(low, _places(table, names, kinds), _lowest, _cap)
    keys = [steps.ravel(), *(-around.ravel().round(9) for around in reversed(ranked))]
    return tuple(int(i) for i in np.unravel_index(np.lexsort(keys)[0], low.shape))


def _share(cell: xarray.Dataset, confidence: float) -> Share:
    return Share.of(cell["successes"].item(), cell["runs"].item(), confidence)


def _plateau(table: xarray.Dataset, names: list[str], kinds: dict[str, Kind], index: tuple[int, ...]) -> dict[str, Any]:
    """The settings around one with nearly its success rate."""
    rough = [axis for axis, name in enumerate(names) if name in kinds]
    rate = table["rate"].values
    places = np.array(sorted(connected(rate >= PLATEAU * rate[index], rate.shape, index, rough)))
    spans = {names[axis]: table[names[axis]].values[places[:, axis]] for axis in rough}
    return {
        "plateau": {name: (float(span.min()), float(span.max())) for name, span in spans.items()},
        "plateau_settings": len(places),
        "plateau_lowest": float(rate[tuple(places.T)].min()),
    }


def _cost(chosen: xarray.Dataset, succeeded: BoolArray, loss_below: float | None) -> tuple[float, float]:
    """Steps until a run succeeds, and until one does if failures are restarted."""
    steps, share = float(chosen["steps"].item()), succeeded.sum() / max(1, int(chosen["done"].values.sum()))
    if loss_below is not None:
        return float("nan"), steps / share
    first = chosen["success_step"].values[succeeded]
    # A success is seen when it comes; a failure costs all its steps, and there are (1 - p)/p of them before a success.
    return float(np.median(first)), float(first.mean() + (1 - share) / share * steps)


def _values(chosen: xarray.Dataset) -> dict[str, float | int | str]:
    from gradlab.train._dataset import rule_of

    own = (each.name for each in rule_of(chosen).own_numbers())
    settings = ("width", "steps", "batches", *own, "initialisation", "init_scale")
    names = [*settings, *(str(name) for name in chosen.coords if str(name).startswith("learning_rate"))]
    return {name: chosen.coords[name].item() for name in names if name in chosen.coords}
