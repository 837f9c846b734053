"""Points with labels to train on: `gl.datasets`."""

from __future__ import annotations

from typing import Any

from gradlab.train._data import Data as Data
from gradlab.train._data import dataset as dataset
from gradlab.train._data_sets import circles as circles
from gradlab.train._data_sets import data_set as data_set
from gradlab.train._data_sets import data_sets as data_sets
from gradlab.train._data_sets import five_points as five_points
from gradlab.train._data_sets import spirals as spirals
from gradlab.train._data_sets import two_moons as two_moons
from gradlab.train._data_sets import xor as xor
from gradlab.train._tables import table as table


def __getattr__(name: str) -> Any:
    """A data set that was added with `data_set`."""
    if name in data_sets():
        return data_sets()[name]
    raise AttributeError(f"there is no data set {name!r}; there are {', '.join(data_sets())}")
