"""What a training is: the settings that, with the network and the data, determine every bit of its result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from numbers import Integral
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from gradlab.codegen import MOST_STEPS, Plan
from gradlab.graph import Loss, find_loss
from gradlab.rules import Batches, Full, GradientDescent, MiniBatch, Rule, RuleError, read
from gradlab.train._data import Data
from gradlab.train._draw import check_seed
from gradlab.train._errors import DataError, TrainError, whole_number
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
        rule: how a step follows from the gradient: one of `gl.rules`, with one value for each of its numbers.
        steps: how many steps each run takes.
        restarts: how many runs there are.
        seed: the key of the random numbers, from 0 to 2**128 - 1.
        initialisation: what the initial parameters are drawn from, or the parameters themselves.
        dtype: the number type of all arithmetic, "float64" or "float32".
        batches: which points each step uses.

    Raises:
        TrainError: if a setting cannot be used; the message says what to write instead.

    >>> from gradlab.rules import GradientDescent
    >>> Experiment(steps=20) == Experiment(steps=20, rule=GradientDescent(1))
    True
    """

    rule: Rule = GradientDescent()
    steps: int = 100
    restarts: int = 10
    seed: int = 0
    initialisation: Initialisation = field(default_factory=Normal)
    dtype: DTypeName = "float64"
    batches: Batches = Full()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", chosen_rule(self.rule))
        if self.rule.several:
            name = self.rule.several[0]
            layers = "; for one rate a layer write {1: 0.1, 2: 0.2}" if name == "learning_rate" else ""
            raise TrainError(f"{name} has several values; give one here, or all of them to gl.sweep{layers}.")
        object.__setattr__(self, "batches", chosen_batches(self.batches))
        object.__setattr__(self, "steps", whole_number("steps", self.steps, least=0, example=100, most=MOST_STEPS))
        object.__setattr__(self, "restarts", whole_number("restarts", self.restarts, least=1, example=10))
        object.__setattr__(self, "seed", check_seed(self.seed))
        if not isinstance(self.initialisation, Initialisation):
            raise TrainError(
                f"initialisation is {self.initialisation!r}; write Normal(scale=1.0) or Uniform(bound=1.0)."
            )
        object.__setattr__(self, "dtype", float_type(self.dtype))

    @property
    def words(self) -> str:
        """How the steps are made, in words."""
        return self.rule.words + ("" if isinstance(self.batches, Full) else f", {self.batches.words}")

    def plan(self) -> Plan:
        """How a trainer makes the steps, before the first of them."""
        numbers = {name: float(value) for name, value in self.rule.settings.items() if name != "learning_rate"}
        return Plan(self.rule.update(), numbers)

    def rates(self, layers: int, runs: int) -> Array:
        """The learning rate of so many runs, shape (), or of each run and layer, shape (runs, layers).

        Raises:
            TrainError: if there is one for each of another number of layers.
        """
        by_layer = self.rule.by_layer
        if by_layer is None:
            return np.asarray(float(self.rule.learning_rate), dtype=self.dtype)
        if len(by_layer) != layers:
            raise TrainError(
                f"learning_rate holds {len(by_layer)} rates, but the network has {layers} layers of weights; "
                f"write one for each, as learning_rate={dict.fromkeys(range(1, layers + 1), 1.0)}."
            )
        rates = np.array([float(rate) for rate in by_layer.values()], dtype=self.dtype)
        return np.broadcast_to(rates, (runs, layers))


def chosen_rule(rule: object, learning_rate: object = None) -> Rule:
    """Returns the rule that a person gave, as it is, by its text, or by its learning rate alone: gradient descent."""
    try:
        if rule is None:
            return (
                _descent(learning_rate) if type(learning_rate) is float else GradientDescent().with_rate(learning_rate)
            )
        return read(Rule, rule).with_rate(learning_rate)  # type: ignore[arg-type]  # what is neither raises
    except RuleError as problem:
        raise TrainError(str(problem)) from None


@lru_cache(maxsize=64)
def _descent(learning_rate: float) -> Rule:
    """Gradient descent, kept: a short training takes about as long as the checks of its settings."""
    return GradientDescent(learning_rate)


def chosen_batches(batches: object) -> Batches:
    """Returns the batches that a person gave, as they are, by their text, or by the size of a mini-batch."""
    try:
        if isinstance(batches, Integral) and not isinstance(batches, bool):
            return MiniBatch(int(batches))
        return read(Batches, batches)  # type: ignore[arg-type, type-abstract]  # what is neither raises
    except RuleError as problem:
        raise TrainError(str(problem)) from None


def float_type(dtype: object) -> DTypeName:
    """Returns the name of a number type, float64 or float32."""
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


def fitting(network: Network, data: Data) -> Data:
    """Returns the data as the network can be trained on it: class numbers as one 1 among 0s where the loss wants that.

    Raises a DataError where coordinates, outputs or labels do not suit the network, a TrainError where it is none.
    """
    if not hasattr(network, "sizes"):
        raise TrainError(
            f"net is a {type(network).__name__}; what is trained is a network, made by gl.mlp([2, 2, 1]); "
            "gl.descend goes down a function."
        )
    return _fitting(network.sizes[0], network.sizes[-1], network.loss_name, data)


@lru_cache(maxsize=8)  # a short training takes about as long as the checks of its data, which no one can change
def _fitting(inputs: int, outputs: int, loss_name: str, data: Data) -> Data:
    if data.x.shape[1] != inputs:
        raise DataError(
            f"the points of {data.name!r} have {data.x.shape[1]} coordinates, but the network has {inputs} "
            f"inputs; make it with {data.x.shape[1]} inputs, as in mlp([{data.x.shape[1]}, ..., {outputs}])."
        )
    loss = find_loss(loss_name)
    if loss.labels.shares and data.y.ndim == 1 and np.isin(data.y, np.arange(outputs)).all():
        data = replace(data, y=np.eye(outputs)[data.y.astype(int)])
    wanted = (len(data),) if outputs == 1 else (len(data), outputs)
    if data.y.shape != wanted:
        raise DataError(
            f"the labels of {data.name!r} have the shape {data.y.shape}, but a network with {outputs} "
            f"output{'s' if outputs > 1 else ''} needs {wanted}{_label_hint(loss, data, outputs)}"
        )
    _check_labels(loss, data)
    return data


def _label_hint(loss: Loss, data: Data, outputs: int) -> str:
    if data.y.ndim == 1:
        return _class_hint(loss, data.y, outputs)
    return f"; make the network with {data.y.shape[1]} outputs, as in mlp([..., {data.y.shape[1]}])."


def _class_hint(loss: Loss, y: Array, outputs: int) -> str:
    """What to write for one number a point where the network has several outputs."""
    whole, low, high = bool((y == np.round(y)).all()), int(y.min()), int(y.max())
    if not whole:
        if loss.labels.shares:
            return f"; give each point a label for every output, or its class, a whole number from 0 to {outputs - 1}."
        return "; give each point a label for every output."
    if low < 0 or high - low >= outputs:
        classes = len(np.unique(y))
        return (
            f"; if y holds classes, there are {classes} of them: number them from 0, as in "
            f"np.unique(y, return_inverse=True)[1], and make the network with {max(classes, 2)} outputs."
        )
    numbers = "y" if low == 0 else f"y - {low}"
    as_is = loss.labels.shares  # class numbers are labels for such a loss
    return f"; y holds the classes {low} to {high}: write {numbers if as_is else f'np.eye({outputs})[{numbers}]'}."


def _check_labels(loss: Loss, data: Data) -> None:
    """The labels are those that the loss admits."""
    y, labels = data.y, loss.labels
    if labels.shares:
        wrong = (y < 0).any(axis=-1) | (abs(y.sum(axis=-1) - 1.0) > 1e-9)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(
                f"{loss.name} needs rows of labels that are {labels.words}, but row {row} "
                f"of {data.name!r} is {y[row].tolist()}; for class numbers c write np.eye({y.shape[1]})[c]."
            )
        return
    if not labels.values or (found := np.equal.outer(labels.values, y).any(axis=0)).all():
        return
    wrong, values = ~found, ", ".join(f"{value:g}" for value in np.unique(y)[:6])
    hint = f"give each point the label {labels.words}"
    if len(np.unique(y)) == 2 and labels.recipe:
        hint = f"for the two classes here write {labels.recipe.format(y.max())}"
    raise DataError(
        f"{loss.name} needs labels that are {labels.words}, but {int(wrong.sum())} of {y.size} labels "
        f"of {data.name!r} are neither (found {values}); {hint}, or use the loss squared_error."
    )
