"""Many entries at once: random directions bear out groups, and only groups that disagree are taken apart."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gradlab.check._engine import Engine
from gradlab.check._outcomes import Cause, Entry, Verdict
from gradlab.check._screen import Finding, Group, examine, groups

# Up to this many entries each is measured on its own.
FEW = 64
# Entries that are measured on their own in any case, so that the report shows numbers.
_SHOWN = 8
# As many as this may be measured on their own before the rest is left open.
_BUDGET = 256
_LEAF = 8


@dataclass(slots=True)
class Outcome:
    """What came of many entries."""

    entries: list[Entry] = field(default_factory=list)
    miss_probability: float = 0.0
    measured: int = 0


def run_many(engine: Engine, indices: np.ndarray) -> Outcome:
    """Judge many entries of a gradient: the cost grows with those that disagree.

    Args:
        engine: What judges single entries; its function has one output.
        indices: Which coordinates.
    """
    random = np.random.default_rng(2)
    outcome = Outcome()
    claimed = engine.claimed[0]
    shown = _representatives(claimed, engine.scales, indices, random)
    _measure(engine, shown, outcome)
    rest = np.setdiff1d(indices, shown)
    finite = np.isfinite(claimed[rest])
    _measure(engine, rest[~finite][:_BUDGET], outcome)
    _leave(engine, rest[~finite][_BUDGET:], outcome)
    waiting = groups(claimed, engine.scales, rest[finite], random)
    resolve = 4 * engine.rules.tolerance
    while waiting:
        group = waiting.pop(0)
        if len(group.indices) > _LEAF:
            found = examine(engine.function, engine.flat, engine.centre, claimed, group, resolve, random)
            if found.agrees:
                outcome.miss_probability += found.miss_probability
                outcome.entries += _borne_out(engine, group, found)
                continue
        if outcome.measured >= _BUDGET or _is_hopeless(outcome):
            _leave(engine, group.indices, outcome)
        elif len(group.indices) <= _LEAF:
            _measure(engine, group.indices, outcome)
        else:
            waiting += group.halves()
    outcome.entries.sort(key=lambda entry: entry.index)
    return outcome


def _representatives(
    claimed: np.ndarray, scales: np.ndarray, indices: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """The entries with the largest shares, and some at random."""
    sizes = np.nan_to_num(np.abs(claimed[indices]) * scales[indices])
    largest = indices[np.argsort(-sizes, kind="stable")[: _SHOWN // 2]]
    return np.union1d(largest, random.choice(indices, _SHOWN, replace=False))


def _measure(engine: Engine, indices: np.ndarray, outcome: Outcome) -> None:
    if len(indices):
        outcome.entries += engine.run({int(index): [0] for index in indices})
        outcome.measured += len(indices)


def _is_hopeless(outcome: Outcome) -> bool:
    """Half of what was measured is wrong or cannot be told: taking more groups apart would find more of the same."""
    bad = sum(entry.verdict is not Verdict.CORRECT for entry in outcome.entries)
    return outcome.measured >= 2 * _SHOWN and 2 * bad > outcome.measured


def _borne_out(engine: Engine, group: Group, found: Finding) -> list[Entry]:
    entries = []
    for index, weight in zip(group.indices, group.weights, strict=True):
        claim = engine.claim(0, int(index))
        # A share has at least half the weight of its entry.
        bar = 2 * found.bar / weight
        numbers = (claim.value, claim.value, float(bar), 0.0)
        entries.append(
            Entry(claim.name, *numbers, Verdict.CORRECT, "agrees in random directions", np.nan, index=claim.index)
        )
    return entries


def _leave(engine: Engine, indices: np.ndarray, outcome: Outcome) -> None:
    reason = "in a group that disagrees, not measured on its own"
    for index in indices:
        claim = engine.claim(0, int(index))
        outcome.entries.append(
            Entry(
                claim.name, claim.value, np.nan, np.inf, np.nan, Verdict.UNDECIDED, reason, np.nan,
                Cause.NOT_MEASURED, index=claim.index,
            )
        )  # fmt: skip
