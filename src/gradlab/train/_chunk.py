"""One chunk of runs through all its steps: what single trainings and sweeps have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab.codegen import NEVER, Drawn, Notify, Plan, TrainResult
from gradlab.rules import Batches, Rule
from gradlab.train._batches import weights_of
from gradlab.train._trainers import NumpyTrainer, Trainer

_WORK = 10**9  # parameters x points x steps between two looks at the keyboard: about a tenth of a second
_FEWEST, _MOST = 64, 2**16  # runs of a chunk
_CURVES = 2**24  # numbers of the curves of a chunk
_TOLD = 2**20  # numbers that are told of the steps of a stretch: they take a while to be made
ByStep = Callable[[int, int], dict[str, Any]]


def runs_at_once(parameters: int, points: int, steps: int, *, curves: bool = False, faster: int = 1) -> int:
    """Returns how many runs a chunk has: what is done between two looks at the keyboard.

    `faster` is how many times as much as a few cores it is that does it.
    """
    most = min(_MOST, _CURVES // (steps + 1)) if curves else _MOST
    return max(_FEWEST, min(most * faster, faster * _WORK // (parameters * points * (steps + 1))))


def by_step(rule: Rule, batches: Batches, seed: int, points: int) -> ByStep:
    """Returns what tells of a stretch of steps what each has of its own: a factor of the rates, the points it uses."""

    def told(done: int, steps: int) -> dict[str, Any]:
        factors = None if rule.schedule.constant else np.array(rule.schedule.factors(done, steps))
        return {"factors": factors, "weights": weights_of(batches, seed, done, steps, points)}

    return told


def train_chunk(
    trainer: Trainer,
    starts: ArrayLike | Drawn,
    rates: ArrayLike,
    steps: int,
    *,
    plan: Plan,
    told: ByStep,
    size: tuple[int, int, int],
    curves: bool = False,
    ends: bool = True,
    notify: Notify | None = None,
) -> TrainResult:
    """Takes some runs through all their steps, in stretches where that takes long; after Ctrl-C, fewer.

    `told` gives what each step has of its own, `size` is how many runs, parameters and points there are; `notify` is
    called after each stretch with how many steps are done, and of how many.
    """
    if isinstance(trainer, NumpyTrainer):
        whole = _planned(plan, told(0, steps))
        return trainer.train(starts, rates, steps, plan=whole, curves=curves, ends=ends, notify=notify)
    stretch = max(1, trainer.faster * _WORK // (size[0] * size[1] * size[2]))
    if any(value is not None for value in told(0, 0).values()):
        stretch = min(stretch, max(1, _TOLD // (size[2] + 1)))
    at, known = starts, None
    with suppress(KeyboardInterrupt):  # what is done so far is the result, and is marked by its number of steps
        while known is None or known.steps < steps:
            done = 0 if known is None else known.steps
            count = min(stretch, steps - done)
            last = done + count == steps
            if done and known is not None:
                plan = replace(plan, state=known.state, done=done)
            here = _planned(plan, told(done, count))
            made = trainer.train(at, rates, count, plan=here, curves=curves, ends=ends or not last, last=last)
            at, known = made.parameters, _joined(known, made)  # names alone, so that Ctrl-C never falls in between
            if notify is not None and known.steps:
                notify(known.steps, steps)
    if known is None:
        known = trainer.train(starts, rates, 0, plan=_planned(plan, told(0, 0)), curves=curves, last=False)
    return known


def _planned(plan: Plan, by_step: dict[str, Any]) -> Plan:
    """The plan with what each step has of its own."""
    return replace(plan, **by_step) if any(value is not None for value in by_step.values()) else plan


def _joined(before: TrainResult | None, after: TrainResult) -> TrainResult:
    """What is known of runs after one stretch of steps and then another."""
    if before is None:
        return after
    curves = None
    if before.curves is not None and after.curves is not None:
        curves = np.concatenate([before.curves, after.curves[:, 1:]], axis=1)
    return replace(
        after,
        initial_loss=before.initial_loss,
        diverged_step=_first(before.diverged_step, after.diverged_step, before.steps),
        first_success_step=_first(before.first_success_step, after.first_success_step, before.steps),
        curves=curves,
        steps=before.steps + after.steps,
    )


def _first(before: NDArray[np.int32], after: NDArray[np.int32], done: int) -> NDArray[np.int32]:
    """The first of two stretches' steps that is one."""
    later = np.where(after == NEVER, np.int32(NEVER), after + np.int32(done))
    return np.where(before == NEVER, later, before)
