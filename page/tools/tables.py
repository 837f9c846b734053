"""Run by build.mjs with gradlab's own Python: the tables that the page shows before Python has started there."""

import json

from matplotlib.colors import to_rgb

import gradlab as gl
from gradlab.graph import LOSSES
from gradlab.play._link import POINTS, VIEWS, entries_of, planar_sets, points_of
from gradlab.plot._failure_map import COLOURS
from gradlab.rules import Rule, snake
from gradlab.train import Why


def _set(name, data):
    """A data set as the page has it."""
    number = str(POINTS) if "n" in gl.train.data_sets()[name].__annotations__ else ""
    points = [list(point) for point in points_of({"data": name})]
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
            "DATA": {name: _set(name, data) for name, data in planar_sets().items()},
            "RULES": [_rule(kind) for kind in Rule.all()],
            "STATE": {
                view: {
                    name: {"kind": each.kind, "usual": each.usual, "means": each.means, "limits": each.limits}
                    for name, each in entries_of(view).items()
                }
                for view in VIEWS
            },
            "SIGNS": [name for name, row in LOSSES.items() if row.labels.values == (-1, 1)],
            "CAUSES": [
                {"name": why.name.lower(), "words": why.value, "colour": [round(255 * part) for part in to_rgb(colour)]}
                for why, colour in zip(Why, COLOURS, strict=True)
            ],
        }
    )
)
