"""A store that is written: created whole or not at all, one writer at a time, a chunk finished when its mark is set."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property, partial
from math import prod
from typing import TYPE_CHECKING, Any

from gradlab._errors import GradlabError
from gradlab.train._provenance import provenance
from gradlab.train.store._description import FORMAT, hashed
from gradlab.train.store._errors import StoreError
from gradlab.train.store._place import Folder, Remote, in_a_line, place_of
from gradlab.train.work import Chunk, Contents, Maker, Outcomes

if TYPE_CHECKING:
    import xarray

log = logging.getLogger("gradlab.train.store")
_READ = 2**26  # bytes that are looked at together
_PATIENCE = 10.0  # seconds for what is still being written when something went wrong
_MOST_NAMED = 2**20  # restarts up to which they have their numbers as labels


def import_zarr() -> Any:
    """Zarr, or an error that says how to install it."""
    try:
        import filelock  # noqa: F401
        import xarray  # noqa: F401
        import zarr
    except ModuleNotFoundError:
        raise GradlabError("stores need Zarr: pip install 'gradlab[store]'") from None
    return zarr


class Store:
    """A store that this process writes.

    Args:
        place: where it is.
        contents: what it holds.
    """

    def __init__(self, place: Folder | Remote, contents: Contents) -> None:
        self.place, self.room, self.contents = place, place.room, contents
        self.group = import_zarr().open_group(place.target, mode="r+")
        self.arrays = {name: self.group[name] for name in contents.results}
        chunk = contents.bytes * prod(contents.chunks.chunk_shape) // prod(contents.chunks.shape)
        self._together = max(1, _READ // max(1, chunk))  # chunks that are read at once, which takes less time for each
        self._sound: dict[tuple[int, ...], list[bool] | None] = {}

    def finished(self, chunk: Chunk) -> bool:
        """Whether a chunk is there as it was written; one that is damaged is done again."""
        if not all(self._file(name, chunk) in self._written_before for name in self.arrays):
            return False
        number, within = divmod(chunk.place[-1], self._together)
        row = (*chunk.place[:-1], number)
        if row not in self._sound:  # where one of them is damaged, each is looked at by itself
            self._sound[row] = None
            with suppress(*self.place.damage):
                self._sound[row] = self._done(chunk, number * self._together, self._together)
        known = self._sound[row]
        try:
            return known[within] if known is not None else self._done(chunk, chunk.place[-1], 1)[0]
        except self.place.damage as problem:
            log.warning("a chunk of %s is damaged and done again (%s): %s", self.place, chunk.place, problem)
            self.place.remove(self._file("done", chunk))
            return False

    def _done(self, chunk: Chunk, first: int, count: int) -> list[bool]:
        """Which of some chunks in a chunk's row are done; every file has its checksum, and is read for it."""
        length = self.contents.chunks.chunk_shape[-1]
        stop = min((first + count) * length, self.contents.chunks.shape[-1])
        row = replace(chunk, region=(*chunk.region[:-1], slice(first * length, stop)))
        for name, array in self.arrays.items():
            array[self.contents.region(name, row)]
        done = self.arrays["done"][row.region]
        return [bool(done[..., start : start + length].all()) for start in range(0, done.shape[-1], length)]

    @cached_property
    def _written_before(self) -> set[str]:
        """All files of chunks, listed once: what comes later is not asked for."""
        return {file for name in self.arrays for file in self.place.files_in(f"{name}/c")}

    def _file(self, name: str, chunk: Chunk) -> str:
        behind = self.contents.of(name)
        return "/".join(map(str, (name, "c", *behind.after(chunk.place, [0] * len(behind.dims)))))

    def trained_by(self, makers: list[Maker]) -> None:
        """Says by whom chunks were trained since the store was taken up; errors are those of `write`."""
        sessions = json.loads(self.group.attrs["provenance"])
        sessions[-1]["engines"] = makers
        with _written(self.place):
            self.group.attrs["provenance"] = json.dumps(sessions)

    def write(self, chunk: Chunk, outcomes: Outcomes) -> None:
        """Stores what a chunk gave, and then that it is done.

        Raises:
            StoreError: if the disk is full, or the store is gone.
        """
        with _written(self.place):
            for name, region, numbers in self.contents.parts(chunk, outcomes):
                array = self.arrays[name]
                array[region] = numbers.astype(array.dtype, copy=False)


@contextmanager
def _written(place: Folder | Remote) -> Iterator[None]:
    """What is written while this process is still the only one; what goes wrong is said."""
    place.still_alone()
    try:
        yield
    except GradlabError:
        raise
    except place.wrong as problem:
        number = getattr(problem, "errno", None)
        remedy = "make room" if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "see to that"
        said = getattr(problem, "strerror", None) or in_a_line(problem)
        raise StoreError(
            f"{place} cannot be written ({said}); what is finished is kept: {remedy}, "
            "and go on with --resume, or resume=True."
        ) from None


@contextmanager
def writing(where: str | os.PathLike[str], contents: Contents, *, resume: bool) -> Iterator[Store]:
    """Opens a store to be written by nobody else, and makes it if it is not there.

    Raises:
        StoreError: if it is there and not to be gone on with, or holds another experiment, is made by a newer version,
            or is being written.
        GradlabError: if Zarr is not installed, or what reaches the address.
    """
    import_zarr()
    place = place_of(where)
    with place.alone():
        with _written(place):
            if place.is_there():
                _check_same(place, contents, resume)
            else:
                labels = contents.labels({})  # says what is wrong with them, before anything is made
                place.create(partial(_create, contents, labels))
            store = Store(place, contents)
        yield store


def _check_same(place: Folder | Remote, contents: Contents, resume: bool) -> None:
    """It holds this experiment, and may be gone on with."""
    from gradlab.train.store._read import attributes_of, checked

    about, wanted = attributes_of(place), contents.description
    if about["experiment"] != hashed(wanted):
        there = json.loads(about["description"])
        names = [name for name in {**wanted, **there} if wanted.get(name) != there.get(name)]
        raise StoreError(
            f"{place} holds another experiment: {', '.join(names) or 'its hash'} "
            f"{'differ' if len(names) > 1 else 'differs'}; write to another store."
        )
    if not resume:
        raise StoreError(f"{place} is there already; go on with it by --resume, or resume=True, or write to another.")
    there = checked(place, whole=False)
    for name in contents.results:
        if name not in there or there[name].shape != contents.shape(name):
            raise StoreError(f"{place} is damaged: its {name} is not what this experiment gives.")
    sessions = [*json.loads(about["provenance"]), provenance()]
    if len({session.get("instruction_set") for session in sessions}) > 1:
        log.warning("%s was begun on another instruction set: the last digits of its losses may differ", place)
    import_zarr().open_group(place.target, mode="r+").attrs["provenance"] = json.dumps(sessions)
    _consolidate(place.target)


def _create(contents: Contents, labels: xarray.Dataset, target: str) -> None:
    """Makes a store, and where that fails waits for what Zarr still writes: it would come back once it is removed."""
    try:
        _make(contents, labels, target)
    except BaseException:
        from zarr.core.sync import sync

        sync(_others_done())
        raise


async def _others_done() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=_PATIENCE)


def _make(contents: Contents, labels: xarray.Dataset, target: str) -> None:
    """Makes a store; that it is one is written last."""
    zarr, whole = import_zarr(), contents.chunks.chunk_shape
    # Numbers of many restarts are no labels: readers would hold them in memory.
    many = [name for name, index in labels.indexes.items() if name == contents.growing and len(index) > _MOST_NAMED]
    labels = labels.drop_vars(many)
    # Of texts, those without a length of their own have a specification.
    texts = [name for name, variable in labels.variables.items() if variable.dtype.kind == "U"]
    labels = labels.assign_coords({name: labels[name].astype(object) for name in texts})
    about = {
        "gradlab_store": FORMAT,
        "experiment": hashed(contents.description),
        "description": json.dumps(contents.description),
        "provenance": json.dumps([provenance()]),
    }
    # Those that are all 0 too: what is not there is missing, and not 0.
    labels.to_zarr(target, mode="w", zarr_format=3, consolidated=False, write_empty_chunks=True)
    group = zarr.open_group(target, mode="r+")
    for name, (dtype, fill, meaning) in contents.results.items():
        missing = {"_FillValue": fill} if dtype.startswith("int") else {}
        behind = contents.of(name)
        group.create_array(
            name,
            shape=contents.shape(name),
            chunks=behind.after(whole, behind.lengths),
            dtype=dtype,
            fill_value=fill,
            compressors=[
                zarr.codecs.BloscCodec(cname="lz4", clevel=1, shuffle="bitshuffle"),
                zarr.codecs.Crc32cCodec(),
            ],
            dimension_names=contents.dims(name),
            attributes={**meaning, **missing},
            config={"write_empty_chunks": True},
        )
    group.attrs.update(about)
    _consolidate(target)


def _consolidate(target: str) -> None:
    zarr = import_zarr()
    with warnings.catch_warnings():
        # Readers that do not know it read each array's own description, which is there too.
        warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
        zarr.consolidate_metadata(target)
