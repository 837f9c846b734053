"""What the parameters of a network are drawn from before training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gradlab._words import meant
from gradlab.codegen import deviations
from gradlab.train._errors import TrainError, real_number

FloatArray = NDArray[np.float64]
Shape = Literal["normal", "uniform"]


@dataclass(frozen=True, slots=True)
class Layers:
    """What an initialisation needs to know of a network.

    Args:
        sizes: the number of units of each layer, inputs first.
        biases: whether the layers have biases; each layer's stand before its weights.

    Attributes:
        parameters: the number of parameters, P.
    """

    sizes: tuple[int, ...]
    biases: bool = True
    parameters: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        counted = sum((below + self.biases) * above for below, above in pairwise(self.sizes))
        object.__setattr__(self, "parameters", counted)

    def of_parameters(self) -> NDArray[np.intp]:
        """Returns for each parameter the number of its layer, from 0, shape (P,)."""
        counts = [(below + self.biases) * above for below, above in pairwise(self.sizes)]
        return np.repeat(np.arange(len(counts)), counts)


@dataclass(frozen=True, slots=True)
class Normal:
    """Independent normal parameters with mean 0.

    Args:
        scale: their standard deviation; 1 is the usual `randn`.

    Raises:
        TrainError: if scale is negative or not finite.

    >>> Normal(scale=0.5)
    Normal(scale=0.5)
    """

    scale: float = 1.0
    shape: ClassVar[Shape] = "normal"
    elsewhere: ClassVar[tuple[str, ...]] = ("gaussian", "random_normal")

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", real_number("scale", self.scale, example=0.5, positive=False))

    def factors(self, layers: Layers) -> FloatArray:
        """Returns what each parameter's standard number is multiplied with, shape (P,)."""
        return np.full(layers.parameters, self.scale)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Independent parameters, uniform between -bound and bound.

    Args:
        bound: the largest absolute value.

    Raises:
        TrainError: if bound is negative or not finite.

    >>> Uniform()
    Uniform(bound=1.0)
    """

    bound: float = 1.0
    shape: ClassVar[Shape] = "uniform"
    elsewhere: ClassVar[tuple[str, ...]] = ("random_uniform",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bound", real_number("bound", self.bound, example=1.0, positive=False))

    def factors(self, layers: Layers) -> FloatArray:
        """Returns what each parameter's standard number is multiplied with, shape (P,)."""
        return np.full(layers.parameters, self.bound)


@dataclass(frozen=True, slots=True)
class Glorot:
    """Normal weights with the variance scale**2 * 2 / (units below + units above), and biases of 0.

    Args:
        scale: 1 for the published variance.

    Raises:
        TrainError: if scale is negative or not finite.

    Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks",
    equation 12, with normal instead of uniform numbers.

    >>> Glorot().factors(Layers((2, 2, 1))).round(3).tolist()
    [0.0, 0.0, 0.707, 0.707, 0.707, 0.707, 0.0, 0.816, 0.816]
    """

    scale: float = 1.0
    shape: ClassVar[Shape] = "normal"
    elsewhere: ClassVar[tuple[str, ...]] = (
        "xavier",
        "xavier_normal",
        "xavier_uniform",
        "glorot_normal",
        "glorot_uniform",
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", real_number("scale", self.scale, example=1.0, positive=False))

    def factors(self, layers: Layers) -> FloatArray:
        """Returns what each parameter's standard number is multiplied with, shape (P,)."""
        return self.scale * np.array(deviations("glorot", layers.sizes, layers.biases))


@dataclass(frozen=True, slots=True)
class He:
    """Normal weights with the variance scale**2 * 2 / (units below), and biases of 0.

    Args:
        scale: 1 for the published variance.

    Raises:
        TrainError: if scale is negative or not finite.

    Source: He, Zhang, Ren and Sun 2015, "Delving deep into rectifiers", equation 10.

    >>> He().factors(Layers((2, 2, 1))).round(3).tolist()
    [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0]
    """

    scale: float = 1.0
    shape: ClassVar[Shape] = "normal"
    elsewhere: ClassVar[tuple[str, ...]] = ("kaiming", "kaiming_normal", "kaiming_uniform", "he_normal", "he_uniform")

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", real_number("scale", self.scale, example=1.0, positive=False))

    def factors(self, layers: Layers) -> FloatArray:
        """Returns what each parameter's standard number is multiplied with, shape (P,)."""
        return self.scale * np.array(deviations("he", layers.sizes, layers.biases))


@dataclass(frozen=True, slots=True)
class Given:
    """Initial parameters that were handed over instead of drawn.

    Args:
        restarts: how many runs they are for.
        values: the parameters as the bytes of a float64 array, so that equal ones compare and hash as equal.
    """

    restarts: int
    values: bytes = field(repr=False)

    def array(self) -> FloatArray:
        """Returns the parameters, shape (restarts, P)."""
        return np.frombuffer(self.values, dtype=np.float64).reshape(self.restarts, -1)


Distribution = Normal | Uniform | Glorot | He
Initialisation = Distribution | Given
# "randn" is what one writes in NumPy and PyTorch: normal numbers, to be multiplied with a scale.
INITIALISATIONS: dict[str, Callable[[float], Distribution]] = {
    "normal": Normal,
    "randn": Normal,
    "uniform": Uniform,
    "glorot": Glorot,
    "he": He,
}


def check_kind(name: str, value: object) -> str:
    """Returns the name of a kind of initialisation; of what is none it offers the nearest."""
    if isinstance(value, str) and value in INITIALISATIONS:
        return value
    if isinstance(value, Distribution):
        kind = type(value).__name__.lower()
        raise TrainError(f"{name} is {value!r}; among several write {kind!r}, and its scale as init_scale.")
    near = meant(value, INITIALISATIONS)
    offer = f"did you mean {near[0]!r}?" if near else f"write one of {', '.join(map(repr, INITIALISATIONS))}."
    raise TrainError(f"{name} is {value!r}, which is no initialisation; {offer}")


def with_scale(value: object, scale: object) -> tuple[object, object]:
    """Returns a kind of initialisation by its name and its scale, whichever way the two were given, but not twice."""
    if isinstance(value, str) or not isinstance(value, Distribution):
        return value, 1.0 if scale is None else scale
    if scale is not None:
        raise TrainError(
            f"initialisation is {value!r}, and init_scale {scale!r}; give the scale in one of the two places."
        )
    return type(value).__name__.lower(), value.bound if isinstance(value, Uniform) else value.scale
