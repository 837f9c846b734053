"""A map with its labels: what it shows, on which axes, of which network; to be read without gradlab."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import xarray

from gradlab._version import __version__
from gradlab.train._trainers import trainer_for
from gradlab.train.maps._map import Map
from gradlab.train.work import Contents

TITLE = "map of trainability"
_REFERENCE = "Sohl-Dickstein 2024, The boundary of neural network trainability is fractal, arXiv 2402.06184"
# Of each result its type, what stands for a pixel that is not done, and what it means.
_RESULTS: dict[str, tuple[str, Any, dict[str, str]]] = {
    "loss_sum": (
        "float64",
        np.nan,
        {"long_name": "sum of the losses as multiples of the first, of their inverses where training diverges"},
    ),
    "converged": (
        "int8",
        -1,
        {
            "long_name": "the mean of the last 20 losses is below the first",
            "flag_values": "0, 1",
            "flag_meanings": "diverged converged",
        },
    ),
    "trained": ("int8", -1, {"long_name": "the pixel was trained itself, not filled in from those around it"}),
    "done": ("bool", False, {"long_name": "the pixel is done"}),
}


def contents_of(plan: Map) -> Contents:
    """Returns what a map holds."""
    results = {name: (kind, missing, {**about, "units": "1"}) for name, (kind, missing, about) in _RESULTS.items()}
    return Contents(plan.tiles, plan.description(), partial(_labels, plan), results)


def _labels(plan: Map, results: Mapping[str, Any]) -> xarray.Dataset:
    """A map's axes and all that is said of it, with results that are given."""
    names = plan.y.name, plan.x.name
    columns, rows = zip(*(plan.values(window) for window in range(len(plan.windows))), strict=True)
    dims = plan.tiles.dims
    if len(dims) == 2:
        coordinates: dict[str, Any] = {names[0]: rows[0], names[1]: columns[0]}
    else:
        coordinates = {names[0]: (dims[:2], np.array(rows)), names[1]: (dims[::2], np.array(columns))}
        coordinates["window"] = np.arange(len(plan.windows))
    made = xarray.Dataset(results, coordinates, attrs=_attributes(plan))
    for axis in (plan.x, plan.y):
        made[axis.name].attrs |= {"long_name": axis.meaning(type(plan.rule)), "units": "1"}
    if len(dims) == 3:
        made["window"].attrs |= {"long_name": "number of the window, from 0", "units": "1"}
    return made


def _attributes(plan: Map) -> dict[str, Any]:
    """Plain numbers and text only, so that every file format can store them."""
    trainer = partial(trainer_for, plan.architecture, plan.data, plan.dtype, plan.device)
    return {
        "title": TITLE,
        "source": f"gradlab {__version__}",
        "references": _REFERENCE,
        **plan.architecture.attributes,
        "points": plan.points,
        "rule": str(plan.rule),
        "batches": str(plan.batches),
        "steps": plan.steps,
        "x": plan.x.name,
        "y": plan.y.name,
        "refined": int(plan.refined),
        "seed": str(plan.seed),  # it may have 128 bits
        "dtype": plan.dtype,
        **plan.device.said(trainer, plan.resolution**2, plan.rule.update()),
        "interrupted": 0,
    }
