"""What is asked of a store's files before one is read: how large they get, and whether all are there."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from typing import Any

from gradlab.train.store._errors import StoreError
from gradlab.train.store._place import Folder, Remote

log = logging.getLogger("gradlab.train.store")
LARGEST_CHUNK = 2**28  # bytes of a chunk
_MOST_LABELS = 2**24  # numbers of what is read at once: settings, points
_SIZES = {"bool": 1, "int8": 1, "int32": 4, "int64": 8, "float32": 4, "float64": 8, "string": 64}
# None of them runs anything: those that unpickle are not among them; and how large it gets is said by what they made.
_PLAIN = {"bytes", "vlen-utf8"}
_COMPRESSORS = {"blosc", "zstd"}
_CODECS = {*_PLAIN, *_COMPRESSORS, "crc32c"}
# What is read when it is used; all else is read when a store is opened.
RESULTS = {"loss", "success", "success_step", "diverged", "diverged_step", "done", "loss_sum", "converged", "trained"}
RESULTS |= {"curves", "curve_quantiles", "parameters"}
_NAME = re.compile(r"[A-Za-z]\w*")
_CHUNK = re.compile(r"\w+/c(/\d+)*")  # others are what was being written, or what a desktop adds
_BESIDE = 2**10  # bytes that a chunk's file has beside its numbers, and a part more where they cannot be compressed
_HEAD = 32  # bytes at a chunk's beginning in which its compressor says how large it gets
_ZSTD = b"\x28\xb5\x2f\xfd"


def check_arrays(place: Folder | Remote, arrays: dict[str, Any], *, whole: bool) -> None:
    """Looks at all arrays of a store, by what the store says of them, and at their files.

    With `whole` all of a chunk has to be there that is said to be done; else it is trained again.
    Raises a StoreError if one is damaged, not safe to read, or not there.
    """
    shapes: dict[str, dict[str, tuple[int, int]]] = {}
    for name, about in arrays.items():
        if not _NAME.fullmatch(str(name)):
            raise StoreError(f"{place} is not safe to read: it has an array named {str(name)[:40]!r}.")
        _check_array(f"{place}: {name}", name, about)
        shapes[name] = dict(zip(_names(about), zip(*_shapes(about), strict=True), strict=True))
    lengths: dict[str, int] = {}
    for name, dims in shapes.items():
        for dim, (length, _) in dims.items():
            if lengths.setdefault(dim, length) != length:
                raise StoreError(f"{place} is damaged: {name} has {length} along {dim}, and others {lengths[dim]}.")
    # What is done is looked for first: the store may grow, and is written in the other order.
    order = sorted(arrays, key=lambda name: name != "done") if place.lists else ()
    files = {
        name: {f: size for f, size in place.files_in(f"{name}/c").items() if _CHUNK.fullmatch(f)} for name in order
    }
    for name, dims in shapes.items():
        wanted = [*_wanted(name, dims, shapes["done"], files.get("done", ()))] if whole or name not in RESULTS else []
        lost = sorted({*wanted}.difference(files.setdefault(name, dict.fromkeys(wanted, 0))))
        if lost:
            raise StoreError(
                f"{place} is not whole: {lost[0]} is missing; copy it again"
                + (", or go on with it by --resume, or resume=True." if name in RESULTS else ".")
            )
        for file, problem in _too_large(place, arrays[name], files[name]):
            if whole or name not in RESULTS:
                raise StoreError(problem)
            log.warning("a chunk is damaged and done again: %s", problem)
            place.remove(file)


def _check_array(where: str, name: str, about: Any) -> None:
    """An array of numbers or short texts, by known codecs, with chunks and labels that fit into memory."""
    try:
        kind, names, (shape, chunk) = about["data_type"], _names(about), _shapes(about)
        codecs = [str(codec["name"]) for codec in about["codecs"]]
        plain = about["chunk_key_encoding"]["name"] == "default" and not about.get("storage_transformers")
        plain = plain and about["chunk_grid"]["name"] == "regular"
        says = about["node_type"], about["zarr_format"], type(about.get("attributes", {}))
    except (KeyError, TypeError, ValueError):
        raise StoreError(f"{where} is damaged: its description is not one of an array.") from None
    strange = [codec for codec in codecs if codec not in _CODECS]
    if strange or not plain:
        raise StoreError(f"{where} is not safe to read: it is stored by {strange[0] if strange else 'other names'!r}.")
    if not isinstance(kind, str) or kind not in _SIZES:
        raise StoreError(f"{where} is not safe to read: it holds {str(kind)[:40]!r}, not numbers or texts.")
    if min([*shape, 0]) < 0 or min([*chunk, 1]) < 1:
        raise StoreError(f"{where} is damaged: its shape is {shape}, in chunks of {chunk}.")
    if codecs[:1] == [] or codecs[0] not in _PLAIN or sum(codec in _COMPRESSORS for codec in codecs) > 1:
        raise StoreError(f"{where} is not safe to read: it is stored by {', '.join(codecs) or 'nothing'}.")
    if prod(chunk) * _SIZES[kind] > LARGEST_CHUNK:
        raise StoreError(
            f"{where} is not safe to read: a chunk of it would take {prod(chunk) * _SIZES[kind]:,} bytes of memory, "
            f"and the limit is {LARGEST_CHUNK:,}."
        )
    if name not in RESULTS and prod(shape) > _MOST_LABELS:
        raise StoreError(
            f"{where} is not safe to read: it has {prod(shape):,} labels, and the limit is {_MOST_LABELS:,}."
        )
    if says != ("array", 3, dict) or not len(shape) == len(chunk) == len({str(name) for name in names}):
        raise StoreError(f"{where} is damaged: its description is not one of an array.")


def _shapes(about: Any) -> tuple[list[int], list[int]]:
    """How long an array is along each dimension, and a chunk of it."""
    shape, chunk = about["shape"], about["chunk_grid"]["configuration"]["chunk_shape"]
    if not all(type(length) is int for length in (*shape, *chunk)):
        raise TypeError("a length is no whole number")
    return list(shape), list(chunk)


def _names(about: Any) -> list[Any]:
    """The names of an array's dimensions."""
    return list(about.get("dimension_names") or ())


def _wanted(
    name: str, dims: dict[str, tuple[int, int]], of_done: dict[str, tuple[int, int]], done: Iterable[str]
) -> Iterator[str]:
    """The files that have to be there: all of a label, and of a result those of the chunks that are done."""
    if name not in RESULTS:
        counts = [range(-(-length // part)) for length, part in dims.values()]
        yield from ("/".join(map(str, (name, "c", *place))) for place in product(*counts))
        return
    for file in done:
        places = dict(zip(of_done, file.split("/")[2:], strict=False))
        yield "/".join((name, "c", *(places.get(dim, "0") for dim in dims)))


def _too_large(place: Folder | Remote, about: Any, files: dict[str, int]) -> Iterator[tuple[str, str]]:
    """The chunks that get larger than their array says: as files, or by what their compressor wrote at the beginning.

    Args:
        place: the store.
        about: the array's description.
        files: and how many bytes each has, 0 where that is not known.
    """
    compressor = next((codec["name"] for codec in about["codecs"] if codec["name"] in _COMPRESSORS), None)
    room = LARGEST_CHUNK
    if about["data_type"] != "string":
        room = prod(_shapes(about)[1]) * _SIZES[about["data_type"]]
    large: dict[str, int | None] = {file: size for file, size in files.items() if size > room + room // 128 + _BESIDE}
    heads = () if compressor is None else place.heads([*files], _HEAD, bounded=compressor == "blosc")
    for file, head in heads:
        size = int.from_bytes(head[4:8], "little") if compressor == "blosc" else _zstd_size(head)
        if size is None or size > room:
            large.setdefault(file, size)
    for file, size in large.items():
        said = "does not say how much" if size is None else f"would take {size:,} bytes of"
        yield file, f"{place}/{file} is not safe to read: it {said} memory, and the limit is {room:,}."


def _zstd_size(head: bytes) -> int | None:
    """How large a Zstandard frame gets, or None if it is none or does not say; RFC 8878, section 3.1.1."""
    if head[:4] != _ZSTD or len(head) < 6:
        return None
    flags = head[4]
    single, kept = flags >> 5 & 1, (0, 1, 2, 4)[flags & 3]
    width = (single, 2, 4, 8)[flags >> 6]
    start = 5 + (not single) + kept
    return int.from_bytes(head[start : start + width], "little") + 256 * (width == 2) if width else None
