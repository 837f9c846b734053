"""The work of a single training: runs by their numbers, from a start each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlab.codegen import KINDS, Drawn, Notify, TrainResult
from gradlab.train._chunk import by_step, runs_at_once, train_chunk
from gradlab.train._data import Data
from gradlab.train._device import CPU, Device
from gradlab.train._draw import starts_of
from gradlab.train._experiment import Array, Experiment
from gradlab.train._initialise import Distribution, Given, Layers
from gradlab.train._memory import check_memory
from gradlab.train._trainers import Architecture, Trainer, trainer_for
from gradlab.train.work._engine import Engine, Outcomes

_TOGETHER = 5  # times what is done between two looks at the keyboard: what a worker does at once
_TOLD = ("parameters", "initial_loss", "loss", "correct", "diverged_step", "first_success_step")


@dataclass(frozen=True, slots=True)
class RunsWork:
    """All runs of a training.

    Args:
        experiment: the settings.
        layers: the network's.
        data: what is trained on.
        architecture: the network's, None for one that is not of gradlab's.
        trainer: does the steps in this process; None where it is to be made.
        curves: whether workers keep the loss of every step.
    """

    experiment: Experiment
    layers: Layers
    data: Data
    architecture: Architecture | None
    trainer: Trainer | None
    curves: bool = False

    @property
    def device(self) -> Device:
        """On what workers train it: another is refused before."""
        return CPU

    @property
    def doer(self) -> Trainer:
        """What does the steps."""
        if self.trainer is not None:
            return self.trainer
        assert self.architecture is not None
        return trainer_for(self.architecture, self.data, self.experiment.dtype)

    def bytes(self) -> int:
        """How much memory the result takes."""
        numbers = self.layers.parameters + 2 + (self.experiment.steps + 1) * self.curves
        return self.experiment.restarts * (numbers * np.dtype(self.experiment.dtype).itemsize + 10)

    def starts(self, first: int, count: int) -> Array:
        """Where so many runs start, shape (count, P)."""
        source = self._source(first, count)
        made = starts_of(source, self.layers.parameters) if isinstance(source, Drawn) else source
        return made.astype(self.experiment.dtype)

    def again(self, steps: int, first: int, count: int) -> Array:
        """The losses of so many runs before the first step and after each, shape (count, steps + 1)."""
        size = count * (steps + 1) * np.dtype(self.experiment.dtype).itemsize
        check_memory(size, f"the curves of {count:,} runs", "look at fewer runs, or at fewer steps")
        made = np.empty((count, steps + 1), self.experiment.dtype)
        done = 0
        for result in self._parts(first, count, steps, True, False, None):
            if result.curves is None or result.steps < steps:
                raise KeyboardInterrupt
            made[done : done + len(result.loss)] = result.curves
            done += len(result.loss)
        return made

    def all(self, progress: Notify | None) -> tuple[TrainResult, bool]:
        """How the runs went, and whether Ctrl-C came before the last step: then those that are done.

        Where no run took all steps, the first of them are returned with the steps that they took.
        """
        steps, restarts = self.experiment.steps, self.experiment.restarts
        parts: list[TrainResult] = []
        with suppress(KeyboardInterrupt):
            for result in self._parts(0, restarts, steps, self.curves, True, progress):
                if result.steps < steps and parts:
                    break
                parts.append(result)
                if result.steps < steps:
                    break
        if not parts:
            raise KeyboardInterrupt
        done = sum(len(part.loss) for part in parts)
        return _together(parts), parts[-1].steps < steps or done < restarts

    def by(self, engine: Engine, progress: Notify | None) -> tuple[TrainResult, bool]:
        """How the runs went on an engine, and whether Ctrl-C came before the last of them.

        Then the first of them are returned, up to the first that is not done.
        """
        steps, restarts = self.experiment.steps, self.experiment.restarts
        size = _TOGETHER * runs_at_once(self.layers.parameters, len(self.data), steps, curves=self.curves)
        places = [slice(first, min(first + size, restarts)) for first in range(0, restarts, size)]
        made: dict[int, Outcomes] = {}
        with suppress(KeyboardInterrupt), closing(engine.results(replace(self, trainer=None), places)) as results:
            for number, part, _ in results:
                made[number] = part
                if progress is not None:
                    progress(len(made) * steps, len(places) * steps)
        first = next((number for number in range(len(places)) if number not in made), len(places))
        if not first:
            raise KeyboardInterrupt
        parts = [TrainResult(**made[number], steps=steps) for number in range(first)]  # type: ignore[arg-type]  # by name
        return _together(parts), first < len(places)

    def prepare(self) -> None:
        """Has the kernel compiled."""
        for _ in self._parts(0, 1, 0, False, False, None):
            pass

    def tried(self) -> float:
        """Returns the time of the first run."""
        self.prepare()
        began = time.perf_counter()
        self.chunk(slice(0, 1))
        return time.perf_counter() - began

    def chunk(self, place: slice) -> Outcomes | None:
        """Trains some runs by their numbers; the result depends on nothing else.

        The arrays of a `TrainResult` by name, or None if Ctrl-C came before they were done.
        """
        steps = self.experiment.steps
        parts = list(self._parts(place.start, place.stop - place.start, steps, self.curves, True, None))
        if parts[-1].steps < steps:
            return None
        whole = _together(parts)
        made = {name: getattr(whole, name) for name in _TOLD}
        return made if whole.curves is None else made | {"curves": whole.curves}

    def _source(self, first: int, count: int) -> Array | Drawn:
        """What so many runs start from."""
        source = self.experiment.initialisation
        if isinstance(source, Given):
            return source.array()[first : first + count]
        return Drawn(self.experiment.seed, first, count, *_drawn(source, self.layers))

    def _parts(
        self, first: int, runs: int, steps: int, curves: bool, ends: bool, progress: Notify | None
    ) -> Iterator[TrainResult]:
        """Part after part of so many runs, from the first of them on."""
        experiment, count, points = self.experiment, self.layers.parameters, len(self.data)
        told = by_step(experiment.rule, experiment.batches, experiment.seed, points)
        trainer = self.doer
        most = runs_at_once(count, points, steps, curves=curves, faster=trainer.faster)
        chunks = -(-runs // most)
        for chunk in range(chunks):
            here = min(most, runs - chunk * most)

            def notify(done: int, of: int, before: int = chunk) -> None:
                assert progress is not None
                progress(before * of + done, chunks * of)

            yield train_chunk(
                trainer, self._source(first + chunk * most, here),
                experiment.rates(len(self.layers.sizes) - 1, here), steps, plan=experiment.plan(), told=told,
                size=(here, count, points), curves=curves, ends=ends, notify=None if progress is None else notify,
            )  # fmt: skip


@lru_cache(maxsize=64)
def _drawn(source: Distribution, layers: Layers) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """What is drawn, and its factors, as a kernel wants them."""
    return np.array([KINDS.index(source.shape)]), source.factors(layers)[None]


def _together(parts: list[TrainResult]) -> TrainResult:
    """One result of several parts'."""
    if len(parts) == 1:
        return parts[0]
    joined: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _TOLD}
    curves = [part.curves for part in parts if part.curves is not None]
    return TrainResult(**joined, curves=np.concatenate(curves) if curves else None, steps=parts[0].steps)
