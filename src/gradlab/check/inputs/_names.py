"""Names of entries, and which of them are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from gradlab.check._errors import CheckError
from gradlab.check.inputs._function import Function
from gradlab.check.inputs._point import Point


def entry_names(point: Point, names: str | Sequence[str] | None) -> list[str]:
    """One name for each number of the point, from names for its numbers or for its arrays.

    Raises:
        CheckError: There are as many names as neither of them.
    """
    if names is None:
        return point.names()
    given = [names] if isinstance(names, str) else list(names)
    count, arrays = len(point.values), len(point.leaves)
    if len(given) == count:
        return given
    if len(given) == arrays:
        return point.names(given)
    each = f"{arrays} for its arrays or " if arrays > 1 or count > 1 else ""
    raise CheckError(f"names has {len(given)} names; write {each}{count} for its entries, in the order of the point.")


def jacobian_names(function: Function, names: list[str], rows: int) -> list[str]:
    """A name for each entry of a Jacobian, such as "f[2] by at[0]"; those of the point if it has one row."""
    if rows == 1:
        return names
    if function.mixing is not None:
        outputs = [f"combination {row + 1}" for row in range(rows)]
    else:
        outputs = function.output_names
    return [f"{output} by {name}" for output in outputs for name in names]


def chosen_entries(entries: Sequence[int | str] | None, names: list[str]) -> list[int]:
    """The positions of the entries that are asked for, by position or by name; all of them for None.

    Raises:
        CheckError: One does not exist, or none is named.
    """
    if entries is None:
        return list(range(len(names)))
    positions = {name: index for index, name in enumerate(names)}
    chosen = []
    for entry in [entries] if isinstance(entries, str) else entries:
        index = positions.get(entry) if isinstance(entry, str) else entry
        if index is None or not 0 <= index < len(names):
            known = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
            raise CheckError(
                f"entries names {entry!r}, which the point does not have; its {len(names)} entries are {known}."
            )
        chosen.append(index)
    if not chosen:
        raise CheckError("entries is empty; name at least one entry, or leave it out to check all.")
    return chosen
