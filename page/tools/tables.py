"""Run by build.mjs with gradlab's own Python: the tables that the page shows before Python has started there."""

import json

import gradlab as gl
from gradlab.codegen import DEVIATIONS
from gradlab.graph import LOSSES, activations
from gradlab.rules import Rule, snake

POINTS = 60  # of the sets that can have any number: a page trains them while somebody watches


def _set(name, make):
    number = "" if name in ("five_points", "xor") else str(POINTS)
    data = make(int(number)) if number else make()
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
            "DATA": {name: _set(name, make) for name, make in gl.train.data_sets().items()},
            "RULES": [_rule(kind) for kind in Rule.all()],
            "ACTIVATIONS": list(activations()),
            "LOSSES": [name for name, row in LOSSES.items() if not row.softmax],
            "SIGNS": [name for name, row in LOSSES.items() if row.labels.values == (-1, 1)],
            "INITIALISATIONS": list(DEVIATIONS),
        }
    )
)
