"""Arrays, tensors and tables as numbers, with the names of their columns; what would be read wrongly is refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlab.train._errors import DataError

NO_TIMES = (
    "{} holds dates or spans of time, and a network takes numbers; say since when and in which unit, as "
    "(dates - dates.min()) / np.timedelta64(1, 'D')."
)


def numbers(name: str, values: object) -> NDArray[np.float64]:
    """Returns a float64 copy of the values, all of them finite.

    Args:
        name: what the person wrote it as, for the message.
        values: an array, nested lists, a tensor, a table or a column of one.

    Raises:
        DataError: if they are no real numbers, or one is missing, masked or infinite; says where.
    """
    plain = _plain(name, values)
    try:
        array = np.asarray(plain, dtype=np.float64).copy(order="C")
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(_not_numbers(name, values, error)) from None
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        place = ", ".join(str(index) for index in wrong[0])
        raise DataError(
            f"{name} holds {len(wrong)} entries that are NaN or infinite, the first at {name}[{place}]; "
            "leave those points out or fill them in first."
        )
    return array


def labels(values: object) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Returns labels as numbers, and the names of the classes where they are text: the numbers count these, sorted."""
    plain = np.asarray(_plain("y", values)) if not isinstance(values, str) else np.asarray(values)
    if plain.ndim == 2 and plain.shape[1] == 1:
        plain = plain[:, 0]
    if plain.ndim != 1 or plain.dtype.kind not in "OUST" or not all(isinstance(each, str) for each in plain.tolist()):
        return numbers("y", values), ()
    missing = [place for place, each in enumerate(plain.tolist()) if not each.strip()]
    if missing:
        raise DataError(f"y[{missing[0]}] is an empty text; give every point its class, or leave the point out.")
    classes, places = np.unique(plain.astype(str), return_inverse=True)
    return places.reshape(-1).astype(np.float64), tuple(classes.tolist())


def column_names(values: object) -> tuple[str, ...]:
    """Returns the names of a table's columns, or none for anything else."""
    columns = getattr(values, "columns", None)
    if columns is not None and not callable(columns):
        return tuple(str(each) for each in columns)
    return tuple(getattr(getattr(values, "dtype", None), "names", None) or ())


def _plain(name: str, values: Any) -> Any:
    """What NumPy reads without losing anything.

    Raises:
        DataError: if it is masked, complex, dates or of a type that NumPy lacks; NumPy would drop the mask, or the
            imaginary parts, and count from a day that nobody chose.
    """
    if hasattr(values, "detach"):  # a tensor, wherever it is, with or without a gradient
        try:
            values = values.detach().cpu().numpy()
        except TypeError:
            if "sparse" in str(values.layout):
                raise DataError(f"{name} is a sparse tensor; give {name}.to_dense().") from None
            raise DataError(f"{name} is a tensor of {values.dtype}, which NumPy lacks; give {name}.float().") from None
    if np.ma.is_masked(values):
        count = int(np.ma.getmaskarray(values).sum())
        raise DataError(
            f"{name} is a masked array of which {count} {'entry is' if count == 1 else 'entries are'} masked; leave "
            "those points out, as x[~x.mask.any(axis=1)], or fill them in with x.filled(...)."
        )
    array = values if isinstance(values, np.ndarray) else None
    if array is not None and array.dtype.names:
        values = np.stack([array[each] for each in array.dtype.names], axis=-1)
    kinds: Any = getattr(values, "dtypes", getattr(values, "dtype", None))  # of each column of a table
    kinds = [getattr(each, "kind", "") for each in (kinds if isinstance(kinds, Iterable) else [kinds])]
    if "c" in kinds:
        raise DataError(
            f"{name} holds complex numbers, and a network takes real ones; give the real and the imaginary part as "
            "two columns."
        )
    if {"M", "m"} & set(kinds):
        raise DataError(NO_TIMES.format(name))
    return values


def _not_numbers(name: str, values: Any, error: Exception) -> str:
    text = [
        column
        for column in column_names(values)
        if hasattr(values, "columns") and any(isinstance(each, str) for each in np.ravel(values[column]).tolist())
    ]
    if text:
        return (
            f"{name} has text in the column{'s' * (len(text) > 1)} {', '.join(map(repr, text))}; leave it out, or read "
            f"the whole table with gl.datasets.table(table, label={text[-1]!r})."
        )
    return (
        f"{name} cannot be read as an array of real numbers ({error}); give rows of the same length that hold numbers "
        "only."
    )
