"""The key's names and random numbers as they were at some statement, whatever has been done to them since."""

from __future__ import annotations

from typing import Any

from gradlab.labs.grade._data import copied, has_state, same
from gradlab.labs.grade._randomness import randomness, restore_randomness


class Snapshot:
    """What names meant at one moment. Of numbers, arrays and what holds them that is true also if they change later.

    Args:
        names: the names.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names, self._randomness = dict(names), randomness()
        memo: dict[int, Any] = {}
        self._copies = {name: copied(value, memo) for name, value in names.items() if not name.startswith("__")}

    def settle(self) -> None:
        """Forget the copies of what is still as it was, so that it stays the same object; told at the end."""
        changed = {name for name, made in self._copies.items() if not same(made, self._names[name])}
        # What may share anything with what has changed, as an optimiser with its network, has to come along.
        linked = {name for name in self._copies if not isinstance(self._names[name], int | float | str)}
        kept = linked if changed and any(map(has_state, self._names.values())) else changed
        self._copies = {
            name: made for name, made in self._copies.items() if name in kept and made is not self._names[name]
        }

    def restore(self, names: dict[str, Any]) -> None:
        """Bring names and random numbers back."""
        names.clear()
        names.update(self._names)
        memo: dict[int, Any] = {}
        names.update({name: copied(value, memo) for name, value in self._copies.items()})
        restore_randomness(self._randomness)
