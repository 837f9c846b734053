"""What else a step that looks false may have been meant to say: other functions, other logarithms, numbers, chances."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from gradlab.graph import ONE, Apply, Const, Expression, Partial, Ref, as_number, is_apply
from gradlab.prove import _combine as combine
from gradlab.prove._definitions import Definitions, names_in, walk
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._names import FREE
from gradlab.prove._verdict import Step, Truth
from gradlab.prove.judge import Finding, findings
from gradlab.prove.judge._doubts import reached, without
from gradlab.prove.read._infinitesimals import Differential
from gradlab.prove.read._nodes import Array, At, Call, Derivative, Indexed, Operation, Tensor, Total, mapped
from gradlab.prove.read._reader import Reader
from gradlab.prove.read._statements import Chain, Function, Known

VARIABLE = f"{FREE}argument"
LINE = Apply("add", (Apply("mul", (Ref(f"{FREE}slope"), Ref(VARIABLE))), Ref(f"{FREE}intercept")))
# Functions that texts mean without saying so: the linear ones in approximations, the others in their derivatives.
SPECIAL = {
    "a straight line (an approximation of first order: write \\approx)": LINE,
    "the sigmoid": Apply("sigmoid", (Ref(VARIABLE),)),
    "the hyperbolic tangent": Apply("tanh", (Ref(VARIABLE),)),
}
ITSELF = {f"{FREE}x": ("the variable, with 1 for x'", Ref(VARIABLE))}  # what is no function for most
Rule = Callable[[Expression], Expression | None]
FEW = 4  # terms of which each is tried as a number
_OF_CHANCE = frozenset(("E", "P", "p", "q", "V"))


def variables_in(pair: tuple[Expression | NotUnderstoodError, ...]) -> set[str]:
    """The names that a step differentiates by, or writes as the variables of functions: any values may be meant."""
    nodes = [node for side in pair for node in walk(side)]
    slopes = [by for node in nodes if isinstance(node, Derivative) for by in node.wrt]
    slopes += [Ref(node.wrt) for node in nodes if isinstance(node, Partial)]
    bodies = [node.body for node in nodes if isinstance(node, Derivative)]
    calls = [node for body in bodies for node in walk(body) if isinstance(node, Call)]
    calls += [node for node in nodes if isinstance(node, Call) and any(node.orders)]
    return {node.name for node in (*slopes, *(a for call in calls for a in call.arguments)) if isinstance(node, Ref)}


class OtherMeanings:
    """Looks for what makes a false step true that was not written.

    Args:
        said: what the text defines.
        document: whether it is a text.
    """

    def __init__(self, said: Definitions, document: bool) -> None:
        self.said, self.document = said, document
        self.orthogonal: set[str] = set()  # matrices that a step before needs to be orthogonal

    @property
    def known(self) -> Known:
        """What holds where the line stands."""
        return self.said.known

    def of(self, judged: combine.Judged, i: int, step: Step, deadline: Deadline) -> str:
        """Why a step that looks false may not be; empty if nothing was found."""
        chain = judged.first.chain
        pair = chain.sides[i : i + 2]
        return (
            self._abused(pair, step)
            or self._as_numbers(chain, i, deadline)
            or self._of_chance(pair)
            or self._for_special(chain, i, step, deadline)
            or self._special_functions(chain, i, deadline)
            or self._to_another_base(judged, i, deadline)
            or self._partial(chain, i, deadline)
            or self._as_columns(chain, i, deadline)
            or self._in_degrees(chain, i, deadline)
            or self._for_each_entry(chain, i, deadline)
        )

    def formula_of(self, name: str) -> Expression | None:
        """How a quantity, or an entry of a family, is computed."""
        family = self.known.families.get(name)
        return self.said.scope().computed(name) if family is None else family.body

    def _abused(self, pair: tuple[Expression | NotUnderstoodError, ...], step: Step) -> str:
        """What usual abuse of notation a step that looks false may rest on; empty if none."""
        nodes = [node for side in pair for node in walk(side)]
        heads = {node.head for node in nodes if isinstance(node, Indexed)}
        if any(isinstance(n, Operation) and n.kind == "entry" and is_apply(n.operands[0], "sigmoid") for n in nodes):
            return r"\sigma of a vector with an index may be the softmax: say what it is"
        plain = sorted(head.removeprefix(FREE) for head in heads if self._is_number(head))
        if plain and not any(head in self.known.families for head in heads):
            return f"{plain[0]} is defined without the index that it has here"
        if step.witness is None and any(head.startswith(rf"{FREE}\mathbf") for head in heads):
            return "the shapes in this do not fit as it is read"
        arrays = any(isinstance(node, Tensor) for node in nodes) or any(r"\mathbf" in head for head in heads)
        if arrays and any(isinstance(node, Total) and as_number(node.lower or ONE) == 0 for node in nodes):
            return "entries of a vector are counted from 0 here"
        return ""

    def _is_number(self, name: str) -> bool:
        """Whether a name is computed, and is no vector or matrix."""
        formula = self.formula_of(name)
        return formula is not None and not any(isinstance(node, Tensor | Operation | Array) for node in walk(formula))

    def _as_numbers(self, chain: Chain, i: int, deadline: Deadline) -> str:
        """Which functions stand without brackets in a step that holds if they are numbers; empty if none."""
        pair = chain.sides[i : i + 2]
        nodes = [node for side in pair for node in walk(side)]
        hidden = {node.function for node in nodes if isinstance(node, Call) and not node.shown}
        hidden -= {n.body.function for n in nodes if isinstance(n, Derivative) and isinstance(n.body, Call)}
        if not hidden or not self.document:
            return ""

        def number(node: Expression) -> Expression | None:
            return Ref(f"{node.function}_{{number}}") if isinstance(node, Call) and node.function in hidden else None

        sides = tuple(mapped(side, number) if isinstance(side, Expression) else side for side in pair)
        one = Chain(sides, chain.digits[i : i + 1], chain.conditions)
        if verdicts(one, self.known, deadline)[0].truth is not Truth.TRUE:
            return ""
        shown = ", ".join(sorted(name.removeprefix(FREE) for name in hidden))
        return f"this holds if {shown} is a number here, not for the function that is defined elsewhere"

    def _special_functions(self, chain: Chain, i: int, deadline: Deadline) -> str:
        """Whether a step that is false for some functions is meant for special ones; empty if it is simply false."""
        calls = [node for side in chain.sides[i : i + 2] for node in walk(side) if isinstance(node, Call)]
        unknown = {node.function: len(node.arguments) for node in calls if node.function not in self.known.functions}
        if not unknown or set(unknown.values()) != {1}:
            return ""
        shown = ", ".join(sorted(name.removeprefix(FREE) for name in unknown))
        worked = any(
            isinstance(n, Derivative) and not _is_named(n.body) for s in chain.sides[i : i + 2] for n in walk(s)
        )
        itself = [ITSELF[name] for name in unknown if name in ITSELF]
        for said, body in (*SPECIAL.items(), *itself):
            if (worked and body is LINE) or (len(unknown) > 1 and body is not LINE):
                continue  # the rules of derivatives are claimed for every function, those of two not for equal ones
            own = [name for name in unknown if name in ITSELF or isinstance(body, Apply)]
            functions = {**self.known.functions, **{name: Function((VARIABLE,), _own(body, name)) for name in own}}
            one = Chain(chain.sides[i : i + 2], chain.digits[i : i + 1], chain.conditions)
            if verdicts(one, replace(self.known, functions=functions), deadline)[0].truth is Truth.TRUE:
                return f"this holds where {shown} is {said}, not for every function: say what it is"
        return ""

    def _of_chance(self, pair: tuple[Expression | NotUnderstoodError, ...]) -> str:
        """Which function may be a probability or an expected value, or takes now one argument, now two; else empty."""
        calls = [node for side in pair for node in walk(side) if isinstance(node, Call)]
        unknown = [node for node in calls if node.function not in self.known.functions]
        if any(any(node.orders) for node in calls) or any(
            isinstance(n, Derivative) for side in pair for n in walk(side)
        ):
            return ""
        for name in sorted({node.function for node in unknown}):
            shown = name.removeprefix(FREE)
            if re.sub(r"_.*", "", shown) in _OF_CHANCE:
                return f"{shown} may be a probability or an expected value: nothing says what it is"
            if len({len(node.arguments) for node in unknown if node.function == name}) > 1:
                return f"{shown} has now one argument, now more: nothing says what it is"
        return ""

    def _for_special(self, chain: Chain, i: int, step: Step, deadline: Deadline) -> str:
        """Whether a step holds for symmetric or orthogonal matrices, which texts often do not say; else empty."""
        pair = chain.sides[i : i + 2]
        nodes = [node for side in pair for node in walk(side)]
        bodies = [node.body for node in nodes if isinstance(node, Derivative | Differential)]
        forms = {name for node in reached(tuple(bodies), self.known) for name in _in_quadratic_form(node)}
        turned = [{n.args[0] for n in nodes if _is_turned(n, kind)} for kind in ("transpose", "inverse")]
        both = {node.name for node in turned[0] & turned[1] if isinstance(node, Tensor)}
        needed = self.orthogonal & {node.name for node in nodes if isinstance(node, Tensor)}
        if step.witness is None:
            return ""

        def symmetric(node: Expression) -> Expression | None:
            return made_symmetric(node) if isinstance(node, Tensor | Ref) and node.name in forms else None

        def orthogonal(node: Expression) -> Expression | None:
            if _is_turned(node, "transpose") and isinstance(node.args[0], Tensor) and node.args[0].name in needed:
                return Operation("inverse", node.args)
            if not _is_turned(node, "inverse"):
                return None
            inner, turned_in = node.args[0], _is_turned(node.args[0], "transpose")
            matrix = inner.args[0] if turned_in else inner
            if not (isinstance(matrix, Tensor) and matrix.name in both):
                return None
            return matrix if turned_in else Operation("transpose", (matrix,))

        for names, rule, said in ((forms, symmetric, "symmetric"), (both | needed, orthogonal, "orthogonal")):
            if not names:
                continue
            if self.holds_by(rule, chain, i, deadline):
                shown = ", ".join(sorted(name.removeprefix(FREE) for name in names))
                self.orthogonal |= names if rule is orthogonal else set()
                return f"this holds if {shown} is {said}: say so"
        return ""

    def by_own_primes(self, chain: Chain, i: int, deadline: Deadline) -> str:
        """How a step holds with 1 for ``x'``, if the line has derivatives by x as well; empty if it does not."""
        names = {f"{name}'" for name in variables_in(chain.sides)}
        primed = [
            name
            for side in chain.sides[i : i + 2]
            if isinstance(side, Expression)
            for name in side.names
            if name in names
        ]

        def rule(node: Expression) -> Expression | None:
            return ONE if isinstance(node, Ref) and node.name in primed else None

        return f"with {primed[0][1:]} = 1" if primed and self.holds_by(rule, chain, i, deadline) else ""

    def at_its_point(self, chain: Chain, i: int, deadline: Deadline) -> str:
        """Whether a step from a value at a point to a formula holds there, where numbers follow: ``f'(2) = 2x = 4``."""
        left, right = chain.sides[i : i + 2]
        if all(names_in(side) for side in chain.sides[i + 2 :] if isinstance(side, Expression)):
            return ""
        where, values = (left.where, left.values) if isinstance(left, At) else ((), ())
        function = self.known.functions.get(left.function) if isinstance(left, Call) else None
        if function is not None and isinstance(left, Call):
            where, values = tuple(map(Ref, function.parameters)), left.arguments
        own = {by.name for by in where if isinstance(by, Ref)}
        given = any(names_in(value) for value in values)
        if given or not isinstance(right, Expression) or own.isdisjoint(names_in(right)):
            return ""
        one = Chain((left, At(right, where, values)), chain.digits[i : i + 1], chain.conditions)
        return "at that point" if verdicts(one, self.known, deadline)[0].truth is Truth.TRUE else ""

    def holds_by(self, rule: Rule, chain: Chain, i: int, deadline: Deadline) -> bool:
        """Whether a step is true with other things in the place of some, in what its names are computed by, too."""
        sides = tuple(mapped(s, rule) if isinstance(s, Expression) else s for s in chain.sides[i : i + 2])
        one = Chain(sides, chain.digits[i : i + 1], chain.conditions)
        return verdicts(one, self._with(rule), deadline)[0].truth is Truth.TRUE

    def _with(self, rule: Rule) -> Known:
        """What is known, with other things in the place of some."""
        functions = {key: replace(f, body=mapped(f.body, rule)) for key, f in self.known.functions.items()}
        quantities = {key: mapped(formula, rule) for key, formula in self.known.quantities.items()}
        return replace(self.known, functions=functions, quantities=quantities)

    def _partial(self, chain: Chain, i: int, deadline: Deadline) -> str:
        r"""Which names a step holds fixed that ``\partial`` may mean so: it is true then; empty if none."""
        pair = chain.sides[i : i + 2]
        held: set[str] = set()
        for node in (node for side in pair for node in walk(side) if isinstance(node, Derivative)):
            by = {name for wrt in node.wrt for name in names_in(wrt)}
            formulas = [node.body, *filter(None, map(self.formula_of, names_in(node.body)))]
            own = {name for formula in formulas for name in names_in(formula)}
            named = node.style == "total" and isinstance(node.body, Ref | Call)
            written = names_in(node.body) if isinstance(node.body, Ref | Call) else set[str]()
            held |= own - written - by if not named and by & own else set[str]()
        known = without(self.known, held)
        one = Chain(pair, chain.digits[i : i + 1], chain.conditions)
        if known is self.known or verdicts(one, known, deadline)[0].truth is not Truth.TRUE:
            return ""
        shown = ", ".join(
            sorted(name.removeprefix(FREE) for name in held & {*self.known.quantities, *self.known.families})
        )
        return f"this holds with {shown} held fixed, and not through what computes it: write d, or say what is held"

    def _as_columns(self, chain: Chain, i: int, deadline: Deadline) -> str:
        r"""Whether a step holds with a column for each ``\binom`` of two numbers; empty if not."""

        def column(node: Expression) -> Expression | None:
            own = isinstance(node, Operation) and node.kind == "binomial" and not node.names
            return Array(tuple((part,) for part in node.args)) if own else None

        if not any(column(node) for side in chain.sides[i : i + 2] for node in walk(side)):
            return ""
        said = r"this is false for binomial coefficients and true for columns: write \begin{pmatrix} for a column"
        return said if self.holds_by(column, chain, i, deadline) else ""

    def _for_each_entry(self, chain: Chain, i: int, deadline: Deadline) -> str:
        r"""Which name a step holds for if it is added to each entry of a vector: ``\mathrm{softmax}(x + c)``."""
        nodes = [node for side in chain.sides[i : i + 2] for node in walk(side)]
        inner = [n.operands[0] for n in nodes if isinstance(n, Operation) and n.kind == "softmax"]
        terms = {term: None for node in inner if is_apply(node, "add") for term in node.args if isinstance(term, Ref)}
        for term in terms if len(terms) < FEW else ():
            each = Apply("mul", (Ref(f"{FREE}added"), Operation("ones")))
            if self.holds_by(lambda node: each if node == term else None, chain, i, deadline):  # noqa: B023
                shown = term.name.removeprefix(FREE)
                return rf"this holds if {shown} is a number that is added to each entry: write {shown} \mathbf 1"
        return ""

    def _in_degrees(self, chain: Chain, i: int, deadline: Deadline) -> str:
        """Whether a step holds with the numbers in its functions of angles as degrees; empty if not."""

        def degrees(node: Expression) -> Expression | None:
            angle = isinstance(node, Apply) and node.primitive in ("sin", "cos", "tan") and as_number(node.args[0])
            if not angle or not isinstance(node, Apply):
                return None
            turned = Apply("mul", (node.args[0], Apply("div", (Apply("pi", ()), Const(Fraction(180))))))
            return Apply(node.primitive, (turned,))

        if not any(degrees(node) for side in chain.sides[i : i + 2] for node in walk(side)):
            return ""
        said = r"this is false for angles in radians and true in degrees: write 30^\circ as \frac{\pi}{6}"
        return said if self.holds_by(degrees, chain, i, deadline) else ""

    def _to_another_base(self, judged: combine.Judged, i: int, deadline: Deadline) -> str:
        r"""Which base of ``\log`` a step is meant for that is false for the natural one; empty if none."""
        chain, first = judged.first.chain, judged.first
        rows = judged.line.piece.sides[i : i + 2]
        for base in (10, 2) if any("log" in line.source.tex for line in self.said.lines) else ():
            reader = Reader(first.reader.scope, first.choices, deadline)
            reader.implicit, reader.by_first = first.reader.implicit, first.reader.by_first
            reader.base = Const(Fraction(base))

            def other(node: Expression, base: Expression = reader.base) -> Expression | None:
                natural = not is_apply(node, "log") or isinstance(node.args[0], Const)
                return None if natural else Apply("div", (node, Apply("log", (base,))))

            try:
                one = Chain(tuple(map(reader.sum, rows)), chain.digits[i : i + 1], chain.conditions)
            except NotUnderstoodError:
                return ""
            known = self._with(other)
            if verdicts(one, known, deadline)[0].truth is Truth.TRUE:
                natural = "it is false if \\log is the natural logarithm"
                return f"{natural} and true if it is that to base {base}: write \\log_{{{base}}} or \\ln"
        return ""


def made_symmetric(matrix: Expression) -> Expression:
    """Any symmetric matrix, made of any matrix."""
    return Apply("add", (matrix, Operation("transpose", (matrix,))))


def _is_named(body: Expression) -> bool:
    """Whether a name alone is differentiated, perhaps with its variables in brackets."""
    return isinstance(body, Ref) or (isinstance(body, Call) and all(isinstance(arg, Ref) for arg in body.arguments))


def _own(body: Expression, name: str) -> Expression:
    """A formula with a slope and an intercept that belong to one function alone."""
    given: dict[Expression, Expression] = {
        Ref(f"{FREE}{word}"): Ref(f"{FREE}{word} of {name}") for word in ("slope", "intercept")
    }
    return mapped(body, given.get)


def _is_turned(node: Expression, kind: str) -> bool:
    return isinstance(node, Operation) and node.kind == kind


def _in_quadratic_form(node: Expression) -> set[str]:
    r"""The matrices that stand between a vector transposed and the vector itself: ``x^\top A x``."""
    args = node.args if is_apply(node, "mul") else ()
    triples = zip(args, args[1:], args[2:], strict=False)
    return {b.name for a, b, c in triples if isinstance(b, Tensor | Ref) and a == Operation("transpose", (c,))}


def verdicts(chain: Chain, known: Known, deadline: Deadline) -> list[Finding]:
    """The verdicts on a chain, without repairs."""
    return findings(chain, known, deadline, repairs=False)
