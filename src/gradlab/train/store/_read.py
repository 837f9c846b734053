"""A store that is read: it may be from anywhere, so sizes are looked at before memory is taken, links refused."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from gradlab.train.store._checked import check_arrays
from gradlab.train.store._description import FORMAT
from gradlab.train.store._errors import StoreError
from gradlab.train.store._place import Folder, Remote, in_a_line, place_of
from gradlab.train.store._write import import_zarr

if TYPE_CHECKING:
    import xarray

_LARGEST_TEXT = 2**24  # bytes of a description


def open(path: str | os.PathLike[str]) -> xarray.Dataset:
    """Opens a sweep's store: what is finished so far; what is not is missing, and ``done`` says so.

    The numbers are read when they are used, and a store may grow meanwhile: open it again to see more. Nothing in a
    store is believed: a file that lies outside of it, a codec that could run something, or a size that is out of
    all proportion is refused before memory is taken.

    Args:
        path: the store's folder, or an address that fsspec reaches, as ``s3://bucket/sweep.zarr``.

    Returns:
        The dataset that `gl.sweep` gives, in which losses and outcomes are missing (NaN) where a run is not done.

    Raises:
        StoreError: if it is no store of a sweep, is made by a newer version, or is not safe to read.
        GradlabError: if Zarr is not installed, or what reaches the address.

    >>> import tempfile
    >>> import gradlab as gl
    >>> path = tempfile.mkdtemp() + "/sweep.zarr"
    >>> grid = gl.sweep(gl.mlp([2, 2, 1]), gl.datasets.five_points(), restarts=100, steps=50, out=path)
    >>> bool(open(path)["done"].all())
    True
    """
    import_zarr()
    place = place_of(path)
    attributes_of(place)
    dataset = checked(place, whole=True)
    dataset.attrs["interrupted"] = 0
    return dataset


def checked(place: Folder | Remote, *, whole: bool) -> xarray.Dataset:
    """Looks at a store before any of its numbers is read, and returns what is in it, to be read.

    With `whole` all of a chunk has to be there that is said to be done; else it is trained again.
    Raises a StoreError if it is no store of a sweep, is damaged, or is not safe to read.
    """
    place.check_links()
    root = _description(place, "zarr.json")
    listed = root.get("consolidated_metadata") or {}
    arrays = listed.get("metadata", {}) if isinstance(listed, dict) else {}
    if not isinstance(arrays, dict) or "done" not in arrays:
        raise StoreError(f"{place} is no store of a sweep: it does not list its arrays.")
    check_arrays(place, arrays, whole=whole)
    for name, about in arrays.items():
        if {**about, "attributes": 0} != {**_description(place, f"{name}/zarr.json"), "attributes": 0}:
            raise StoreError(f"{place} is damaged: {name}/zarr.json says something else than the list in zarr.json.")
    import xarray

    from gradlab.train.store._values import with_names

    try:
        return with_names(xarray.open_zarr(place.target, chunks=None, consolidated=True), place)
    except Exception as problem:  # Zarr and xarray say in many ways that something is damaged
        raise StoreError(f"{place} is damaged: {in_a_line(problem)}.") from problem


def attributes_of(place: Folder | Remote) -> dict[str, Any]:
    """Returns what a store says of itself; refuses what is none, or was made by a newer version."""
    about = _description(place, "zarr.json").get("attributes")
    version = about.get("gradlab_store") if isinstance(about, dict) else None
    if not isinstance(about, dict) or type(version) is not int or version < 1:
        raise StoreError(f"{place} is no store of a sweep of gradlab's.")
    if version > FORMAT:
        made = _read_list(about.get("provenance"))
        by = f" {str(made[0].get('gradlab', ''))[:40]}" if made else ""
        raise StoreError(
            f"{place} has the format {version} of a newer gradlab{by}, and this one knows {FORMAT}: upgrade gradlab."
        )
    for name in ("experiment", "description", "provenance"):
        if not isinstance(about.get(name), str):
            raise StoreError(f"{place} is no whole store: it does not say its {name}.")
    if _read_list(about["provenance"]) is None or not _read_list(f"[{about['description']}]"):
        raise StoreError(f"{place} is damaged: its provenance or its description cannot be read.")
    return about


def _read_list(text: Any) -> list[dict[str, Any]] | None:
    """A list of descriptions from its text, or None if it is none."""
    try:
        made = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return made if isinstance(made, list) and all(isinstance(each, dict) for each in made) else None


def _description(place: Folder | Remote, file: str) -> dict[str, Any]:
    """The text that describes a group or an array."""
    try:
        made = json.loads(place.read(file, _LARGEST_TEXT))
    except OSError:
        raise StoreError(
            f"{place} is no store of a sweep: it has no {file}; write one with gl.sweep(..., out='sweep.zarr')."
        ) from None
    except (ValueError, RecursionError) as problem:
        if isinstance(problem, StoreError):
            raise
        raise StoreError(f"{place}/{file} is damaged: {problem}.") from None
    if not isinstance(made, dict):
        raise StoreError(f"{place}/{file} is damaged: it describes nothing.")
    return made
