"""Finds out why runs failed: answers with NumPy and the trainers' kernels what `investigate` asks."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradlab.codegen import NumpyNetwork, TrainResult
from gradlab.rules import Full
from gradlab.train._batches import weights_of
from gradlab.train._causes import Facts, Look, Losses, Seen, Train, Trained, investigate
from gradlab.train._data import contradiction
from gradlab.train._draw import draw_standard
from gradlab.train._errors import TrainError, real_number, whole_number
from gradlab.train._experiment import Array
from gradlab.train._judge import BoolArray, have_diverged
from gradlab.train._trainers import Architecture, trainer_for
from gradlab.train._why import Diagnoses, Diagnosis

if TYPE_CHECKING:
    from gradlab.train._runs import Runs


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
        given = (array for array in (runs.data.inputs, runs.data.y, runs.data.weights) if array is not None)
        self.points = tuple(np.asarray(array, dtype=np.float64) for array in given)
        self.steps = max(runs.steps_done, 1)

    def result(self) -> Diagnoses:
        """One finding for each run that failed."""
        runs = self.runs
        failed = np.flatnonzero(runs.diverged | ~self.succeeded(runs.losses, runs.right))
        words = "some points are wrong" if self.target is None else f"the loss is above {self.target:g}"
        hopeless = contradiction(runs.data) if self.target is None else ""
        return Diagnoses(tuple(self._found(failed)), len(runs), f"{words}; {hopeless}" if hopeless else words)

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
            yield self._answered(investigate(self.facts(index, long, row)))

    def facts(self, index: int, long: TrainResult, row: int) -> Facts:
        """A failed run, and how it goes on: a row of longer trainings."""
        runs, layers = self.runs, self.layers
        assert long.curves is not None  # they were asked for
        curve = long.curves[row]
        if self.target is None:
            succeeds, step = bool(long.correct[row]), int(long.first_success_step[row])
        else:
            succeeds = bool(curve[-1] <= self.target)
            step = int(np.argmax(curve <= self.target)) if succeeds else -1
        return Facts(
            run=index,
            diverged=bool(runs.diverged[index]),
            sizes=layers.sizes,
            biases=layers.biases,
            units=self.graph.layers,
            names=runs.names,
            plain=self.plain,
            rate=float(runs.experiment.rule.learning_rate) if self.plain else 0.0,
            steps=self.steps,
            more=self.more,
            spread=float(runs.initial_parameters.std()),
            born=runs.initial_parameters[index].tolist(),
            here=runs.parameters[index].tolist(),
            far=long.parameters[row].tolist(),
            curve=curve[: self.steps + 1].tolist(),
            end=float(curve[-1]),
            success_step=step,
            succeeds=succeeds,
        )

    def _answered(self, asking: Generator[Train | Losses | Look, Any, Diagnosis]) -> Diagnosis:
        answer = None
        while True:
            try:
                asked = asking.send(answer)
            except StopIteration as found:
                return found.value
            if isinstance(asked, Train):
                answer = self.trained(asked)
            else:
                answer = self.losses(asked) if isinstance(asked, Losses) else self.look(asked)

    def trained(self, asked: Train) -> Trained:
        """How trainings by the runs' rule end."""
        starts = np.array(asked.starts, dtype=np.float64)
        if len(asked.moved):
            moved = list(asked.moved)
            drawn = draw_standard("normal", 1, restarts=len(starts), parameters=starts.shape[1])[:, moved] * asked.by
            starts[:, moved] = drawn if asked.anew else starts[:, moved] + drawn
        made = self.train(starts, asked.steps, slower=asked.slower, replay=asked.replay, curves=asked.curves)
        diverged = have_diverged(made.initial_loss, made.loss, np.asarray(np.isfinite(made.parameters).all(axis=1)))
        curve = () if made.curves is None else made.curves[0].tolist()
        return Trained(made.loss.tolist(), diverged.tolist(), curve)

    def losses(self, asked: Losses) -> list[float]:
        """The mean losses at some parameters."""
        return self.network(np.array(asked.at), *self.points)[0].tolist()

    def look(self, asked: Look) -> Seen:
        """What there is at some parameters."""
        at = np.array(asked.at)
        loss, gradient = self.network(at, *self.points)
        hessian = np.asarray(self.network.hessian(at, *self.points))
        values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
        hidden = self.network.hidden(at, self.points[0]) if len(self.layers.sizes) > 2 else np.empty((0, 0))
        return Seen(float(loss), gradient.tolist(), values.tolist(), vectors.T.tolist(), hidden.T.tolist())

    def train(
        self, start: Array, steps: int, *, slower: float = 1.0, replay: bool = False, curves: bool = True
    ) -> TrainResult:
        """Trains by the same rule from some parameters (R, P), the learning rate divided by `slower`.

        `replay` says that these are the runs' own starts, so that the schedule and the batches are theirs too.
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
        return self.trainer.train(np.array(start, dtype=np.float64), rates / slower, steps, plan=plan, curves=curves)

    @cached_property
    def plain(self) -> bool:
        """Whether the steps are gradient descent with one rate on all points, so that the limit 2/curvature holds."""
        experiment = self.runs.experiment
        rule = experiment.rule
        stateless = not rule.update().state and rule.schedule.constant and rule.by_layer is None
        return stateless and isinstance(experiment.batches, Full)
