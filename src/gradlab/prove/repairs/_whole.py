"""The whole side: its sign, a constant factor, a sum for a mean, the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gradlab.graph import Expression, Ref, as_number, div, mul, neg, number
from gradlab.prove._verdict import Fault
from gradlab.prove.repairs._search import Change, Search, constant_of, ratio, same, times


def whole(search: Search) -> Iterator[Change]:
    """The side times minus one, times a number, or times or over the size of the data set."""
    factor = ratio(search.wanted, search.found)
    if factor is None:
        return
    for name in size_names(search):
        sizes = search.values(Ref(name))
        if sizes is None or len(sizes) != len(factor):
            continue
        if same(factor, tuple(1 / size for size in sizes)):
            side = div(search.side, Ref(name))
            shown = search.latex(Ref(name))
            yield Change(Fault.MEAN, side, f"the mean is meant: divide by {shown}", shown)
        if same(factor, sizes):
            side = times(search.side, Ref(name))
            yield Change(Fault.MEAN, side, f"the sum is meant: do not divide by {search.latex(Ref(name))}")
    value = constant_of(factor)
    if value is None or value in (0, 1):
        return
    if value == -1:
        yield Change(Fault.SIGN, neg(search.side), "the sign of the whole side is wrong")
    yield scaled(search, search.side, value)


def size_names(search: Search) -> list[str]:
    """The names that are sizes."""
    setting = search.trial.points.variants[0]
    return sorted(str(key[1]) for key in setting.sizes if isinstance(key, tuple) and key[0] == "size")


def scaled(search: Search, part: Expression, value: Fraction) -> Change:
    """A part times a number."""
    if value.numerator in (1, -1) and value.denominator > 1:
        message = f"the factor {value.denominator} is too much"
    else:
        message = f"the factor {search.latex(number(value))} is missing"
    own = as_number(part)
    if own is not None and value.denominator > 1 and value.numerator not in (1, -1):
        message = f"write {search.latex(number(abs(value * own)))} for {search.latex(number(abs(own)))}"
    return Change(Fault.CONSTANT_FACTOR, mul(number(value), part), message, search.latex(number(value)))
