"""Many entries at once: random directions bear out groups, and only groups that disagree are taken apart."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gradlab.check._outcomes import Cause, Entry, Verdict
from gradlab.check.differences._screen import Answer, Finding, Group, Screen, groups
from gradlab.check.inputs._point import Mode
from gradlab.check.verdict._engine import Engine

# Up to this many entries each is measured on its own.
FEW = 64
# Entries that are measured on their own in any case, so that the report shows numbers.
_SHOWN = 8
# As many as this may be measured on their own before the rest is left open.
_BUDGET = 256
_LEAF = 8
# So many of a group that disagrees are tried before it is taken apart.
_TRIED = 4
# What a share of the largest one is as good as zero.
_NEGLIGIBLE = 1e-8


@dataclass(slots=True)
class Outcome:
    """What came of many entries."""

    entries: list[Entry] = field(default_factory=list)
    miss_probability: float = 0.0
    measured: int = 0
    wrong: int = 0


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
    screen = _screen(engine, claimed, random)
    waiting = groups(claimed, engine.scales, rest[finite], random)
    while waiting:
        group = waiting.pop(0)
        found = Finding(Answer.DISAGREES, np.inf)
        if len(group.indices) > _LEAF:
            found = screen.examine(group)
        if found.answer is Answer.AGREES:
            outcome.miss_probability += found.miss_probability
            outcome.entries += _borne_out(engine, group, found)
        elif outcome.measured >= _BUDGET or _is_hopeless(outcome):
            _leave(engine, group.indices, outcome)
        elif len(group.indices) <= (FEW if found.answer is Answer.UNRESOLVED else _LEAF):
            _measure(engine, group.indices, outcome)
        elif found.answer is Answer.UNRESOLVED:
            _leave(engine, group.indices, outcome, "too small beside the others to be measured", Cause.OUT_OF_PRECISION)
        elif _is_wrong_throughout(engine, group, outcome):
            _leave(engine, group.indices[_TRIED:], outcome)
        else:
            waiting += Group(group.indices[_TRIED:], group.weights[_TRIED:], group.share).halves()
    outcome.entries.sort(key=lambda entry: entry.index)
    return outcome


def _representatives(
    claimed: np.ndarray, scales: np.ndarray, indices: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """The entries with the largest shares, and some of the clear ones at random."""
    sizes = np.nan_to_num(np.abs(claimed[indices]) * scales[indices])
    largest = indices[np.argsort(-sizes, kind="stable")[: _SHOWN // 2]]
    clear = indices[sizes > 0.1 * sizes.max()]
    return np.union1d(largest, random.choice(clear, min(_SHOWN, len(clear)), replace=False))


def _measure(engine: Engine, indices: np.ndarray, outcome: Outcome) -> None:
    if len(indices):
        found = engine.run({int(index): [0] for index in indices})
        outcome.entries += found
        outcome.measured += len(found)
        outcome.wrong += sum(entry.verdict is Verdict.WRONG for entry in found)


def _is_wrong_throughout(engine: Engine, group: Group, outcome: Outcome) -> bool:
    """Measure the first few of a group, which are in random order: if all are wrong, so probably are the others."""
    before = outcome.wrong
    _measure(engine, group.indices[:_TRIED], outcome)
    return outcome.wrong - before == _TRIED


def _is_hopeless(outcome: Outcome) -> bool:
    """Half of what was measured is wrong: taking more groups apart would find more of the same."""
    return outcome.measured >= 2 * _SHOWN and 2 * outcome.wrong > outcome.measured


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


def _screen(engine: Engine, claimed: np.ndarray, random: np.random.Generator) -> Screen:
    shares = np.abs(np.nan_to_num(claimed)) * engine.scales
    complex_too = engine.function.point.mode is Mode.DOUBLE and engine.follows_complex(0)
    return Screen(
        engine.function,
        engine.flat,
        engine.centre,
        claimed,
        complex_too,
        4 * engine.rules.tolerance,
        _NEGLIGIBLE * float(shares.max()),
        random,
    )


def _leave(
    engine: Engine,
    indices: np.ndarray,
    outcome: Outcome,
    reason: str = "in a group that disagrees, not measured on its own",
    cause: Cause = Cause.NOT_MEASURED,
) -> None:
    for index in indices:
        claim = engine.claim(0, int(index))
        outcome.entries.append(
            Entry(
                claim.name, claim.value, np.nan, np.inf, np.nan, Verdict.UNDECIDED, reason, np.nan,
                cause, index=claim.index,
            )
        )  # fmt: skip
