"""A store that is written: created whole or not at all, one writer at a time, a chunk finished when its mark is set."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlab._errors import GradlabError
from gradlab.train.store._description import FORMAT, hashed, provenance
from gradlab.train.store._errors import StoreError
from gradlab.train.work import Behind, Chunk, Contents

log = logging.getLogger("gradlab.train.store")


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
        path: where it is.
        contents: what it holds.
    """

    room = "the disk, less once it is compressed"

    def __init__(self, path: Path, contents: Contents) -> None:
        self.path = path
        self.behind = contents.behind
        group = import_zarr().open_group(str(path), mode="r+")
        self.arrays = {name: group[name] for name in contents.results}

    def finished(self, chunk: Chunk) -> bool:
        """Whether a chunk is there as it was written; one that is damaged is done again."""
        if not self._file("done", chunk).exists():
            return False
        try:
            # Every file has its checksum, and is read for it.
            return all(
                self._file(name, chunk).exists()
                and (array[self._region(name, chunk)] is not None if name != "done" else array[chunk.region].all())
                for name, array in self.arrays.items()
            )
        except (ValueError, RuntimeError, OSError) as problem:
            log.warning("a chunk of %s is damaged and done again (%s): %s", self.path, chunk.place, problem)
            self._file("done", chunk).unlink(missing_ok=True)
            return False

    def _file(self, name: str, chunk: Chunk) -> Path:
        behind = self.behind.get(name, Behind())
        return self.path / name / "c" / Path(*map(str, (*behind.of_runs(chunk.place), *(0 for _ in behind.dims))))

    def _region(self, name: str, chunk: Chunk) -> tuple[slice, ...]:
        behind = self.behind.get(name, Behind())
        return (*behind.of_runs(chunk.region), *map(slice, behind.lengths))

    def write(self, chunk: Chunk, outcomes: Mapping[str, NDArray[Any]]) -> None:
        """Stores what a chunk gave, and then that it is done.

        Raises:
            StoreError: if the disk is full, or the store is gone.
        """
        try:
            for name, array in self.arrays.items():
                if name != "done":
                    region = self._region(name, chunk)
                    shape = [part.stop - (part.start or 0) for part in region]
                    array[region] = outcomes[name].reshape(shape).astype(array.dtype, copy=False)
            self.arrays["done"][chunk.region] = np.ones(chunk.shape, bool)
        except OSError as problem:
            full = problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            remedy = "make room" if full else "see to that"
            raise StoreError(
                f"{self.path} cannot be written ({problem.strerror or problem}); what is finished is kept: {remedy}, "
                "and go on with --resume, or resume=True."
            ) from None


@contextmanager
def writing(path: Path, contents: Contents, *, resume: bool) -> Iterator[Store]:
    """Opens a store to be written by nobody else, and makes it if it is not there.

    Args:
        path: where it is.
        contents: what it holds.
        resume: whether to go on with one that is there.

    Raises:
        StoreError: if it is there and not to be gone on with, or holds another experiment, is made by a newer version,
            or is being written.
        GradlabError: if Zarr is not installed.
    """
    import_zarr()
    import filelock

    path = path.absolute()
    lock = filelock.FileLock(path.with_name(path.name + ".lock"), timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except filelock.Timeout:
        if not Path(lock.lock_file).exists():
            raise StoreError(f"{path} cannot be written: files cannot be made in {path.parent}.") from None
        raise StoreError(
            f"{path} is being written by another process; wait for it, or write to another store."
        ) from None
    except OSError as problem:
        raise StoreError(f"{path} cannot be written: {problem.strerror or problem}.") from None
    try:
        if path.exists():
            _check_same(path, contents.description, resume)
            _tidy(path)
        else:
            _create(path, contents)
        yield Store(path, contents)
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _check_same(path: Path, wanted: dict[str, Any], resume: bool) -> None:
    """It holds this experiment, and may be gone on with."""
    from gradlab.train.store._read import attributes_of

    about = attributes_of(path)
    if about["experiment"] != hashed(wanted):
        there = json.loads(about["description"])
        names = [name for name in {**wanted, **there} if wanted.get(name) != there.get(name)]
        raise StoreError(
            f"{path} holds another experiment: {', '.join(names)} "
            f"{'differs' if len(names) == 1 else 'differ'}; write to another store."
        )
    if not resume:
        raise StoreError(f"{path} is there already; go on with it by --resume, or resume=True, or write to another.")
    sessions = [*json.loads(about["provenance"]), provenance()]
    if len({session.get("instruction_set") for session in sessions}) > 1:
        log.warning("%s was begun on another instruction set: the last digits of its losses may differ", path)
    import_zarr().open_group(str(path), mode="r+").attrs["provenance"] = json.dumps(sessions)
    _consolidate(path)


def _tidy(path: Path) -> None:
    """Takes away what a process that was killed left half-written."""
    for file in path.rglob("*.partial"):
        file.unlink(missing_ok=True)


def _create(path: Path, contents: Contents) -> None:
    """Makes the store beside its place and moves it there, so that it is there whole or not at all."""
    zarr, chunks, labels = import_zarr(), contents.chunks, contents.labels()
    made = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    # Of texts, those without a length of their own have a specification.
    texts = [name for name, variable in labels.variables.items() if variable.dtype.kind == "U"]
    labels = labels.assign_coords({name: labels[name].astype(object) for name in texts})
    labels.attrs |= {
        "gradlab_store": FORMAT,
        "experiment": hashed(contents.description),
        "description": json.dumps(contents.description),
        "provenance": json.dumps([provenance()]),
    }
    try:
        labels.to_zarr(str(made), zarr_format=3, consolidated=False)
        group = zarr.open_group(str(made), mode="r+")
        for name, (dtype, fill, meaning) in contents.results.items():
            missing = {"_FillValue": fill} if dtype.startswith("int") else {}
            behind = contents.behind.get(name, Behind())
            group.create_array(
                name,
                shape=(*behind.of_runs(chunks.shape), *behind.lengths),
                chunks=(*behind.of_runs(chunks.chunk_shape), *behind.lengths),
                dtype=dtype,
                fill_value=fill,
                compressors=[
                    zarr.codecs.BloscCodec(cname="lz4", clevel=1, shuffle="bitshuffle"),
                    zarr.codecs.Crc32cCodec(),
                ],
                dimension_names=(*behind.of_runs(chunks.dims), *behind.dims),
                attributes={**meaning, **missing},
                config={"write_empty_chunks": True},
            )
        _consolidate(made)
        os.rename(made, path)
    except OSError as problem:
        raise StoreError(f"{path} cannot be made: {problem.strerror or problem}.") from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _consolidate(path: Path) -> None:
    zarr = import_zarr()
    with warnings.catch_warnings():
        # Readers that do not know it read each array's own description, which is there too.
        warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
        zarr.consolidate_metadata(str(path))
