"""Many small chunks in few files: what a finished store becomes, and what such files are asked before they are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from gradlab.train.store._description import SHARDED
from gradlab.train.store._place import Folder, Remote
from gradlab.train.work import Contents

_MANY, _TOGETHER = 512, 16  # chunks from which on they are put together, and how many have to fit into a file
_LARGEST = 2**22  # bytes of a file before compression
_NONE = 2**64 - 1  # where a chunk lies that is not there
_INDEX = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]


def file_of(name: str, index: Iterable[object], *, sharded: bool) -> str:
    """Returns the file of a chunk, or of several together: names of the two kinds differ, so that both can be there."""
    return f"{name}/" + (".", "/")[not sharded].join(["c", *map(str, index)])


def files_of(place: Folder | Remote, name: str, *, sharded: bool) -> list[str]:
    """Returns the files of an array's chunks."""
    if not sharded:
        return place.files_in(f"{name}/c")
    start = f"{name}/c."
    return [f for f in place.files_in(name) if f.startswith(start) and f[len(start) :].replace(".", "").isdigit()]


def parted(about: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """Returns the description of an array as if each chunk had its file, and how long a file is along each dimension.

    Raises:
        KeyError, TypeError, ValueError: if it cannot be read, or files are put together in another way.
    """
    whole, codec = about["chunk_grid"]["configuration"]["chunk_shape"], about["codecs"][:1]
    if not codec or codec[0]["name"] != "sharding_indexed":
        return about, whole
    how = codec[0]["configuration"]
    if len(about["codecs"]) > 1 or how["index_codecs"] != _INDEX or how.get("index_location", "end") != "end":
        raise ValueError("other files of several chunks")
    if any(length % part for length, part in zip(whole, how["chunk_shape"], strict=True)):
        raise ValueError("a chunk lies in several files")
    grid = {"name": about["chunk_grid"]["name"], "configuration": {"chunk_shape": how["chunk_shape"]}}
    return {**about, "codecs": how["codecs"], "chunk_grid": grid}, whole


def put_together(place: Folder | Remote, contents: Contents) -> None:
    """Puts the chunks of a finished store together where they are many and small; each keeps its bytes.

    The new files are written beside the old ones, then the description that says so, in one piece, and then the old
    ones go: whenever the process is killed, the store is whole.
    """
    cut, root = contents.chunks, json.loads(place.read("zarr.json", 2**24))
    listed = root["consolidated_metadata"]["metadata"]
    counts = [-(-length // part) for length, part in zip(cut.shape, cut.chunk_shape, strict=True)]
    sizes = [
        prod(contents.of(name).after(cut.chunk_shape, contents.of(name).lengths)) * np.dtype(kind).itemsize
        for name, (kind, _, _) in contents.results.items()
    ]
    left = _LARGEST // max(sizes)
    if root["attributes"]["gradlab_store"] == SHARDED or prod(counts) < _MANY or left < _TOGETHER:
        return
    each = [1] * len(counts)
    for axis in range(len(counts) - 1, -1, -1):
        each[axis] = min(counts[axis], left)
        left //= each[axis]
    for name in contents.results:
        ones = [1] * len(contents.of(name).dims)
        here, per = contents.of(name).after(counts, ones), contents.of(name).after(each, ones)
        for shard in np.ndindex(*(-(-count // many) for count, many in zip(here, per, strict=True))):
            inner = product(*(range(s * many, (s + 1) * many) for s, many in zip(shard, per, strict=True)))
            there = [index if all(map(int.__lt__, index, here)) else None for index in inner]
            chunks = iter(place.contents([file_of(name, index, sharded=False) for index in there if index is not None]))
            joined = _joined([None if index is None else next(chunks) for index in there])
            place.write(file_of(name, shard, sharded=True), joined)
            place.still_alone()
        about, chunk = listed[name], listed[name]["chunk_grid"]["configuration"]["chunk_shape"]
        how = {"chunk_shape": chunk, "codecs": about["codecs"], "index_codecs": _INDEX, "index_location": "end"}
        shape = [n * many for n, many in zip(chunk, per, strict=True)]
        about["chunk_grid"] = {"name": "regular", "configuration": {"chunk_shape": shape}}
        about["chunk_key_encoding"] = {"name": "default", "configuration": {"separator": "."}}
        about["codecs"] = [{"name": "sharding_indexed", "configuration": how}]
    root["attributes"]["gradlab_store"] = SHARDED
    place.write("zarr.json", json.dumps(root).encode())
    clear(place, listed, contents.results)


def clear(place: Folder | Remote, listed: dict[str, Any], results: Iterable[str]) -> None:
    """Takes away what a store has no more need of whose chunks were put together: again, if that was interrupted."""
    for name in sorted(results, key=lambda name: name != "done"):  # a reader from before sees first that none is done
        place.write(f"{name}/zarr.json", json.dumps(listed[name]).encode())
        place.remove(f"{name}/c")


def _joined(chunks: Sequence[bytes | None]) -> bytes:
    """A file of several chunks, and behind them where each begins and how long it is."""
    sizes = [len(chunk) if chunk is not None else 0 for chunk in chunks]
    starts = np.cumsum([0, *sizes[:-1]])
    none = np.array([chunk is None for chunk in chunks])
    index = np.where(none[:, None], np.uint64(_NONE), np.array([starts, sizes], np.uint64).T).astype("<u8").tobytes()
    return b"".join([*filter(None, chunks), index, _checksum(index)])


def _checksum(content: bytes) -> bytes:
    import google_crc32c

    return int(google_crc32c.value(content)).to_bytes(4, "little")


def heads(place: Folder | Remote, file: str, about: dict[str, Any], whole: Sequence[int], count: int) -> list[bytes]:
    """Returns the first bytes of each chunk of a file; of a distant store none.

    Args:
        place: the store.
        file: which.
        about: the array's description, as if each chunk had its file.
        whole: how long a file is along each dimension.
        count: how many bytes.

    Raises:
        ValueError: if it is damaged, or a chunk is missing.
    """
    part, shape = about["chunk_grid"]["configuration"]["chunk_shape"], about["shape"]
    counts = [length // one for length, one in zip(whole, part, strict=True)]
    shard = map(int, file.partition("/c.")[2].split("."))
    there = [slice(max(0, -(-n // one) - s * k)) for s, k, n, one in zip(shard, counts, shape, part, strict=True)]
    size = 16 * prod(counts) + 4
    (tail,) = place.parts(file, [(-size, None)])
    if len(tail) != size or tail[-4:] != _checksum(tail[:-4]):
        raise ValueError("it is not whole")
    index = np.frombuffer(tail[:-4], "<u8").reshape(*counts, 2)[tuple(there)].reshape(-1, 2)
    if (index > 2**62).any():
        raise ValueError("a chunk of it is missing")
    spans = [(int(at), min(count, int(n))) for at, n in index] if place.near else []
    found = [*place.parts(file, spans)]
    if [len(head) for head in found] != [length for _, length in spans]:
        raise ValueError("it is not whole")
    return found
