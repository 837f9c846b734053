"""The work of a map: what is trained for a tile of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache, partial

from gradlab.train._device import Device
from gradlab.train.maps._map import Map
from gradlab.train.maps._refine import Shades, refined, unrefined
from gradlab.train.work import Outcomes

_TRIED = 12  # pixels along each axis of the map that is trained to see how long it takes
Tile = tuple[int, slice, slice]  # a window, rows and columns of it


@dataclass(frozen=True, slots=True)
class MapWork:
    """All pixels of a map.

    Args:
        plan: the map.
    """

    plan: Map

    @property
    def device(self) -> Device:
        """On what it is trained."""
        return self.plan.device

    def prepare(self) -> None:
        """Has the kernel compiled."""
        self._coarse(2)

    def tried(self) -> float:
        """Returns the time of a pixel of a coarse map."""
        self.prepare()
        began = time.perf_counter()
        self._coarse(_TRIED)
        return (time.perf_counter() - began) / _TRIED**2

    def _coarse(self, count: int) -> None:
        if self.plan.coarse(0, count) is None:
            raise KeyboardInterrupt

    def chunk(self, place: Tile) -> Outcomes | None:
        """Trains a tile, given by its window, rows and columns; the result depends on nothing else.

        The measures, what converged and what was trained, or None if Ctrl-C came before they were done.
        """
        window, rows, columns = place
        first, shape = (rows.start, columns.start), (rows.stop - rows.start, columns.stop - columns.start)
        train = partial(self.plan.train, window)
        if self.plan.refined:
            made = refined(train, first, shape, self.plan.resolution - 1, _shades(self.plan, window))
        else:
            made = unrefined(train, first, shape)
        return None if made is None else dict(zip(("loss_sum", "converged", "trained"), made, strict=True))


@lru_cache(maxsize=16)
def _shades(plan: Map, window: int) -> Shades:
    """What differences can be seen in a window, found once by each process."""
    coarse = plan.coarse(window)
    if coarse is None:
        raise KeyboardInterrupt  # which is not kept
    return Shades.of(*coarse)
