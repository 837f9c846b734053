"""Finds out why runs failed: each cause is tried on the run itself before it is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gradlab._words import listed
from gradlab.codegen import NumpyNetwork, TrainResult
from gradlab.rules import Full
from gradlab.train._batches import weights_of
from gradlab.train._draw import draw_standard
from gradlab.train._errors import TrainError, real_number, whole_number
from gradlab.train._experiment import Array
from gradlab.train._judge import BoolArray, have_diverged
from gradlab.train._trainers import Architecture, trainer_for
from gradlab.train._why import Diagnoses, Diagnosis, Why

if TYPE_CHECKING:
    from gradlab.train._runs import Runs

_TRIES = 8  # fresh starts of a part of a network
_LOWER = 0.99  # a loss that is lower by 1 % is lower
_WINDOW = 50  # the last steps, in which an oscillation shows
_SAME = 1e-6  # what agrees to this, relative, is the same
_CONSTANT = 1e-3  # a unit that varies by less than this over the points tells none of them apart


def diagnose(runs: Runs, target: float | None, more: int) -> Diagnoses:
    """What `Runs.diagnose` documents."""
    return _Investigation(runs, target, whole_number("more", more, least=1, example=10)).result()


class _Investigation:
    """The runs of a training with what their steps were made by, so that each can be let go on or tried again."""

    def __init__(self, runs: Runs, target: float | None, more: int) -> None:
        architecture = Architecture.of(runs.gradient)
        if architecture is None:
            raise TrainError("only runs of a network of gl.mlp can be diagnosed, as gl.mlp([2, 2, 1]).")
        self.target = None if target is None else real_number("target", target, example=0.01, positive=False)
        if runs.right is None and target is None:
            raise TrainError(
                "the labels are measurements, so no run is right or wrong by itself; say below which loss a run "
                "has succeeded, as runs.diagnose(target=0.01)."
            )
        self.runs, self.more, self.layers = runs, more, architecture.layers
        self.graph = architecture.on(runs.data).graph
        self.network = NumpyNetwork(self.graph)
        self.trainer = trainer_for(architecture, runs.data, runs.experiment.dtype)
        given = (array for array in (runs.data.x, runs.data.y, runs.data.weights) if array is not None)
        self.points = tuple(np.asarray(array, dtype=np.float64) for array in given)
        self.steps = max(runs.steps_done, 1)

    def result(self) -> Diagnoses:
        """One finding for each run that failed."""
        runs = self.runs
        failed = np.flatnonzero(runs.diverged | ~self.succeeded(runs.losses, runs.right))
        words = "some points are wrong" if self.target is None else f"the loss is above {self.target:g}"
        return Diagnoses(tuple(self._found(failed)), len(runs), words)

    def succeeded(self, losses: Array, right: BoolArray | None) -> BoolArray:
        """Which runs have what was wanted."""
        if self.target is not None:
            return np.asarray(losses <= self.target)
        assert right is not None  # measurements need a target
        return right

    def _found(self, failed: NDArray[np.intp]) -> Iterator[Diagnosis]:
        if not len(failed):
            return
        long = self.train(self.runs.initial_parameters[failed], self.steps * (1 + self.more), replay=True)
        for row, index in enumerate(failed.tolist()):
            yield _Case(self, index, long, row).diagnosis()

    def train(self, start: Array, steps: int, *, slower: float = 1.0, replay: bool = False) -> TrainResult:
        """Trains by the same rule from some parameters (R, P).

        Args:
            start: where to begin.
            steps: how many.
            slower: what the learning rate is divided by.
            replay: whether these are the runs' own starts, so that the schedule and the batches are theirs too.
        """
        experiment = self.runs.experiment
        rule, batches = experiment.rule, experiment.batches
        rates = experiment.rates(len(self.layers.sizes) - 1, len(start))
        done = 0 if replay else self.steps
        plan = replace(
            experiment.plan(),
            factors=None if rule.schedule.constant else np.array(rule.schedule.factors(done, steps)),
            weights=weights_of(batches, experiment.seed, done, steps, len(self.runs.data)),
        )
        return self.trainer.train(np.array(start, dtype=np.float64), rates / slower, steps, plan=plan, curves=True)

    def loss(self, parameters: Array) -> Array:
        """The mean loss at parameters (..., P)."""
        return np.asarray(self.network(parameters, *self.points)[0])

    def parameters_into(self, layer: int, unit: int) -> NDArray[np.intp]:
        """The places of a unit's bias and weights; layers from 1, units from 0."""
        first = 0
        for number, (below, above) in enumerate(pairwise(self.layers.sizes), start=1):
            rows = below + self.layers.biases
            if number == layer:
                return first + unit + above * np.arange(rows)
            first += rows * above
        raise AssertionError("no such layer")

    @cached_property
    def plain(self) -> bool:
        """Whether the steps are gradient descent with one rate on all points, so that the limit 2/curvature holds."""
        experiment = self.runs.experiment
        rule = experiment.rule
        stateless = not rule.update().state and rule.schedule.constant and rule.by_layer is None
        return stateless and isinstance(experiment.batches, Full)


class _Case:
    """One run that failed."""

    def __init__(self, all_runs: _Investigation, index: int, long: TrainResult, row: int) -> None:
        self.all, self.index, self.row, self.long = all_runs, index, row, long
        assert long.curves is not None  # they were asked for
        self.curve = np.asarray(long.curves[row], dtype=np.float64)
        end, short = long.parameters[row], all_runs.runs.parameters[index]
        # Where the run would end, unless it would succeed there, or only moves about.
        came_far = np.isfinite(end).all() and self.curve[-1] <= self.curve[all_runs.steps] and not self._succeeds
        self.at = np.asarray(end if came_far else short, dtype=np.float64)

    def diagnosis(self) -> Diagnosis:
        """The first cause that can be shown."""
        runs = self.all.runs
        if runs.diverged[self.index]:
            return self._diverged()
        tried: tuple[Callable[[], Diagnosis | None], ...] = (
            self._not_done, self._oscillating, self._twins, self._saddle, self._plateau, self._idle, self._minimum,
        )  # fmt: skip
        if self._succeeds:  # it had what was wanted, lost it, and has it again: nothing is stuck
            tried = tried[:2]
        return next((found for attempt in tried if (found := attempt()) is not None), self._unclear())

    def _named(self, why: Why, evidence: str, **more: object) -> Diagnosis:
        return Diagnosis(self.index, why, evidence, **more)  # type: ignore[arg-type]

    def _diverged(self) -> Diagnosis:
        runs = self.all.runs
        end, tenth = (
            runs.losses[self.index],
            self.all.train(runs.initial_parameters[[self.index]], self.all.steps, slower=10),
        )
        first = self.curve[0]
        ended = f"its loss went from {first:.4g} to {end:.4g}" if np.isfinite(end) else "its loss is no number any more"
        calm = not have_diverged(tenth.initial_loss, tenth.loss, np.array([np.isfinite(tenth.parameters).all()]))[0]
        with_less = f"; with a tenth of the learning rate it ends at {tenth.loss[0]:.4g}" if calm else ""
        return self._named(Why.DIVERGED, ended + with_less)

    @property
    def _succeeds(self) -> bool:
        """Whether it has what was wanted once it has gone on."""
        if self.all.target is None:
            return bool(self.long.correct[self.row])
        return bool(self.curve[-1] <= self.all.target)

    def _not_done(self) -> Diagnosis | None:
        if self.all.target is None:
            steps = int(self.long.first_success_step[self.row])
        else:
            steps = int(np.argmax(self.curve <= self.all.target))
        if not self._succeeds or steps <= self.all.steps:
            return None
        return self._named(
            Why.NOT_DONE, f"it succeeds after {steps:,} steps instead of {self.all.steps:,}", steps=steps
        )

    def _oscillating(self) -> Diagnosis | None:
        steps = self.all.steps
        last = self.curve[max(0, steps - _WINDOW) : steps + 1]
        rises = np.diff(last) > 1e-9 * abs(last[1:])
        if not self.all.plain or len(last) < 10 or rises.mean() < 0.3 or np.ptp(last) < 1e-4 * abs(last).max():
            return None
        here = self.all.runs.parameters[self.index].astype(np.float64)
        slow = self.all.train(here[None], steps, slower=4)
        assert slow.curves is not None
        settled = slow.curves[0, len(slow.curves[0]) // 2 :]
        calm = (np.diff(settled) <= 1e-9 * abs(settled[1:])).all() and slow.loss[0] < last.min()
        rate = float(self.all.runs.experiment.rule.learning_rate)
        curvature = float(np.linalg.eigvalsh(self.all.network.hessian(here, *self.all.points))[-1])
        if not calm or rate * curvature < 1.8:
            return None
        return self._named(
            Why.OSCILLATING,
            f"its loss rose in {int(rises.sum())} of the last {len(rises)} steps; the curvature {curvature:.3g} allows "
            f"rates below {2 / curvature:.3g}, and with a quarter of the rate the loss falls to {slow.loss[0]:.4g}",
        )

    @cached_property
    def _units(self) -> dict[tuple[int, int], Array]:
        """What each hidden unit gives at every point, by layer and number."""
        found = self.all.network.hidden(self.at, self.all.points[0])
        places = [(layer, unit) for layer, size in enumerate(self.all.layers.sizes[1:-1], 1) for unit in range(size)]
        return dict(zip(places, found.T, strict=True))

    @cached_property
    def _constant(self) -> list[tuple[int, int]]:
        return [place for place, unit in self._units.items() if np.ptp(unit) <= _CONSTANT * max(1.0, abs(unit).max())]

    def _names(self, places: list[tuple[int, int]]) -> tuple[str, ...]:
        return tuple(self.all.graph.layers[layer][unit] for layer, unit in places)

    def _plateau(self) -> Diagnosis | None:
        for layer, size in enumerate(self.all.layers.sizes[1:-1], 1):
            flat = [place for place in self._constant if place[0] == layer]
            if len(flat) == size:
                widest = max(float(np.ptp(self._units[place])) for place in flat)
                return self._named(
                    Why.PLATEAU,
                    f"over the points {_together(self._names(flat))} vary by at most {widest:.1g}, so every point gets "
                    f"the same output; the gradient is {self._slope:.1g}{self._after}",
                    units=self._names(flat),
                )
        return None

    def _idle(self) -> Diagnosis | None:
        if not self._constant:
            return None
        fresh = self._many()
        drawn = draw_standard("normal", 1, restarts=_TRIES, parameters=fresh.shape[1])
        for place in self._constant:
            own = self.all.parameters_into(*place)
            fresh[:, own] = drawn[:, own] * max(float(self.all.runs.initial_parameters.std()), 0.1)
        return self._lower(
            fresh,
            Why.IDLE_UNITS,
            self._constant,
            "the same at every point from {units}; made anew, the loss goes",
        )

    def _twins(self) -> Diagnosis | None:
        born = np.asarray(self.all.runs.initial_parameters[self.index], dtype=np.float64)
        for one, other in combinations(self._units, 2):
            places = [self.all.parameters_into(*place) for place in (one, other)]
            if one[0] != other[0] or np.ptp(self._units[one]) <= _CONSTANT or not _alike(self.at, places):
                continue
            # Those that began alike are parted where they began: far out it would take too long to show.
            apart = np.tile(born if _alike(born, places) else self.at, (_TRIES, 1))
            noise = draw_standard("normal", 1, restarts=_TRIES, parameters=apart.shape[1])[:, places[1]]
            apart[:, places[1]] += noise * max(float(abs(apart[0, places[1]]).max()), 0.1)
            words = "{units} have the same weights up to the sign; had they been parted, the loss would go"
            found = self._lower(apart, Why.TWIN_UNITS, [one, other], words)
            if found is not None:
                return found
        return None

    def _saddle(self) -> Diagnosis | None:
        values, vectors = self._curvatures
        if values[0] >= -1e-4 * abs(values).max() or values[0] > -1e-8:
            return None
        away, reach = vectors[:, 0], 0.1
        sides = self.at + reach * np.array([away, -away])
        if self.all.loss(sides).min() > self._loss - 0.25 * abs(values[0]) * reach**2:
            return None
        gone = self.all.train(sides, self.all.steps * (1 + self.all.more))
        best = int(np.nanargmin(np.where(np.isfinite(gone.loss), gone.loss, np.inf)))
        if not gone.loss[best] < _LOWER * self._loss:
            return None
        way = away if best == 0 else -away
        return self._named(
            Why.SADDLE,
            f"the Hessian's smallest eigenvalue is {values[0]:.3g}; a step of {reach:g} along its direction, and "
            f"the loss goes from {self._loss:.4g} to {gone.loss[best]:.4g}",
            direction=dict(zip(self.all.runs.names, way.tolist(), strict=True)),
            curvature=float(values[0]),
        )

    def _minimum(self) -> Diagnosis | None:
        values, vectors = self._curvatures
        top = abs(values).max()
        if values[0] < -1e-6 * top:
            return None
        along = vectors.T @ self._gradient
        bent = values > 1e-9 * top
        left = 0.5 * float((along[bent] ** 2 / values[bent]).sum())
        flat = float(abs(along[~bent]).max(initial=0.0))
        if left > 0.05 * self._loss or flat > 1e-6 * (1 + self._loss):
            return None
        pushed = self._many() + 0.05 * draw_standard("normal", 1, restarts=_TRIES, parameters=len(self.at))
        back = self.all.train(pushed, self.all.steps).loss
        if not (back >= self._loss - max(3 * left, 0.02 * self._loss)).all():
            return None
        return self._named(
            Why.LOCAL_MINIMUM,
            f"the loss {self._loss:.4g} bends up in every direction that it bends in (smallest eigenvalue "
            f"{values[0]:.1e}), and {_TRIES} runs pushed away from it come back{self._after}",
            curvature=float(values[0]),
        )

    def _unclear(self) -> Diagnosis:
        values, _ = self._curvatures
        return self._named(
            Why.UNCLEAR,
            f"loss {self._loss:.4g}, gradient {self._slope:.1g}, smallest eigenvalue {values[0]:.1e}{self._after}",
            curvature=float(values[0]),
        )

    def _lower(self, starts: Array, why: Why, places: list[tuple[int, int]], words: str) -> Diagnosis | None:
        """The cause, if training from these starts brings the loss down by what no further step of the run does."""
        ended = self.all.train(starts, self.all.steps * (1 + self.all.more)).loss
        best = float(np.nanmin(np.where(np.isfinite(ended), ended, np.inf)))
        if not best < _LOWER * self._loss:
            return None
        names = self._names(places)
        text = f"{words.format(units=_together(names))} from {self._loss:.4g} down to {best:.4g}"
        return self._named(why, text, units=names)

    def _many(self) -> Array:
        return np.tile(self.at, (_TRIES, 1))

    @cached_property
    def _loss(self) -> float:
        return float(self.all.loss(self.at))

    @cached_property
    def _gradient(self) -> Array:
        return np.asarray(self.all.network(self.at, *self.all.points)[1])

    @property
    def _slope(self) -> float:
        return float(np.linalg.norm(self._gradient))

    @cached_property
    def _curvatures(self) -> tuple[Array, Array]:
        hessian = np.asarray(self.all.network.hessian(self.at, *self.all.points))
        values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
        return values, vectors

    @property
    def _after(self) -> str:
        return f", after {self.all.steps * (1 + self.all.more):,} steps"


def _alike(parameters: Array, places: list[NDArray[np.intp]]) -> bool:
    """Whether two units have the same bias and weights, or the same with the other sign."""
    one, other = (parameters[place] for place in places)
    return any(abs(one - sign * other).max() <= _SAME * (1 + abs(one).max()) for sign in (1, -1))


def _together(names: tuple[str, ...]) -> str:
    return listed(names if len(names) <= 6 else (*names[:5], f"{len(names) - 5} more"), "and")
