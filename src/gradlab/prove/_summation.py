"""Sums as they are written: their index, where they end, and which quantities of the graph they run over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradlab.graph import Expression, Ref, as_number
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._names import Written, instance, written_of
from gradlab.prove._parser import Item
from gradlab.prove._row import Part
from gradlab.prove._tree import FREE, TEMPLATE, SumOver, names_in

if TYPE_CHECKING:
    from gradlab.prove._read import Reader

LARGEST_SUM = 50


def sum_over(reader: Reader, sign: Item, rest: list[Part]) -> Expression:
    """A sum sign and the row behind it."""
    lower, upper, index = bounds(reader, sign)
    if not rest:
        raise NotUnderstoodError("nothing stands behind this sum sign", sign.at)
    reader.bound.append(index)
    try:
        body = reader.product(tuple(rest))
    finally:
        reader.bound.pop()
    templates = [name for name in names_in(body) if name.startswith(TEMPLATE) and f"⟨{index}⟩" in name]
    named = [name for name in templates if written_of(name).head != index]
    return SumOver(body, index, lower, limit(reader, sign, index, lower, upper, named))


def bounds(reader: Reader, sign: Item) -> tuple[int, Expression | None, str]:
    """Where a sum begins, where it ends if that is written, and its index."""
    upper, below = None, ""
    for script in sign.scripts:
        if script.kind == "subscript":
            below = re.sub(r"[_{}\s]", "", script.text)
        elif script.kind == "superscript" and script.part is not None:
            upper = reader.sum(script.part)
        else:
            raise NotUnderstoodError("this on a sum sign is not understood", script.at)
    match = re.fullmatch(r"([A-Za-z])(?:=(\d{1,3}))?", below)
    if match is None:
        raise NotUnderstoodError("write below the sum sign its index, as in \\sum_i or \\sum_{i=1}^{n}", sign.at)
    return int(match.group(2) or 1), upper, match.group(1)


def limit(reader: Reader, sign: Item, index: str, lower: int, upper: Expression | None, named: list[str]) -> int | str:
    """The last value of an index: as it is written, else as far as the graph has such quantities."""
    number = None if upper is None else as_number(upper)
    if number is not None:
        if number.denominator != 1 or not lower <= number <= LARGEST_SUM:
            raise NotUnderstoodError(f"a sum ends at a whole number up to {LARGEST_SUM}", sign.at)
        note_instances(reader, sign, index, lower, int(number), named)
        return int(number)
    count = lower - 1
    while named and count < LARGEST_SUM and all(instance_of(reader, name, index, count + 1) for name in named):
        count += 1
    if count >= lower:
        note_instances(reader, sign, index, lower, count, named)
        if isinstance(upper, Ref) and upper.name.startswith(FREE):
            reader.sizes[upper.name] = count
            reader.unknown.pop(upper.name, None)
        elif upper is not None:
            raise NotUnderstoodError("a sum ends at a number or at a letter such as n", sign.at)
        return count
    if not (isinstance(upper, Ref) and upper.name.startswith(FREE)):
        raise NotUnderstoodError("it is not clear where this sum ends: write \\sum_{i=1}^{N}", sign.at)
    reader.sizes[upper.name] = None
    reader.unknown.pop(upper.name, None)
    reader.data.update(named)
    return upper.name


def instance_of(reader: Reader, name: str, index: str, number: int) -> str | None:
    written = written_of(instance(name, index, number))
    # Another sum's index is still open: any of its values will do.
    sub = re.sub("⟨.⟩", "1", written.sub)
    return reader.names.find(Written(written.head, written.layer, sub))


def note_instances(reader: Reader, sign: Item, index: str, lower: int, upper: int, named: list[str]) -> None:
    for number in range(lower, upper + 1):
        for name in named:
            found = instance_of(reader, name, index, number)
            if found is None and "⟨" not in instance(name, index, number):
                reader.stranger(written_of(instance(name, index, number)), sign.at)
            elif found is not None:
                reader.known.add(found)
