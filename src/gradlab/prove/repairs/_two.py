"""Two mistakes in one side: one change after the other, the simplest first, the second computed from what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradlab.prove._errors import Deadline, OutOfTimeError
from gradlab.prove._verdict import Fault
from gradlab.prove.repairs._factors import extra_factors, factors, term_factors, under_sums
from gradlab.prove.repairs._names import indices, names
from gradlab.prove.repairs._nearest import nearest
from gradlab.prove.repairs._parts import functions, powers, signs
from gradlab.prove.repairs._search import Change, Search, same
from gradlab.prove.repairs._terms import terms
from gradlab.prove.repairs._whole import whole

Kind = Callable[[Search], Iterator[Change]]
# What is tried first without knowing whether it is right, and what is then computed from the values that are needed.
FIRST: tuple[Kind, ...] = (signs, nearest, powers, functions, extra_factors, indices, under_sums, names)
THEN: tuple[Kind, ...] = (whole, factors, term_factors, nearest, signs, powers, functions, indices, terms)
MOST_FIRST = 150
STEPS = 1_600_000


def two(search: Search) -> Iterator[tuple[Change, Change]]:
    """Pairs of changes after which a side may hold."""
    deadline = Deadline(STEPS, search.deadline)
    search.start_over(deadline)
    count = 0
    try:
        for kind in FIRST:
            for first in kind(search):
                count += 1
                if count > MOST_FIRST:
                    return
                inner = search.of(first.side)
                if inner is None or same(inner.found, search.wanted) or same(inner.found, search.found):
                    continue  # one of two would be superfluous
                replaced = kind is nearest and first.fault is Fault.WRONG_NAME  # as a whole: it needs no new term
                kinds = THEN[:3] if count > MOST_FIRST // 3 else THEN[:-1] if replaced else THEN
                for then in kinds:
                    yield from ((first, second) for second in then(inner) if inner.fits(second.side))
    except OutOfTimeError:
        return
