"""Workers behind a scheduler of dask.distributed: items are mapped to results, and lost ones are done again."""

from __future__ import annotations

import functools
import importlib.util
import logging
import operator
import pickle
import pkgutil
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gradlab._errors import GradlabError
from gradlab._version import __version__

if TYPE_CHECKING:
    from distributed import Client as Client
    from distributed import Future

log = logging.getLogger("gradlab.cluster")
# Items of each thread that are on their way: so many that a cluster which grows with the work that waits sees some, so
# few that results which wait to be fetched have room, in bytes.
_FEWEST_EACH, _MOST_EACH, _ROOM = 2, 16, 2**28
_FEWEST = 8  # on their way, so that there is something to do for a worker that joins
_LOOK = 1.0  # seconds between two looks at how many workers there are
Results = Generator[tuple[int, Any]]
_INSTALL = f"install it there, as by pip install 'gradlab[cluster]=={__version__}'"
_DONE = f"{__name__}:_done"  # called as _DONE looked up, of the version, what was sent, and an item
_CONNECT = 10.0  # seconds until a scheduler must have answered


@contextmanager
def workers(engine: object, scheduler: str | None) -> Iterator[Workers | None]:
    """The workers that a person names: those of a client of their own, or of a scheduler's address; else None.

    Args:
        engine: a `distributed.Client`, which stays open.
        scheduler: an address, as ``tcp://host:8786``.

    Raises:
        GradlabError: if it is no client, both are given, no scheduler answers, or dask.distributed is not installed.
    """
    if engine is None and scheduler is None:
        yield None
        return
    if importlib.util.find_spec("distributed") is None:
        raise GradlabError("a scheduler's workers need dask.distributed: pip install 'gradlab[cluster]'")
    from distributed import Client

    if engine is not None and scheduler is not None:
        raise GradlabError("engine and scheduler are two ways to say the same; leave one out.")
    if engine is not None:
        if not isinstance(engine, Client) or engine.asynchronous:
            what = "an asynchronous client" if isinstance(engine, Client) else repr(type(engine).__name__)
            raise GradlabError(
                f"engine is {what}; give a client of dask.distributed that waits for its answers, as "
                "engine=distributed.Client('tcp://host:8786')."
            )
        if engine.status != "running":
            raise GradlabError(f"engine is a client that is {engine.status}; make another.")
        yield Workers(engine)
        return
    with _connected(str(scheduler)) as client:
        yield Workers(client)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    from distributed import Client

    try:
        client = Client(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as problem:
        raise GradlabError(
            f"no scheduler answers at {address!r} ({str(problem).splitlines()[0] if str(problem) else 'no reason'}); "
            "start one with `dask scheduler`, and write its address, as tcp://host:8786."
        ) from None
    with client:
        yield client


class Workers:
    """The workers of a scheduler.

    Args:
        client: is connected to it.
    """

    def __init__(self, client: Client) -> None:
        self.client: Any = client  # its types do not know whether it is asynchronous
        self.address = str(client.scheduler.address)  # type: ignore[union-attr]

    def threads(self) -> int:
        """How many threads all of them have."""
        return sum(self.client.nthreads().values())

    def each(self, name: str, function: Callable[[Any, Any], Any], held: Any, items: Sequence[Any]) -> Results:
        """Calls a function on the workers for each item.

        A worker that dies loses nothing: what it had is done again by others; one that joins gets items. What was not
        begun when the generator is closed is not done.

        Args:
            name: what the scheduler's page shows.
            function: of a module of gradlab's, called with what is held and an item.
            held: sent once to each worker.
            items: of each, plain data.

        Yields:
            The number of an item and what the function gave, as they come.

        Raises:
            GradlabError: if a worker has another version of gradlab, an item cannot be done, or the scheduler is gone.
        """
        with self._in_words():
            yield from self._each(name, function, held, items)

    def _each(self, name: str, function: Callable[[Any, Any], Any], held: Any, items: Sequence[Any]) -> Results:
        from dask.sizeof import sizeof
        from distributed import CancelledError, as_completed

        key = f"{name}-{uuid.uuid4().hex}"
        # The scheduler can make it again when the worker that has it dies, as it could not if it were scattered.
        sent = self.client.submit(bytes, pickle.dumps((function, held)), key=(f"{name}-experiment", key))
        running: dict[Future, int] = {}
        completed = as_completed(loop=self.client.loop)  # results stay with the workers until they are wanted here
        waiting = iter(enumerate(items))
        looked, most, each = -_LOOK, _FEWEST, _FEWEST_EACH
        try:
            while True:
                if self.client.status in ("closing", "closed"):
                    raise CancelledError
                if time.monotonic() - looked > _LOOK:
                    most, looked = max(_FEWEST, each * self._awaited()), time.monotonic()
                while len(running) < most and (following := next(waiting, None)) is not None:
                    number, item = following
                    # By name: a worker that cannot load what it is to do would die of it, without a word.
                    call = (operator.call, [_DONE, [__version__, sent, item]], pkgutil.resolve_name)
                    made = self.client.submit(functools.reduce, *call, key=(key, number), pure=False)
                    running[made] = number
                    completed.add(made)
                if not running:
                    return
                future = next(completed)
                number, made = running.pop(future), _result(future)
                each = min(_MOST_EACH, max(_FEWEST_EACH, _ROOM // max(1, sizeof(made))))
                del future  # and the worker forgets the result
                yield number, made
        finally:
            if self.client.status == "running":
                self.client.cancel([*running, sent])

    def _awaited(self) -> int:
        """How many threads there are; that there is none is said."""
        threads = self.threads()
        if not threads:
            log.info("waiting for workers of %s", self.address)
        return threads

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Says in words why items are not done."""
        from distributed import CancelledError, KilledWorker
        from distributed.client import ClosedClientError
        from distributed.comm.core import CommClosedError

        there = f"the scheduler at {self.address}"
        kept = "what was finished in a store is kept: go on with --resume, or resume=True"
        try:
            yield
        except (CancelledError, ClosedClientError, CommClosedError):
            raise GradlabError(f"{there} is gone, closed to this client, or has forgotten this work; {kept}.") from None
        except (KilledWorker, MemoryError) as problem:
            raise GradlabError(
                "the same part of the work ended several workers, or found too little memory on one: look at their "
                f"logs, and give them more for each thread, or fewer threads ({problem}); {kept}."
            ) from None


def _result(future: Future) -> Any:
    """What an item gave."""
    try:
        return future.result()
    except (ImportError, AttributeError) as problem:
        raise GradlabError(f"a worker cannot load gradlab {__version__} ({problem}): {_INSTALL}") from None


def _done(work: tuple[str, bytes, Any]) -> Any:
    """What a worker does for an item; what was sent is opened after the versions are known to be the same."""
    version, sent, item = work
    if version != __version__:
        from distributed import get_worker

        raise GradlabError(
            f"the worker at {get_worker().address} has gradlab {__version__}, but the work comes from {version}; "
            f"install the same on both."
        )
    function, held = _opened(sent)
    return function(held, item)


@lru_cache(maxsize=8)
def _opened(sent: bytes) -> tuple[Callable[[Any, Any], Any], Any]:
    return pickle.loads(sent)
