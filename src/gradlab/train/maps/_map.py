"""What a map is: a network, points, and two axes of settings; it alone determines every bit of the result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlab.codegen import MOST_STEPS, Plan
from gradlab.graph import mlp_graph
from gradlab.rules import Batches, MiniBatch, Rule
from gradlab.train._chunk import by_step, runs_at_once, train_chunk
from gradlab.train._data import Data
from gradlab.train._device import CPU, Device
from gradlab.train._draw import check_seed, draw_parameters, draw_standard
from gradlab.train._errors import TrainError, whole_number
from gradlab.train._experiment import DTypeName, chosen_batches, chosen_rule, float_type
from gradlab.train._initialise import Normal
from gradlab.train._trainers import Architecture, trainer_for
from gradlab.train.maps._axis import OFFSET, RATE, SCALE, FloatArray, MapAxis, checked_ends, values_between
from gradlab.train.maps._layout import Tiles
from gradlab.train.maps._measure import loss_sums

Window = tuple[float, float, float, float]
_DATA = 2**64  # where in the generator's counter the points begin, far behind the starts
COARSE = 33  # pixels along each axis of a coarse map
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Map:
    """One network, trained on the same points from the same start with the settings of every pixel.

    Args:
        architecture: the network's.
        points: how many points it is trained on.
        x: the horizontal axis.
        y: the vertical axis.
        windows: what is looked at, each as the ends of x and of y.
        resolution: pixels of each axis.
        steps: of each run.
        rule: how a step follows from the gradient; its numbers are those of all pixels but for the axes.
        batches: which points each step uses.
        refined: whether pixels far from the boundary are filled in.
        seed: the key of the random numbers.
        dtype: the number type of all arithmetic.
        device: on what it is trained.
    """

    architecture: Architecture
    points: int
    x: MapAxis
    y: MapAxis
    windows: tuple[Window, ...]
    resolution: int
    steps: int
    rule: Rule
    batches: Batches
    refined: bool
    seed: int
    dtype: DTypeName
    device: Device = CPU

    @staticmethod
    def of(
        *,
        width: object,
        depth: object,
        activation: str,
        x: object,
        y: object,
        windows: Any,
        resolution: object,
        steps: object,
        points: object,
        rule: object,
        learning_rate: object,
        batches: object,
        refined: bool,
        seed: object,
        dtype: object,
    ) -> Map:
        """Returns the map of these settings, each checked.

        Raises:
            TrainError: if one cannot be used; the message says what to write instead.
        """
        units = whole_number("width", width, least=1, example=16)
        layers = whole_number("depth", depth, least=1, example=2)
        graph = mlp_graph((*[units] * layers, 1), activation, None, "squared_error", "mean_field", False)
        architecture = Architecture.of_graph(graph)
        chosen = chosen_rule(rule, learning_rate)
        if chosen.several or chosen.by_layer:
            raise TrainError("rule and learning_rate have one value for all pixels; the others are x's and y's.")
        axes = MapAxis.of("x", x, type(chosen), layers), MapAxis.of("y", y, type(chosen), layers)
        if len({axis.written for axis in axes}) == 1 or (
            axes[0].setting == axes[1].setting and None in (axes[0].layer, axes[1].layer)
        ):
            raise TrainError(f"x and y both go over {axes[0].setting}; give each another setting, or another layer.")
        # A linear network can do no more than one of a single layer.
        own = units if graph.hidden == "identity" else architecture.layers.parameters
        count = own if points is None else whole_number("points", points, least=1, example=own)
        return Map(
            architecture=architecture,
            points=count,
            x=axes[0],
            y=axes[1],
            windows=_windows(axes, windows, chosen),
            resolution=whole_number("resolution", resolution, least=2, example=256),
            steps=whole_number("steps", steps, least=1, example=500, most=MOST_STEPS),
            rule=chosen,
            batches=_batches(batches, count),
            refined=bool(refined),
            seed=check_seed(seed),
            dtype=float_type(dtype),
        )

    def on(self, device: object, *, remote: bool) -> Map:
        """Returns the same map on the device that a person names; arguments are those of `Device.of`."""
        work = self.architecture.layers.parameters * self.points * self.steps * self.resolution**2
        return replace(self, device=Device.of(device, work * len(self.windows), remote=remote))

    def values(self, window: int) -> tuple[FloatArray, FloatArray]:
        """Returns the values of a window's pixels along x and along y."""
        left, right, bottom, top = self.windows[window]
        return values_between(left, right, self.resolution), values_between(bottom, top, self.resolution)

    @property
    def data(self) -> Data:
        """The points and labels: standard normal numbers, the k-th point the same however many there are."""
        return _points(self.seed, self.points, self.architecture.sizes[0])

    @property
    def tiles(self) -> Tiles:
        """How it is cut."""
        several = len(self.windows) > 1
        return Tiles(
            ("window", "y", "x") if several else (self.y.name, self.x.name), len(self.windows), self.resolution
        )

    def description(self) -> dict[str, Any]:
        """Returns all that determines the bits of the result, in plain words and numbers."""
        from gradlab.train.store._description import of_ones_own

        own = of_ones_own(self.rule, [self.batches], self.steps, self.points)
        return {
            "kind": "map of trainability",
            "network": self.architecture.described,
            "points": self.points,
            "x": self.x.written,
            "y": self.y.written,
            "windows": [list(window) for window in self.windows],
            "resolution": self.resolution,
            "steps": self.steps,
            "rule": [str(self.rule), *own] if own else str(self.rule),
            "batches": str(self.batches),
            "refined": self.refined,
            "seed": str(self.seed),
            "dtype": self.dtype,
        }

    def train(self, window: int, rows: Places, columns: Places) -> tuple[FloatArray, NDArray[np.bool_]] | None:
        """Trains pixels of a window, each of which depends on nothing but itself, by their places (R,) along y and x.

        The sum of losses of each and whether it converged, shape (R,); None if Ctrl-C came before.
        """
        x, y = self.values(window)
        return self.train_at(x[columns], y[rows])

    def coarse(self, window: int | Window, count: int = COARSE) -> tuple[FloatArray, NDArray[np.bool_]] | None:
        """Trains a coarse map of a window, rows first; arguments and results are those of `train_at`."""
        left, right, bottom, top = self.windows[window] if isinstance(window, int) else window
        x, y = values_between(left, right, count), values_between(bottom, top, count)
        rows, columns = np.indices((count, count)).reshape(2, -1)
        return self.train_at(x[columns], y[rows])

    def train_at(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]] | None:
        """As `train`, at values of x and of y, shape (R,)."""
        network, data, at = self.architecture, self.data, {self.x: x, self.y: y}
        layers, size = network.layers, (network.layers.parameters, len(data))
        start, of = draw_parameters(Normal(), self.seed, restarts=1, layers=layers), layers.of_parameters()
        trainer = trainer_for(network, data, self.dtype, self.device)
        most = runs_at_once(*size, self.steps, curves=True, faster=trainer.faster)
        made = []
        for first in range(0, len(x), most):
            here = {axis: values[first : first + most] for axis, values in at.items()}
            result = train_chunk(
                trainer,
                self._starts(start, of, here),
                self._rates(here),
                self.steps,
                plan=Plan(self.rule.update(), self._numbers(here)),
                told=by_step(self.rule, self.batches, self.seed, len(data)),
                size=(len(next(iter(here.values()))), *size),
                curves=True,
                ends=False,
            )
            if result.steps < self.steps or result.curves is None:
                return None
            made.append(loss_sums(result.curves))
        sums, converged = zip(*made, strict=True)
        return np.concatenate(sums), np.concatenate(converged)

    def _starts(self, start: FloatArray, layers: Places, at: dict[MapAxis, FloatArray]) -> FloatArray:
        """The start of all pixels, with what an axis does to it; shape (R, P)."""
        made = np.repeat(start, len(next(iter(at.values()))), axis=0)
        for axis in sorted(at, key=lambda each: each.setting, reverse=True):  # scaled, then moved
            if axis.setting == SCALE:
                made = made * at[axis][:, None]
            elif axis.setting == OFFSET:
                made += np.where((layers == axis.layer) | (axis.layer is None), at[axis][:, None], 0.0)
        return made

    def _rates(self, at: dict[MapAxis, FloatArray]) -> FloatArray:
        """The learning rate of each pixel and layer, shape (R, layers)."""
        layers = len(self.architecture.sizes) - 1
        made = np.full((len(next(iter(at.values()))), layers), float(self.rule.learning_rate))
        for axis, values in at.items():
            if axis.setting == RATE:
                made[:, slice(None) if axis.layer is None else slice(axis.layer, axis.layer + 1)] = values[:, None]
        return made

    def _numbers(self, at: dict[MapAxis, FloatArray]) -> dict[str, Any]:
        """The rule's own numbers, each one or one for each pixel."""
        own = {each.name: float(getattr(self.rule, each.name)) for each in self.rule.own_numbers()}
        return own | {axis.setting: values for axis, values in at.items() if axis.setting in own}


@lru_cache(maxsize=16)
def _points(seed: int, count: int, inputs: int) -> Data:
    numbers = draw_standard("normal", seed, restarts=count, parameters=inputs + 1, first=_DATA)
    return Data(numbers[:, :inputs], numbers[:, inputs], name="normal numbers")


def _batches(given: object, points: int) -> Batches:
    """Which points each step uses: of mini-batches not all of them, which would be another experiment."""
    batches = chosen_batches(given)
    if isinstance(batches, MiniBatch) and batches.size >= points:
        raise TrainError(f"batches of {batches.size} hold all of the map's {points} points; use fewer, or more points.")
    return batches


def _windows(axes: tuple[MapAxis, MapAxis], more: Any, rule: Rule) -> tuple[Window, ...]:
    """The window of the axes, and those that follow it."""
    own = {each.name: each for each in rule.own_numbers()}
    made: list[Window] = [(axes[0].low, axes[0].high, axes[1].low, axes[1].high)]
    for place, given in enumerate(more):
        window = tuple(given)
        if len(window) != 4:
            raise TrainError(
                f"windows[{place}] is {given!r}; give the ends of x and then those of y, as (0.5, 2, 10, 40)."
            )
        ends = [
            checked_ends(f"windows[{place}]", axis.setting, pair, own)
            for axis, pair in zip(axes, (window[:2], window[2:]), strict=True)
        ]
        made.append((*ends[0], *ends[1]))
    return tuple(made)
