"""What `gl.recommend` answers, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan
from typing import TYPE_CHECKING

from gradlab._words import listed
from gradlab.rules import Batches, Full, Rule, read
from gradlab.train._wilson import Share

if TYPE_CHECKING:
    import xarray

_NUMBERS = "no one two three four five six seven eight nine ten eleven twelve".split()
_WORDS = {"init_scale": "scale", "learning_rate": "learning rate"}


@dataclass(frozen=True, slots=True, eq=False)
class Recommendation:
    """A setting of a sweep that trains reliably; `print(recommendation)` says it in words.

    Args:
        setting: its value on every axis of the sweep.
        share: how many of its runs in the sweep succeed.
        fresh: the same for runs with fresh seeds, trained once it was chosen: the best of many looks better in the
            sweep than it is.
        nearby: the lower end of the interval where it is lowest within a quarter of the setting.
        plateau: for each axis the lowest and highest value of the settings around it with nine tenths of its rate.
        plateau_settings: how many settings these are.
        plateau_lowest: the lowest success rate among them.
        edges: the axes on whose end it lies: beyond, nothing was tried.
        median_steps: what half of its successful runs need at most until every point is right; NaN if success is a
            low loss.
        expected_steps: the mean number of steps until the first success, if one restarts after each failure.
        success: what counts as success, in words.
        table: for every setting the rate, the ends of its interval, and its lower end at the lowest nearby, by which
            the recommendation was chosen.
    """

    setting: dict[str, float | int | str]
    share: Share
    fresh: Share
    nearby: float
    plateau: dict[str, tuple[float, float]]
    plateau_settings: int
    plateau_lowest: float
    edges: tuple[str, ...]
    median_steps: float
    expected_steps: float
    success: str
    table: xarray.Dataset = field(repr=False)

    @property
    def words(self) -> str:
        """The setting and its success rate in a sentence."""
        return f"{self._setting}: {self._rate}"

    @property
    def _rate(self) -> str:
        return f"{self.share} of runs {self.success}"

    @property
    def _setting(self) -> str:
        value = self.setting
        rates = [f"{each:g}" for name, each in value.items() if name.startswith("learning_rate")]
        parts = [f"learning rate{'s by layer' * (len(rates) > 1)} {listed(rates, 'and')}"]
        rule = read(Rule, self.table.attrs["rule"])
        own = [each.name for each in rule.own_numbers()]
        parts += [f"{name} {value[name]:g}" for name in own]
        if own and rule.title not in own:
            parts.insert(0, rule.title)
        if not rule.schedule.constant:
            parts.append(rule.schedule.words)
        chosen = value["batches"] if "batches" in value else self.table.attrs["batches"]
        batches = read(Batches, chosen)  # type: ignore[arg-type, type-abstract]  # a result holds its text
        if "batches" in value or not isinstance(batches, Full):
            parts.append(batches.words)
        if self.table.attrs["resized"]:
            parts.append(f"{value['width']} hidden units")
        parts.append(f"{value['initialisation']} initialisation of scale {value['init_scale']:g}")
        return ", ".join(parts)

    def __str__(self) -> str:
        lines = [f"{self._setting}:", self._rate, f"fresh seeds    {self.fresh} of {self.fresh.runs:,} runs"]
        if self.plateau:
            extent = ", ".join(f"{_name(axis)} {low:g} to {high:g}" for axis, (low, high) in self.plateau.items())
            around = f"{self.plateau_settings} settings with at least {100 * self.plateau_lowest:.1f} %: {extent}"
            alone = "no setting beside it has nine tenths of its rate: sweep closer values around it"
            lines.append(f"plateau        {around if self.plateau_settings > 1 else alone}")
            lines.append(f"a quarter off  at least {100 * self.nearby:.1f} %, read between the sweep's values")
        if not isnan(self.median_steps):
            lines.append(f"cost           half of the successes within {self.median_steps:.0f} steps")
        lines.append(f"until success  {self.expected_steps:.0f} steps on average, failures restarted")
        lines += [f"edge           nothing beyond this {_name(axis)} was tried: widen the sweep" for axis in self.edges]
        return "\n".join(lines)


def success_in_words(points: int, steps: int, loss_below: float | None) -> str:
    """Returns what counts as success: every point right after so many steps, or a loss below a number."""
    if loss_below is not None:
        return f"reach a loss below {loss_below:g} within {steps} steps"
    return f"classify all {_NUMBERS[points] if points < len(_NUMBERS) else points} points right within {steps} steps"


def _name(axis: str) -> str:
    if axis.startswith("learning_rate_"):
        return f"learning rate of layer {axis.rsplit('_', 1)[1]}"
    return _WORDS.get(axis, axis)
