"""The verdicts on the steps of a chain in one reading: true, false with a witness, or not understood with the reason.

A step is true only if it is in all settings; where what is written can be taken in several ways (a layout, what depends
on what), only if they agree, or where one way alone makes sense.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from gradlab.graph import ZERO, Expression, Ref, as_number
from gradlab.prove._errors import Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._names import Names
from gradlab.prove._verdict import Fault, Method, Repair, Truth, Witness
from gradlab.prove.judge._agreed import Finding as Finding
from gradlab.prove.judge._agreed import agreed, in_settings, is_of_indices, open_finding, pattern, shown
from gradlab.prove.judge._axes import ShapeError, settings
from gradlab.prove.judge._compare import AGREEMENT, Comparison
from gradlab.prove.judge._doubts import (
    as_matrices,
    every,
    inverted,
    is_zero,
    named_functions,
    of_whole_layers,
    says_zero,
    strangers,
    turns_a_list,
    unrelated,
    varied,
    without,
)
from gradlab.prove.judge._exact import equal_exactly
from gradlab.prove.judge._trial import Trial
from gradlab.prove.judge._world import NothingSaysError
from gradlab.prove.judge.arrays._choices import holds_array
from gradlab.prove.judge.arrays._fitting import Fit, Fitting
from gradlab.prove.judge.arrays._loose import loosened, with_plain_entries
from gradlab.prove.read._nodes import Call, Derivative, Index, Infinity, Limit, Total, mapped
from gradlab.prove.read._statements import Chain, Known
from gradlab.prove.read._write import Writer
from gradlab.prove.repairs._arrays import turned
from gradlab.prove.repairs._chain import Repairer
from gradlab.prove.repairs._paths import nodes, replace_at

STEPS_FOR_EXACT = 800_000
MOST_TURNED = 12  # parts of a side of which the transpose is tried
FEW = 3  # points at which sides agree before an exact proof is tried


class Judge:
    """Judges one chain in one reading."""

    def __init__(self, chain: Chain, known: Known, deadline: Deadline, repairs: bool = True) -> None:
        self.known, self.deadline, self.repairs = known, deadline, repairs
        chain = replace(chain, sides=tuple(map(self.with_letters, chain.sides)))
        self.chain, self.known, self.loose = loosened(*with_plain_entries(chain, known))
        self.names = Names(known.graph)
        self.writer = Writer(known.graph.symbols)
        self.sides = tuple(side for side in self.chain.sides if isinstance(side, Expression))
        self.conditions = (*known.domains, *self.chain.conditions)
        self.fitting = Fitting(self.names, self.known, self.conditions, deadline, self.loose)

    def with_letters(self, side: Expression | NotUnderstoodError) -> Expression | NotUnderstoodError:
        r"""A side in which a letter that stands in the conditions of a sum alone is an index: ``\sum_{k \ne i}``."""

        def letter(part: Expression) -> Expression | None:
            single = (
                isinstance(part, Ref) and re.fullmatch(r"\?[a-z]", part.name) and part.name not in self.known.quantities
            )
            return Index(part.name[1:]) if single and isinstance(part, Ref) else None

        def rule(node: Expression) -> Expression | None:
            if not isinstance(node, Total) or not node.conditions:
                return None
            body = mapped(node.body, rule)
            conditions = tuple(mapped(condition, letter) for condition in node.conditions)
            return replace(node, body=body, conditions=conditions)  # type: ignore[arg-type]

        return mapped(side, rule) if isinstance(side, Expression) else side

    def findings(self) -> list[Finding]:
        """The verdicts on all steps."""
        found = self.written()
        return [self.unless_meant_otherwise(i, finding) for i, finding in enumerate(found)]

    def unless_meant_otherwise(self, i: int, finding: Finding) -> Finding:
        """The verdict on a step, unless it is another one for matrices, or for the function that is often meant."""
        left, right = self.chain.sides[i : i + 2]
        if not (isinstance(left, Expression) and isinstance(right, Expression)):
            return finding
        pair = (left, right)
        if finding.truth is Truth.TRUE and finding.method is not Method.DEFINITION:
            if whole := of_whole_layers(pair, self.known):
                return open_finding(f"this is true for numbers, and {whole} may be a matrix: write its entries")
            if matrix := inverted(pair):
                return open_finding(
                    f"this is true for numbers, and {matrix} may be a matrix: write \\frac{{1}}{{{matrix}}}"
                )
            matrices = as_matrices(pair, self.known)
            if matrices is not None and not self.holds(Chain(matrices, self.chain.digits[i : i + 1]), self.known):
                return open_finding("this is true for numbers and false for matrices: say which they are")
        if finding.truth is Truth.FALSE and len(self.chain.sides) == 2:
            for meant, known in named_functions(pair, self.known):
                if self.holds(self.chain, known):
                    return open_finding(
                        f"this is true for {meant} and not for every function: say which function is meant"
                    )
        return finding

    def holds(self, chain: Chain, known: Known) -> bool:
        """Whether a chain in which something else is meant is true."""
        return all(each.truth is Truth.TRUE for each in Judge(chain, known, self.deadline, repairs=False).written())

    def written(self) -> list[Finding]:
        """The verdicts on all steps, as they are written."""
        whole = self.whole(self.chain, self.sides)
        if whole is not None:
            return whole
        found: list[Finding] = []
        for i in range(len(self.chain.sides) - 1):
            step = Chain(self.chain.sides[i : i + 2], self.chain.digits[i : i + 1], self.chain.conditions)
            sides = tuple(side for side in step.sides if isinstance(side, Expression))
            one = self.whole(step, sides, alone=True)
            assert one is not None
            found += one
        return found

    def whole(self, chain: Chain, sides: tuple[Expression, ...], alone: bool = False) -> list[Finding] | None:
        """The verdicts on a chain whose arrays have their shapes from all of it; None if no shapes fit all of it."""
        try:
            fits = self.fitting.all(sides)
            fitting = [fit for fit in fits if isinstance(fit, Fit)]
            if not fitting or (len(fitting) < len(fits) and not alone and len(chain.sides) > 2):
                if not alone and len(chain.sides) > 2:
                    return None
                return [self.misshapen(chain, [error for error in fits if isinstance(error, ShapeError)])]
            kept = [fit for fit in fitting if fit.strain == min(other.strain for other in fitting)]
            found = [(fit.layout, *self.judged(chain, fit)) for fit in kept]
            false = any(each.truth is Truth.FALSE for _, steps, _ in found for each in steps)
            rows = "the shapes fit only if some of the vectors are rows: say which" if kept[0].has_rows else ""
            loose = next((fit.loose for fit in kept if fit.loose), rows)
            if false and loose:
                return [open_finding(loose) for _ in chain.sides[1:]]
        except NotUnderstoodError as error:
            return [self.not_understood(chain, i, error) for i in range(len(chain.sides) - 1)]
        except (OutOfTimeError, RecursionError) as error:
            reason = str(error) or "this is nested too deeply"
            return [Finding(Truth.NOT_UNDERSTOOD, reason=reason) for _ in chain.sides[1:]]
        result = [agreed([(layout, each[i]) for layout, each, _ in found]) for i in range(len(chain.sides) - 1)]
        if kept[0].has_rows:
            if capitals := " and ".join(kept[0].capital_rows):
                return [open_finding(f"this holds only if {capitals} is a row: is a trace meant?") for _ in result]
            result = [replace(each, reason=f"{each.reason}, with vectors as rows") for each in result]
        if any(each.truth is Truth.FALSE for each in result):
            for other in self.fitting.others(sides, kept[0]):
                again, _ = self.judged(chain, other)
                if all(each.truth is Truth.TRUE for each in again):
                    more = other.count_numbers > kept[0].count_numbers
                    ways = ("numbers", "arrays") if more else ("arrays", "numbers")
                    reason = f"this is true if some names are {ways[0]} and false if they are {ways[1]}: say which are"
                    return [Finding(Truth.NOT_UNDERSTOOD, reason=reason) for _ in again]
        return self.repaired(chain, result, found[0][2]) if self.repairs else result

    def repaired(self, chain: Chain, found: list[Finding], trial: Trial) -> list[Finding]:
        """The verdicts with repairs of the false ones."""
        if not self.repairs:
            return found
        repairer = Repairer(trial, chain.sides, self.deadline)
        for i, finding in enumerate(found):
            if finding.truth is Truth.FALSE and finding.witness is not None:
                finding.repair = repairer.step(i) or self.turned_back(chain, i)
                if finding.repair is not None and finding.repair.side == i > 0:
                    finding.reason = "the side before this step is wrong already; with its repair this step holds"
        return found

    def misshapen(self, chain: Chain, errors: list[ShapeError]) -> Finding:
        """The verdict where no shapes fit."""
        said = "; ".join(dict.fromkeys(map(str, errors)))
        sides = [side for side in chain.sides if isinstance(side, Expression)]
        if any(as_number(side) is not None for side in sides):
            return open_finding(f"a number stands for an array: write \\mathbf{{I}} or \\mathbf{{1}} ({said})")
        if any(
            isinstance(node, Call) and node.function not in self.known.functions for s in sides for node in every(s)
        ):
            return open_finding(f"nothing says how many entries the functions in this have: {said}")
        if not all(map(self.fitting.is_natural, sides)) or turns_a_list(sides):
            return open_finding(f"the shapes in this do not fit: {said}")
        if any(map(self.fitting.by_array, sides)) and self.fitting.fits_turned(sides):
            reason = f"the two sides have different shapes in every layout of derivatives: {said}"
            return Finding(Truth.NOT_UNDERSTOOD, reason=f"{reason}; is one of them meant to be transposed?")
        finding = Finding(Truth.FALSE, reason=f"the two sides have different shapes: {said}")
        finding.repair = self.turned_back(chain, 0) if self.repairs and len(chain.sides) == 2 else None
        return finding

    def turned_back(self, chain: Chain, i: int) -> Repair | None:
        """An array in the right side of a step that makes it true once transposed or not; the shapes may change."""
        left, right = chain.sides[i : i + 2]
        if not (isinstance(left, Expression) and isinstance(right, Expression) and holds_array(right)):
            return None
        for path, node in list(nodes(right))[:MOST_TURNED]:
            for other, message in turned(self.writer, node):
                side = replace_at(right, path, other)
                if self.holds(Chain((left, side), (None,), self.chain.conditions), self.known):
                    shown = self.writer.latex(side), self.writer.latex(other)
                    return Repair(Fault.TRANSPOSE, message, i + 1, *shown)
        return None

    # ---- in settings

    def judged(self, chain: Chain, fit: Fit) -> tuple[list[Finding], Trial]:
        """The verdicts in one way, the derivatives of formulas taken through what is computed if that can be."""
        own = tuple(c for c in self.conditions if not is_of_indices(c))
        way = fit.way
        found = settings(fit.axes, fit.dims, tuple(c for c in self.conditions if is_of_indices(c)))
        self.deadline.check(100 * len(found))
        trial = Trial(self.names, self.known, found, way, own, self.deadline)
        result = [self.step(chain, i, trial) for i in range(len(chain.sides) - 1)]
        written = (side for side in chain.sides if isinstance(side, Expression))
        same = fit.axes.made_equal(fit.dims) or fit.squared(written, self.known)
        if same:
            result = [open_finding(same) if each.truth is Truth.TRUE else each for each in result]
        totals = [node.style == "total" for side in self.sides for node in every(side) if isinstance(node, Derivative)]
        if trial.differs and not (totals and all(totals)) and any(each.truth is not Truth.TRUE for each in result):
            other = Trial(self.names, self.known, found, replace(way, through=False), own, self.deadline)
            again = [self.step(chain, i, other) for i in range(len(chain.sides) - 1)]
            if all(each.truth is Truth.TRUE for each in again):
                return again, other
        return result, trial

    def step(self, chain: Chain, i: int, trial: Trial) -> Finding:
        """The verdict on one step."""
        left, right = chain.sides[i], chain.sides[i + 1]
        if not isinstance(left, Expression) or not isinstance(right, Expression):
            error = left if isinstance(left, NotUnderstoodError) else right
            assert isinstance(error, NotUnderstoodError)
            return Finding(Truth.NOT_UNDERSTOOD, reason=str(error), at=error.at)
        try:
            if isinstance(right, Infinity) or isinstance(left, Infinity):
                return self.infinite(left, right, trial)
            found = self.compared(left, right, chain.digits[i], trial)
            if found.truth is Truth.TRUE and self.is_empty(left, right, trial):
                return open_finding("both sides vanish as they are read: say how what is differentiated depends on it")
            return self.unless_put_in(left, right, trial, found)
        except NothingSaysError as error:
            return self.depending(left, right, trial, error)
        except ShapeError as error:
            return Finding(Truth.NOT_UNDERSTOOD, reason=f"the shapes in this do not fit: {error}")
        except NotUnderstoodError as error:
            return self.not_understood(chain, i, error)
        except (OutOfTimeError, RecursionError) as error:
            return Finding(Truth.NOT_UNDERSTOOD, reason=str(error) or "this is nested too deeply")

    def unless_put_in(self, left: Expression, right: Expression, trial: Trial, found: Finding) -> Finding:
        """The verdict on a step, unless that hangs on what defines a name by which it differentiates: it is free."""
        names = varied((left, right))
        known, false = without(self.known, names), found.truth is Truth.FALSE
        if known is self.known or not (false or (found.truth is Truth.TRUE and self.vanishes(left, trial))):
            return found
        free = Judge(Chain((left, right), (None,), self.chain.conditions), known, self.deadline, repairs=False)
        other = free.written()[0]
        if false:
            fixed = any(not formula.names for name, formula in self.known.quantities.items() if name in names)
            by = "the name by which it is differentiated is given a value elsewhere: this may be about another one"
            return (
                open_finding(by) if other.truth is Truth.TRUE or (fixed and other.truth is not Truth.FALSE) else found
            )
        if other.truth is Truth.TRUE or (other.truth is Truth.FALSE and not (is_zero(left) or is_zero(right))):
            return other
        return open_finding("this vanishes by what defines the name by which it is differentiated: say at which value")

    def is_empty(self, left: Expression, right: Expression, trial: Trial) -> bool:
        """Whether two sides agree as both are zero, since nothing says how a name in them depends on another."""
        if says_zero(left, right) or not unrelated((left, right), self.known):
            return False
        return self.vanishes(left, trial)

    def vanishes(self, side: Expression, trial: Trial) -> bool:
        """Whether a side is zero at all points: at a few of them a unit that is at rest may hide a factor."""
        zero = trial.compared(side, ZERO)
        return zero.differing is None and bool(zero.agreeing)

    def infinite(self, left: Expression, right: Expression, trial: Trial) -> Finding:
        """The verdict on a limit that is said to be infinite."""
        limit, infinity = (left, right) if isinstance(right, Infinity) else (right, left)
        if not isinstance(limit, Limit) or not isinstance(infinity, Infinity):
            return open_finding(r"\infty is no number: it stands beside a \lim alone")
        found = {value if isinstance(value, int) else 0 for value in (w.limit(limit) for w in trial.worlds.values())}
        if len(found) > 1:
            return open_finding("this limit is infinite for some sizes alone")
        sign = found.pop()
        if sign == infinity.sign:
            return Finding(Truth.TRUE, Method.EXACT, reason="by the growth of what is taken to the limit")
        shown = {1: r"\infty", -1: r"-\infty", 0: "finite"}
        pair = (shown[sign], shown[infinity.sign])
        return Finding(Truth.FALSE, witness=Witness({}, *(pair if limit is left else pair[::-1])))

    def not_understood(self, chain: Chain, i: int, error: NotUnderstoodError) -> Finding:
        """The verdict on a step that is not understood."""
        for side in chain.sides[i : i + 2]:
            if isinstance(side, NotUnderstoodError):
                error = side
                break
        return Finding(Truth.NOT_UNDERSTOOD, reason=str(error), at=error.at or None)

    def compared(self, left: Expression, right: Expression, digits: int | None, trial: Trial) -> Finding:
        """The verdict on two sides: first by numbers, and where these agree, exactly if that can be done."""
        result = trial.compared(left, right, wanted=FEW)
        alone = len(trial.worlds) == 1 and result.differing is None and len(result.agreeing) == FEW
        if alone and self.exact(left, right, trial):
            return Finding(Truth.TRUE, Method.EXACT, reason="by exact simplification")
        result = trial.compared(left, right) if result.differing is None else result
        if result.differing is not None:
            if digits is not None:
                return self.rounded(left, right, digits, trial, result)
            return self.false(left, right, trial, result)
        if not result.enough:
            reason = "hardly a point was found at which both sides are defined"
            if self.conditions:
                reason += " and the conditions hold"
            return Finding(Truth.NOT_UNDERSTOOD, reason=reason)
        if result.constant:
            return Finding(Truth.TRUE, Method.NUMERIC, reason=f"the numbers agree to {AGREEMENT} digits")
        where = f"the sides agree to {AGREEMENT} digits at {len(result.agreeing)} random points"
        return Finding(Truth.TRUE, Method.NUMERIC, reason=where + in_settings(list(trial.worlds)))

    def exact(self, left: Expression, right: Expression, trial: Trial) -> bool:
        """Whether all entries are proved equal."""
        setting = next(iter(trial.worlds))
        ground = trial.points.grounds[setting]
        pairs = trial.pairs(left, right, setting)
        steps = STEPS_FOR_EXACT // len(pairs)
        return all(equal_exactly(ground, a, b, steps, self.deadline) for a, b in pairs)

    def false(self, left: Expression, right: Expression, trial: Trial, result: Comparison) -> Finding:
        """The verdict on sides that differ, with where they do; not where that hangs on equal indices alone."""
        split = self.split(left, right, trial, result)
        if split:
            return Finding(Truth.NOT_UNDERSTOOD, reason=split)
        assert result.differing is not None
        point = trial.shown_point(result.differing, left, right, result.entry, self.writer)
        return Finding(Truth.FALSE, witness=Witness(point, *trial.shown_values(result)))

    def split(self, left: Expression, right: Expression, trial: Trial, result: Comparison) -> str:
        """Why a claim on two indices that holds for equal ones only, or for different ones only, is left open."""
        assert result.differing is not None
        sizes = trial.points.variant(result.differing.number).sizes
        others = [each for each in trial.worlds if each.sizes != sizes]
        if others and any(getattr(node, "kind", "") == "det" for side in (left, right) for node in every(side)):
            again = trial.only(others).compared(left, right)
            if again.differing is None and again.enough:
                return "this holds for matrices of one size but not for those of another: say how many rows they have"
        letters = list(next(iter(trial.worlds)).indices)
        if len(letters) < 2 or any(map(is_of_indices, self.conditions)) or strangers(left, right):
            return ""
        here = trial.points.variant(result.differing.number)
        others = [each for each in trial.worlds if pattern(each) != pattern(here)]
        for equal in dict.fromkeys(map(pattern, others)):
            same = trial.only([each for each in others if pattern(each) == equal])
            again = same.compared(left, right)
            if again.differing is None and again.enough:
                good, bad = shown(equal, letters), shown(pattern(here), letters)
                return f"this holds for {good} but not for {bad}: write for which indices it is meant"
        return ""

    def rounded(self, left: Expression, right: Expression, digits: int, trial: Trial, result: Comparison) -> Finding:
        """The verdict on a number that is written with so many decimals."""
        ground = trial.points.grounds[trial.points.variants[0]]
        if ground.given_in(*(side for pair in trial.pairs(left, right, trial.points.variants[0]) for side in pair)):
            return Finding(Truth.NOT_UNDERSTOOD, reason="an approximation of a formula is not judged")
        a, b = result.values
        half = result.differing.balls.number(result.differing.balls.fraction(Fraction(1, 2 * 10**digits)))  # type: ignore[union-attr]
        if abs(a - b) <= half:
            return Finding(Truth.TRUE, Method.NUMERIC, reason=f"rounded to {digits} decimals")
        return self.false(left, right, trial, result)

    def depending(self, left: Expression, right: Expression, trial: Trial, error: NothingSaysError) -> Finding:
        """The verdict where nothing says what depends on what: for every dependence, or none."""
        names = sorted(error.of)
        derivatives = [node for side in (left, right) for node in every(side) if isinstance(node, Derivative)]
        several = len({wrt for node in derivatives for wrt in node.wrt}) > 1  # then what depends on what is open too
        if several or len(names) > 3 or trial.way.depending or is_zero(left) or is_zero(right):
            return Finding(Truth.NOT_UNDERSTOOD, reason=str(error))
        truths: list[Finding] = []
        for picked in range(2 ** len(names) - 1, 0, -1):
            chosen = [name for k, name in enumerate(names) if picked >> k & 1]
            way = replace(trial.way, depending=dict.fromkeys(chosen, (error.wrt,)))
            other = Trial(self.names, self.known, list(trial.worlds), way, (), self.deadline)
            try:
                truths.append(self.compared(left, right, None, other))
            except (NotUnderstoodError, ShapeError):
                return Finding(Truth.NOT_UNDERSTOOD, reason=str(error))
            if truths[0].truth is Truth.TRUE:
                return replace(truths[0], reason=f"however it depends on {error.wrt.removeprefix('?')}")
            if truths[-1].truth is not Truth.FALSE or error.alone:
                return Finding(Truth.NOT_UNDERSTOOD, reason=str(error))
        return truths[-1]
