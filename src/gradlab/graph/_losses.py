"""THE table of losses: all that gradlab knows about a loss stands in its row, as for primitives.

Sources: the hinge is Cortes and Vapnik's ("Support-vector networks", 1995), the quantile loss Koenker and Bassett's
("Regression quantiles", 1978), the loss between squared and absolute Huber's ("Robust estimation of a location
parameter", 1964).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from gradlab._errors import GradlabError
from gradlab.graph._algebra import add, div, mul, neg, subtract
from gradlab.graph._expression import ONE, TWO, Apply, Expression, number
from gradlab.graph._names import find_name
from gradlab.graph._primitives import IDENTITY
from gradlab.graph._row import apply

Term = Callable[[Expression, Expression, Expression], Expression]
Pairs = Sequence[tuple[Expression, Expression]]


@dataclass(frozen=True, slots=True)
class Labels:
    """Which labels a loss admits.

    Attributes:
        words: what they are, in words.
        values: the only ones there are; empty for any number.
        shares: whether the labels of a point are 0 or greater and sum to 1, as one 1 among 0s does.
        recipe: how to write the labels of two classes so, a format string of one class's label.
    """

    words: str
    values: tuple[int, ...] = ()
    shares: bool = False
    recipe: str = ""


ZERO_OR_ONE = Labels("0 or 1", (0, 1), recipe="(y == {0:g}).astype(float)")
SIGNS = Labels("-1 or 1", (-1, 1), recipe="np.where(y == {0:g}, 1.0, -1.0)")
SHARES = Labels("0 or greater and sum to 1", shares=True)
NUMBERS = Labels("any numbers")


def distance(pairs: Pairs) -> Expression:
    """How far the outputs are from the labels, the largest distance of a point."""
    return _largest([Apply("abs", (subtract(out, label),)) for out, label in pairs])


def behind(pairs: Pairs) -> Expression:
    """The largest output of a wrong class less the one of the right class, which has the label 1."""
    wrong = Apply("max", tuple(mul(out, subtract(ONE, label)) for out, label in pairs))
    return subtract(wrong, add(*(mul(out, label) for out, label in pairs)))


def opposite(pairs: Pairs) -> Expression:
    """The least product of an output and its label, with a minus: below 0 where the signs agree."""
    return _largest([neg(mul(label, out)) for out, label in pairs])


def _largest(margins: list[Expression]) -> Expression:
    return margins[0] if len(margins) == 1 else Apply("max", tuple(margins))


@dataclass(frozen=True, slots=True)
class Loss:
    """One row of the table.

    Attributes:
        name: how it is called in text.
        term: what one output adds to it, from the label, the prediction, and the loss's number if it has one.
        output: the activation of the outputs that goes with it.
        labels: which labels it admits.
        margin: from predictions and labels of a point, what is small where the point is right.
        nearer: whether a point is right if the margin is below half of the distance between the labels of two classes;
            else it is if the margin is below 0.
        outputs: between which numbers predictions must lie.
        softmax: whether predictions are the shares of the outputs' exponentials.
        setting: the number that the loss has, where it has one, written ``quantile(0.9)``; this one by default.
        settings: between which numbers that number lies, both left out.
        stable: the term as kernels compute its value, from the same; by default `derive.stabilise` finds a form.
        words: how it is called in a sentence; by default its name without underscores.
        latex: its LaTeX in formulas.
        unit: the unit of its values.
        elsewhere: what other libraries call it or its mean.
    """

    name: str
    term: Term
    output: str = IDENTITY
    labels: Labels = NUMBERS
    margin: Callable[[Pairs], Expression] = distance
    nearer: bool = True
    outputs: tuple[float, float] = (-math.inf, math.inf)
    softmax: bool = False
    setting: Fraction | None = None
    settings: tuple[float, float] = (0.0, math.inf)
    stable: Term | None = None
    words: str = ""
    latex: str = r"\mathcal{L}"
    unit: str = "1"
    elsewhere: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """How a sentence has it, with its number."""
        base = self.words or self.name.replace("_", " ")
        return base if self.setting is None else f"{base} ({float(self.setting):g})"

    def of(self, label: Expression, prediction: Expression, *, stable: bool = False) -> Expression:
        """What one output adds to the loss."""
        form = self.stable if stable and self.stable is not None else self.term
        return form(label, prediction, ONE if self.setting is None else number(self.setting))


def _binary_cross_entropy(y: Expression, f: Expression, _: Expression) -> Expression:
    certain = neg(Apply("mul", (y, Apply("log", (f,)))))
    other = neg(Apply("mul", (subtract(ONE, y), Apply("log", (subtract(ONE, f),)))))
    return Apply("add", (certain, other))


def _short_of_one(y: Expression, f: Expression) -> Expression:
    return apply("relu", subtract(ONE, mul(y, f)))


def _quantile(y: Expression, f: Expression, share: Expression) -> Expression:
    above = mul(share, apply("relu", subtract(y, f)))
    return add(above, mul(subtract(ONE, share), apply("relu", subtract(f, y))))


def _huber(y: Expression, f: Expression, edge: Expression) -> Expression:
    return mul(edge, edge, apply("huber", div(subtract(f, y), edge)))


_ROWS = (
    Loss(
        "binary_cross_entropy", _binary_cross_entropy, output="sigmoid", labels=ZERO_OR_ONE, outputs=(0, 1),
        words="binary cross-entropy", unit="nat", elsewhere=("bce", "BCELoss", "BCEWithLogitsLoss", "log_loss"),
    ),
    Loss(
        "squared_error", lambda y, f, _: Apply("pow", (subtract(f, y), TWO)), unit="square of the labels' unit",
        elsewhere=("mse", "MSELoss", "l2", "L2Loss", "mean_squared_error"),
    ),
    Loss(
        "softmax_cross_entropy", lambda y, p, _: Apply("neg", (Apply("mul", (y, Apply("log", (p,)))),)),
        labels=SHARES, margin=behind, nearer=False, softmax=True, words="softmax cross-entropy", unit="nat",
        elsewhere=("nll", "NLLLoss", "CrossEntropyLoss", "categorical_crossentropy"),
    ),
    Loss("hinge", lambda y, f, _: _short_of_one(y, f), labels=SIGNS, margin=opposite, nearer=False),
    Loss(
        "squared_hinge", lambda y, f, _: Apply("pow", (_short_of_one(y, f), TWO)), labels=SIGNS, margin=opposite,
        nearer=False,
    ),
    Loss(
        "absolute_error", lambda y, f, _: apply("abs", subtract(f, y)), unit="the labels' unit",
        elsewhere=("mae", "l1", "L1Loss", "mean_absolute_error"),
    ),
    Loss("huber", _huber, setting=Fraction(1), words="Huber loss", unit="square of the labels' unit"),
    Loss(
        "quantile", _quantile, setting=Fraction(1, 2), settings=(0, 1), words="quantile loss", unit="the labels' unit",
    ),
)  # fmt: skip
_table: dict[str, Loss] = {row.name: row for row in _ROWS}
LOSSES: Mapping[str, Loss] = MappingProxyType(_table)


def losses() -> tuple[str, ...]:
    """The names of the losses, in the order of the table."""
    return tuple(LOSSES)


def find_loss(wanted: str) -> Loss:
    """The row of a loss, with the number that was written behind its name.

    Args:
        wanted: a name, as ``squared_error``, or with a number, as ``quantile(0.9)``.

    Raises:
        GradlabError: if there is no such loss, or no such number.

    >>> find_loss("quantile(0.9)").setting
    Fraction(9, 10)
    """
    known = LOSSES.get(wanted)
    if known is not None:
        return known
    match = re.fullmatch(r"\s*(\w+)\s*\(\s*([^()]+?)\s*\)\s*", str(wanted))
    row = LOSSES[find_name(match[1] if match else wanted, LOSSES, "loss")]
    if match is None:
        return row
    if row.setting is None:
        raise GradlabError(f"the loss {row.name} has no number of its own: write {row.name!r}")
    low, high = row.settings
    try:
        setting = Fraction(match[2])
    except (ValueError, ZeroDivisionError):
        setting = None
    if setting is None or not low < setting < high:
        limits = f"between {low:g} and {high:g}" if math.isfinite(high) else f"above {low:g}"
        raise GradlabError(f"{wanted!r}: the number of the loss {row.name} is one {limits}, as in {_written(row)!r}")
    return replace(row, setting=setting)


def loss_name(row: Loss) -> str:
    """The name that finds a loss again, with its number where that is not the usual one."""
    return row.name if row.setting == LOSSES[row.name].setting else _written(row)


def _written(row: Loss) -> str:
    return f"{row.name}({row.setting})"
