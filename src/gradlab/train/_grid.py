"""What a sweep is: all settings and all runs, in one frozen description that determines every bit of the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from gradlab.codegen import KINDS, MOST_STEPS, Drawn
from gradlab.rules import Batches, Rule
from gradlab.train import _axes
from gradlab.train._axes import Axis
from gradlab.train._device import CPU, Device
from gradlab.train._draw import check_seed
from gradlab.train._errors import TrainError, whole_number
from gradlab.train._experiment import DTypeName, chosen_batches, chosen_rule, float_type
from gradlab.train._initialise import INITIALISATIONS, Layers, with_scale
from gradlab.train._trainers import Architecture

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Every setting of a sweep and how often each is tried.

    The settings with equal width, steps and batches share a kernel's call: a *sheet*. Within a sheet they differ in
    initialisation, scale, learning rate and the rule's own numbers, in this order.

    Args:
        architecture: the network.
        width: units of each hidden layer.
        steps: steps of each run.
        initialisation: kinds of initialisation.
        init_scale: scales of the initial parameters.
        learning_rates: one axis, or one for each layer of weights.
        numbers: one axis for each of the rule's own numbers.
        rule: how a step follows from the gradient; its numbers are those of the axes.
        batches: ways to choose the points of each step.
        restarts: how many runs each setting has.
        seed: the key of the random numbers.
        dtype: the number type of all arithmetic.
        resized: whether the hidden layers have the grid's widths instead of the network's own.
        device: on what it is trained.
    """

    architecture: Architecture
    width: Axis
    steps: Axis
    initialisation: Axis
    init_scale: Axis
    learning_rates: tuple[Axis, ...]
    numbers: tuple[Axis, ...]
    rule: Rule
    batches: Axis
    restarts: int
    seed: int
    dtype: DTypeName
    resized: bool
    device: Device = CPU

    @staticmethod
    def of(
        architecture: Architecture,
        *,
        rule: object,
        learning_rate: object,
        batches: object,
        initialisation: object,
        init_scale: object,
        width: object,
        steps: object,
        restarts: object,
        seed: object,
        dtype: object,
    ) -> Grid:
        """Returns the grid of these settings, each checked.

        Raises:
            TrainError: if one cannot be used; the message says what to write instead.
        """
        hidden = architecture.sizes[1:-1]
        if width is not None and not hidden:
            raise TrainError("width is that of the hidden layers, but the network has none; leave it out.")
        own = Axis("width", (max(hidden, default=0),))
        layers = len(architecture.sizes) - 1
        kind, scale = with_scale(initialisation, init_scale)
        if isinstance(learning_rate, Mapping):
            _axes.rate_axes(learning_rate, layers)  # says which layers the network has
        chosen = chosen_rule(rule, learning_rate)
        return Grid(
            architecture=architecture,
            width=own if width is None else _axes.count_axis("width", width, example=8),
            steps=_axes.count_axis("steps", steps, example=100, most=MOST_STEPS),
            initialisation=_axes.initialisation_axis(kind),
            init_scale=_axes.scale_axis(scale),
            learning_rates=_axes.rate_axes(chosen.by_layer or chosen.learning_rate, layers),
            numbers=_axes.number_axes(chosen),
            rule=chosen,
            batches=_axes.batches_axis(batches),
            restarts=whole_number("restarts", restarts, least=1, example=1000),
            seed=check_seed(seed),
            dtype=float_type(dtype),
            resized=width is not None,
        )

    @property
    def sheet_axes(self) -> tuple[Axis, ...]:
        """The axes whose settings differ between sheets."""
        return self.width, self.steps, self.batches

    def sheet(self, number: int) -> tuple[Architecture, int, Batches]:
        """Returns the network of a sheet, its steps, and which points each of them uses."""
        width, steps, batches = np.unravel_index(number, [len(axis) for axis in self.sheet_axes])
        network = self.network(int(self.width.values[width]))
        return network, int(self.steps.values[steps]), chosen_batches(self.batches.values[batches])

    @property
    def setting_axes(self) -> tuple[Axis, ...]:
        """The axes whose settings differ within a sheet."""
        return self.initialisation, self.init_scale, *self.learning_rates, *self.numbers

    @property
    def axes(self) -> tuple[Axis, ...]:
        """All axes, in the order of the result's dimensions."""
        return *self.sheet_axes, *self.setting_axes

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many sheets there are, how many settings a sheet has, and how many runs a setting."""
        return prod(map(len, self.sheet_axes)), prod(map(len, self.setting_axes)), self.restarts

    @property
    def runs(self) -> int:
        """How many runs there are in all."""
        return prod(self.shape)

    def network(self, width: int) -> Architecture:
        """Returns the network of a width."""
        return self.architecture.with_width(width) if self.resized else self.architecture

    def on(self, device: object, points: int, *, remote: bool) -> Grid:
        """Returns the same grid on the device that a person names; errors are those of `Device.of`."""
        most = max(self.network(int(width)).layers.parameters for width in self.width.values)
        work = most * points * int(max(self.steps.values)) * self.runs
        return replace(self, device=Device.of(device, work, remote=remote))

    def starts(self, network: Architecture, settings: NDArray[np.intp], first: int, count: int) -> Drawn:
        """Returns what so many restarts, from a first on, of some settings (S,) of a sheet start from."""
        shapes = [INITIALISATIONS[str(name)](1.0).shape for name in self.initialisation.values]
        kinds = np.array([KINDS.index(shape) for shape in shapes])[self.indices(settings)[0]]
        return Drawn(self.seed, first, count, kinds, self.factors(settings, network.layers))

    def factors(self, settings: NDArray[np.intp], layers: Layers) -> FloatArray:
        """Returns what the standard random numbers of some settings (S,) of a sheet are multiplied with, (S, P)."""
        kinds, scales = self.indices(settings)[:2]
        unit = np.array([INITIALISATIONS[str(name)](1.0).factors(layers) for name in self.initialisation.values])
        return np.array(self.init_scale.values, dtype=np.float64)[scales, None] * unit[kinds]

    def rates(self, settings: NDArray[np.intp]) -> FloatArray:
        """Returns the learning rates of some settings of a sheet, shape (S,), or (S, layers) if they go by layer."""
        columns = self._values(self.learning_rates, settings)
        return columns[0] if self.learning_rates[0].name == "learning_rate" else np.stack(columns, axis=1)

    def own_numbers(self, settings: NDArray[np.intp]) -> dict[str, FloatArray]:
        """Returns the rule's own numbers of some settings of a sheet, each of shape (S,)."""
        return dict(zip((axis.name for axis in self.numbers), self._values(self.numbers, settings), strict=True))

    def _values(self, axes: tuple[Axis, ...], settings: NDArray[np.intp]) -> list[FloatArray]:
        places = dict(zip((axis.name for axis in self.setting_axes), self.indices(settings), strict=True))
        return [np.array(axis.values, dtype=np.float64)[places[axis.name]] for axis in axes]

    def indices(self, settings: NDArray[np.intp]) -> tuple[NDArray[np.intp], ...]:
        """Returns where settings of a sheet lie on each axis of a sheet."""
        return np.unravel_index(settings, [len(axis) for axis in self.setting_axes])
