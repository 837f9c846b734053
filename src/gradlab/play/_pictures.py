"""A view as a picture, drawn from the state that its link has: for a saved notebook, and for a lab on paper."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser

from gradlab import descend, plot, train, trainability
from gradlab._function import function
from gradlab._model import mlp
from gradlab.descent import Trace
from gradlab.graph import find_loss, latex_of_name
from gradlab.play._answer import checked
from gradlab.play._descend import rule_named
from gradlab.play._link import points_of, usual
from gradlab.train import Data

State = Mapping[str, Any]
DOTS = 110
FAR = 20  # widths of the usual picture that it may grow to show a way, as on the page
ROOM = 1.4  # how much wider than the way down the plane is that is seen of it
PIXELS = 128  # a side of a map
LONGEST = 200  # characters of a derivative below a diagram


def picture(view: str, state: State) -> Figure:
    """Draw a view.

    Args:
        view: its name.
        state: of its entries those that are not as usual.
    """
    return _PICTURES[view]({**usual(view), **state}, "run" in state)


def png(view: str, state: State) -> bytes:
    """The same as the bytes of a PNG."""
    buffer = io.BytesIO()
    picture(view, state).savefig(buffer, format="png", dpi=DOTS, bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()


def _descend(state: State, _: bool) -> Figure:
    made, kinds = function(state["f"]), [rule_named(name) for name in state["rule"]]
    start = np.asarray(state["start"], float)
    traces = [descend(made, start=start, rule=kind(state["rate"]), max_steps=state["steps"]) for kind in kinds]
    known = usual("descend")
    unseen = state["view"] == known["view"] and state["f"] != known["f"]  # nothing says where it is
    x, y, width = square_of(traces, FAR * known["view"][2]) if unseen else state["view"]
    ranges = ((x - width / 2, x + width / 2), (y - width / 2, y + width / 2))
    if len(traces) == 1:
        return plot.contours(made, traces[0], ranges=ranges)
    figure = plot.contours(made, ranges=ranges)
    for kind, trace in zip(kinds, traces, strict=True):
        figure.axes[0].plot(*np.asarray(trace.points, float).T, "o-", markersize=3, label=kind.title)
    figure.axes[0].legend()
    return figure


def square_of(traces: Sequence[Trace], farthest: float = 1e8) -> list[float]:
    """The square in which ways are seen, as far as they are from the start at most: its middle and its width.

    It is as wide as usual where nothing but the start is seen.
    """
    points = np.concatenate([np.asarray(trace.points, float) for trace in traces])
    with np.errstate(all="ignore"):
        seen = points[np.hypot(*(points - points[0]).T) <= farthest]
    low, high = seen.min(axis=0), seen.max(axis=0)
    width = float(max(high - low)) * ROOM or usual("descend")["view"][2]
    return [*map(float, (low + high) / 2), width]


def _derive(state: State, _: bool) -> Figure:
    net = mlp(state["sizes"], hidden=state["activation"], loss=state["loss"])
    figure = plot.network(net)
    by = checked("chain", state)["by"]
    written = rf"\frac{{\partial \mathcal{{L}}}}{{\partial {latex_of_name(by)}}} = {net.derive('L', by).result.latex()}"
    if len(written) <= LONGEST:  # and in the part of TeX that matplotlib sets
        with suppress(ValueError):
            MathTextParser("path").parse(f"${written}$")
            figure.text(0.5, 0, f"${written}$", ha="center", va="top")
    return figure


def _train(state: State, one: bool) -> Figure:
    net = mlp([2, *state["hidden"], 1], hidden=state["activation"], loss=state["loss"])
    low, high = find_loss(state["loss"]).labels.values or (0.0, 1.0)
    points = points_of(state)
    labels = [high if label else low for _, _, label in points]
    data = Data(np.array([point[:2] for point in points], float), np.array(labels, float))
    runs = train(
        net, data, rule=rule_named(state["rule"])(state["rate"]), steps=state["steps"], restarts=state["runs"],
        seed=state["seed"], dtype="float32", initialisation=state["init"], init_scale=state["scale"],
    )  # fmt: skip
    return plot.decision_boundary(runs.run(state["run"]) if one else runs.best, data)


def _boundary(state: State, _: bool) -> Figure:
    left, right, low, high = state["view"]
    same = {name: state[name] for name in ("width", "depth", "activation", "steps", "seed")}
    mapped = trainability(
        x=("learning_rate[0]", left, right), y=(f"learning_rate[{state['depth'] - 1}]", low, high),
        dtype="float32" if state["precision"] == "auto" else state["precision"], resolution=PIXELS,
        rule=rule_named(state["rule"])(), **same,
    )  # fmt: skip
    return plot.trainability(mapped)


_PICTURES: dict[str, Callable[[State, bool], Figure]] = {
    "descend": _descend, "derive": _derive, "train": _train, "boundary": _boundary,
}  # fmt: skip
