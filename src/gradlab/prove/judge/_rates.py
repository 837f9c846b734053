r"""Rates: a name with a dot, or with a derivative by the time beside it, is a function of the time that nobody writes.

``\frac{d}{dt}(x^2 + y^2) = 2x\dot x + 2y\dot y`` is judged for all functions x and y. Of a curve that is given by a
third quantity, ``x = \cos t``, ``y = \sin t``, the slope is the quotient of the rates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gradlab.graph import Apply, Expression, Ref
from gradlab.prove.judge._doubts import every, names_of, reached
from gradlab.prove.read._nodes import Call, Derivative, mapped
from gradlab.prove.read._slopes import CONSTANTS
from gradlab.prove.read._statements import Chain, Known

_DOTTED = re.compile(r"\?\\(d{1,3})ot\{([^{}]+)\}([^{}']*|_\{[^{}]*\})")


_CONSTANTS = CONSTANTS | {"g", "l"}
_ENTRY = re.compile(r"_\{?[a-z]")
HELD = "is constant"


@dataclass(frozen=True)
class Timed:
    """A chain in which names are functions of the time.

    Attributes:
        chain: it.
        known: what is known, with these functions in it.
        others: the names that do not change though nothing says that they are constant.
        complete: whether every rate that a derivative makes stands in its step.
    """

    chain: Chain
    known: Known
    others: tuple[str, ...]
    complete: bool


def by_time(chain: Chain, known: Known, also: tuple[str, ...] = (), written: bool = False) -> Timed | None:
    """A chain as one between functions of the time; None if it is none.

    Args:
        chain: a step.
        known: what holds where it stands.
        also: more names that change.
        written: whether functions that are written as such, with primes, have rates, too.
    """
    sides = tuple(side for side in chain.sides if isinstance(side, Expression))
    nodes = [node for side in sides for node in every(side)]
    slopes = [node for node in nodes if isinstance(node, Derivative)]
    by = {wrt for node in slopes for wrt in node.wrt}
    time = by.pop() if len(by) == 1 else None
    if not isinstance(time, Ref) or time.name in known.quantities or len(sides) < len(chain.sides):
        return None
    rates: dict[str, set[int]] = {}  # the orders that are written of each name
    for name, order in filter(None, (_rate(node, known) for node in nodes)):
        if name != time.name:
            rates.setdefault(name, set()).add(order)
    implicit = [node for node in nodes if written and isinstance(node, Call) and not node.shown and any(node.orders)]
    primed = {node.function for node in implicit if node.arguments == (time,)}
    made = {node for node in reached(tuple(node.body for node in slopes), known) if isinstance(node, Ref)}
    names = {node.name for node in made if node.name not in known.quantities and node != time}
    if not (rates or primed) or all(isinstance(node.body, Ref) and node.body.name in rates for node in slopes):
        return None
    changing = {*rates, *also}
    plain = {name for name in names if _dotted(name) is None}
    constants = {f"?{name}" for name in _CONSTANTS} - ({"?g"} if "?f" in names | primed | {*rates} else set[str]())
    constants = set[str]() if constants & changing else constants | {"?t"}
    # Not held are entries of what changes in steps by itself, and names of a graph, which says what they depend on.
    entries = {name for name in plain if written and (_ENTRY.search(name) or name in known.graph)}
    others = tuple(sorted(plain - changing - constants - entries))
    worked = tuple(node.body for node in slopes if not (isinstance(node.body, Ref) and node.body.name in rates))
    inside = reached(worked, known)
    highest: dict[str, int] = {}
    for name, order in filter(None, (_rate(node, known) for node in inside)):
        highest[name] = max(order, highest.get(name, 0))
    met = names_of(inside) | set(highest)
    complete = not others and all(name in met and highest.get(name, 0) + 1 in rates[name] for name in rates)

    def rule(node: Expression) -> Expression | None:
        if isinstance(node, Derivative) and isinstance(node.body, Ref) and node.body.name in changing:
            return Call(node.body.name, (time,), (len(node.wrt),))
        if not isinstance(node, Ref) or node.name in known.quantities:
            return None
        name, order = _dotted(node.name) or (node.name, 0)
        return Call(name, (time,), (order,)) if name in changing else None

    quantities = {name: mapped(formula, rule) for name, formula in known.quantities.items()}
    timed = tuple(mapped(side, rule) if isinstance(side, Expression) else side for side in chain.sides)
    return Timed(replace(chain, sides=timed), replace(known, quantities=quantities), others, complete)


def _rate(node: Expression, known: Known) -> tuple[str, int] | None:
    """The name of which a node is the rate, and of which order; None for what is none, or one of what is computed."""
    found = _dotted(node.name) if isinstance(node, Ref) and node.name not in known.quantities else None
    if isinstance(node, Derivative) and isinstance(node.body, Ref):
        found = node.body.name, len(node.wrt)
    return None if found is None or found[0] in known.quantities else found


def _dotted(name: str) -> tuple[str, int] | None:
    r"""The name below dots and how many there are: of ``\dot x_1`` the name ``x_1``; None without dots."""
    match = _DOTTED.fullmatch(name)
    return None if match is None else (f"?{match[2]}{match[3]}", len(match[1]))


def parametric(chain: Chain, known: Known) -> Chain | None:
    r"""A chain in which ``\frac{dy}{dx}`` of what is computed from one third quantity is a quotient; None without."""

    def given(name: str) -> set[str]:
        return names_of(reached((Ref(name),), known)) - {*known.quantities, *(f"?{letter}" for letter in CONSTANTS)}

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Derivative) or len(node.wrt) != 1 or node.style != "total":
            return None
        names = [getattr(part, "name", "") for part in (node.body, node.wrt[0])]
        if names[0] == names[1] or not all(name in known.quantities for name in names):
            return None
        if any(names_of(reached((Ref(a),), known)) & {b} for a, b in (names, names[::-1])):
            return None
        third = given(names[1])
        if len(third) != 1 or given(names[0]) != third:
            return None
        by = Ref(third.pop())
        return Apply("div", tuple(Derivative(Ref(name), (by,), "total") for name in names))

    sides = tuple(mapped(side, rule) if isinstance(side, Expression) else side for side in chain.sides)
    return None if sides == chain.sides else replace(chain, sides=sides)
