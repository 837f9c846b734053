"""Many entries at once: random directions bear out groups, and only groups that disagree are taken apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gradlab.check._outcomes import Cause, Entry, Verdict
from gradlab.check.differences._screen import Answer, Finding, Group, Screen, groups
from gradlab.check.verdict._engine import Engine
from gradlab.check.verdict._few import STOPPED, UNMEASURED, run_few

# Up to this many coordinates each is measured on its own.
FEW = 64
# Entries that are measured on their own in any case, so that the report shows numbers.
_SHOWN = 8
# As many as this may be measured on their own before the rest is left open.
_BUDGET = 256
_LEAF = 8
# Shares of this part of the largest take hundreds of values each, and no more all together.
_TINY = 1e-6
# So many of a group that disagrees are tried before it is taken apart.
_TRIED = 4
# After a wrong entry is known, so many more evaluations are worth it, and in all so many times those of a right one.
_MORE, _TIMES = 32, 2.25
# What cannot be resolved better is borne out to this part of the largest share; so many bars would show.
_ROUGH, _CONTRAST = 1e-4, 100
_PATIENCE = 1500
_SMALL = "too small beside the others to be measured"


@dataclass(slots=True)
class Outcome:
    """What came of many entries."""

    entries: list[Entry] = field(default_factory=list)
    miss_probability: float = 0.0
    # The part of the largest share from which a difference would have shown.
    relevance: float = 0.0
    measured: int = 0
    wrong: int = 0
    # About how many evaluations a right gradient takes, and how many it may be where one is known to be wrong.
    usual: float = 0.0
    last: float | None = None
    # Entries of groups that could not be resolved: measured last and together, the clearest differences first.
    unresolved: list[int] = field(default_factory=list)
    # Until so many evaluations groups are divided that are not resolved.
    patience: int = 0


def run_many(engine: Engine, output: int, indices: np.ndarray) -> Outcome:
    """Judge many entries of the gradient of one output: the cost grows with those that disagree."""
    random = np.random.default_rng(2)
    outcome, claimed = Outcome(), engine.claimed[output]
    shown = _representatives(claimed, engine.scales, indices, random)
    _measure(engine, output, shown, outcome)
    rest = np.setdiff1d(indices, shown)
    finite = np.isfinite(claimed[rest])
    _judge_infinite(engine, output, rest[~finite], outcome)
    screen = _screen(engine, output, claimed, random)
    outcome.patience = engine.function.evaluations + _PATIENCE
    waiting = groups(claimed, engine.scales, rest[finite], random, engine.asked.relevance)
    outcome.usual = engine.function.evaluations + screen.price * len(waiting)
    # In float32 a single entry takes hundreds of values, so that not all of a group that disagrees can be afforded.
    engine.limit = _TIMES * outcome.usual if engine.is_single else math.inf
    while waiting:
        group = waiting.pop(0)
        if _is_enough(engine, outcome):
            _leave(engine, output, group.indices, outcome, STOPPED)
            continue
        engine.function.budget.now_at(lambda group=group: f"{len(group.indices)} entries along random directions")
        is_leaf = len(group.indices) <= _LEAF and (screen.single or group.share > _TINY * screen.largest)
        found = Finding(Answer.DISAGREES, np.inf) if is_leaf else screen.examine(group)
        if found.answer is Answer.AGREES:
            _bear_out(engine, output, group, found, outcome, screen.largest)
        else:
            waiting = [*_take_apart(engine, output, group, found, outcome, screen.largest), *waiting]
    _measure(engine, output, np.array(outcome.unresolved, dtype=int), outcome)
    engine.limit = math.inf
    outcome.entries.sort(key=lambda entry: entry.index)
    return outcome


def _take_apart(
    engine: Engine, output: int, group: Group, found: Finding, outcome: Outcome, largest: float
) -> Sequence[Group]:
    """The groups into which one that was not borne out falls, if its entries are not judged here."""
    if outcome.measured >= _BUDGET or _is_hopeless(outcome) or engine.function.evaluations >= engine.limit:
        _leave(engine, output, group.indices, outcome)
    elif len(group.indices) <= _LEAF and found.answer is Answer.DISAGREES:
        _measure(engine, output, group.indices, outcome)
    elif len(group.indices) <= FEW and found.answer is Answer.UNRESOLVED:
        outcome.unresolved += group.indices.tolist()
    elif found.answer is Answer.UNRESOLVED and engine.function.evaluations < outcome.patience:
        return group.halves()
    elif found.answer is Answer.UNRESOLVED and found.bar <= _ROUGH * largest:
        _bear_out(engine, output, group, replace(found, seen=_CONTRAST * found.bar), outcome, largest)
    elif found.answer is Answer.UNRESOLVED:
        _leave(engine, output, group.indices, outcome, _SMALL, Cause.OUT_OF_PRECISION)
    elif group.is_part:
        return group.halves()
    elif _is_wrong_throughout(engine, output, group, outcome):
        _leave(engine, output, group.indices[_TRIED:], outcome)
    else:
        return Group(group.indices[_TRIED:], group.weights[_TRIED:], group.share).halves()
    return ()


def _judge_infinite(engine: Engine, output: int, indices: np.ndarray, outcome: Outcome) -> None:
    """Judge claims that are not finite, which no direction bears out: all, or as many as show that they are wrong."""
    for first in range(0, min(len(indices), _BUDGET), _SHOWN):
        if outcome.wrong and not engine.rules.thorough:
            _leave(engine, output, indices[first:], outcome, STOPPED)
            return
        _measure(engine, output, indices[first : min(first + _SHOWN, _BUDGET)], outcome)
    _leave(engine, output, indices[_BUDGET:], outcome)


def _representatives(
    claimed: np.ndarray, scales: np.ndarray, indices: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """The entries with the largest shares, and some of the clear ones at random."""
    sizes = np.nan_to_num(np.abs(claimed[indices]) * scales[indices], posinf=0.0)
    largest = indices[np.argsort(-sizes, kind="stable")[: _SHOWN // 2]]
    clear = indices[sizes > 0.1 * sizes.max()]
    return np.union1d(largest, random.choice(clear, min(_SHOWN, len(clear)), replace=False))


def _measure(engine: Engine, output: int, indices: np.ndarray, outcome: Outcome) -> None:
    if len(indices):
        found = run_few(engine, {int(index): [output] for index in indices})
        outcome.entries += found
        outcome.measured += len(found)
        outcome.wrong += sum(entry.verdict is Verdict.WRONG for entry in found)
        if outcome.wrong and outcome.last is None:
            outcome.last = max(_TIMES * outcome.usual, engine.function.evaluations + _MORE)


def _is_enough(engine: Engine, outcome: Outcome) -> bool:
    """A wrong entry is known, and as much again was spent to find others."""
    return not engine.rules.thorough and outcome.last is not None and engine.function.evaluations >= outcome.last


def _is_wrong_throughout(engine: Engine, output: int, group: Group, outcome: Outcome) -> bool:
    """Measure the first few of a group, which are in random order: if all are wrong, so probably are the others."""
    before = outcome.wrong
    _measure(engine, output, group.indices[:_TRIED], outcome)
    return outcome.wrong - before == _TRIED


def _is_hopeless(outcome: Outcome) -> bool:
    """Half of what was measured is wrong: taking more groups apart would find more of the same."""
    return outcome.measured >= 2 * _SHOWN and 2 * outcome.wrong > outcome.measured


def _bear_out(engine: Engine, output: int, group: Group, found: Finding, outcome: Outcome, largest: float) -> None:
    outcome.miss_probability += found.miss_probability
    if largest > 0:
        outcome.relevance = max(outcome.relevance, found.seen / largest)
    # A share has at least half the weight of its entry.
    bars = (2 * found.bar / group.weights).tolist()
    claimed = engine.claimed[output, group.indices].tolist()
    places = (output * len(engine.flat) + group.indices).tolist()
    reason = "agrees in random directions"
    for place, value, bar in zip(places, claimed, bars, strict=True):
        name = engine.names[place]
        entry = Entry(name, value, value, bar, 0.0, Verdict.CORRECT, reason, np.nan, index=place)
        engine.found[place] = entry
        outcome.entries.append(entry)


def _screen(engine: Engine, output: int, claimed: np.ndarray, random: np.random.Generator) -> Screen:
    shares = np.abs(np.nan_to_num(claimed, posinf=0.0, neginf=0.0)) * engine.scales
    return Screen(
        engine.function,
        output,
        engine.flat,
        engine.centre,
        claimed,
        engine.probe.noise,
        engine.is_single,
        engine.asked.tolerance,
        max(float(shares.max()), float(engine.shares[output])),
        engine.asked.relevance,
        random,
    )


def _leave(
    engine: Engine,
    output: int,
    indices: np.ndarray,
    outcome: Outcome,
    reason: str = UNMEASURED,
    cause: Cause = Cause.NOT_MEASURED,
) -> None:
    outcome.entries += [engine.open(engine.entry_of(output, int(index)), reason, cause) for index in indices]
