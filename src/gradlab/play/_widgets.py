"""The page's views in a notebook: the same modules draw, and the Python that runs there answers."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradlab._errors import GradlabError
from gradlab._function import Function, function
from gradlab._model import Network
from gradlab.graph import find_loss, mlp_graph
from gradlab.play._answer import answer, checked
from gradlab.play._descend import rule_named
from gradlab.play._link import OWN, write_link
from gradlab.play._site import site
from gradlab.rules import Rule, snake
from gradlab.rules.schedules import Constant

try:
    import anywidget
    import traitlets

    from gradlab.play._pictures import png, square_of
except ModuleNotFoundError as _error:
    _missing = str(_error.name).partition(".")[0]
    if _missing not in ("anywidget", "traitlets", "matplotlib"):
        raise
    raise ModuleNotFoundError(
        f"gradlab.play shows widgets with {_missing}, which is not installed; run: pip install 'gradlab[widgets]'",
        name=_error.name,
    ) from _error

if TYPE_CHECKING:
    from gradlab.train import Data

SCRIPT = "widget.js"


class View(anywidget.AnyWidget):
    """A view of the page in a notebook; made by `descend`, `network`, `train` and `trainability` of `gradlab.play`.

    Attributes:
        hash: its state as a link to the page has it behind the address; what is set shows at once.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    hash = traitlets.Unicode().tag(sync=True)

    def __init__(self, view: str, state: Mapping[str, Any]) -> None:
        script = (site() / SCRIPT).read_text(encoding="utf-8")
        super().__init__(_esm=script, hash=write_link(view, state))
        self._shown = (view, state)
        self.on_msg(self._asked)

    def _asked(self, _: object, message: Mapping[str, Any], __: object) -> None:
        """A question of the view: the answer goes back with its bytes as they are."""
        made = answer(message["question"], message["given"])
        binary = {name: value for name, value in made.items() if isinstance(value, bytes)}
        plain = {name: value for name, value in made.items() if name not in binary}
        told = {"asker": message["asker"], "number": message["number"], "answer": plain, "bytes": list(binary)}
        self.send(told, list(binary.values()))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, and a picture for a saved notebook that no Python runs behind."""
        made = super()._repr_mimebundle_(**kwargs)
        if made is None:
            return None
        data, metadata = made if isinstance(made, tuple) else (made, {})
        return {**data, "image/png": base64.b64encode(png(*self._shown)).decode()}, metadata


def descend(
    f: Function | str,
    *,
    start: Sequence[float],
    learning_rate: float | None = None,
    rule: Rule | str | Sequence[Rule | str] = "gradient_descent",
    steps: int = 30,
) -> View:
    """A function of two variables and the way down from a start, which is dragged.

    Args:
        f: a function of two variables, or its formula.
        start: where it begins, shape (2,).
        learning_rate: of all rules; default: that of the first rule, or 0.1.
        rule: one of `gradlab.rules` with its own numbers as they are by default, or its name; or several of them, which
            go down side by side.
        steps: at most so many.

    Raises:
        GradlabError: for what the page does not draw, or if the page is not there.
    """
    from gradlab import descend as go_down

    made = function(f) if isinstance(f, str) else f
    given = [rule] if isinstance(rule, Rule | str) else list(rule)
    if not given:
        raise GradlabError('rule is empty: name at least one, as rule=["adam", "momentum"]')
    rate = _rule(given[0], learning_rate, 0.1)[1]
    chosen = [_rule(each, rate, rate)[0] for each in given]
    text = str(made.expression)
    checked("surface", {"text": text})
    begin = np.asarray(start, float)
    traces = [go_down(made, start=begin, rule=rule_named(each)(rate), max_steps=steps) for each in chosen]
    state = {"f": text, "start": start, "view": square_of(traces), "rate": rate, "rule": chosen}

    return View("descend", {**state, "steps": steps})


def network(
    net: Network,
    *,
    by: str = "",
    x: Sequence[float] | None = None,
    y: Sequence[float] | None = None,
    parameters: Sequence[float] = (),
) -> View:
    """A network as a diagram: the chain rule of a weight that is clicked, numbers at a point, and lines to judge.

    Args:
        net: of up to 5 layers of up to 6 units.
        by: the name of a quantity by which the loss is derived; default: the first weight.
        x: the inputs of the point; default: all 1.
        y: its labels; default: all 1, of several classes the first.
        parameters: a number for each; default: numbers of the page's own.

    Raises:
        GradlabError: for what the page does not show, or if the page is not there.
    """
    state = {**_built(net), "by": by}
    made = checked("chain", state)
    several = find_loss(net.loss_name).softmax and len(net.labels) > 1
    labels = [1.0] + [0.0] * (len(net.labels) - 1) if several else [1.0] * len(net.labels)
    point = {
        "x": [1.0] * len(net.inputs) if x is None else x, "y": labels if y is None else y, "weights": parameters,
    }  # fmt: skip
    checked("numbers", {**state, **{name: [*map(float, numbers)] for name, numbers in point.items()}})
    shown = {name: numbers for name, numbers in point.items() if len(numbers)}
    return View("derive", {**state, **shown, "by": made["by"]})


def train(
    net: Network,
    data: Data,
    *,
    learning_rate: float | None = None,
    rule: Rule | str = "gradient_descent",
    steps: int = 100,
    restarts: int = 12,
    seed: int = 0,
    initialisation: str = "normal",
    init_scale: float = 1.0,
) -> View:
    """A network that trains on points of two classes, and the map of which settings succeed.

    Args:
        net: of two inputs, up to 4 hidden layers of up to 8 units, and one output.
        data: up to 400 points with two different labels.
        learning_rate: default: that of the rule, or 1.
        rule: one of `gradlab.rules` with its own numbers as they are by default, or its name.
        steps: of each run.
        restarts: how many runs.
        seed: of the starts.
        initialisation: the name of one.
        init_scale: by what starts are multiplied.

    Raises:
        GradlabError: for what the page does not train, or if the page is not there.
    """
    built = _built(net)
    (inputs, *hidden, outputs), labels = net.sizes, np.asarray(data.y, float).ravel()
    if inputs != 2 or outputs != 1:
        raise GradlabError(f"the page trains networks of 2 inputs and 1 output; this one has {inputs} and {outputs}")
    high = labels == labels.max()
    points = [[*map(float, row), int(label)] for row, label in zip(data.inputs, high, strict=True)]
    if len(np.unique(labels)) > 2:
        raise GradlabError("the page trains on points of two classes; these have more different labels")
    chosen, rate = _rule(rule, learning_rate, 1.0)
    given = {"hidden": hidden, "activation": built["activation"], "loss": built["loss"], "rule": chosen}
    checked("network", {**given, "initialisation": initialisation, "points": points})
    state = {
        **given, "data": OWN, "points": points, "rate": rate,
        "steps": steps, "runs": restarts, "seed": seed, "init": initialisation, "scale": init_scale,
    }  # fmt: skip

    return View("train", state)


def trainability(
    *,
    width: int = 8,
    depth: int = 2,
    activation: str = "tanh",
    rule: Rule | str = "gradient_descent",
    x: tuple[float, float] = (0.1, 10000.0),
    y: tuple[float, float] = (0.1, 10000.0),
    steps: int = 50,
    seed: int = 0,
    dtype: str = "auto",
) -> View:
    """The boundary of trainability, as `gl.trainability` maps it, to be looked at closer where one drags a box.

    Args:
        width: units of each hidden layer, and inputs; up to 16.
        depth: layers of weights, 2 to 4.
        activation: of the hidden layers.
        rule: one of `gradlab.rules` with its own numbers as they are by default, or its name.
        x: the lowest and the highest learning rate of the first layer.
        y: those of the last layer.
        steps: of each run, up to 1,000.
        seed: of the network's start and the points.
        dtype: "float32", "float64", or "auto" for what the map's depth needs.

    Raises:
        GradlabError: for what the page does not map, or if the page is not there.
    """
    kind = rule_named(rule) if isinstance(rule, str) else type(rule)
    chosen, _ = _rule(kind() if isinstance(rule, str) else rule, None, 1.0)
    if dtype not in ("auto", "float32", "float64"):
        raise GradlabError(f'a map is computed in "auto", "float32" or "float64", not in {dtype!r}')
    if not 1 <= steps <= 1000:
        raise GradlabError(f"the page maps runs of 1 to 1000 steps, not of {steps}")
    if any(not 1e-9 <= low < high for low, high in (x, y)):
        raise GradlabError(f"each axis goes from a learning rate above 0 to a larger one, not {x} and {y}")
    state = {"width": width, "depth": depth, "activation": activation, "rule": chosen}
    checked("trainability", {**state, "dtype": "float32"})

    return View("boundary", {**state, "steps": steps, "seed": seed, "precision": dtype, "view": (*x, *y)})


def _rule(rule: Rule | str, learning_rate: float | None, usual: float) -> tuple[str, float]:
    """The name of a rule and its learning rate, where the page can do the same with them."""
    if isinstance(rule, str):
        rule_named(rule)
        return rule, usual if learning_rate is None else learning_rate
    kind, rate = type(rule), rule.learning_rate if learning_rate is None else learning_rate
    if not isinstance(rate, int | float) or rule.schedule != Constant():
        raise GradlabError(f"the page goes down with one learning rate, as in {kind.__name__}(0.1); this is {rule}")
    if kind(rule.learning_rate) != rule:
        raise GradlabError(f"the page has {kind.__name__} with its numbers as they are by default; this is {rule}")
    return snake(kind.__name__), float(rate)


def _built(net: Network) -> dict[str, Any]:
    """A network as the page says it, where the page can build it."""
    graph = net.graph
    own = mlp_graph(graph.sizes, graph.hidden, None, graph.loss)
    if any(getattr(graph, name) != getattr(own, name) for name in ("output", "scaling", "biases", "weighted")):
        raise GradlabError(
            "the page shows networks with biases, unscaled sums, points that count alike, and the output that the loss "
            f"has by itself ({own.output} for {own.loss})"
        )
    return {"sizes": list(graph.sizes), "activation": graph.hidden, "loss": graph.loss}
