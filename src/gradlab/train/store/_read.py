"""A store that is read: it may be from anywhere, so sizes are looked at before memory is taken, links refused."""

from __future__ import annotations

import json
import os
import re
from math import prod
from typing import TYPE_CHECKING, Any

from gradlab.train.store._description import FORMAT
from gradlab.train.store._errors import StoreError
from gradlab.train.store._place import Folder, Remote, place_of
from gradlab.train.store._write import import_zarr

if TYPE_CHECKING:
    import xarray

_LARGEST_TEXT = 2**24  # bytes of a description
_LARGEST_CHUNK = 2**28  # bytes of a chunk
_MOST_LABELS = 2**24  # numbers of what is read at once: settings, points
_SIZES = {"bool": 1, "int8": 1, "int32": 4, "int64": 8, "float32": 4, "float64": 8, "string": 64}
# None of them runs anything: those that unpickle are not among them.
_CODECS = {"bytes", "blosc", "crc32c", "zstd", "gzip", "vlen-utf8", "sharding_indexed", "transpose"}
# What is read when it is used; all else is read when a store is opened.
_RESULTS = {"loss", "success", "success_step", "diverged", "diverged_step", "done", "loss_sum", "converged", "trained"}
_RESULTS |= {"curves", "curve_quantiles", "parameters"}
_NAME = re.compile(r"[A-Za-z]\w*")


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
    import xarray

    place = place_of(path)
    attributes_of(place)
    place.check_links()
    root = _description(place, "zarr.json")
    listed = root.get("consolidated_metadata") or {}
    arrays = listed.get("metadata", {}) if isinstance(listed, dict) else {}
    if not isinstance(arrays, dict) or "done" not in arrays:
        raise StoreError(f"{place} is no store of a sweep: it does not list its arrays.")
    for name, about in arrays.items():
        if not _NAME.fullmatch(str(name)):
            raise StoreError(f"{place} is not safe to read: it has an array named {str(name)[:40]!r}.")
        _check_array(f"{place}: {name}", name, about)
        _check_array(f"{place}: {name}", name, _description(place, f"{name}/zarr.json"))
    dataset = xarray.open_zarr(place.target, chunks=None, consolidated=True)
    dataset.attrs["interrupted"] = 0
    return dataset


def attributes_of(place: Folder | Remote) -> dict[str, Any]:
    """Returns what a store says of itself.

    Args:
        place: where it is.

    Raises:
        StoreError: if it is no store of a sweep, or made by a newer version.
    """
    about = _description(place, "zarr.json").get("attributes")
    version = about.get("gradlab_store") if isinstance(about, dict) else None
    if not isinstance(about, dict) or not isinstance(version, int):
        raise StoreError(f"{place} is no store of a sweep of gradlab's.")
    if version > FORMAT:
        made = json.loads(about.get("provenance", "[]"))
        by = f" {made[0].get('gradlab', '')}" if isinstance(made, list) and made and isinstance(made[0], dict) else ""
        raise StoreError(
            f"{place} has the format {version} of a newer gradlab{by}, and this one knows {FORMAT}: upgrade gradlab."
        )
    for name in ("experiment", "description", "provenance"):
        if not isinstance(about.get(name), str):
            raise StoreError(f"{place} is no whole store: it does not say its {name}.")
    return about


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


def _check_array(where: str, name: str, about: Any) -> None:
    """An array of numbers or short texts, by known codecs, with chunks and labels that fit into memory."""
    try:
        kind, shape = about["data_type"], [int(length) for length in about["shape"]]
        chunk = [int(length) for length in about["chunk_grid"]["configuration"]["chunk_shape"]]
        codecs = list(_codecs(about["codecs"]))
        plain = about["chunk_key_encoding"]["name"] == "default" and not about.get("storage_transformers")
    except (KeyError, TypeError, ValueError):
        raise StoreError(f"{where} is damaged: its description is not one of an array.") from None
    strange = [codec for codec in codecs if codec not in _CODECS]
    if strange or not plain:
        raise StoreError(f"{where} is not safe to read: it is stored by {strange[0] if strange else 'other names'!r}.")
    if not isinstance(kind, str) or kind not in _SIZES:
        raise StoreError(f"{where} is not safe to read: it holds {str(kind)[:40]!r}, not numbers or texts.")
    if min([*shape, 0]) < 0 or min([*chunk, 1]) < 1:
        raise StoreError(f"{where} is damaged: its shape is {shape}, in chunks of {chunk}.")
    if prod(chunk) * _SIZES[kind] > _LARGEST_CHUNK:
        raise StoreError(
            f"{where} is not safe to read: a chunk of it would take {prod(chunk) * _SIZES[kind]:,} bytes of memory, "
            f"and the limit is {_LARGEST_CHUNK:,}."
        )
    if name not in _RESULTS and prod(shape) > _MOST_LABELS:
        raise StoreError(
            f"{where} is not safe to read: it has {prod(shape):,} labels, and the limit is {_MOST_LABELS:,}."
        )


def _codecs(listed: Any) -> Any:
    """The names of codecs, those inside of others too."""
    for codec in listed:
        yield str(codec["name"])
        inner = codec.get("configuration") or {}
        for key in ("codecs", "index_codecs"):
            yield from _codecs(inner.get(key, ()))
