"""What a sweep keeps of each run beside its outcome: curves, each step, some steps or quantiles, and parameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradlab.train._errors import TrainError, real_number, whole_number

_WRITE = (
    'write keep=["curves"], keep=["parameters"] or both; of curves every tenth step with keep={"curves": 10}, '
    'or quantiles over the restarts with keep={"curves": (0.1, 0.5, 0.9)}'
)


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept.

    Args:
        stride: of the losses of all steps every so many, from the first on; 0 for none.
        quantiles: which quantiles of the losses of all restarts are kept in each step, between 0 and 1.
        parameters: whether the last parameters are.
    """

    stride: int = 0
    quantiles: tuple[float, ...] = ()
    parameters: bool = False

    @staticmethod
    def of(keep: object) -> Keep:
        """Returns what a person wants kept.

        Args:
            keep: names, or a mapping from names to how.

        Raises:
            TrainError: if it names something else, or cannot be kept that way.
        """
        if isinstance(keep, Keep):
            return keep
        if isinstance(keep, tuple) and not keep:
            return NOTHING
        if isinstance(keep, str) or not isinstance(keep, Collection):
            raise TrainError(f"keep is {keep!r}; {_WRITE}.")
        chosen: dict[Any, Any] = dict(keep) if isinstance(keep, Mapping) else dict.fromkeys(keep, True)
        if not chosen.keys() <= {"curves", "parameters"} or not isinstance(chosen.get("parameters", True), bool):
            raise TrainError(f"keep is {keep!r}; {_WRITE}.")
        how, parameters = chosen.get("curves", False), bool(chosen.get("parameters", False))
        if isinstance(how, bool):
            return Keep(int(how), (), parameters)
        if isinstance(how, int):
            return Keep(whole_number("the stride of keep's curves", how, least=1, example=10), (), parameters)
        if isinstance(how, str) or not isinstance(how, Collection) or not how:
            raise TrainError(f"keep is {keep!r}; {_WRITE}.")
        values = tuple(sorted(real_number("a quantile of keep", q, example=0.5, positive=False) for q in how))
        if values[-1] > 1 or len(set(values)) < len(values):
            raise TrainError(f"the quantiles of keep lie between 0 and 1, each once, but they are {values}; {_WRITE}.")
        return Keep(0, values, parameters)

    @property
    def curves(self) -> bool:
        """Whether the losses of all steps are wanted while a chunk is trained."""
        return bool(self.stride or self.quantiles)

    def kept_steps(self, steps: int) -> NDArray[np.intp]:
        """Returns after which steps losses are kept, shape (K,)."""
        return np.arange(0, steps + 1, max(1, self.stride))

    def numbers(self, steps: int, parameters: int) -> int:
        """Returns how many numbers are kept of each run, beside its outcome; quantiles are none of a run's."""
        return (len(self.kept_steps(steps)) if self.stride else 0) + (parameters if self.parameters else 0)


NOTHING = Keep()


def quantiles_of(curves: NDArray[np.floating], shares: tuple[float, ...]) -> NDArray[np.floating]:
    """Returns in each step the smallest loss at or below which at least such a share of the runs is.

    A loss that is not finite counts as larger than all others: a diverged run is not missing.

    Args:
        curves: losses, shape (..., R, S).
        shares: quantiles, between 0 and 1, shape (Q,).

    Returns:
        Shape (..., Q, S).
    """
    ordered = np.sort(np.where(np.isfinite(curves), curves, np.inf), axis=-2)
    runs = curves.shape[-2]
    places = np.clip(np.ceil(np.round(np.array(shares) * runs, 9)).astype(int) - 1, 0, runs - 1)
    return ordered[..., places, :]
