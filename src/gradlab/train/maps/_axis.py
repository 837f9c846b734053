"""The two axes of a map: which setting of a training each goes over, and its values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from gradlab.rules import Number, Rule
from gradlab.train._errors import TrainError, real_number

FloatArray = NDArray[np.float64]
RATE, OFFSET, SCALE = "learning_rate", "init_offset", "init_scale"
_WRITTEN = re.compile(r"(\w+?)\[(\d+)\]")
_MEANING = {
    RATE: "learning rate",
    OFFSET: "what is added to the initial weights",
    SCALE: "scale of the initial parameters",
}


@dataclass(frozen=True, slots=True)
class MapAxis:
    """One axis of a map.

    Args:
        setting: what it goes over: "learning_rate", "init_offset", "init_scale" or one of the rule's own numbers.
        layer: the layer of weights whose setting it is, from 0; None for all of them.
        low: the value of the first pixel.
        high: the value of the last.
    """

    setting: str
    layer: int | None
    low: float
    high: float

    @staticmethod
    def of(which: str, given: object, rule: type[Rule], layers: int) -> MapAxis:
        """Returns the axis that a person asked for.

        Args:
            which: "x" or "y", for messages.
            given: a setting's name, as ``learning_rate[0]``, with its lowest and its highest value.
            rule: whose own numbers may be an axis.
            layers: how many layers of weights there are.

        Raises:
            TrainError: if it is none; says what to write instead.
        """
        example = f'write for example {which}=("learning_rate[{0 if which == "x" else layers - 1}]", 0.1, 1000)'
        if isinstance(given, str) or not isinstance(given, Sequence) or len(given) != 3:
            raise TrainError(f"{which} is {given!r}; {example}.")
        name, low, high = given
        found = _WRITTEN.fullmatch(str(name))
        setting, layer = (found[1], int(found[2])) if found else (str(name), None)
        own = {each.name: each for each in rule.own_numbers()}
        known = [RATE, f"{RATE}[0]", OFFSET, f"{OFFSET}[0]", SCALE, *own]
        if setting not in (RATE, OFFSET, SCALE, *own) or (layer is not None and setting not in (RATE, OFFSET)):
            raise TrainError(f"{which} goes over {name!r}, and a map can go over {', '.join(known)}; {example}.")
        if layer is not None and layer >= layers:
            raise TrainError(
                f"{which} goes over {name!r}, but the network has {layers} layers of weights, counted from 0 here: "
                f"write {setting}[{layers - 1}] for the last."
            )
        return MapAxis(setting, layer, *checked_ends(which, setting, (low, high), own))

    @property
    def name(self) -> str:
        """Its name in a result, where layers are counted from 1 as everywhere in results."""
        return self.setting if self.layer is None else f"{self.setting}_{self.layer + 1}"

    @property
    def written(self) -> str:
        """Its name as a person writes it."""
        return self.setting if self.layer is None else f"{self.setting}[{self.layer}]"

    def meaning(self, rule: type[Rule]) -> str:
        """What it is, in words."""
        own = {each.name: each.meaning for each in rule.own_numbers()}
        words = own.get(self.setting) or _MEANING[self.setting]
        return words if self.layer is None else f"{words} of layer {self.layer + 1}"


def checked_ends(which: str, setting: str, ends: tuple[object, object], own: dict[str, Number]) -> tuple[float, float]:
    """Returns the lowest and the highest value of an axis; refuses what are none, or not in this order."""
    low, high = (_checked_end(f"{which}'s {setting}", setting, end, own) for end in ends)
    if not low < high:
        raise TrainError(f"{which} goes from {low:g} to {high:g}; give the lower end first, as (0.1, 1000).")
    return low, high


def _checked_end(name: str, setting: str, end: object, own: dict[str, Number]) -> float:
    if setting in own:
        return float(own[setting].check(end, name))
    if setting == OFFSET and isinstance(end, Real) and end < 0:
        return -real_number(name, -end, example=1.0, positive=True)
    return real_number(name, end, example=1.0, positive=setting == RATE)


def values_between(low: float, high: float, count: int) -> FloatArray:
    """Returns the values of an axis's pixels: in equal ratios, or in equal distances if an end is not above 0.

    Refuses ends so close that numbers are not fine enough to tell the pixels apart.
    """
    values = np.geomspace(low, high, count) if low > 0 else np.linspace(low, high, count)
    if not (np.diff(values) > 0).all():
        raise TrainError(
            f"the window from {low!r} to {high!r} is too small: float64 has fewer than {count} numbers in it; "
            "zoom less deep, or use fewer pixels."
        )
    return values
