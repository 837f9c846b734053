"""What a step that looks false may be instead: a condition, a value, something not said. In doubt it is not false."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from gradlab.graph import Expression, Partial, Ref
from gradlab.prove import _combine as combine
from gradlab.prove._definitions import Definitions, names_in, walk
from gradlab.prove._degree import degree_of
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._imaginary import UNITS, may_hold_with_unit
from gradlab.prove._meant import ITSELF, SPECIAL, VARIABLE, OtherMeanings, variables_in, verdicts
from gradlab.prove._mood import (
    Mood,
    contents,
    in_other_signs,
    in_two_ways,
    is_equation_for_function,
    is_idempotent,
    is_looked_for,
    is_normaliser,
    is_point,
    is_wished_for,
    is_worked,
    may_be_matrix,
    mood_of,
    same_names,
)
from gradlab.prove._names import FREE, written_parts
from gradlab.prove._nearest import may_hold
from gradlab.prove._open_sides import (
    depends_on_it,
    is_of_point,
    own_variables,
    relates_names,
    rivals,
    says_sigma,
    to_solve,
    varies,
)
from gradlab.prove._otherwise import otherwise
from gradlab.prove._shares import step_of_shares
from gradlab.prove._verdict import Method, Step, Truth
from gradlab.prove.read._define import Line
from gradlab.prove.read._nodes import Call, Condition, Derivative, Indexed, Operation, Tensor, Total
from gradlab.prove.read._scope import Use
from gradlab.prove.read._statements import Chain, Function, Kind, Known

_WORD = re.compile(r"\?\\(?:mathrm|text)\{[A-Za-z ]{3,}\}")
_NEXT = re.compile(r"_\{?(?:new|old|next|prev|\w+[-+]1)\}?$")  # of what is updated
_WORDED = re.compile(rf"{_NEXT.pattern}|_\{{[A-Z]{{2,}}\}}$")
_MEAN = re.compile(r"\?(?:\\mu|\\bar\{|\\overline\{|m_)")  # of all entries
_MARKED = re.compile(r"\^\*|\\(?:hat|tilde|bar|dot|ddot|overline|mathcal)\b|'")


class Doubts:
    """Everything that speaks against calling a step false.

    Args:
        said: what the text defines.
        document: whether it is a text, in which a condition needs no word for it.
        show: writes LaTeX.
    """

    def __init__(self, said: Definitions, document: bool, show: Callable[[Expression], str]) -> None:
        self.said, self.document, self.show = said, document, show
        self.names = said.names
        self.meant = OtherMeanings(said, document)
        self.assumed: list[tuple[Condition, int]] = []

    @property
    def known(self) -> Known:
        """What holds where the line stands."""
        return self.said.known

    def computed(self, name: str) -> Expression | None:
        """The formula of a quantity."""
        return self.said.scope().computed(name)

    def softened(self, judged: combine.Judged, i: int, step: Step, deadline: Deadline) -> Step:
        """A false step, unless it is a condition, holds under one, or rests on what is not understood."""
        chain, pair = judged.first.chain, judged.first.chain.sides[i : i + 2]
        assumed = self._under_assumptions(chain, i, step, deadline)
        if assumed is not step:
            return assumed
        reason = self.imaginary(judged, i) or self._rests_on(pair, judged.line) or self._names_otherwise(judged, i)
        if reason:
            return combine.with_kind(step, Kind.CLAIM, f"{step.place}: {reason}")
        lone = all(isinstance(side, Ref) for side in pair) and any(map(self._is_given, pair))
        if lone or self._are_entries(pair) or is_point(pair):
            return combine.with_kind(step, Kind.CONDITION, "this is a condition; it claims nothing to be judged")
        if i == 0 and self._may_define(pair[0]):
            return combine.with_kind(step, Kind.CONDITION, "this says what a name is; nothing else does")
        if unknown := self._unknown_in(judged, i):
            shown = sorted(name.removeprefix(FREE) for name in unknown)
            said = f"nothing says what {', '.join(shown)} {'is' if len(shown) == 1 else 'are'}: this may be a condition"
            return combine.with_kind(step, Kind.CONDITION, f"{said}; else define it before, as in {shown[0]}(x) = x^2")
        if said := self._may_say(judged, i, deadline):
            return combine.with_kind(step, Kind.CONDITION, said)
        if (elsewhere := self._without_other_sections(judged, i, step, deadline)) is not None:
            return elsewhere
        if meant := self.meant.of(judged, i, step, deadline):
            return combine.with_kind(step, Kind.CLAIM, f"{step.place}: {meant}")
        fresh = sorted(self._undefined(pair[1]) - self.reached(pair[0])) if isinstance(pair[0], Expression) else []
        if fresh:
            shown = ", ".join(name.removeprefix(FREE) for name in fresh)
            reason = f"nothing says what {shown} {'is' if len(fresh) == 1 else 'are'}: define it before this step"
            return combine.with_kind(step, Kind.CONDITION if i == 0 else Kind.CLAIM, f"{step.place}: {reason}")
        value = self._is_value(pair[0])
        degree = partial(degree_of, formula_of=self.meant.formula_of)
        other = None if value else combine.excused(judged, i, self.document, degree, self._is_free)
        shares = step_of_shares(self.said, judged, i, step, self.holds, deadline)
        if other is not None and shares.truth is not Truth.TRUE:
            return combine.with_kind(step, *other)
        said = otherwise(self.meant, judged, i, self.reached, deadline) if shares.truth is Truth.FALSE else ""
        return combine.with_kind(step, Kind.CLAIM, f"{step.place}: {said}") if said else shares

    def imaginary(self, judged: combine.Judged, i: int) -> str:
        """Which letter of a step may be the imaginary unit, for which the verdict is another one; empty if none."""
        pair, use = judged.first.chain.sides[i : i + 2], Use.of(judged.line.piece.sides)
        names = {name for side in pair if isinstance(side, Expression) for name in self.reached(side)}
        for unit in sorted(UNITS - use.indexing - use.sized):
            name = FREE + unit
            free = name in names and self._is_free(name) and not self.computed(name)
            if free and may_hold_with_unit(pair, name) is not (judged.steps[i].truth is Truth.TRUE):
                return f"{unit} may be the imaginary unit, which is not judged, or a number: say what {unit} is"
        return ""

    def exchanged(self, judged: combine.Judged, i: int) -> str:
        """What may have been put in within a chain: names of which nothing is said, on one side of a step alone."""
        left, right = (self._undefined(side) for side in judged.first.chain.sides[i : i + 2])
        if not i or not left ^ right:
            return ""
        shown = ", ".join(sorted(name.removeprefix(FREE) for name in left ^ right))
        return f"this does not hold as read, and nothing says what {shown} may have been put in for"

    def unbound(self, judged: combine.Judged, i: int) -> str:
        """Why a false step that nothing mends may not be about what was read; empty if every name is bound."""
        step, pair = judged.steps[i], judged.first.chain.sides[i : i + 2]
        nodes = [node for side in pair for node in walk(side)]
        tensors = {node.name for node in nodes if isinstance(node, Tensor)}
        names = {name for side in pair if isinstance(side, Expression) for name in self.reached(side)}
        for name in sorted(names):
            shown = name.removeprefix(FREE)
            if name not in self.said.defined and name.startswith(FREE) and _MARKED.search(shown):
                return f"as read this does not hold, and nothing says what {shown} is: define it before this step"
        loose = sorted(name for name in names if self._is_free(name) and self.computed(name) is None)
        loose = [name.removeprefix(FREE) for name in loose if name not in self.known.shapes and may_be_matrix(name)]
        if loose and step.witness is None:
            return f"the shapes in this do not fit as it is read: say which shapes {', '.join(loose)} have"
        if loose and tensors and not any(isinstance(node, Operation | Derivative) for node in nodes):
            return f"as read this does not hold; say whether {', '.join(loose)} are matrices or operators, or numbers"
        return ""

    def _is_to_be_solved(self, judged: combine.Judged, pair: tuple[Expression | NotUnderstoodError, ...]) -> bool:
        """Whether a text looks for something that makes a step true, and one side has a name that is open."""
        left, right = (self.reached(side) if isinstance(side, Expression) else set[str]() for side in pair)
        if not self.document or not is_wished_for(judged.line):
            said = {*self.known.functions, *self.known.quantities}
            return self.document and len(judged.steps) == 1 and is_looked_for(judged.line, pair, said - (left & right))
        return any(self._is_free(name) and self.meant.formula_of(name) is None for name in left ^ right)

    def _unknown_in(self, judged: combine.Judged, i: int) -> set[str]:
        """The functions of which nothing says what they are, and which a step may be a condition on."""
        left, right = map(self._unknown_functions, judged.first.chain.sides[i : i + 2])
        condition = self.document and not self._is_claimed_rule(judged, i)
        equation = is_equation_for_function(judged.first.chain.sides[: i + 2], left & right)
        return left | right if condition or equation else left ^ right

    def _is_claimed_rule(self, judged: combine.Judged, i: int) -> bool:
        """Whether a step of a text is a rule for derivatives that no word beside it makes a condition."""
        left, right = judged.first.chain.sides[i : i + 2]
        if not (isinstance(left, Expression) and isinstance(right, Expression)) or not same_names(left, right):
            return False
        worked = any(is_worked(node) for side in (left, right) for node in walk(side))
        return worked and mood_of(judged.line) is not Mood.CONDITION

    def _may_say(self, judged: combine.Judged, i: int, deadline: Deadline) -> str:
        """What an equation may say that is no claim: a condition on its names, something to solve; empty if nothing."""
        chain = judged.first.chain
        pair = chain.sides[i : i + 2]
        if is_idempotent(pair) or (not self.document and self._are_related(pair, deadline)):
            return "this may be a condition on what it names"
        left, right = pair
        if i + 2 == len(chain.sides) and isinstance(left, Expression) and isinstance(right, Expression):
            point = not names_in(right) and is_of_point(left, self._is_open, self.reached(left))
            if point and varies(left, self.known, deadline):
                return "this may be a condition: it may say what is open in it"
        return "by the words beside it this is an equation to solve" if self._is_to_be_solved(judged, pair) else ""

    def _are_related(self, pair: tuple[Expression | NotUnderstoodError, ...], deadline: Deadline) -> bool:
        unknown = [self._unknown_functions(side) for side in pair]
        return relates_names(pair, unknown, self.known, self.meant.formula_of, deadline)

    def _is_open(self, name: str) -> bool:
        """Whether nothing says what a name is."""
        return self._is_free(name) and name not in self.known.functions and self.meant.formula_of(name) is None

    def _without_other_sections(self, judged: combine.Judged, i: int, step: Step, deadline: Deadline) -> Step | None:
        """What is said of a step whose names are defined under another heading: there they may mean something else."""
        chain, line = judged.first.chain, judged.line
        pair = chain.sides[i : i + 2]
        bound = variables_in(pair)
        own = {name for side in pair if isinstance(side, Expression) for name in names_in(side)} - bound
        names = {reached for name in own for reached in self.reached(Ref(name))} - bound
        foreign = {
            name: item.line.source.place(item.line.piece.at).line
            for name in names
            if (item := self.said.defined.get(name)) is not None and item.line.section != line.section
        }
        if not foreign:
            return None
        known = self.known
        functions = {key: value for key, value in known.functions.items() if key not in foreign}
        if f"{FREE}\\sigma" in foreign:
            functions[f"{FREE}\\sigma"] = Function((VARIABLE,), SPECIAL["the sigmoid"])
        alone = replace(
            known,
            functions=functions,
            quantities={key: value for key, value in known.quantities.items() if key not in foreign},
            families={key: value for key, value in known.families.items() if key not in foreign},
        )
        found = verdicts(Chain(pair, chain.digits[i : i + 1], chain.conditions), alone, deadline)[0]
        if found.truth is Truth.FALSE and not self._undefined(chain.sides[i]) - bound:
            return None
        if found.truth is Truth.TRUE:
            return replace(step, truth=Truth.TRUE, witness=None, repair=None, method=found.method, reason=found.reason)
        shown = ", ".join(f"{name.removeprefix(FREE)} in line {number}" for name, number in sorted(foreign.items()))
        reason = f"{step.place}: false for what is defined under another heading ({shown}), which may not be meant here"
        return combine.with_kind(step, Kind.CLAIM, reason)

    def _names_otherwise(self, judged: combine.Judged, i: int) -> str:
        """Which side of a step may be another thing than it was taken for; empty if none."""
        chain, line = judged.first.chain, judged.line
        if i == 0 and line.begins and re.search(r"[^\W\d_]{2}|:", line.words):
            return "words stand before this equals sign: write the left side, as it need not be the last formula"
        if (
            i
            and all(isinstance(side, Ref | Indexed) for side in chain.sides[: i + 1])
            and (self.document or self._may_define(chain.sides[i]))
        ):
            return "this says what a name is; nothing else does"
        middle = chain.sides[i]
        if i and self.document and isinstance(middle, Call) and middle.shown and not any(middle.orders):
            if all(isinstance(side, Ref | Indexed) for side in (*chain.sides[:i], *middle.arguments)):
                return f"this may say anew what {middle.function.removeprefix(FREE)} is, which is defined elsewhere"
        nodes = [node for side in chain.sides[i : i + 2] for node in walk(side)]
        if (variation := Ref(rf"{FREE}\delta")) in nodes and self._may_define(variation):
            return r"\delta may be the sign of a variation here, which is not judged: say what it is"
        calls = [(n.function, n.shown) for n in nodes if isinstance(n, Call)]
        alone = {n.name for n in nodes if isinstance(n, Ref)} & {name for name, _ in calls}
        if both := alone | {name for name in ITSELF if {(name, True), (name, False)} <= set(calls)}:
            shown = min(both).removeprefix(FREE)
            return f"{shown} stands here as a function and as a name without brackets: write its argument everywhere"
        pair = chain.sides[i : i + 2]
        names = {name for side in pair if isinstance(side, Expression) for name in self.reached(side)}
        free = set(filter(self._is_open, names))
        return in_other_signs(line, i, pair, free) or in_two_ways(names) or self._of_words(pair)

    def _of_words(self, pair: tuple[Expression | NotUnderstoodError, ...]) -> str:
        """Which words stand on one side alone, as units do; empty if none."""
        left, right = (contents(side) if isinstance(side, Expression) else set[str]() for side in pair)
        for name in sorted(name for side in pair for name in self._unknown_functions(side) if _WORD.fullmatch(name)):
            return f"nothing says what the function {name[1:]} is: define it, or write its formula"
        free = filter(self._is_free, left ^ right)
        words = sorted(name.removeprefix(FREE) for name in free if _WORD.fullmatch(name))
        return f"{', '.join(words)} may be units or words: nothing says what they are" if words else ""

    def _may_define(self, side: Expression | NotUnderstoodError) -> bool:
        """Whether a side is one name of which nothing says what it is."""
        name = side.head if isinstance(side, Indexed) else side.name if isinstance(side, Ref | Tensor) else ""
        return bool(name) and self._is_free(name) and self.meant.formula_of(name) is None

    def behind(self, judged: combine.Judged, i: int) -> str:
        """Why a true step may not be claimed: it is to be solved, a name on the way is not understood; else empty."""
        pair = judged.first.chain.sides[i : i + 2]
        if said := to_solve(self.said, judged.line, pair, self.document):
            return said
        for node in (node for side in pair for node in walk(side) if isinstance(node, Derivative | Partial)):
            body = node.body if isinstance(node, Derivative) else Ref(node.of)
            by = node.wrt if isinstance(node, Derivative) else (Ref(node.wrt),)
            before = {name for each in by for name in self.reached(each)}  # what the variable is computed from
            for name in sorted(self.reached(body) - names_in(body) - before):
                item = self.said.defined.get(name)
                if (
                    item is not None
                    and item.problem
                    and may_hold(self.said, item, {name for each in by for name in names_in(each)})
                ):
                    return f"{name.removeprefix(FREE)} is defined in a way that is not understood: {item.problem}"
        return self.imaginary(judged, i)

    def _rests_on(self, pair: tuple[Expression | NotUnderstoodError, ...], line: Line) -> str:
        """What that is not understood a false step rests on; empty if nothing."""
        names = {name for side in pair if isinstance(side, Expression) for name in self.reached(side)}
        for name in sorted(names - own_variables(pair, names, self.known)):
            item = self.said.defined.get(name)
            shown = name.removeprefix(FREE)
            if item is not None and item.problem:
                number = item.line.source.place(item.line.piece.at).line
                return f"{shown} is defined in line {number} in a way that is not understood: {item.problem}"
            namesakes = rivals(name, self.said, line)
            if namesakes and not all((_NEXT if item is None else _WORDED).search(other) for other in namesakes):
                return f"this is false for {shown}; if {' or '.join(namesakes)} is meant, write the index"
        for node in (node for side in pair for node in walk(side) if isinstance(node, Derivative)):
            for name in sorted(names_in(node.body)):
                mean = any(isinstance(by, Indexed) for by in node.wrt) and _MEAN.match(name) is not None
                mean = mean or (is_normaliser(name) and Ref(name) not in node.wrt) or name == depends_on_it(node, pair)
                if mean and self._is_free(name) and self.meant.formula_of(name) is None:
                    return f"nothing says how {name.removeprefix(FREE)} depends on {self.show(node.wrt[0])}"
            if degree_of(node, self.meant.formula_of, through=True) == 0 and any(
                name.startswith(FREE) for name in names_in(node.body)
            ):
                body, by = self.show(node.body), self.show(node.wrt[0])
                return f"nothing says how {body} depends on {by}"
        return ""

    def _under_assumptions(self, chain: Chain, i: int, step: Step, deadline: Deadline) -> Step:
        """A false step, unless it holds under what the text assumes: then it is true."""
        pair = chain.sides[i : i + 2]
        names = {name for side in pair if isinstance(side, Expression) for name in names_in(side)}
        said = [(condition, number) for condition, number in self.assumed if names_in(condition) & names]
        arrays = [number for condition, number in said if not isinstance(condition.left, Total)]
        if said and self.holds(chain, i, tuple(condition for condition, _ in said), deadline):
            by = f"under the condition of line {' and '.join(map(str, dict.fromkeys(number for _, number in said)))}"
            return replace(step, truth=Truth.TRUE, witness=None, repair=None, method=Method.NUMERIC, reason=by)
        if arrays:
            reason = f"{step.place}: this does not hold everywhere; it may under the condition of line {arrays[0]}"
            return combine.with_kind(step, Kind.CLAIM, reason)
        return step

    def holds(self, chain: Chain, i: int, conditions: tuple[Condition, ...], deadline: Deadline) -> bool:
        """Whether a step is true under more conditions."""
        one = Chain(chain.sides[i : i + 2], chain.digits[i : i + 1], (*chain.conditions, *conditions))
        return verdicts(one, self.known, deadline)[0].truth is Truth.TRUE

    def assume(self, line: Line, judged: combine.Judged) -> None:
        """Keep what a line states as a condition, for the claims that need it, and that it says what sigma is."""
        if len(line.piece.sides[0]) == 2 and says_sigma(judged):
            self.said.use.unread.add(rf"{FREE}\sigma")
        for i, step in enumerate(judged.steps):
            left, right = judged.first.chain.sides[i : i + 2]
            if step.kind not in (Kind.CONDITION, Kind.VALUE) or not isinstance(left, Expression):
                continue
            operations = [node for node in walk(left) if isinstance(node, Operation)]
            if isinstance(right, Expression) and not names_in(right) and (isinstance(left, Total) or operations):
                self.assumed.append((Condition(left, "=", right), line.source.place(line.piece.at).line))

    def _unknown_functions(self, side: Expression | NotUnderstoodError) -> set[str]:
        return {n.function for n in walk(side) if isinstance(n, Call) and n.function not in self.known.functions}

    def _is_value(self, side: Expression | NotUnderstoodError) -> bool:
        """Whether a side is made of what the text computes from numbers alone."""
        names = self.reached(side) if isinstance(side, Expression) else set[str]()
        return bool(names) and all(name in self.known.functions or self.computed(name) is not None for name in names)

    def _undefined(self, side: Expression | NotUnderstoodError) -> set[str]:
        """The names in a side that neither the graph nor the text says anything about."""
        if not isinstance(side, Expression):
            return set()
        return {name for name in names_in(side) if self._is_open(name)}

    def _is_free(self, name: str) -> bool:
        """Whether no graph has a name, nor a family of it."""
        return name.startswith(FREE) and not self.names.has_family(written_parts(name).head)

    def _are_entries(self, pair: tuple[Expression | NotUnderstoodError, ...]) -> bool:
        """Whether both sides are names, one of them at least an entry of a family, and nothing says what one is."""
        names = {
            (side.head, len(side.args)) if isinstance(side, Indexed) else (side.name, 0)
            for side in pair
            if isinstance(side, Ref | Indexed)
        }
        if len(names) != len(pair):
            return False
        return any(isinstance(side, Indexed) for side in pair) and any(self._may_define(side) for side in pair)

    def _is_given(self, side: Expression | NotUnderstoodError) -> bool:
        return isinstance(side, Ref) and side.name.startswith(FREE) and self.computed(side.name) is None

    def reached(self, side: Expression) -> set[str]:
        """All names that an expression is computed from."""
        found, waiting = set[str](), list(names_in(side))
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            known = self.known
            function, family = known.functions.get(name), known.families.get(name)
            if function is not None:  # its variables are its own, whatever else has their names
                waiting += names_in(function.body) - set(function.parameters)
            for formula in (known.quantities.get(name), None if family is None else family.body):
                waiting += [] if formula is None else names_in(formula)
        return found
