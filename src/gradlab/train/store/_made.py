"""An experiment that is trained into memory or into a store: what sweeps and maps have in common."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING

from gradlab._errors import GradlabError
from gradlab.train._memory import check_memory
from gradlab.train._progress import Progress
from gradlab.train.store._read import open as open_store
from gradlab.train.store._write import writing
from gradlab.train.work import HERE, Contents, Engine, Keeper, Memory, Work, fill

if TYPE_CHECKING:
    import xarray


def check_room(contents: Contents, what: str) -> None:
    """Raises a TrainError before it starts if a result of so many of what it has would not fit into memory."""
    asked = f"the result of {prod(contents.chunks.shape):,} {what}"
    check_memory(contents.bytes, asked, f"ask for fewer {what}, or give a store: out=")


def made(
    contents: Contents,
    work: Work,
    *,
    out: str | os.PathLike[str] | None = None,
    resume: bool = False,
    engine: Engine = HERE,
    counted: bool = False,
    what: str = "runs",
    progress: Callable[[Progress], object] | None = None,
) -> xarray.Dataset:
    """Trains all that is not done, into a store or into memory, and returns what is done.

    That Ctrl-C came before all was is an attribute, "interrupted".

    Args:
        contents: what it holds.
        work: what is trained.
        out: the store into which it goes, which is made if it is not there; None for memory.
        resume: whether to go on with a store that is there.
        engine: who trains it.
        counted: whether its "success" is counted.
        what: is trained.
        progress: called before the first chunk and after each.

    Raises:
        TrainError: if it would not fit into memory.
        StoreError: if the store cannot be written, or holds another experiment.
    """

    def filled(keeper: Keeper) -> bool:
        name = "success" if counted else None
        return fill(keeper, contents.chunks, work, engine=engine, counted=name, what=what, progress=progress)

    if out is None:
        check_room(contents, what)
        memory = Memory(contents)
        try:
            whole = filled(memory)
        except GradlabError as problem:
            problem.finished = memory.dataset()
            problem.add_note("what was finished is this error's `finished`")
            raise
        dataset = memory.dataset()
    else:
        with writing(out, contents, resume=resume) as store:
            whole = filled(store)
        dataset = open_store(out)
    dataset.attrs["interrupted"] = int(not whole)
    return dataset
