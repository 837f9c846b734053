"""What threads draw before they train it: the drawing compiled, and what it is called with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlab._errors import GradlabError
from gradlab.codegen._numba_cache import load_drawing
from gradlab.codegen._training import Drawn

TOGETHER = 32  # runs whose words are drawn before they are transformed, so that loops over them are vectors' work
WORD = 2**64


class Drawing:
    """Draws any stretch of what is to be drawn.

    Args:
        of: what that is.
        parameters: how many numbers each run has.
        dtype: the number type of the results; the products are rounded to it once.

    Raises:
        GradlabError: if a run's place in the generator's stream has more than 64 bits.
    """

    def __init__(self, of: Drawn, parameters: int, dtype: str) -> None:
        self.of, self.parameters = of, parameters
        self.key = [np.uint64(half) for half in key_of(of, parameters)]
        self.kernel = _kernel(dtype)

    def fill(self, numbers: NDArray[Any], first: int, last: int, words: tuple[NDArray[Any], ...]) -> None:
        """Draws the runs from the first to before the last, in the order of the settings.

        Args:
            numbers: where they go, shape (last - first, P).
            first: how many runs are before them.
            last: the same of the run behind them.
            words: what `words_of` made.
        """
        of = self.of
        self.kernel(
            numbers.reshape(-1), self.parameters, first, last, of.count, of.first, *self.key,
            of.factors.reshape(-1), of.kinds, *words,
        )  # fmt: skip


def key_of(of: Drawn, parameters: int) -> tuple[int, int]:
    """The lower and the upper half of the generator's key.

    Args:
        of: what is to be drawn.
        parameters: how many numbers each run has.

    Raises:
        GradlabError: if a run's place in the generator's stream has more than 64 bits.
    """
    if (of.first + of.count + 1) * (parameters // 4 + 1) >= WORD // 2:
        raise GradlabError(f"runs with numbers up to {of.first + of.count} are more than can be drawn")
    return of.seed % WORD, of.seed // WORD


@cache
def _kernel(dtype: str) -> Callable[..., None]:
    from gradlab.codegen._numba_draw import SOURCE

    return load_drawing(SOURCE, dtype)


def words_of(parameters: int) -> tuple[NDArray[Any], ...]:
    """A thread's memory for the words of some runs and for the numbers made of them."""
    pairs = TOGETHER * -(-parameters // 2)
    return np.empty(pairs + 1, np.uint64), np.empty(pairs + 1, np.uint64), np.empty(2 * pairs)
