"""Where training starts: random parameters that depend on the seed and the run alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradlab.train._errors import TrainError, real_number, whole_number

_WORDS_PER_BLOCK = 4  # Philox-4x64 turns one value of its counter into four 64-bit words
_SEEDS = 2**128  # the number of keys of Philox-4x64


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", real_number("scale", self.scale, example=0.5, positive=False))

    def draw(self, uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns normal numbers of the shape of the uniform ones, whose last axis has an even length.

        Args:
            uniforms: numbers strictly between 0 and 1, shape (..., 2 m).

        Returns:
            As many normal numbers, from pairs of uniform ones.

        Source: Box and Muller 1958, "A note on the generation of random normal deviates". It is preferred to
        the faster rejection methods because it uses up the same number of random words whatever they are, so
        the place of a run in the stream is known.
        """
        first, second = uniforms[..., 0::2], uniforms[..., 1::2]
        radius = self.scale * np.sqrt(-2.0 * np.log(first))
        normals = np.empty_like(uniforms)
        normals[..., 0::2] = radius * np.cos(2.0 * np.pi * second)
        normals[..., 1::2] = radius * np.sin(2.0 * np.pi * second)
        return normals


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "bound", real_number("bound", self.bound, example=1.0, positive=False))

    def draw(self, uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the numbers between 0 and 1, moved to the interval.

        Args:
            uniforms: numbers strictly between 0 and 1, of any shape.
        """
        return self.bound * (2.0 * uniforms - 1.0)


@dataclass(frozen=True, slots=True)
class Given:
    """Initial parameters that were handed over instead of drawn.

    Args:
        restarts: how many runs they are for.
        values: the parameters as the bytes of a float64 array, so that equal ones compare and hash as equal.
    """

    restarts: int
    values: bytes = field(repr=False)

    def array(self) -> NDArray[np.float64]:
        """Returns the parameters, shape (restarts, P)."""
        return np.frombuffer(self.values, dtype=np.float64).reshape(self.restarts, -1)


Distribution = Normal | Uniform
Initialisation = Normal | Uniform | Given


def check_seed(seed: object) -> int:
    """Returns the seed as an int.

    Args:
        seed: what the person gave.

    Raises:
        TrainError: if it is not a whole number from 0 to 2**128 - 1.
    """
    number = whole_number("seed", seed, least=0, example=0)
    if number >= _SEEDS:
        raise TrainError(f"seed must be less than 2**128, but it is {number}; write for example seed=0.")
    return number


def draw_parameters(
    distribution: Distribution, seed: int, *, restarts: int, parameters: int, first: int = 0
) -> NDArray[np.float64]:
    """Draws the initial parameters of runs `first` to `first + restarts - 1`.

    Every run owns a stretch of the counter of a Philox generator whose key is the seed: what run 3 starts
    from does not depend on how many runs there are, nor on which are drawn with it.

    Args:
        distribution: what to draw from.
        seed: the key, from 0 to 2**128 - 1.
        restarts: how many runs.
        parameters: how many parameters each has, P.
        first: the number of the first run.

    Returns:
        Shape (restarts, P), float64.

    Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".

    >>> ten = draw_parameters(Normal(), 0, restarts=10, parameters=9)
    >>> bool((draw_parameters(Normal(), 0, restarts=1, parameters=9, first=3) == ten[3]).all())
    True
    """
    blocks = -(-parameters // _WORDS_PER_BLOCK)
    generator = np.random.Philox(key=seed)
    generator.advance(first * blocks)
    words = generator.random_raw(restarts * blocks * _WORDS_PER_BLOCK).reshape(restarts, -1)
    # 52 bits and a half are exact in float64: never 0, which has no logarithm, and never rounded up to 1.
    uniforms = ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    return np.ascontiguousarray(distribution.draw(uniforms)[:, :parameters])
