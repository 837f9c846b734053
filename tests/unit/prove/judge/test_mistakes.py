"""Mistakes made by chance in right formulas: one or two of them are found, and the repair is verified."""

from __future__ import annotations

import random
from collections.abc import Iterator

from gradlab.graph import ZERO, Apply, Const, Expression, number
from gradlab.prove._verdict import Truth
from gradlab.prove.judge._slopes import direct
from gradlab.prove.repairs._paths import at_path, nodes, replace_at
from statements import formula, judged, ref, slope

FORMULAS = (
    "(w*x + b - y)**2/2", "exp(-x**2/2)", "x**3*y - 5*x**2 + 7*x", "sin(3*x)*x**2", "log(1 + exp(-x*y))",
    "sigmoid(w*x + b)*(x + 1)", "x/(1 + x**2)", "tanh(2*x + y)**2", "(2*x + 1)**5 - x*y", "x*log(x**2 + 1)",
    "sqrt(x**2 + y**2)", "cos(x*y) + x**4/4", "exp(2*x)*(x - y)**3",
)  # fmt: skip


def mistakes(right: Expression, chance: random.Random) -> Iterator[Expression]:
    """Formulas with one mistake: a sign, a factor that is lost, an exponent, a number."""
    found = [path for path, node in nodes(right) if isinstance(node, Apply | Const) and path]
    chance.shuffle(found)
    for path in found:
        node = at_path(right, path)
        above = at_path(right, path[:-1])
        if isinstance(node, Const):
            yield replace_at(right, path, number(node.value + 1))
        elif isinstance(above, Apply) and above.primitive == "mul" and len(above.args) > 1:
            rest = [arg for i, arg in enumerate(above.args) if i != path[-1]]
            yield replace_at(right, path[:-1], rest[0] if len(rest) == 1 else Apply("mul", tuple(rest)))
        elif isinstance(above, Apply) and above.primitive == "add":
            yield replace_at(right, path, Apply("neg", (node,)))


def repaired(count: int) -> tuple[int, int]:
    """How many of the false steps with so many mistakes get a repair, and how many there are."""
    good = total = 0
    for k, text in enumerate(FORMULAS):
        body = formula(text)
        right = direct(body).get("?x", ZERO)
        for seed in range(3):
            chance = random.Random(f"{k} {seed} {count}")
            wrong = right
            for _ in range(count):
                wrong = next(mistakes(wrong, chance), wrong)
            found = judged(slope(body, ref("x")), wrong)[0]
            if found.truth is Truth.FALSE:
                total += 1
                good += found.repair is not None
    return good, total


def test_one_mistake():
    good, total = repaired(1)
    assert total >= 30
    assert good >= 0.95 * total, (good, total)


def test_two_mistakes():
    good, total = repaired(2)
    assert total >= 30
    assert good >= 0.65 * total, (good, total)
