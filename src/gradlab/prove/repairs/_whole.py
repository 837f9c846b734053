"""The whole side: its sign, a constant factor, a sum for a mean, the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from gradlab.graph import Apply, Expression, Ref, as_number, div, mul, neg, number
from gradlab.prove._verdict import Fault
from gradlab.prove.repairs._paths import Path, at_path, nodes, replace_at
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
    """A part times a number; the number that it has is another one, where no simple factor is lost."""
    detail = search.latex(number(value))
    if value.denominator > 1 and value.numerator not in (1, -1):
        for path, node in nodes(part):
            own = as_number(node) if _is_factor(part, path) else None
            if own is not None and (not path or (own.denominator == 1 == (value * own).denominator)):
                message = f"write {search.latex(number(abs(value * own)))} for {search.latex(number(abs(own)))}"
                return Change(Fault.CONSTANT_FACTOR, replace_at(part, path, number(value * own)), message, detail)
    if value.numerator in (1, -1) and value.denominator > 1:
        message = f"the factor {value.denominator} is too much"
    else:
        message = f"the factor {detail} is missing"
    return Change(Fault.CONSTANT_FACTOR, mul(number(value), part), message, detail)


def scaled_in(search: Search, path: Path, value: Fraction) -> Change:
    """The side with one of its parts times a number."""
    part = at_path(search.side, path)
    change = scaled(search, part, value)
    message = change.message if as_number(part) is not None else f"{change.message} in {search.latex(part)}"
    return replace(change, side=replace_at(search.side, path, change.side), message=message)


def _is_factor(part: Expression, path: Path) -> bool:
    """Whether a part of a product is one of its factors, or of those above a fraction bar."""
    above = [at_path(part, path[:k]) for k in range(len(path))]
    kinds = [node.primitive if isinstance(node, Apply) else "" for node in above]
    return all(kind in ("mul", "neg") or (kind == "div" and not step) for kind, step in zip(kinds, path, strict=True))
