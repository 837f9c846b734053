r"""Derivatives that are written as names: ``f_x`` and ``f_{xy}`` of a function of several variables, ``\dot x``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gradlab.graph import Ref
from gradlab.prove.read._label import Label, key_of
from gradlab.prove.read._nodes import Call, Derivative
from gradlab.prove.read._scope import Scope, free

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

# Letters by which nobody differentiates without saying so.
CONSTANTS = frozenset(r"a b c k n m p q r A B C K N \alpha \beta \gamma \lambda \mu \omega \eta \epsilon".split())
_OF_CHANCE = frozenset("pqPQ")  # an index on these is a variable whose distribution is meant
_DOTTED = re.compile(r"\\(d{1,3})ot\{(.+)\}")


def named(reader: Reader, label: Label) -> Derivative | None:
    """The derivative that a name stands for, or None for any other name."""
    if label.primes or label.above or label.mark:
        return None
    dots = _DOTTED.fullmatch(label.head)
    if dots is not None:
        return None if label.below else _by_time(reader.scope, dots[2], len(dots[1]))
    letters = "".join(token.text for token in label.below)
    if not letters.isalpha() or label.commas or label.head in _OF_CHANCE:
        return None
    scope = reader.scope
    found = scope.in_graph(Label(label.head))
    if found is not None:
        inputs = scope.inputs_of(found) if scope.names.is_sink(found) else ()
        by = [scope.in_graph(Label(letter)) for letter in letters]
        if len(inputs) < 2 or not all(name in inputs for name in by):
            return None
        reader.known.add(found)
        return Derivative(Ref(found), tuple(Ref(name) for name in by if name is not None))
    function = scope.known.functions.get(free(label.head))
    own = () if function is None else function.parameters
    if len(own) < 2 or not all(free(letter) in own for letter in letters):
        return None
    body = Call(free(label.head), tuple(map(Ref, own)), (0,) * len(own), shown=False)
    return Derivative(body, tuple(Ref(free(letter)) for letter in letters))


def slope_of(label: Label, scope: Scope) -> Derivative | None:
    """What a name with primes or dots is the derivative of, if that is computed from one variable."""
    dots = _DOTTED.fullmatch(label.head)
    if dots is not None:
        return None if label.below or label.primes else _by_time(scope, dots[2], len(dots[1]), unsaid=True)
    written = len(label.above) == 1 and label.above[0].text in ("2", "3", "4") and not label.primes
    order = int(label.above[0].text) if written else label.primes
    name = free(key_of(replace(label, primes=0, above=() if written else label.above)))
    function = scope.known.functions.get(name)
    if order and function is not None and len(function.parameters) == 1:
        own = Ref(function.parameters[0])
        return Derivative(Call(name, (own,), (0,), shown=False), (own,) * order, "total")
    if not order or name not in scope.known.quantities:
        return None
    given = sorted(inner for inner in scope.reached(name) if scope.computed(inner) is None)
    varying = [inner for inner in given if inner.removeprefix("?") not in CONSTANTS]
    if len(varying) != 1:
        return None
    return Derivative(Ref(name), (Ref(varying[0]),) * order, "total")


def _by_time(scope: Scope, head: str, order: int, unsaid: bool = False) -> Derivative | None:
    """The derivative by the time, if the text says how a name depends on it; ``unsaid`` of any that it computes."""
    time, name = free("t"), free(head)
    function = scope.known.functions.get(name)
    if function is not None and function.parameters == (time,):
        return Derivative(Call(name, (Ref(time),), (0,), shown=False), (Ref(time),) * order, "total")
    formula = scope.known.quantities.get(name)
    if formula is None or not (unsaid or time in scope.reached(name)):
        return None
    return Derivative(Ref(name), (Ref(time),) * order, "total")
