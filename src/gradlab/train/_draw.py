"""Where training starts: random numbers that depend on the seed and the run alone."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

from gradlab.codegen import KINDS, Drawn, numpy_transforms
from gradlab.train._errors import TrainError, whole_number
from gradlab.train._initialise import Distribution, FloatArray, Layers, Shape

Words = NDArray[np.uint64]
_WORDS_PER_BLOCK = 4  # Philox-4x64 turns one value of its counter into four 64-bit words
_SEEDS = 2**128  # the number of keys of Philox-4x64
_ORDERS = 2**192  # where the counter of the orders of points begins
_SLICE = 2**15  # words that are drawn and transformed at a time: with what is made of them they fit in the cache


def check_seed(seed: object) -> int:
    """Returns the seed as an int; refuses what is not a whole number from 0 to 2**128 - 1."""
    number = whole_number("seed", seed, least=0, example=0)
    if number >= _SEEDS:
        raise TrainError(f"seed must be less than 2**128, but it is {number}; write for example seed=0.")
    return number


def draw_parameters(
    distribution: Distribution, seed: int, *, restarts: int, layers: Layers, first: int = 0
) -> FloatArray:
    """Draws the initial parameters of runs `first` to `first + restarts - 1`, shape (restarts, P), float64.

    >>> from gradlab.train import Normal
    >>> ten = draw_parameters(Normal(), 0, restarts=10, layers=Layers((2, 2, 1)))
    >>> bool((draw_parameters(Normal(), 0, restarts=1, layers=Layers((2, 2, 1)), first=3) == ten[3]).all())
    True
    """
    numbers = draw_standard(distribution.shape, seed, restarts=restarts, parameters=layers.parameters, first=first)
    return numbers * distribution.factors(layers)


def draw_standard(shape: Shape, seed: int, *, restarts: int, parameters: int, first: int = 0) -> FloatArray:
    """Draws standard normal numbers, or uniform ones between -1 and 1, for parameters of some runs: (restarts, P).

    Every run owns a stretch of the counter of a Philox generator whose key is the seed: what run 3 starts from does
    not depend on how many runs there are, nor on which are drawn with it. It does not depend on the setting either:
    runs of the same number start alike in every setting of a sweep, and differences between settings are not the
    luck of the draw (common random numbers).

    Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"; the generator is
    NumPy's, and the tests hold it against the authors' known answers.
    """
    blocks = -(-parameters // _WORDS_PER_BLOCK)
    numbers = np.empty((restarts, parameters))
    runs, key = max(1, _SLICE // (blocks * _WORDS_PER_BLOCK)), _Key(seed)

    def fill(start: int) -> None:
        rows = numbers[start : start + runs]
        generator = np.random.Philox(key, counter=(first + start) * blocks)  # type: ignore[arg-type]
        words = generator.random_raw(len(rows) * blocks * _WORDS_PER_BLOCK)
        rows[...] = _OF_WORDS[shape](words).reshape(len(rows), -1)[:, :parameters]

    starts = range(0, restarts, runs)
    if len(starts) == 1:
        fill(0)
    else:  # NumPy lets other threads run while it draws and computes
        with ThreadPoolExecutor(min(len(starts), os.cpu_count() or 1)) as pool:
            list(pool.map(fill, starts))
    return numbers


def draw_order(seed: int, epoch: int, points: int) -> NDArray[np.intp]:
    """Draws the order of the points in an epoch, counted from 0: each gets a random number, and they are sorted by it.

    The numbers come from a part of the generator's counter that no run's parameters reach.

    >>> sorted(draw_order(seed=0, epoch=3, points=5).tolist())
    [0, 1, 2, 3, 4]
    """
    blocks = -(-points // _WORDS_PER_BLOCK)
    generator = np.random.Philox(_Key(seed), counter=_ORDERS + epoch * blocks)  # type: ignore[arg-type]
    return np.argsort(generator.random_raw(points), kind="stable")


class _Key(ISeedSequence):
    """A key as it is: from a number by itself NumPy would make one after having asked the system for entropy."""

    def __init__(self, seed: int) -> None:
        self.words = np.array([seed % 2**64, seed // 2**64], dtype=np.uint64)

    def generate_state(self, n_words: int, dtype: object = np.uint32) -> Words:
        """The two words of the key, which is all that is asked for."""
        return self.words


def _uniform(words: Words) -> FloatArray:
    """As many uniform numbers between -1 and 1."""
    return _TRANSFORMS["uniform"](_whole(words))


def _normal(words: Words) -> FloatArray:
    """As many normal numbers, from pairs of random words."""
    numbers = np.empty(len(words))
    numbers[0::2], numbers[1::2] = _TRANSFORMS["normal"](_whole(words[0::2]), _whole(words[1::2]))
    return numbers


def _whole(words: Words) -> NDArray[np.int64]:
    """The upper 52 bits of random words."""
    return (words >> np.uint64(12)).view(np.int64)


_TRANSFORMS = numpy_transforms()
_OF_WORDS = {"normal": _normal, "uniform": _uniform}


def starts_of(drawn: Drawn, parameters: int) -> FloatArray:
    """Draws what a kernel draws for itself, to the bit before it is rounded: shape (R, P), settings first."""
    made = np.empty((len(drawn.kinds), drawn.count, parameters))
    for kind in np.unique(drawn.kinds):
        shape, rows = KINDS[kind], drawn.kinds == kind
        numbers = draw_standard(shape, drawn.seed, restarts=drawn.count, parameters=parameters, first=drawn.first)
        made[rows] = numbers * drawn.factors[rows, None]
    return made.reshape(-1, parameters)
