"""What a training is: the settings that, with the network and the data, determine every bit of its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from gradlab.train._data import Data
from gradlab.train._draw import check_seed
from gradlab.train._errors import DataError, TrainError, real_number, whole_number
from gradlab.train._initialise import Initialisation, Normal

Array = NDArray[np.floating]
DTypeName = Literal["float64", "float32"]


class Gradient(Protocol):
    """A compiled network: loss and gradient of whole batches of parameters."""

    def __call__(self, parameters: Array, x: Array, y: Array, /) -> tuple[Array, Array]:
        """Returns the mean loss over the points (...) and its gradient (..., P) at parameters (..., P)."""
        ...

    def predict(self, parameters: Array, x: Array, /) -> Array:
        """Returns the outputs at the points x, shape (..., N), or (..., N, K) for K outputs."""
        ...


class Network(Protocol):
    """What training needs to know of a network."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of units of each layer, inputs first."""
        ...

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the P parameters, in the order of the gradient."""
        ...

    @property
    def loss_name(self) -> str:
        """Which loss the network ends in."""
        ...

    def compile(self, backend: Literal["numpy"], /) -> Gradient:
        """Returns the function that computes loss and gradient."""
        ...


@dataclass(frozen=True, slots=True)
class Experiment:
    """The settings of a training: hashable, comparable, and checked when made.

    Args:
        learning_rate: what the gradient is multiplied with in each step, greater than 0; or a tuple of one for each
            layer of weights, from the inputs on.
        steps: how many steps each run takes.
        restarts: how many runs there are.
        seed: the key of the random numbers, from 0 to 2**128 - 1.
        initialisation: what the initial parameters are drawn from, or the parameters themselves.
        dtype: the number type of all arithmetic, "float64" or "float32".
        momentum: the part of the last update that is added to each, from 0 to below 1.

    Raises:
        TrainError: if a setting cannot be used; the message says what to write instead.

    >>> Experiment(steps=20) == Experiment(steps=20, learning_rate=1)
    True
    """

    learning_rate: float | tuple[float, ...] = 1.0
    steps: int = 100
    restarts: int = 10
    seed: int = 0
    initialisation: Initialisation = field(default_factory=Normal)
    dtype: DTypeName = "float64"
    momentum: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "learning_rate", _rates(self.learning_rate))
        object.__setattr__(self, "steps", whole_number("steps", self.steps, least=0, example=100))
        object.__setattr__(self, "restarts", whole_number("restarts", self.restarts, least=1, example=10))
        object.__setattr__(self, "seed", check_seed(self.seed))
        if not isinstance(self.initialisation, Initialisation):
            raise TrainError(
                f"initialisation is {self.initialisation!r}; write Normal(scale=1.0) or Uniform(bound=1.0)."
            )
        object.__setattr__(self, "dtype", float_type(self.dtype))
        object.__setattr__(self, "momentum", check_momentum("momentum", self.momentum))

    @property
    def rule(self) -> str:
        """How the steps are made, in words."""
        rates = self.learning_rate if isinstance(self.learning_rate, tuple) else (self.learning_rate,)
        kept = f" and momentum {self.momentum:g}" if self.momentum else ""
        return f"learning rate{'s' * (len(rates) > 1)} {', '.join(f'{rate:g}' for rate in rates)}{kept}"


def _rates(value: object) -> float | tuple[float, ...]:
    if isinstance(value, tuple) and value:
        return tuple(
            real_number(f"learning_rate[{index}]", rate, example=1.0, positive=True) for index, rate in enumerate(value)
        )
    return real_number("learning_rate", value, example=1.0, positive=True)


def check_momentum(name: str, value: object) -> float:
    """Returns the momentum as a float.

    Args:
        name: what the person wrote it as, for the message.
        value: what they gave.

    Raises:
        TrainError: if it is not a number from 0 to below 1.
    """
    momentum = real_number(name, value, example=0.9, positive=False)
    if momentum >= 1:
        raise TrainError(f"{name} must be below 1, but it is {momentum:g}; write for example {name}=0.9.")
    return momentum


def float_type(dtype: object) -> DTypeName:
    """Returns the name of a number type.

    Args:
        dtype: what the person gave.

    Raises:
        TrainError: if it is neither float64 nor float32.
    """
    if isinstance(dtype, str) and dtype == "float64":  # the usual word, without asking NumPy
        return "float64"
    hint = 'write dtype="float64" or dtype="float32".'
    try:
        name = np.dtype(dtype).name  # type: ignore[call-overload]  # whatever names no type raises here
    except TypeError:
        raise TrainError(f"dtype is {dtype!r}, which NumPy does not know; {hint}") from None
    if dtype is not None and name == "float64":
        return "float64"
    if name == "float32":
        return "float32"
    raise TrainError(f"dtype is {dtype!r}; {hint}")


def check_fits(network: Network, data: Data) -> None:
    """Checks that the network can be trained on the data.

    Args:
        network: its sizes and its loss count.
        data: its shapes and labels count.

    Raises:
        DataError: if the number of coordinates, outputs or the labels do not suit the network.
    """
    inputs, outputs = network.sizes[0], network.sizes[-1]
    if data.x.shape[1] != inputs:
        raise DataError(
            f"the points of {data.name!r} have {data.x.shape[1]} coordinates, but the network has {inputs} "
            f"inputs; make it with {data.x.shape[1]} inputs, as in mlp([{data.x.shape[1]}, ..., {outputs}])."
        )
    wanted = (len(data),) if outputs == 1 else (len(data), outputs)
    if data.y.shape != wanted:
        raise DataError(
            f"the labels of {data.name!r} have the shape {data.y.shape}, but a network with {outputs} "
            f"output{'s' if outputs > 1 else ''} needs {wanted}{_label_hint(data, outputs)}"
        )
    if network.loss_name == "binary_cross_entropy":
        _check_zero_one(data)
    elif network.loss_name == "softmax_cross_entropy":
        _check_one_hot(data)


def _label_hint(data: Data, outputs: int) -> str:
    if data.y.ndim == 1:
        return f"; if y holds class numbers from 0 to {outputs - 1}, write np.eye({outputs})[y]."
    return f"; make the network with {data.y.shape[1]} outputs, as in mlp([..., {data.y.shape[1]}])."


def _check_zero_one(data: Data) -> None:
    wrong = (data.y != 0) & (data.y != 1)
    if not wrong.any():
        return
    found = ", ".join(f"{value:g}" for value in np.unique(data.y)[:6])
    hint = "give each point the label 0 or 1"
    if len(np.unique(data.y)) == 2:
        hint = f"for the two classes here write (y == {data.y.max():g}).astype(float)"
    raise DataError(
        f"binary_cross_entropy needs labels that are 0 or 1, but {int(wrong.sum())} of {data.y.size} labels "
        f"of {data.name!r} are neither (found {found}); {hint}, or use the loss squared_error."
    )


def _check_one_hot(data: Data) -> None:
    y = data.y
    wrong = (y < 0).any(axis=-1) | (abs(y.sum(axis=-1) - 1.0) > 1e-9)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"softmax_cross_entropy needs rows of labels that are 0 or greater and sum to 1, but row {row} "
            f"of {data.name!r} is {y[row].tolist()}; for class numbers c write np.eye({y.shape[1]})[c]."
        )
