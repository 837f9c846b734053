"""The numbers of a store, read when they are used; what is wrong with them then is said with the store's name."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core.indexing import IndexingSupport, LazilyIndexedArray, explicit_indexing_adapter

from gradlab.train.store._errors import StoreError
from gradlab.train.store._place import Folder, Remote, in_a_line


def with_names(dataset: xarray.Dataset, place: Folder | Remote) -> xarray.Dataset:
    """Returns what was opened, with errors that name the store where its numbers cannot be read."""
    made = {
        name: xarray.Variable(each.dims, LazilyIndexedArray(_Values(place, each)), each.attrs, each.encoding)
        for name, each in dataset.data_vars.items()
    }
    return dataset.assign(made)


class _Values(BackendArray):
    """The numbers of a variable, which are read part by part."""

    def __init__(self, place: Folder | Remote, array: xarray.DataArray) -> None:
        self.place, self.name, self.variable = place, array.name, array.variable
        self.shape, self.dtype = array.shape, np.dtype(array.dtype)

    def __getitem__(self, key: Any) -> Any:
        return explicit_indexing_adapter(key, self.shape, IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        try:
            return self.variable[key].values
        except (*self.place.damage, *self.place.wrong) as problem:
            raise StoreError(
                f"{self.place}: {self.name} cannot be read ({in_a_line(problem)}); copy the store again, or have what "
                "is damaged trained again by --resume, or resume=True."
            ) from problem
