"""What a training gives: all its runs, and one of them at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradlab.train._batches import batch_of
from gradlab.train._data import Data, contradiction
from gradlab.train._errors import NoBestRunError, TrainError, whole_number
from gradlab.train._experiment import Array, Experiment, Gradient
from gradlab.train._judge import BoolArray
from gradlab.train._scaling import Scaling, far_from_one
from gradlab.train._why import Diagnoses


class Outcome(Enum):
    """How a training ended, each with what to do about it: `outcome.remedy`."""

    SOLVED = "at least one run gets every point right"
    UNSOLVED = "no run gets every point right"
    FITTED = "the losses fell; with labels that are measurements there is no right and wrong"
    ALL_DIVERGED = "every run diverged"
    INTERRUPTED = "interrupted before the last step"

    @property
    def remedy(self) -> str:
        """What to try next."""
        return _REMEDIES[self]


_REMEDIES = {
    Outcome.SOLVED: "nothing to do; for a higher share of such runs vary learning_rate and initialisation",
    Outcome.UNSOLVED: "try more steps, more restarts, another learning_rate, or more hidden units",
    Outcome.FITTED: "nothing to do; for a lower loss try more steps or another learning_rate",
    Outcome.ALL_DIVERGED: "try a learning_rate ten times smaller, or initial parameters of a smaller scale",
    Outcome.INTERRUPTED: "train again with fewer steps, or let it finish",
}


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A network together with values of its parameters.

    Args:
        parameters: the values, shape (P,).
        names: the name of each parameter.
        inputs: how many coordinates a point has, d.
        gradient: the compiled network.
        scaling: how the coordinates of points are scaled before the network sees them; None where they are not.
    """

    parameters: Array
    names: tuple[str, ...]
    inputs: int
    gradient: Gradient = field(repr=False)
    scaling: Scaling | None = field(default=None, kw_only=True)

    @property
    def named(self) -> dict[str, float]:
        """The parameters by name, in the network's order."""
        return dict(zip(self.names, self.parameters.tolist(), strict=True))

    def predict(self, x: ArrayLike) -> Array:
        """Computes the network's outputs.

        Args:
            x: points, shape (..., d): a single one, a list of them, or a grid; in the units of the data, also where
                those were standardised.

        Returns:
            Shape (...) for a network with one output, (..., K) for one with K.

        Raises:
            TrainError: if the points do not have d coordinates.
        """
        points = np.asarray(x, dtype=self.parameters.dtype)
        if points.ndim == 0 or points.shape[-1] != self.inputs:
            raise TrainError(
                f"the points have the shape {points.shape}, but the network has {self.inputs} inputs; "
                f"give an array of shape (N, {self.inputs})."
            )
        if self.scaling is not None:
            points = self.scaling(x).astype(points.dtype)
        with np.errstate(over="ignore", invalid="ignore"):  # diverged runs give NaN, not warnings
            flat = self.gradient.predict(self.parameters, points.reshape(-1, self.inputs))
        return flat.reshape(points.shape[:-1] + flat.shape[1:])


@dataclass(frozen=True, slots=True, eq=False)
class Run(Model):
    """One run of a training: the network with the parameters it reached, and how it got there.

    Args:
        index: the run's number.
        initial_parameters: where it started, shape (P,).
        curve: its loss before the first step and after each, shape (steps + 1,).
        diverged: whether its loss rose or stopped being finite.
        success: whether it gets every point right; None where there is no right and wrong.
    """

    index: int
    initial_parameters: Array
    curve: Array
    diverged: bool
    success: bool | None

    @property
    def loss(self) -> float:
        """The loss after the last step."""
        return float(self.curve[-1])

    def __str__(self) -> str:
        found = {True: "all points right", False: "some points wrong", None: "no classes"}[self.success]
        state = "diverged" if self.diverged else found
        numbers = "\n".join(f"  {name:<6} {value:12.6g}" for name, value in self.named.items())
        return f"run {self.index}: loss {self.curve[0]:.6g} -> {self.loss:.6g}, {state}\n{numbers}"


@dataclass(frozen=True, eq=False)
class Runs:
    """All runs of a training; `print(runs)` summarises them.

    Args:
        experiment: the settings.
        data: what was trained on.
        names: the name of each of the P parameters.
        gradient: the compiled network.
        parameters: where the runs ended, shape (restarts, P).
        losses: the loss of each run after its last step, shape (restarts,).
        diverged: which runs diverged, shape (restarts,): a parameter was not finite, or the last loss, or that ended
            above where it began by more than rounding explains (relative: the root of the number type's epsilon).
        right: which runs get every point right, shape (restarts,), as `success` says; None if the labels are
            measurements, where nothing is right.
        steps_done: how many steps every run took: the experiment's, unless it was interrupted.
        interrupted: whether Ctrl-C came before the last step.
        kept_curves: the losses before the first step and after each, where they were kept.
        draw: draws the initial parameters of some runs: of the first of them, and how many.
        again: trains them again, for their curves.
        trained_on: the ``device``, and of a GPU the ``plan``: how many threads a network had.
    """

    experiment: Experiment
    data: Data
    names: tuple[str, ...]
    gradient: Gradient = field(repr=False)
    parameters: Array
    losses: Array
    diverged: BoolArray
    right: BoolArray | None
    steps_done: int
    interrupted: bool = False
    kept_curves: Array | None = field(default=None, repr=False)
    draw: Callable[[int, int], Array] = field(repr=False, kw_only=True)
    again: Callable[[int, int], Array] = field(repr=False, kw_only=True)
    trained_on: Mapping[str, str] = field(default_factory=lambda: {"device": "cpu"}, kw_only=True)

    def __len__(self) -> int:
        return len(self.losses)

    @cached_property
    def initial_parameters(self) -> Array:
        """Where the runs started, shape (restarts, P), drawn when it is first asked for."""
        return self.draw(0, len(self))

    @cached_property
    def curves(self) -> Array:
        """The losses before the first step and after each, shape (restarts, steps done + 1).

        Unless they were kept, the runs are trained again when they are first asked for; every bit comes out the same.

        Raises:
            TrainError: if they would not fit into memory.
        """
        return self.again(0, len(self)) if self.kept_curves is None else self.kept_curves

    @property
    def outputs(self) -> Array:
        """The network's outputs on the data at the end, shape (restarts, N) or (restarts, N, K)."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # diverged runs give NaN, not warnings
            return self.gradient.predict(self.parameters, self.data.inputs.astype(self.parameters.dtype))

    @property
    def success(self) -> BoolArray:
        """Which runs get every point right, shape (restarts,).

        A point is right if the output is nearer to its label than to the other one, or, for one-hot labels, if the
        output of its class is the largest.

        Raises:
            TrainError: if the labels are measurements, so that there is no right and wrong.
        """
        if self.right is None:
            raise TrainError(
                f"the labels of {self.data.name!r} are measurements, so no run is right or wrong; compare the losses, "
                "as in (runs.losses < 0.01).mean()."
            )
        return self.right

    @property
    def outcome(self) -> Outcome:
        """How the training ended, with a remedy."""
        if self.interrupted:
            return Outcome.INTERRUPTED
        if self.diverged.all():
            return Outcome.ALL_DIVERGED
        if self.right is None:
            return Outcome.FITTED
        return Outcome.SOLVED if self.right.any() else Outcome.UNSOLVED

    @property
    def best(self) -> Run:
        """The run with the lowest final loss of those that did not diverge.

        Raises:
            NoBestRunError: if every run diverged.
        """
        diverged = self.diverged
        if diverged.all():
            raise NoBestRunError(f"all {len(self)} runs diverged, so none is the best; {Outcome.ALL_DIVERGED.remedy}.")
        return self.run(int(np.argmin(np.where(diverged, np.inf, self.losses))))

    def run(self, index: int) -> Run:
        """Picks out one run.

        Args:
            index: its number, from 0 to restarts - 1.

        Raises:
            TrainError: if there is no run of that number.
        """
        index = self._checked(index)
        known = self.curves[index] if "curves" in self.__dict__ or self.kept_curves is not None else None
        return Run(
            parameters=self.parameters[index],
            names=self.names,
            inputs=self.data.x.shape[1],
            gradient=self.gradient,
            index=index,
            initial_parameters=self.draw(index, 1)[0],
            curve=self.again(index, 1)[0] if known is None else known,
            diverged=bool(self.diverged[index]),
            success=None if self.right is None else bool(self.right[index]),
            scaling=self.data.scaling,
        )

    def initial(self, index: int) -> Model:
        """Returns the network a run started from: a random one.

        Args:
            index: the run's number, from 0 to restarts - 1.

        Raises:
            TrainError: if there is no run of that number.
        """
        index = self._checked(index)
        start = self.draw(index, 1)[0]
        return Model(start, self.names, self.data.x.shape[1], self.gradient, scaling=self.data.scaling)

    def batch(self, step: int) -> NDArray[np.intp]:
        """Returns the numbers of the points whose mean gradient a step used, the same for all runs.

        Args:
            step: its number, from 0.

        Raises:
            TrainError: if it is no whole number from 0 up.
        """
        number = whole_number("step", step, least=0, example=0)
        return batch_of(self.experiment.batches, self.experiment.seed, number, len(self.data))

    def diagnose(self, target: float | None = None, *, more: int = 10) -> Diagnoses:
        """Finds out why runs failed, each cause tried on the run itself before it is named.

        Each failed run goes on by the same rule; then its hidden units, its gradient and the Hessian of its loss are
        looked at where it would end, and what seems to hold it back is taken away. It costs about `more` times what the
        training of the failed runs did.

        Args:
            target: the loss that a run should have reached; by default a run failed that diverged or has a point wrong.
            more: how many times its steps a run goes on for.

        Returns:
            One finding for each failed run; `print` counts the causes.

        Raises:
            TrainError: if there is no right and wrong and no target, or the network is not gradlab's.

        >>> import gradlab as gl
        >>> runs = gl.train(gl.mlp([2, 2, 1]), gl.datasets.five_points(), steps=1000, restarts=30)
        >>> {why.name: count for why, count in runs.diagnose().counts.items()}
        {'PLATEAU': 3, 'NOT_DONE': 2, 'LOCAL_MINIMUM': 1}
        """
        from gradlab.train._diagnose import diagnose  # it trains, and training gives runs

        return diagnose(self, target, more)

    def _checked(self, index: int) -> int:
        number = whole_number("index", index, least=0, example=0)
        if number >= len(self):
            raise TrainError(f"there is no run {number}: the runs are numbered 0 to {len(self) - 1}.")
        return number

    def __str__(self) -> str:
        settings = self.experiment
        steps = f"{self.steps_done} of {settings.steps}" if self.steps_done < settings.steps else f"{self.steps_done}"
        of_all = f" of {settings.restarts}" if len(self) < settings.restarts else ""
        lines = [
            f"{len(self)}{of_all} runs on {self.data.name} ({len(self.data)} points), {steps} steps "
            f"with {settings.words}, seed {settings.seed}",
            f"outcome      {self.outcome.name}: {self.outcome.value}",
        ]
        if self.right is not None:
            lines.append(f"all right    {_share(self.right)}")
        lines.append(f"diverged     {_share(self.diverged)}")
        kept = self.losses[~self.diverged]
        if len(kept):
            spread = f"{np.median(kept):.4g} median, {kept.max():.4g} worst"
            lines.append(f"final loss   {kept.min():.4g} best (run {self.best.index}), {spread}")
        if "plan" in self.trained_on:
            lines.append(f"trained on   {', '.join(self.trained_on.values())}")
        advised = self.outcome not in (Outcome.SOLVED, Outcome.INTERRUPTED)
        measured = self.data.y if self.right is None else None
        far = far_from_one(self.data.inputs, self.data.names, measured) if advised else ""
        hopeless = contradiction(self.data) if advised and self.right is not None else ""
        lines.append(f"next         {hopeless or far or self.outcome.remedy}")
        return "\n".join(lines)


def _share(which: BoolArray) -> str:
    return f"{int(which.sum())} of {len(which)} runs ({100 * which.mean():.0f} %)"
