"""What the rules of diagnosis work with: the right gradient and the claimed one, at the point and at a second one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any, Protocol

import numpy as np

from gradlab.check.differences._fit import SINGLE, is_narrow
from gradlab.check.differences._screen import PER_COORDINATE
from gradlab.check.inputs._budget import Exhausted, Overtime
from gradlab.check.inputs._function import make_call
from gradlab.check.inputs._point import Mode
from gradlab.check.names._context import Context
from gradlab.check.names._mistakes import Mistake
from gradlab.check.tracing import Program, float64, trace

_RELATIVE, _OF_LARGEST, _CANCELLED = 3e-4, 1e-7, 1e-14
# Of claims that are computed in float32.
_ROUNDED, _JITTERS = 4e-6, 3
_MOST_MEASURED = 64
_ROUGH, _STEP = 1e-2, 1e-5
_TRIES, _FURTHER, _WIDER, _FAR, _FLAT = 6, 8, 20, 1e-3, 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One point: what is claimed there, what is right, and how exactly that is known; all of shape (M * P,).

    Attributes:
        point: The flat point, shape (P,).
        claimed: The judged derivatives.
        right: The right ones; NaN where unknown.
        bars: How far `right` may be off.
        program: The loss taken apart at this point, if it can be.
    """

    point: np.ndarray
    claimed: np.ndarray
    right: np.ndarray
    bars: np.ndarray
    program: Program | None

    @property
    def known(self) -> np.ndarray:
        """Where both are known."""
        return np.isfinite(self.right) & np.isfinite(self.claimed) & np.isfinite(self.bars)

    def close(self, candidate: np.ndarray) -> np.ndarray:
        """Where a candidate is the claimed gradient, within what is known; true where nothing is known."""
        size = np.maximum(np.abs(candidate), np.abs(self.claimed))
        # Of the right ones where the claims are much smaller, everything small would be close.
        largest = np.max(size[self.known & np.isfinite(size)], initial=0.0)
        with np.errstate(invalid="ignore"):
            share = _ROUNDED if is_narrow(self.claimed) else _OF_LARGEST
            # What cancels out in a candidate leaves the rounding of the right ones.
            rounding = _CANCELLED * np.max(np.abs(self.right[self.known]), initial=0.0)
            allowed = 3 * self.bars + _RELATIVE * size + share * largest + rounding
            return ~self.known | (np.abs(candidate - self.claimed) <= allowed)


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """A mistake that might have been made.

    Attributes:
        kind: Which mistake.
        predict: What it makes of the right gradient, as a function of a view; None where it cannot be made there.
        sentence: It for a person; "{where}" stands for the entries it is about, "{spot}" for `spot`.
        place: The line it is about.
        rank: How simple an explanation it is.
        partly: Whether it may have been made in the formulas of some entries only.
        remedy: What to do, where it is not what its kind says.
        speaks: Whether its place can be told even where all of the gradient is times a number.
        rivals: What simpler mistakes make of it: where one is the same at every point, this one is not told.
        spot: The value on the way that it is about, where the same may have been done to others.
    """

    kind: Mistake
    predict: Callable[[View], np.ndarray | None]
    sentence: str
    place: str = ""
    rank: int = 0
    partly: bool = True
    remedy: str = ""
    speaks: bool = False
    rivals: tuple[Callable[[View], np.ndarray | None], ...] = ()
    spot: str = ""


class Rule(Protocol):
    """A rule of diagnosis: proposes hypotheses, which are then put to the test."""

    def __call__(self, evidence: Evidence) -> Iterator[Hypothesis]:
        """The hypotheses that are worth a test."""
        ...


@dataclass(frozen=True)
class Evidence:
    """A WRONG gradient with everything that the rules may ask for, found when it is first asked for."""

    context: Context
    seed: int = 0
    within: np.ndarray | None = None

    @cached_property
    def here(self) -> View:
        """The point of the check."""
        context = self.context
        try:
            program, gradient = self._take_apart(context.point)
        except Overtime:
            program, gradient = None, None
        if program is not None and gradient is not None and self._agrees(gradient) and self._is_it(program):
            with suppress(Overtime):
                program.ignore_shifts()
            view = View(context.point, context.claimed, gradient, self._rounding(context.point), program)
            # At a kink several slopes are right, and the trace knows one of them.
            settled = context.wrong | (context.unjudged & (context.numeric == 0) & (gradient == 0))
            open_to_doubt = ~settled & np.isfinite(context.numeric) & ~view.close(gradient)
            return replace(view, bars=np.where(open_to_doubt, np.inf, view.bars))
        return View(context.point, context.claimed, context.numeric, context.bars, None)

    @cached_property
    def there(self) -> View | None:
        """A second point, drawn near the first; None if the gradient cannot be asked for there."""
        context = self.context
        if context.claimed_at is None:
            return None
        random = np.random.default_rng(self.seed)
        size = np.maximum(np.abs(context.point), 1e-3 * np.abs(context.point).max(initial=0.0))
        size = np.where(size == 0, 1.0, size)
        for attempt in range(_TRIES):
            share = 0.3 * 0.4**attempt
            point = context.point + share * size * random.uniform(0.3, 1.0, size.shape) * random.choice(
                [-1, 1], size.shape
            )
            try:
                view = self.look(self._as_symmetric(point))
            except Overtime:
                return None
            if view is not None:
                return view
        return None

    def elsewhere(self) -> Iterator[View]:
        """Other points, the nearest first; each is looked at when it is first asked for."""
        if self.there is None:
            return
        yield self.there
        seen, more = self._further
        for number in range(_FURTHER):
            if number == len(seen):
                seen += islice(more, 1)
            if number == len(seen):
                return
            yield self.only(seen[number])

    @cached_property
    def _further(self) -> tuple[list[View], Iterator[View]]:
        """What was looked at already, and what is to come."""
        return [], self._draw()

    def _draw(self) -> Iterator[View]:
        """Points drawn anew, from far smaller to far larger ones; none where the loss cannot be taken apart."""
        context = self.context
        if self.here.program is None:
            return
        random, most = np.random.default_rng([self.seed, 1]), _WIDER * self.here.program.largest
        start, size = 0, np.ones_like(context.point)
        for shape in context.shapes:
            part = slice(start, start := start + int(np.prod(shape)))
            size[part] = np.sqrt(np.mean(context.point[part] ** 2)) or 1.0
        flattest = _FLAT * np.abs(self.here.right[self.here.known]).max(initial=0.0)
        with suppress(Overtime):
            for attempt in range(3 * _FURTHER):
                # Far off, many a program overflows or is somewhere else; near zero, other branches are taken.
                reach = random.uniform(-1, 3 if attempt < 2 * _FURTHER else 1) if attempt % 2 else random.uniform(-3, 0)
                view = self._look(self._as_symmetric(2**reach * size * random.normal(size=size.shape)))
                # Where values are far larger, derivatives by differences are not exact.
                if view is None or view.program is None or view.program.largest > most:
                    continue
                steepest = np.abs(view.right[view.known]).max(initial=0.0)
                # Where all is saturated, differences show rounding.
                if steepest > flattest:
                    yield replace(view, bars=view.bars + _FAR * (np.abs(view.right) + 0.01 * steepest))

    def _as_symmetric(self, point: np.ndarray) -> np.ndarray:
        """Another point, with matrices that are symmetric where those of the check are."""
        start, found = 0, point.copy()
        for shape in self.context.shapes:
            part = slice(start, start := start + int(np.prod(shape)))
            known = self.context.point[part].reshape(shape)
            if len(shape) >= 2 and shape[-1] == shape[-2] > 1 and np.array_equal(known, np.swapaxes(known, -1, -2)):
                made = found[part].reshape(shape)
                found[part] = ((made + np.swapaxes(made, -1, -2)) / 2).reshape(-1)
        return found

    @cached_property
    def wrong(self) -> np.ndarray:
        """Where the claimed gradient is not the right one, shape (M * P,), bool."""
        return ~self.here.close(self.here.right) | (self.context.wrong & self.here.known)

    @cached_property
    def _call(self) -> Callable[[Any], Any]:
        return make_call(self.context.function, self.context.at, Mode.DOUBLE)

    @property
    def is_backward(self) -> bool:
        """Whether what is judged is the backward pass of a function with several outputs."""
        return self.context.gradient is None and int(np.prod(self.context.output_shape)) > 1

    def restricted_to(self, positions: np.ndarray) -> Evidence:
        """The same evidence on some entries alone: nothing is known of the others."""
        inside = np.zeros(len(self.wrong), dtype=bool)
        inside[positions] = True
        found = Evidence(self.context, self.seed, inside)
        # What was found out already is not found out again.
        there = None if self.there is None else found.only(self.there)
        known = {"here": found.only(self.here), "there": there, "wrong": self.wrong & inside, "_further": self._further}
        found.__dict__.update(known)
        return found

    def only(self, view: View) -> View:
        """A view in which nothing is known of other entries than those that this is about."""
        return view if self.within is None else replace(view, bars=np.where(self.within, view.bars, np.inf))

    def leaves(self) -> list[tuple[str, np.ndarray, tuple[int, ...]]]:
        """Name, positions in the gradient and shape of each array of the point; empty for several outputs."""
        if self.context.output_shape not in {(), (1,)}:
            return []
        found, start = [], 0
        for shape in self.context.shapes:
            size = int(np.prod(shape))
            if size:
                name = self.context.names[start]
                found.append(
                    (name.rpartition("[")[0] or name if size > 1 else name, np.arange(start, start + size), shape)
                )
            start += size
        return found

    def columns(self) -> list[tuple[str, np.ndarray, tuple[int, ...]]]:
        """As `leaves` for several outputs, with the positions in the rows of all of them."""
        size, found, start = len(self.context.point), [], 0
        rows = np.arange(self.context.claimed.size).reshape(-1, size)
        for shape in self.context.shapes:
            end = start + int(np.prod(shape))
            if end > start:
                name = self.context.names[start].split(" by ")[-1]
                name = name.rpartition("[")[0] or name if end - start > 1 else name
                found.append((name, rows[:, start:end].reshape(-1), shape))
            start = end
        return found

    def may_be_of(self, point: np.ndarray) -> bool:
        """Whether the claims may be the gradient at another point, by a rough difference of the traced operations."""
        program, claimed = self.here.program, self.here.claimed
        if program is None:
            return True
        index = int(np.argmax(np.where(self.wrong & np.isfinite(claimed), np.abs(claimed), -1.0)))
        row, column = divmod(index, len(point))
        step = _STEP * max(1.0, abs(point[column])) * (np.arange(len(point)) == column)
        try:
            ahead, behind = (float(program.outputs_at(point + sign * step)[row]) for sign in (1.0, -1.0))
        except (ArithmeticError, ValueError, RuntimeError):
            # Where the loss raises, as an inverse does at the origin, it has no gradient.
            return False
        slope = (ahead - behind) / (2 * step[column])
        return not abs(slope - claimed[index]) > _ROUGH * max(abs(slope), abs(claimed[index]))

    def gradient_at(self, point: np.ndarray) -> np.ndarray | None:
        """The right gradient at another point; None if it is not finite or would cost too much."""
        context = self.context
        if self.here.program is not None:
            program, gradient = self._take_apart(point)
            return gradient if program is not None else None
        if context.claimed.size > _MOST_MEASURED:
            return None
        values, _ = context.numeric_at(point, list(range(context.claimed.size)))
        return values if np.isfinite(values).all() else None

    def look(self, point: np.ndarray) -> View | None:
        """The view of another point; None if something cannot be evaluated there, or another way is taken there."""
        found = self._look(point)
        return None if found is None else self.only(found)

    def _look(self, point: np.ndarray) -> View | None:
        context = self.context
        assert context.claimed_at is not None
        program, gradient = (None, None) if self.here.program is None else self._take_apart(point)
        if self.here.program is None:
            context.work.evaluate(1)
        elif program is None or gradient is None or not np.isfinite(gradient).all():
            return None
        try:
            value = context.evaluate(point) if program is None else program.values[program.output]
            if not np.isfinite(value).all():
                return None
            claimed = context.claimed_at(point)
        except Exhausted:
            raise
        except Exception:
            # The user's functions meet points that they were not written for; where they fail, other evidence remains.
            return None
        if self.here.program is not None and program is not None and gradient is not None:
            program.ignore(self.here.program.ignored)
            if [step.operation for step in program.steps] == [step.operation for step in self.here.program.steps]:
                return View(point, claimed, gradient, self._rounding(point), program)
            return None
        right, bars = np.full(claimed.shape, np.nan), np.full(claimed.shape, np.inf)
        most = int(min(_MOST_MEASURED, (context.work.evaluations - 1) / PER_COORDINATE))
        order = np.argsort(~self.wrong, kind="stable")[:most]
        values, errors = context.numeric_at(point, [int(index) for index in order])
        right[order], bars[order] = values, errors
        # What is as good as 0 beside the others is known, too.
        zero = _OF_LARGEST * np.abs(right[np.isfinite(right)]).max(initial=0.0)
        bars = np.where(bars > np.maximum(0.1 * np.abs(right), zero), np.inf, bars)
        return View(point, claimed, right, bars, None) if np.isfinite(right[order]).any() else None

    def _rounding(self, point: np.ndarray) -> np.ndarray:
        """How far claims that are computed in float32 may be off, from what they do when the point is rounded."""
        context, found = self.context, np.zeros(len(self.context.claimed))
        if context.claimed_at is None or not is_narrow(context.claimed):
            return found
        random = np.random.default_rng(self.seed)
        try:
            claimed = context.claimed_at(point)
            for _ in range(_JITTERS):
                moved = context.claimed_at(point * (1 + SINGLE * random.choice([-1.0, 1.0], len(point))))
                found = np.fmax(found, np.abs(moved - claimed))
        except Exhausted:
            raise
        except Exception:
            # Where the user's gradient raises, nothing more is known.
            return np.zeros_like(found)
        return np.where(np.isfinite(found), found, 0.0)

    def _take_apart(self, point: np.ndarray) -> tuple[Program | None, np.ndarray | None]:
        context = self.context
        context.work.evaluate(1)
        try:
            with float64():
                program = trace(context.function, *context.form.by_leaves(self._call, point))
            program.work = context.work
            gradient = program.gradient()
        except Exhausted:
            raise
        except Exception:
            # Nor were they written for arrays that note down what is done with them.
            return None, None
        if gradient.shape != context.claimed.shape:
            return None, None
        return program, gradient

    def _is_it(self, program: Program) -> bool:
        """Whether a program gives what the function does at the point."""
        self.context.work.evaluate(1)
        value = np.asarray(self.context.evaluate(self.context.point), dtype=np.float64).reshape(-1)
        return np.allclose(value, program.values[program.output].reshape(-1), rtol=1e-3, atol=1e-6, equal_nan=True)

    def _agrees(self, gradient: np.ndarray) -> bool:
        """Whether the trace gives the measured derivatives."""
        if not np.isfinite(gradient).all():
            return False
        numeric, bars = self.context.numeric, self.context.bars
        known = np.isfinite(numeric) & np.isfinite(bars)
        size = np.maximum(np.abs(gradient), np.abs(numeric))
        known &= self.context.wrong
        own = np.abs(self.context.point)
        own = np.resize(np.where(own > 0, own, own.max(initial=0.0) or 1.0), gradient.shape)
        share = np.abs(gradient * own).max(initial=0.0) / own
        apart = np.abs(gradient - numeric) > 3 * bars + 1e-3 * size + 1e-7 * np.minimum(share, np.abs(gradient).max())
        return not np.any(apart & known)
