"""What is wrong with a WRONG gradient: mistakes are rebuilt from the right one and compared with it."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from gradlab.check.inputs._budget import Exhausted, Overtime
from gradlab.check.names import LAST_RESORTS, RULES, Diagnosis, Evidence, Hypothesis, Mistake, Rule, View
from gradlab.check.names._context import Context
from gradlab.check.names._this_point import of_this_point

_MOST = 5
# An explanation much less simple than the simplest one that fits is none.
_FARTHEST = 6
_NAMED = 4
# Near a kink so many times as many entries are as told as are not.
_KINKED = 4
_ALONE = 5
# Of mistakes at several spots one is told that is so much nearer to the claims, which are no exacter; else so many are.
_NEAR, _EXACT, _SPOTS = 10.0, 1e-7, 3
# The right gradient times a number, which may be 0 or -1.
_CONSTANT = {Mistake.NEGATED, Mistake.FACTOR, Mistake.SUM_FOR_MEAN, Mistake.ZEROED}


def diagnose(context: Context) -> tuple[Diagnosis, ...]:
    """Name the mistakes that turn the right gradient into the claimed one.

    Each is rebuilt and reported only if it gives the claimed gradient in every entry that is known, and, where the
    gradient can be evaluated anew, at a second point and at some far from it, too.

    Returns:
        The mistakes that fit, the simplest first; empty if none does.
    """
    evidence = Evidence(context)
    with suppress(Overtime):
        alone = of_this_point(evidence)
        if alone is not None:
            return (alone,)
    if not evidence.wrong.any():
        return ()
    found = _apply(RULES, evidence)
    if not found.keys() - {Mistake.ONE_OFF}:
        found |= _apply(LAST_RESORTS, evidence)
    if not found.keys() - {Mistake.ONE_OFF}:
        several = _by_arrays(evidence)
        if several:
            return several
    fits = sorted(_placed(list(found.values())), key=lambda fit: fit.rank)
    if fits and fits[0].hypothesis.kind is Mistake.ONE_OFF:
        # That it is a factor is said already.
        fits = [fit for fit in fits if fit.hypothesis.kind is not Mistake.FACTOR]
    return tuple(_tell(fit, evidence) for fit in fits[:_MOST] if fit.rank <= fits[0].rank + _FARTHEST)


def _placed(fits: list[_Fit]) -> list[_Fit]:
    """The fits whose place can be known: a factor of the whole may have come in anywhere on the way."""
    plain = any(
        fit.hypothesis.kind in _CONSTANT
        and not (fit.hypothesis.place or fit.hypothesis.spot)
        and (fit.points > 1 or len(fit.entries) > 1)
        for fit in fits
    )
    return [fit for fit in fits if not (plain and fit.hypothesis.place) or fit.hypothesis.speaks]


def _by_arrays(evidence: Evidence) -> tuple[Diagnosis, ...]:
    """A mistake for each array that is wrong, where no single one explains them all; empty unless all are explained."""
    parts = [positions for _, positions, _ in evidence.leaves() if evidence.wrong[positions].any()]
    if not 1 < len(parts) <= _MOST:
        return ()
    told = []
    for positions in parts:
        alone = evidence.restricted_to(positions)
        fits = sorted(_placed(list(_apply(RULES, alone).values())), key=lambda fit: fit.rank)
        if not fits or fits[0].hypothesis.kind is Mistake.ONE_OFF:
            return ()
        diagnosis = _tell(replace(fits[0], entries=np.flatnonzero(alone.wrong)), alone)
        told.append(replace(diagnosis, sentence=f"One of {len(parts)} mistakes at once: {diagnosis.sentence}"))
    return tuple(told)


def _apply(rules: tuple[Rule, ...], evidence: Evidence) -> dict[Mistake, _Fit]:
    """The simplest fit of each kind of mistake; a rule that takes too long, or fails, is left where it is."""
    found: dict[Mistake, _Fit] = {}
    problem: Exception | None = None
    for rule in rules:
        try:
            for hypothesis in rule(evidence):
                _try(hypothesis, evidence, found)
        except Overtime:
            continue
        except Exhausted:
            raise
        except Exception as error:
            # The loss is run by parts and at points that it was not written for, and may raise anything.
            problem = problem or error
    if problem is not None and not found:
        raise problem
    return found


def _try(hypothesis: Hypothesis, evidence: Evidence, found: dict[Mistake, _Fit]) -> None:
    """Put a hypothesis to the test, and keep it if it is the simplest one of its kind that fits."""
    known = found.get(hypothesis.kind)
    # What would not be reported needs no test; one at another spot may fit better, or as well.
    simplest = min((fit.rank for fit in found.values()), default=math.inf)
    beside = known is not None and bool(hypothesis.spot and known.hypothesis.spot)
    limit = min(simplest + _FARTHEST, math.inf if known is None else known.rank - (0 if beside else 1))
    if 2 * hypothesis.rank > limit:
        return
    fit = _test(hypothesis, evidence)
    if fit is not None and (known is None or fit.rank < known.rank):
        found[hypothesis.kind] = fit
    elif fit is not None and known is not None and beside and fit.rank == known.rank:
        found[hypothesis.kind] = _nearest([known, *known.others, fit])


def _nearest(fits: list[_Fit]) -> _Fit:
    """The fit that is nearest to the claims, with those that are about as near."""
    least = max(_EXACT, min(fit.off for fit in fits))
    first, *others = (replace(fit, others=()) for fit in fits if fit.off <= _NEAR * least)
    return replace(first, others=tuple(others))


@dataclass(frozen=True, slots=True)
class _Fit:
    """A hypothesis that passed: made in the formulas of all entries, or of some, and what shows it of those."""

    hypothesis: Hypothesis
    entries: np.ndarray
    is_whole: bool
    points: int
    made: np.ndarray
    # By how much, in part, it differs from the claims, and what else of its kind does no more, at other spots.
    off: float = 0.0
    others: tuple[_Fit, ...] = ()

    @property
    def rank(self) -> int:
        # That a single entry is wrong is simpler than a rule that happens to hold for it alone.
        restricted = _ALONE if self.made.sum() == 1 else 1
        return 2 * self.hypothesis.rank + (0 if self.is_whole else restricted)


def _test(hypothesis: Hypothesis, evidence: Evidence) -> _Fit | None:
    """Rebuild the mistake at the point and at others."""
    here, wrong = evidence.here, evidence.wrong
    candidate = _predict(hypothesis, here)
    if candidate is None:
        return None
    close = here.close(candidate)
    changed = here.known & ~_same(candidate, here.right)
    if not close[wrong].all() or not (changed & wrong).any():
        return None
    is_whole = bool(close.all())
    if not is_whole and not hypothesis.partly:
        return None
    made, seen = _made(evidence, close, is_whole), [(here, candidate)]
    if hypothesis.place and evidence.is_backward and not _is_of_arrays(evidence, made, changed):
        return None
    for view in evidence.elsewhere():
        elsewhere = _predict(hypothesis, view)
        if elsewhere is not None:
            # An entry that shows nothing here may do so there.
            made = made | (close & view.known & view.close(elsewhere) & ~view.close(view.right))
            if not _holds(hypothesis, made, view, elsewhere):
                return None
            seen.append((view, elsewhere))
    if not all(_holds(hypothesis, made, *each) for each in seen[1:]):
        return None
    points, shown = len(seen), int((changed & wrong).sum())
    if hypothesis.place and points == 1 and (shown < 2 or not (is_whole or made.sum() > 1)):
        # One number and many hypotheses: something would fit by chance.
        return None
    if not _is_borne_out(hypothesis, seen, made):
        return None
    entries = np.flatnonzero((changed | wrong) & made)
    whole = is_whole and hypothesis.kind is not Mistake.ONE_OFF
    if whole and changed[here.known & (here.right != 0)].all():
        entries = np.arange(len(wrong))
    off = max(_off(view, found, made) for view, found in seen) if hypothesis.spot else 0.0
    return _Fit(hypothesis, entries, is_whole, min(points, 2), made, off)


def _off(view: View, candidate: np.ndarray, made: np.ndarray) -> float:
    """By how much of the claims a candidate differs from them, where it does not because of a kink nearby."""
    used = view.known & made & view.close(candidate)
    size = float(np.abs(view.claimed[used]).sum())
    return float(np.abs(candidate - view.claimed)[used].sum()) / size if size > 0 else 0.0


def _is_borne_out(hypothesis: Hypothesis, seen: list[tuple[View, np.ndarray]], made: np.ndarray) -> bool:
    """Whether the other points show the mistake at all, and some point tells it from simpler ones."""
    told = len(seen) == 1 or hypothesis.kind is Mistake.ONE_OFF
    if not told and not any((made & view.known & ~view.close(view.right)).any() for view, _ in seen[1:]):
        return False
    for simpler in hypothesis.rivals:
        rivals = [(view, found, simpler(view)) for view, found in seen]
        if all(rival is not None and _same(found, rival)[made & view.known].all() for view, found, rival in rivals):
            return False
    return True


def _made(evidence: Evidence, close: np.ndarray, is_whole: bool) -> np.ndarray:
    """Where a mistake was made that explains the entries `close`: everywhere, in whole arrays, or in these entries."""
    if is_whole:
        return np.ones_like(close)
    wrong, start = evidence.wrong.reshape(-1, len(evidence.context.point)), 0
    arrays = np.zeros_like(wrong)
    for shape in evidence.context.shapes:
        part = slice(start, start := start + int(np.prod(shape)))
        arrays[:, part] = wrong[:, part].any(axis=1, keepdims=True)
    # An entry that is 0 here shows no mistake.
    return arrays.reshape(-1) if close[arrays.reshape(-1)].all() else evidence.wrong


def _is_of_arrays(evidence: Evidence, made: np.ndarray, changed: np.ndarray) -> bool:
    """Whether a mistake was made in all that it changes of the gradient by an array, or in nothing of it.

    A backward pass has no formula of its own for a single output or input.
    """
    return not any(made[places].any() and (changed & ~made)[places].any() for _, places, _ in evidence.columns())


def _predict(hypothesis: Hypothesis, view: View) -> np.ndarray | None:
    with np.errstate(all="ignore"), suppress(np.linalg.LinAlgError):
        return hypothesis.predict(view)
    # Of other numbers a matrix may have no inverse.
    return None


def _holds(hypothesis: Hypothesis, made: np.ndarray, view: View, elsewhere: np.ndarray) -> bool:
    """Whether a mistake gives the claims of another point; it may lie near a kink, where a few entries differ.

    Of those that are wrong there, or would be, most have to be as it says, however many others are right; but which
    single entry is off is said of the point of the check alone.
    """
    candidate = np.where(made, elsewhere, view.right)
    off = int((~view.close(candidate)).sum())
    concerned = int((view.known & (~view.close(view.right) | ~_same(candidate, view.right))).sum())
    is_single = hypothesis.kind is Mistake.ONE_OFF and hypothesis.partly
    return off <= 0.02 * int(view.known.sum()) and (is_single or _KINKED * off <= concerned)


def _same(candidate: np.ndarray, right: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.abs(candidate - right) <= 1e-5 * np.maximum(np.abs(candidate), np.abs(right))


def _tell(fit: _Fit, evidence: Evidence) -> Diagnosis:
    hypothesis, names = fit.hypothesis, evidence.context.names
    concerned = () if len(fit.entries) == len(names) else tuple(names[index] for index in fit.entries)
    where = "every entry" if not concerned else _list(concerned)
    spots: dict[str, list[str]] = {}
    for each in (fit, *fit.others):
        spots.setdefault(each.hypothesis.sentence, []).append(each.hypothesis.spot)
    told = " Or ".join(map(_at_spots, spots, spots.values())).replace("{where}", where)
    return Diagnosis(
        kind=hypothesis.kind,
        sentence=f"E{told[1:]}" if told.startswith("every entry") else told,
        remedy=hypothesis.remedy or hypothesis.kind.remedy,
        entries=concerned,
        place=hypothesis.place,
        rank=fit.rank,
        confirmed=fit.points,
    )


def _at_spots(sentence: str, spots: list[str]) -> str:
    """A sentence about any of some values."""
    known = list(dict.fromkeys(spots))
    return sentence.replace(
        "{spot}", " or to ".join([*known[:_SPOTS], *(["one beside them"] if known[_SPOTS:] else [])])
    )


def _list(names: tuple[str, ...]) -> str:
    if len(names) <= _NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: _NAMED - 1])} and {len(names) - _NAMED + 1} more"
