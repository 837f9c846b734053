"""Results that are kept in memory, and the dataset that they become."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradlab.train._provenance import provenance
from gradlab.train.work._engine import Maker, Outcomes
from gradlab.train.work._layout import Chunk, Contents, in_memory

if TYPE_CHECKING:
    import xarray


class Memory:
    """Results that are kept in memory; what is not done takes none.

    Args:
        contents: what they are.
    """

    room = "memory"

    def __init__(self, contents: Contents) -> None:
        self.contents, self.begun, self.sessions = contents, 0, [provenance()]
        self.arrays = {  # of zeros, which take no memory before they are written over
            name: np.zeros(contents.shape(name), in_memory(kind)) for name, (kind, _, _) in contents.results.items()
        }

    def finished(self, chunk: Chunk) -> bool:
        """Never: it is made to be filled."""
        return False

    def trained_by(self, makers: list[Maker]) -> None:
        """Says by whom chunks were trained so far."""
        self.sessions[-1]["engines"] = makers

    def write(self, chunk: Chunk, outcomes: Outcomes) -> None:
        """Keeps what a chunk gave; that it is done is kept last, so that Ctrl-C leaves no half-told run."""
        for name, region, numbers in self.contents.parts(chunk, outcomes):
            self.begun = max(self.begun, chunk.region[-1].stop)
            if numbers.shape == self.arrays[name].shape:  # all at once: nothing is copied
                self.arrays[name] = numbers.astype(self.arrays[name].dtype, copy=False)
            else:
                self.arrays[name][region] = numbers

    def dataset(self) -> xarray.Dataset:
        """Returns the results with their labels; what is not done is missing.

        Of a dimension that grows only what was begun is there, in memory of its own: that of the rest is given back.
        """
        contents, whole = self.contents, bool(self.arrays["done"].all())
        last = slice(self.begun) if contents.growing and not whole else slice(None)
        made = {
            name: (contents.dims(name), self.arrays[name] if whole else self._known(name, last), meaning)
            for name, (_, _, meaning) in contents.results.items()
        }
        if whole or not contents.growing:
            dataset = contents.labels(made)
        else:
            dataset = contents.labels({}).isel({contents.growing: last}, missing_dims="ignore").assign(made)
        dataset.attrs["provenance"] = json.dumps(self.sessions)
        return dataset

    def _known(self, name: str, last: slice) -> NDArray[Any]:
        """A result as numbers that are missing where a run is not done: none of them failed."""
        behind, array, done = self.contents.of(name), self.arrays[name], self.arrays["done"]
        runs = (*[slice(None)] * (done.ndim - 1), last)
        done = done[runs] if behind.runs else done[runs].all(axis=-1)
        array = array[runs] if behind.runs else array
        if name == "done":
            return array.copy()
        return np.where(done.reshape(done.shape + (1,) * len(behind.dims)), array, np.float32("nan"))
