"""Run by build.mjs with gradlab's own Python: the tables that the page shows before Python has started there."""

import inspect
import json

from matplotlib.colors import to_rgb

import gradlab as gl
from gradlab.codegen import DEVIATIONS
from gradlab.graph import LOSSES, activations
from gradlab.plot._failure_map import COLOURS
from gradlab.rules import Rule, snake
from gradlab.train import Why

POINTS = 60  # of the sets that can have any number: a page trains them while somebody watches


def _set(name, make):
    """A data set of two classes in the plane; None for another one."""
    number = str(POINTS) if "n" in inspect.signature(make).parameters else ""
    data = make(n=POINTS) if number else make()
    if data.x.shape[1] != 2 or not {0, 1} >= {*data.y.ravel().tolist()}:
        return None
    points = [[*x, int(y)] for x, y in zip(data.x.tolist(), data.y.tolist(), strict=True)]
    return {"title": data.name, "call": f"gl.datasets.{name}({number})", "points": points}


def _rule(kind):
    own = {each.name: float(getattr(kind(1.0), each.name)) for each in kind.own_numbers()}
    return {
        "name": snake(kind.__name__),
        "title": kind.title,
        "call": kind.__name__,
        "rate": kind().learning_rate,
        "numbers": own,
    }


print(
    json.dumps(
        {
            "DATA": {name: made for name, make in gl.train.data_sets().items() if (made := _set(name, make))},
            "RULES": [_rule(kind) for kind in Rule.all()],
            "ACTIVATIONS": list(activations()),
            "LOSSES": [name for name, row in LOSSES.items() if not row.softmax],
            "EVERY_LOSS": list(LOSSES),
            "SIGNS": [name for name, row in LOSSES.items() if row.labels.values == (-1, 1)],
            "INITIALISATIONS": list(DEVIATIONS),
            "CAUSES": [
                {"name": why.name.lower(), "words": why.value, "colour": [round(255 * part) for part in to_rgb(colour)]}
                for why, colour in zip(Why, COLOURS, strict=True)
            ],
        }
    )
)
