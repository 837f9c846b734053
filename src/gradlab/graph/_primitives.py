"""THE one table. Whoever wants to know which functions there are asks here, each time anew, and keeps no copy.

A row that is added, for good or in a test, is then known everywhere: to the parser, the printers, every backend, the
judge of written mathematics, help texts and messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gradlab.graph._row import OPERATORS, Primitive
from gradlab.graph._rows import ROWS

IDENTITY = "identity"  # as an activation: the sum itself
# What was derived is kept by name, so no two different rows in one process may have the same one.
_table: dict[str, Primitive] = {row.name: row for row in ROWS}
PRIMITIVES: Mapping[str, Primitive] = MappingProxyType(_table)


def functions() -> dict[str, Primitive]:
    """The rows that are written like functions, by name, in the order of the table."""
    return {name: row for name, row in PRIMITIVES.items() if name not in OPERATORS and row.arity != 0}


def constants() -> frozenset[str]:
    """The names of the rows that take no argument."""
    return frozenset(name for name, row in PRIMITIVES.items() if row.arity == 0)


def activations() -> tuple[str, ...]:
    """What the units of a network may apply to their sums: rows of the table, and the identity."""
    return (*(name for name, row in PRIMITIVES.items() if row.activation), IDENTITY)


def known_as(name: str) -> str:
    """The name in the table of what is also called otherwise: silu is swish; any other name as it is."""
    if name in PRIMITIVES:
        return name
    return next((row.name for row in PRIMITIVES.values() if name in row.also), name)
