"""From cheap to thorough: what the first pass does not settle is looked at closely, the clearest differences first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradlab.check._outcomes import Entry, Verdict
from gradlab.check.verdict._climb import climb
from gradlab.check.verdict._columns import Columns, bear_out
from gradlab.check.verdict._engine import Engine
from gradlab.check.verdict._knowledge import make_entry
from gradlab.check.verdict._quick import convict
from gradlab.check.verdict._settle import Places, settle

# So many entries are looked at after one is known to be wrong; in float32 each takes hundreds of values.
_ALSO, _ALSO_SINGLE = 2, 1
# So many entries that differ clearly are looked at by few values, before the first of them is by many.
_CANDIDATES = 3
UNMEASURED = "in a group that disagrees, not measured on its own"
STOPPED = "not judged since another is wrong; thorough=True judges all"


def run_few(engine: Engine, columns: Places) -> list[Entry]:
    """Judge entries one by one."""
    entries: list[Entry] = []
    for entry in _run(engine, columns):
        engine.found[entry.index] = entry
        entries.append(entry)
    return entries


def _run(engine: Engine, columns: Places) -> Iterator[Entry]:
    measured = _measure(engine, columns)
    entries, pending = settle(engine, measured, columns)
    yield from entries
    clear = {
        (index, output) for index in pending for output in pending[index] if measured.differs(engine, index, output)
    }
    # The clearest differences come first: one that is confirmed may end the check.
    order = sorted(pending, key=lambda index: -measured.contrast(engine, index, [o for i, o in clear if i == index]))
    first = _first_convicted(engine, measured, order, clear)
    order.sort(key=lambda index: index not in first)
    for position, index in enumerate(order):
        rest = order[position + 1 :]
        if engine.function.evaluations >= engine.limit:
            yield from _conclude(engine, measured, {each: pending[each] for each in [index, *rest]}, set(), UNMEASURED)
            return
        # The first candidates were tried by few values already.
        found = first.get(index, None if engine.rules.thorough else {})
        entries = list(_look(engine, measured, index, pending[index], clear, found))
        yield from entries
        if not engine.rules.thorough and any(entry.verdict is Verdict.WRONG for entry in entries):
            yield from _after_a_wrong_one(engine, measured, {each: pending[each] for each in rest}, clear)
            return


def _measure(engine: Engine, columns: Places) -> Columns:
    """The first pass: every coordinate by few values; of a random function these say nothing."""
    found = Columns()
    for index, size, measured in engine.first_pass(list(columns) if engine.is_deterministic else []):
        found.add(index, size, measured)
    return found


def _first_convicted(
    engine: Engine, measured: Columns, order: list[int], clear: set[tuple[int, int]]
) -> dict[int, dict[int, Entry]]:
    """The first coordinate of which few values show that it is wrong, with its wrong entries by their outputs."""
    for index in order[:_CANDIDATES]:
        engine.function.budget.now_at(lambda index=index: engine.names[index])
        if found := convict(engine, measured, index, [output for at, output in clear if at == index]):
            return {index: found}
    return {}


def _look(
    engine: Engine,
    measured: Columns,
    index: int,
    outputs: list[int],
    clear: set[tuple[int, int]],
    found: dict[int, Entry] | None = None,
) -> Iterator[Entry]:
    """Judge the entries of one coordinate, by few values where that is enough; some may have been `found` already."""
    engine.function.budget.now_at(lambda: engine.names[index])
    if found is None:
        found = convict(engine, measured, index, [output for output in outputs if (index, output) in clear])
    yield from found.values()
    yield from climb(engine, index, [output for output in outputs if output not in found])


def _after_a_wrong_one(
    engine: Engine, measured: Columns, pending: Places, clear: set[tuple[int, int]]
) -> Iterator[Entry]:
    """What differs as clearly is borne out together; of what is clear and yet not borne out, a little is looked at."""
    among = {index: [output for output in outputs if (index, output) in clear] for index, outputs in pending.items()}
    sure = bear_out(engine, measured, {index: outputs for index, outputs in among.items() if outputs})
    most = _ALSO_SINGLE if engine.is_single else _ALSO
    doubtful = [each for each in pending if any((each, o) in clear - sure for o in pending[each])][:most]
    for each in doubtful:
        yield from _look(engine, measured, each, pending[each], clear)
    rest = {each: outputs for each, outputs in pending.items() if each not in doubtful}
    yield from _conclude(engine, measured, rest, sure)


def _conclude(
    engine: Engine, measured: Columns, pending: Places, sure: set[tuple[int, int]], why: str = STOPPED
) -> Iterator[Entry]:
    """Those that are borne out are wrong, too; the rest stays open."""
    for index, outputs in pending.items():
        for output in outputs:
            slope = measured.slope(index, output)
            if (index, output) in sure and slope is not None:
                reason = "outside the error bar, which a random direction bears out"
                yield make_entry(engine.claim(output, index), slope, Verdict.WRONG, reason)
            else:
                entry = engine.open(engine.entry_of(output, index), why)
                yield replace(entry, numeric=slope.value, error_bar=slope.bar) if slope is not None else entry
