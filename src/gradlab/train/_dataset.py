"""A sweep's results with their labels: named dimensions, units, and all that is needed to train them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas
import xarray
from numpy.typing import NDArray

from gradlab.graph import find_loss
from gradlab.rules import Rule
from gradlab.train._axes import Axis
from gradlab.train._data import Data
from gradlab.train._errors import TrainError
from gradlab.train._experiment import chosen_rule
from gradlab.train._grid import Grid
from gradlab.train._judge import judged
from gradlab.train._keep import Keep
from gradlab.train._scaling import Scaling
from gradlab.train._trainers import Architecture, trainer_for
from gradlab.train.store._description import described
from gradlab.train.work import Behind, Contents, Layout

# What is kept of each run, as what in a store, and what stands there for a run that is not done.
_OUTCOMES: dict[str, tuple[str, Any]] = {
    "loss": ("", np.nan),
    "success": ("int8", -1),
    "success_step": ("int32", -2),
    "diverged": ("int8", -1),
    "diverged_step": ("int32", -2),
    "done": ("bool", False),
}
# Without them nothing of a sweep can be trained again.
_ABOUT = {
    "sizes",
    "hidden",
    "output",
    "loss_name",
    "scaling",
    "biases",
    "resized",
    "data_name",
    "rule",
    "seed",
    "dtype",
}
_SETTINGS = ("loss", "done", "x", "y", "input", "diverged", "steps", "initialisation", "init_scale")
_MEANING = {
    "learning_rate": ("learning rate", "1"),
    "initialisation": ("kind of initial parameters", "1"),
    "init_scale": ("scale of the initial parameters", "1"),
    "width": ("units of each hidden layer", "unit"),
    "steps": ("steps of each run", "step"),
    "batches": ("which points each step uses", "1"),
    "restart": ("number of the run, which decides where it starts", "1"),
    "step": ("steps taken", "step"),
    "quantile": ("share of the restarts whose loss is at or below", "1"),
    "success": ("every point is right after the last step", "1"),
    "success_step": ("first step after which every point was right, -1: never", "step"),
    "diverged": ("a number was not finite, or the loss ended above where it began", "1"),
    "diverged_step": (
        "first step after which a parameter, or after the last the loss, was not finite, -1: never",
        "step",
    ),
    "done": ("the run was trained", "1"),
    "parameter": ("name of the parameter", "1"),
    "input": ("name of the coordinate of a point", "1"),
    "class": ("name of the class", "1"),
    "parameters": ("parameters after the last step", "1"),
    "x": ("points that were trained on", "1"),
    "y": ("labels that were trained on", "1"),
    "weights": ("what each point counts in the loss", "1"),
    "input_mean": ("what is taken off a coordinate before the network sees it", "1"),
    "input_deviation": ("what it is divided by then", "1"),
}


def contents_of(grid: Grid, data: Data, keep: Keep) -> Contents:
    """Returns what the result of a sweep holds."""
    behind, loss, counted = _kept_behind(grid, keep), grid.architecture.loss, judged(grid.architecture.loss, data.y)
    results = {
        name: (kind or grid.dtype, missing, meaning_of(name, loss))
        for name, (kind, missing) in (_OUTCOMES | dict.fromkeys(behind, ("", np.nan))).items()
        if counted or not name.startswith("success")
    }
    layout = Layout.of(grid, len(data), keep)
    return Contents(layout, described(grid, data, keep), partial(_labels, grid, data, keep), results, behind, "restart")


def _kept_behind(grid: Grid, keep: Keep) -> dict[str, Behind]:
    """The dimensions of each array that is kept beside the outcomes, behind those of the runs."""
    steps = int(max(grid.steps.values))
    made: dict[str, Behind] = {}
    if keep.stride:
        made["curves"] = Behind(("step",), (len(keep.kept_steps(steps)),))
    if keep.quantiles:
        made["curve_quantiles"] = Behind(("quantile", "step"), (len(keep.quantiles), steps + 1), runs=False)
    if keep.parameters:
        parameters = grid.network(int(grid.width.values[0])).layers.parameters
        made["parameters"] = Behind(("parameter",), (parameters,))
    return made


def _labels(grid: Grid, data: Data, keep: Keep, results: Mapping[str, Any]) -> xarray.Dataset:
    """A sweep's settings, what it was trained on, and all that is said of it, with results that are given."""
    coordinates: dict[str, Any] = {"step": keep.kept_steps(int(max(grid.steps.values)))} if keep.curves else {}
    if keep.quantiles:
        coordinates["quantile"] = list(keep.quantiles)
    if keep.parameters:
        coordinates["parameter"] = list(grid.network(int(grid.width.values[0])).graph.parameters)
    coordinates |= {
        axis.name: _coordinate(axis)
        for axis in grid.axes
        if axis.swept or (axis.values[0] if axis.name == "width" else axis.name != "batches")
    }
    coordinates["restart"] = pandas.RangeIndex(grid.restarts)  # which takes no memory
    variables: dict[str, Any] = {**results, "x": (("point", "input"), data.x)}
    variables["y"] = (("point",) if data.y.ndim == 1 else ("point", "output")), data.y
    if data.weights is not None:
        variables["weights"] = ("point", data.weights)
    if data.scaling is not None:
        variables |= {"input_mean": ("input", data.scaling.mean), "input_deviation": ("input", data.scaling.deviation)}
    coordinates["input"] = list(data.names)
    if data.classes:
        coordinates["class"] = list(data.classes)
    made = xarray.Dataset(variables, coordinates, _attributes(grid, data))
    for name, variable in made.variables.items():
        variable.attrs |= meaning_of(str(name), grid.architecture.loss)
    for each in grid.rule.own_numbers():
        made[each.name].attrs |= {"long_name": each.meaning, "units": "1"}
    return made


def _coordinate(axis: Axis) -> tuple[str, NDArray[Any]] | Any:
    return (axis.name, np.array(axis.values)) if axis.swept else axis.values[0]


def meaning_of(name: str, loss: str) -> dict[str, str]:
    """Returns what a variable of a sweep's result means, and its unit."""
    if name in ("loss", "curves", "curve_quantiles"):
        after = "after the last step" if name == "loss" else "after each number of steps"
        after += ", as quantiles over the restarts" if name == "curve_quantiles" else ""
        return {"long_name": f"mean loss over the points {after}", "units": find_loss(loss).unit}
    if name.startswith("learning_rate_"):
        return {"long_name": f"learning rate of layer {name.rsplit('_', 1)[1]}", "units": "1"}
    return dict(zip(("long_name", "units"), _MEANING[name], strict=True)) if name in _MEANING else {}


def _attributes(grid: Grid, data: Data) -> dict[str, Any]:
    """Plain numbers and text only, so that every file format can store them."""
    trainer = partial(trainer_for, grid.sheet(0)[0], data, grid.dtype, grid.device)
    return {
        **grid.architecture.attributes,
        "resized": int(grid.resized),
        "data_name": data.name,
        "rule": str(grid.rule),
        **({} if grid.batches.swept else {"batches": grid.batches.values[0]}),
        "seed": str(grid.seed),  # it may have 128 bits
        "dtype": grid.dtype,
        **grid.device.said(trainer, grid.runs, grid.rule.update()),
        "interrupted": 0,
        "runs": grid.runs,
    }


def data_of(dataset: xarray.Dataset) -> Data:
    """Returns what a sweep was trained on."""
    names = tuple(str(name) for name in dataset["input"].values)
    classes = tuple(str(name) for name in dataset["class"].values) if "class" in dataset.coords else ()
    weights = dataset["weights"].values if "weights" in dataset else None
    scaling = None
    if "input_mean" in dataset:
        scaling = Scaling(dataset["input_mean"].values, dataset["input_deviation"].values)
    x, y = dataset["x"].values, dataset["y"].values
    return Data(x, y, dataset.attrs["data_name"], names, classes, weights, scaling)


def grid_of(setting: xarray.Dataset, *, restarts: int, seed: int) -> Grid:
    """Returns the grid of a single setting of a sweep's result, to be trained anew."""
    about = setting.attrs
    sizes = tuple(int(size) for size in np.atleast_1d(about["sizes"]))
    net = Architecture(
        sizes, about["hidden"], about["output"], about["loss_name"], about["scaling"], bool(about["biases"])
    )
    layers = range(1, len(sizes))
    by_layer = "learning_rate" not in setting.coords
    value = {str(name): coordinate.item() for name, coordinate in setting.coords.items() if not coordinate.ndim}
    rate = {layer: value[f"learning_rate_{layer}"] for layer in layers} if by_layer else value["learning_rate"]
    rule = rule_of(setting)
    own = {each.name: value[each.name] for each in rule.own_numbers()}
    return Grid.of(
        net,
        rule=replace(rule, learning_rate=rate, **own),
        learning_rate=None,
        batches=value["batches"] if "batches" in value else about["batches"],
        initialisation=value["initialisation"],
        init_scale=value["init_scale"],
        width=value["width"] if about["resized"] else None,
        steps=value["steps"],
        restarts=restarts,
        seed=seed,
        dtype=about["dtype"],
    )


def rule_of(dataset: xarray.Dataset) -> Rule:
    """Returns the rule of a sweep, with all of its values."""
    return chosen_rule(dataset.attrs["rule"])


def settings_of(dataset: xarray.Dataset) -> list[str]:
    """Returns the dimensions of a sweep's result that are settings, in order.

    Refuses what is none, and a part of one in which something is missing.
    """
    example = "write for example gl.recommend(gl.sweep(net, data, ...))"
    if not isinstance(dataset, xarray.Dataset) or not dataset.attrs.keys() >= _ABOUT:
        raise TrainError(f"this is not the result of gl.sweep; {example}.")
    layers = len(np.atleast_1d(dataset.attrs["sizes"])) - 1
    rates = [f"learning_rate_{layer + 1}" for layer in range(layers)]
    own = [each.name for each in rule_of(dataset).own_numbers()]
    wanted = [*_SETTINGS, *own, *(rates if rates[0] in dataset else ["learning_rate"])]
    wanted += ["width"] if dataset.attrs["resized"] else []
    lost = [name for name in wanted if name not in dataset]
    if lost or "restart" not in dataset["loss"].dims:
        raise TrainError(
            f"this is not the whole result of gl.sweep: it has no {lost[0] if lost else 'dimension restart'}; "
            f"{example}, or choose of it by isel or sel with slices."
        )
    empty = [str(name) for name, length in dataset["loss"].sizes.items() if not length]
    if empty:
        raise TrainError(f"there is nothing in this sweep: {empty[0]} has no values.")
    return [str(name) for name in dataset["loss"].dims if name != "restart"]


def in_order(dataset: xarray.Dataset) -> xarray.Dataset:
    """Returns a sweep's result with the numbers of each setting in rising order, so that neighbours stand side by side.

    Refuses what is none, and a setting that has a number more than once.
    """
    for name in settings_of(dataset):
        values = dataset[name].values
        if values.dtype.kind not in "iuf" or (values[1:] > values[:-1]).all():
            continue
        dataset = dataset.isel({name: np.argsort(values, kind="stable")})
        values = np.sort(values)
        if not (values[1:] > values[:-1]).all():
            raise TrainError(f"{name} has a number more than once, or one that is none: {values.tolist()}.")
    return dataset
