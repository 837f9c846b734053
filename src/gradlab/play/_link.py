"""A view's state as a link has it: read with a reason for all that the page would replace, and written.

What a state's entries are stands here alone: the page is built with this table, and reads its links by it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

from gradlab._errors import GradlabError
from gradlab.codegen import DEVIATIONS
from gradlab.graph import LOSSES, activations
from gradlab.play._answer import checked
from gradlab.play._boundary import DEEPEST, WIDEST
from gradlab.play._derive import LONGEST as LONGEST_LINE
from gradlab.play._derive import MOST_LAYERS, MOST_UNITS
from gradlab.play._descend import LONGEST
from gradlab.play._train import MOST_LAYERS as MOST_HIDDEN
from gradlab.play._train import MOST_POINTS
from gradlab.play._train import MOST_UNITS as MOST_WIDE
from gradlab.rules import Rule, snake

if TYPE_CHECKING:
    from gradlab.train import Data

VERSION = "1"
OWN = "own"
POINTS = 60  # of the sets that can have any number: a page trains them while somebody watches
STARTS = 2**53 - 1  # seeds; a browser has no larger whole number


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a view's state.

    Args:
        usual: its value where a link does not give it.
        means: what is understood.
        read: a text's value; None, or a ValueError, for what is not understood.
        kind: by what name the page knows how to read it.
        limits: what the kind has to know besides.
    """

    usual: Any
    means: str
    read: Callable[[str], Any]
    kind: str
    limits: tuple[Any, ...] = ()


def read_link(link: str) -> tuple[str, dict[str, Any]]:
    """The view of a link and what it says of the view's state.

    Args:
        link: a view's name and its state, as behind ``#1/`` in the page's address.

    Returns:
        The name, and the entries that the link gives.

    Raises:
        GradlabError: for what the page would not show as it is written, with what to write instead.

    >>> read_link("descend?f=x**2%2By**2&rate=0.3")
    ('descend', {'f': 'x**2+y**2', 'rate': 0.3})
    """
    view, _, query = link.removeprefix(f"#{VERSION}/").partition("?")
    entries = entries_of(view)
    state: dict[str, Any] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in entries:
            raise GradlabError(f"{name!r} means nothing to the view {view}: it has {', '.join(entries)}")
        try:
            value = entries[name].read(text)
        except (ValueError, OverflowError):
            value = None
        if value is None:
            raise GradlabError(f"{name} is {entries[name].means}, not {text!r}")
        state[name] = value
    try:
        _asked(view, {**usual(view), **state})
    except GradlabError as problem:
        plus = "; in a link + is a blank: write %2B for a plus" if "+" in query else ""
        raise GradlabError(f"{str(problem).splitlines()[0]}{plus}") from problem
    return view, state


def write_link(view: str, state: Mapping[str, Any]) -> str:
    """What stands behind the page's address for a view with a state."""
    query = urlencode({name: _written(value) for name, value in state.items()}, quote_via=quote)
    return f"#{VERSION}/{view}" + (f"?{query}" if query else "")


def usual(view: str) -> dict[str, Any]:
    """The state of a view to which a link says nothing."""
    return {name: entry.usual for name, entry in entries_of(view).items()}


@cache
def entries_of(view: str) -> Mapping[str, Entry]:
    """What a view's state has, by name.

    Raises:
        GradlabError: if there is no such view.
    """
    if view not in VIEWS:
        raise GradlabError(f"there is no view {view!r}: write one of {', '.join(VIEWS)}")
    return VIEWS[view]()


def _descend() -> dict[str, Entry]:
    return {
        "f": _text("(x1 - 6)**2 + x2**2 - x1*x2", LONGEST), "start": _numbers([3, 9]), "view": _square([8, 4, 16]),
        "rate": _number(0.1, 1e-6, 100), "rule": _choices(["gradient_descent"], _rules()),
        "steps": _whole(30, 0, 2000), "at": _whole(0, 0, 2000),
    }  # fmt: skip


def _derive() -> dict[str, Entry]:
    return {
        "sizes": _wholes([2, 2, 1], MOST_LAYERS, MOST_UNITS), "activation": _choice("tanh", [*activations()]),
        "loss": _choice("binary_cross_entropy", [*LOSSES]), "by": _text("w_12", 20),
        "form": _choice("scalar", ["scalar", "matrix"]), "x": _reals([1, 2], MOST_UNITS), "y": _reals([1], MOST_UNITS),
        "weights": _reals([], 200), "line": _text("", LONGEST_LINE),
        "derivation": _choice("shown", ["shown", "hidden"]),
    }  # fmt: skip


def _train() -> dict[str, Entry]:
    losses = [name for name, row in LOSSES.items() if not row.softmax]
    return {
        "data": _choice("five_points", [*planar_sets(), OWN]), "points": _points(),
        "hidden": _wholes([2], MOST_HIDDEN, MOST_WIDE), "activation": _choice("tanh", [*activations()]),
        "loss": _choice("binary_cross_entropy", losses), "rule": _choice("gradient_descent", _rules()),
        "rate": _number(1, 1e-5, 1e4), "init": _choice("normal", [*DEVIATIONS]), "scale": _number(1, 1e-5, 1e4),
        "steps": _whole(100, 0, 5000), "runs": _whole(12, 1, 200), "seed": _whole(0, 0, STARTS),
        "run": _whole(0, 0, 199), "tries": _whole(100, 4, 1000), "map": _spans([0.01, 100, 0.01, 100]),
    }  # fmt: skip


def _boundary() -> dict[str, Entry]:
    return {
        "width": _whole(8, 1, WIDEST), "depth": _whole(2, 2, DEEPEST), "activation": _choice("tanh", [*activations()]),
        "rule": _choice("gradient_descent", _rules()), "steps": _whole(50, 1, 1000), "seed": _whole(0, 0, STARTS),
        "precision": _choice("auto", ["auto", "float32", "float64"]), "view": _spans([0.1, 10000, 0.1, 10000]),
    }  # fmt: skip


VIEWS = {"descend": _descend, "derive": _derive, "train": _train, "boundary": _boundary}


def _asked(view: str, state: Mapping[str, Any]) -> None:
    """Ask what the view asks Python first: what it cannot show is an error."""
    if view == "descend":
        checked("surface", {"text": state["f"]})
    elif view == "derive":
        checked("chain", state)
        checked("numbers", state)
    elif view == "boundary":
        checked("trainability", {**state, "dtype": "float32"})
    else:
        checked("network", {**state, "initialisation": state["init"], "points": points_of(state)})
        if state["run"] >= state["runs"]:
            raise GradlabError(f"run counts from 0: of {state['runs']} runs the last is {state['runs'] - 1}")


def points_of(state: Mapping[str, Any]) -> list[tuple[float, float, int]]:
    """The points of a view's state, each with its class: those of its own, or of a data set."""
    if state["data"] == OWN:
        return state["points"]
    data = planar_sets()[state["data"]]
    return [(x, y, int(label)) for (x, y), label in zip(data.x.tolist(), data.y.ravel().tolist(), strict=True)]


@cache
def planar_sets() -> Mapping[str, Data]:
    """The data sets of two classes in the plane, as the page trains on them."""
    from gradlab.train import data_sets

    made = {name: make(n=POINTS) if "n" in make.__annotations__ else make() for name, make in data_sets().items()}
    return {name: data for name, data in made.items() if data.x.shape[1] == 2 and {0, 1} >= {*data.y.ravel().tolist()}}


def _rules() -> list[str]:
    return [snake(kind.__name__) for kind in Rule.all()]


def _text(usual: str, most: int) -> Entry:
    least = min(1, len(usual))  # none where there is none anyway
    read = lambda text: text if least <= len(text) <= most else None  # noqa: E731
    return Entry(usual, f"{least} to {most} characters", read, "text", (least, most))


def _number(usual: float, least: float, most: float) -> Entry:
    def read(text: str) -> float | None:
        return value if least <= (value := _digits(text)) <= most else None

    return Entry(usual, f"a number from {least:g} to {most:g}", read, "number", (least, most))


def _whole(usual: int, least: int, most: int) -> Entry:
    def read(text: str) -> int | None:
        return int(value) if least <= (value := _digits(text)) <= most and value == int(value) else None

    return Entry(usual, f"a whole number from {least} to {most}", read, "whole", (least, most))


def _digits(text: str) -> float:
    """The number that is written, also as a quotient such as 1/3: nothing that Python alone would take for one."""
    if quotient := re.fullmatch(r"\s*([-+]?\d{1,15})\s*/\s*(\d{1,15})\s*", text, re.ASCII):
        above, below = map(float, quotient.groups())
        return above / below if below else math.nan
    if not re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*", text, re.ASCII | re.IGNORECASE):
        raise ValueError
    return float(text)


def _read_numbers(text: str) -> list[float]:
    made = [_digits(part) for part in text.split(",")]
    if not all(abs(each) <= 1e9 for each in made):
        raise ValueError
    return made


def _numbers(usual: list[float]) -> Entry:
    means = f"{len(usual)} numbers with commas, such as {_written(usual)} or 1/3,2/7"
    return Entry(usual, means, lambda text: made if len(made := _read_numbers(text)) == len(usual) else None, "numbers")


def _square(usual: list[float]) -> Entry:
    def read(text: str) -> list[float] | None:
        x, y, width = _read_numbers(text)
        return [x, y, width] if width > 0 else None

    means = f"the middle of a square and its width above zero, such as {_written(usual)}"
    return Entry(usual, means, read, "square")


def _reals(usual: list[float], most: int) -> Entry:
    def read(text: str) -> list[float] | None:
        made = _read_numbers(text) if text.strip() else []
        return made if len(made) <= most else None

    return Entry(usual, f"up to {most} numbers with commas, such as 1,0.5", read, "reals", (most,))


def _spans(usual: list[float]) -> Entry:
    def read(text: str) -> list[float] | None:
        a, b, c, d = made = _read_numbers(text)
        return made if 1e-9 <= a < b and 1e-9 <= c < d else None

    means = f"where each of two settings begins and ends, above zero, such as {_written(usual)}"
    return Entry(usual, means, read, "spans")


def _wholes(usual: list[int], most: int, largest: int) -> Entry:
    def read(text: str) -> list[int] | None:
        made = [] if text.strip() in ("", "-") else [_digits(part) for part in text.split(",")]
        fits = len(made) <= most and all(1 <= each <= largest and each == int(each) for each in made)
        return [int(each) for each in made] if fits else None

    means = f"up to {most} whole numbers from 1 to {largest} with commas, such as {_written(usual)}"
    return Entry(usual, means, read, "wholes", (most, largest))


def _points() -> Entry:
    def read(text: str) -> list[tuple[float, float, int]] | None:
        made = [tuple(_digits(part) for part in point.split(",")) for point in text.split(";")] if text else []
        fits = len(made) <= MOST_POINTS and all(abs(x) <= 1e6 and abs(y) <= 1e6 and z in (0, 1) for x, y, z in made)
        return [(x, y, int(z)) for x, y, z in made] if fits else None

    means = f"up to {MOST_POINTS} points, each two numbers and a class 0 or 1, such as 0,0,1;1,0.5,0"
    return Entry([], means, read, "points", (MOST_POINTS,))


def _choice(usual: str, names: Sequence[str]) -> Entry:
    means = f"one of {', '.join(names)}"
    return Entry(usual, means, lambda text: text if text in names else None, "choice", tuple(names))


def _choices(usual: list[str], names: Sequence[str]) -> Entry:
    def read(text: str) -> list[str] | None:
        given = text.split(",")
        return [name for name in names if name in given] if {*given} <= {*names} else None

    means = f"one or several of {', '.join(names)}, with commas"
    return Entry(usual, means, read, "choices", tuple(names))


def _written(value: Any) -> str:
    """A value as the link of a view has it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        return repr(float(value))
    rows = list(value)
    nested = bool(rows) and not isinstance(rows[0], str | Real)
    return (";" if nested else ",").join(_written(each) for each in rows) or "-"
