r"""What a row of parts means: terms, products, quotients, powers, over what is known about names.

Where a place can be read in several ways (``1/2x``, ``a(b + c)``, ``x^T``) they are noted as a `Choice`; the caller
reads again for each and a verdict stands only where all agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from gradlab.graph import ONE, Apply, Const, Expression, as_number, is_apply, neg, walk
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove.read import _apply as apply
from gradlab.prove.read import _arrays as arrays
from gradlab.prove.read import _derive as derive
from gradlab.prove.read import _dots as dots
from gradlab.prove.read import _integrals as integrals
from gradlab.prove.read import _limits as limits
from gradlab.prove.read import _names as naming
from gradlab.prove.read import _points as points
from gradlab.prove.read import _pointwise as pointwise
from gradlab.prove.read import _sums as sums
from gradlab.prove.read._label import Label, key_of, label_of
from gradlab.prove.read._nodes import Array, Indexed, Operation
from gradlab.prove.read._part import Part
from gradlab.prove.read._rows import EULER, Choice, Item, Ready, Row, product_of, quotient
from gradlab.prove.read._scope import Scope

LONGEST_NUMBER = 60
LARGEST_EXPONENT = 1000
_JOINTS = {"times": "times", "slash": "slash", "hadamard": "hadamard", "outer": "outer", "circ": "circ"}
_REASONS = {
    "infinity": "\\infty is no number: it stands below a \\lim, a sum or an integral only",
    "dots": "what the dots stand for is not written: write a \\sum, or all the terms",
    "plusminus": "\\pm says two things at once: write them one by one",
    "factorial": "nothing stands before this factorial sign",
    "comma": "a comma is not understood here",
    "transpose": "a \\top stands above a vector or matrix: write x^\\top",
    "prime": "a prime stands behind a function: write f'(x)",
    "empty": "something is missing before this index or exponent",
    "forall": "\\forall stands behind an equation: write \\text{for all}",
    "evaluate": "nothing stands before this bar",
    "gap": "a wide space inside a formula is not understood: write what stands between the two parts",
}
_ROOT = "for an even exponent this root is an absolute value: write a number for its letter, as in \\sqrt[3]{x^3}"


class Reader:
    """Reads the sides of one chain in one way.

    Args:
        scope: what names mean.
        choices: for the place of each choice, which reading is taken; the first one by default.
        deadline: when to stop.
    """

    def __init__(self, scope: Scope, choices: Mapping[tuple[int, str], int], deadline: Deadline) -> None:
        self.scope, self.choices, self.deadline = scope, choices, deadline
        self.open_choices: dict[tuple[int, str], Choice] = {}
        self.slips: list[tuple[int, str]] = []
        self.bound: list[str] = []
        self.tending: list[Label] = []  # names of which the limits around this are taken
        self.strangers: dict[str, int] = {}  # names that the graph does not have, with the place of each
        self.sizes: set[str] = set()  # letters at which a sum ends
        self.known: set[str] = set()  # names of the graph that were met
        self.by_first: Expression | None = None  # by what the chain's first side differentiates
        self.both_signs = False  # whether a \pm stands on all sides
        self.base: Expression | None = None  # that of \log, where it is not the natural logarithm
        self.implicit: Expression | None = None  # the variable of functions that are written without one

    def choose(self, at: int, count: int, why: str, usual: bool = False, kind: str = "", everywhere: str = "") -> int:
        """Which of several readings to take at a place, or everywhere the same; the first may be the usual one."""
        key = (-1, everywhere) if everywhere else (at, kind or why[:40])
        self.open_choices.setdefault(key, Choice(count, why, usual, at))
        return self.choices.get(key, 0)

    def sum(self, row: Row) -> Expression:
        """Terms with signs."""
        self.deadline.check(50 * (1 + len(row)))
        row = tuple(self.signed(part) for part in row if part.kind != "gap" or part.text)
        row = integrals.joined(self, row)
        if not row:
            raise NotUnderstoodError("something is missing here", 0)
        terms: list[tuple[int, list[Item]]] = [(1, [])]
        for part in row:
            sign, items = terms[-1]
            if part.kind in ("plus", "minus"):
                turned = -1 if part.kind == "minus" else 1
                if items and (items[-1].kind in _JOINTS or sums.takes_terms(items[-1])):
                    items.append(part)
                elif items:
                    terms.append((turned, []))
                else:
                    terms[-1] = (sign * turned, items)
            else:
                items.append(part)
        if not terms[-1][1]:
            raise NotUnderstoodError("something is missing behind this sign", row[-1].at)
        return self.terms(dots.with_sums(self, terms), row[0].at)

    def signed(self, part: Part) -> Part:
        r"""A ``\pm`` of a step that has one on both sides: a plus everywhere, or a minus; any other part as it is."""
        if part.kind != "plusminus" or not self.both_signs:
            return part
        minus = self.choose(part.at, 2, _REASONS["plusminus"], everywhere="plusminus") == 1
        return replace(part, kind="minus" if minus is (part.text == "±") else "plus")

    def terms(self, terms: list[tuple[int, list[Item]]], at: int) -> Expression:
        """The sum of signed terms; a sum sign may take the terms behind its own with it."""
        values: list[Expression] = []
        i = 0
        while i < len(terms):
            sign, items = terms[i]
            taken, where = sums.terms_taken(self, terms, i)
            if taken > 1:
                value = self.product(sums.with_terms(items, where, terms[i + 1 : i + taken]))
            else:
                value = self.product(tuple(items))
            values.append(neg(value) if sign < 0 else value)
            i += taken
        return values[0] if len(values) == 1 else Apply("add", tuple(values))

    def product(self, items: tuple[Item, ...]) -> Expression:
        """One row of factors."""
        if not items:
            raise NotUnderstoodError("a factor is missing", 0)
        items = tuple(map(sums.as_total, items))
        where = next((i for i, part in enumerate(items) if part.kind == "evaluate"), None)
        if where is not None:
            bar = items[where]
            assert isinstance(bar, Part)
            if where == 0:
                raise NotUnderstoodError(_REASONS["evaluate"], bar.at)
            value = points.evaluated(self, self.product(items[:where]), bar.sub or (), bar.at)
            rest = items[where + 1 :]
            ready = Ready(value, items[0].at, bar.end)
            return self.product((ready, *rest)) if rest else value
        row = self.operators(derive.with_derivatives(self, items))
        return self.quotients(row)

    def operators(self, row: list[Item]) -> list[Item]:
        """Let derivative operators and sum signs take what they are written in front of."""
        for i, part in enumerate(row):
            rest = row[i + 1 :]
            if isinstance(part, Ready) and part.value is None:
                end = derive.operand_end(self, rest, part.at)
                body = self.product(tuple(rest[:end]))
                value = derive.differentiated(self, body, part.wrt, part.style, part.at)
                done = Ready(value, part.at, part.end, derivative=True)
                return self.operators([*row[:i], done, *rest[end:]])
            if isinstance(part, Part) and part.kind == "sum":
                return [*row[:i], Ready(sums.sum_over(self, part, rest), part.at, part.end)]
            if isinstance(part, Part) and limits.is_limit(part):
                return [*row[:i], Ready(limits.limit_of(self, part, rest), part.at, part.end)]
        return row

    def quotients(self, row: list[Item]) -> Expression:
        """Signs of multiplication and division, from left to right."""
        groups: list[tuple[str, int, int, list[Item]]] = [("times", 1, row[0].at, [])]
        dots_at = {part.at for part in row if arrays.is_point(part)}
        for part, following in zip(row, [*row[1:], None], strict=True):
            if part.kind in _JOINTS:
                dot = isinstance(part, Part) and arrays.is_dot(part, groups[-1][3], following)
                groups.append(("dot" if dot else part.kind, 1, part.at, []))
            elif part.kind in ("minus", "plus"):
                joint, sign, at, inside = groups[-1]
                groups[-1] = (joint, -sign if part.kind == "minus" else sign, at, inside)
            else:
                groups[-1][3].append(part)
        over: list[Expression] = []
        for joint, sign, at, inside in groups:
            if not inside:
                raise NotUnderstoodError("a factor is missing beside a sign of multiplication or division", at)
            factors = self.juxtaposed(inside)
            if sign < 0:
                factors = [neg(product_of(factors))]
            if joint in ("hadamard", "outer", "circ"):
                over = [arrays.joined(self, joint, over, factors, at)]
            elif joint == "dot" and len(factors) and _is_vector(self, over[-1]):
                over[-1:] = [Operation("dot", (over[-1], factors[0])), *factors[1:]]
            elif joint in ("times", "dot"):
                over = arrays.multiplied(over, factors) if at in dots_at else [*over, *factors]
            else:
                ways = "it is not clear where the denominator behind / ends: write \\frac, or brackets"
                tight = len(factors) == 1 or self.choose(at, 2, ways)
                under = product_of(factors) if tight else factors[0]
                over = [quotient(product_of(over), under), *([] if tight else factors[1:])]
        return product_of(over)

    def juxtaposed(self, parts: list[Item]) -> list[Expression]:
        """Factors side by side, functions with their arguments among them."""
        if len(parts) == 2 and _is_mixed(*parts):
            message = "this may be a mixed number, or a product: write + or \\cdot between the number and the fraction"
            raise NotUnderstoodError(message, parts[0].at)
        factors: list[Expression] = []
        i = 0
        while i < len(parts):
            part = parts[i]
            if isinstance(part, Ready):
                assert part.value is not None
                value, i = points.at_arguments(self, part, parts, i + 1) if part.derivative else (part.value, i + 1)
                factors.append(value)
                continue
            if part.kind == "number" and i and not _has_letter(part.sup or ()):
                raise NotUnderstoodError(self.number_behind(part, parts[i - 1]), part.at)
            if part.kind == "factorial" and factors:
                factors[-1] = self.factorial(factors[-1], part)
                i += 1
                continue
            found, i = self.factor(parts, i)
            factors += found
        return factors

    @staticmethod
    def factorial(value: Expression, sign: Part) -> Expression:
        """Something before a factorial sign."""
        if not sign.bare or is_apply(value, "pow") or getattr(value, "kind", "") == "factorial":
            raise NotUnderstoodError("it is not clear what this factorial is of: put it in brackets", sign.at)
        return Operation("factorial", (value,))

    def number_behind(self, part: Part, before: Item) -> str:
        """Why a number stands where none can."""
        if isinstance(before, Part) and before.sub is not None:
            label = label_of(replace(before, sub=(*before.sub, replace(part, sub=None, sup=None))))
            if label is not None and self.scope.in_graph(label) is not None:
                return f"only the first character belongs to the index: write {key_of(label)}"
        return f"a number behind a factor: write \\cdot {part.text}, or braces around an index or exponent"

    def factor(self, parts: list[Item], i: int) -> tuple[list[Expression], int]:
        """The factors that begin at a place in a row, and where the next one begins."""
        part = parts[i]
        assert isinstance(part, Part)
        following = parts[i + 1] if i + 1 < len(parts) else None
        indicator = sums.indicator_at(self, part, following if isinstance(following, Part) else None)
        if indicator is not None:
            return [indicator[0]], i + 1 + indicator[1]
        if part.kind in ("letter", "word", "run", "text", "function"):
            return apply.named(self, part, parts, i)
        if (composed := pointwise.composed(self, part, following)) is not None:
            return [composed], i + 2
        value = self.atom(part)
        return [self.with_scripts(value, part)], i + 1

    def atom(self, part: Part) -> Expression:
        """Something without its scripts."""
        kind = part.kind
        if kind == "number":
            return self.number(part)
        if kind == "group":
            return self.group(part)
        if kind == "bars":
            return arrays.in_bars(self, self.inside(part), part)
        if kind == "norm":
            return arrays.norm(self, self.inside(part), part)
        if kind == "binomial":
            return Operation("binomial", tuple(self.sum_of(row, part) for row in part.inside))
        if kind == "fraction":
            over, under = (self.sum_of(row, part) for row in part.inside)
            return quotient(over, under)
        if kind == "root":
            inside = self.sum_of(part.inside[0], part)
            if len(part.inside) == 1:
                return Apply("sqrt", (inside,))
            index = self.sum_of(part.inside[1], part)
            if index.names and any(is_apply(node, "pow") and node.args[1].names & index.names for node in walk(inside)):
                raise NotUnderstoodError(_ROOT, part.at)
            return Apply("pow", (inside, quotient(ONE, index)))
        if kind in _ROOMS:
            return _ROOMS[kind](self, part)
        if kind == "evaluated":
            return points.evaluated(self, self.sum_of(part.inside[0], part), part.sub or (), part.at)
        raise NotUnderstoodError(self.reason(part), part.at)

    def reason(self, part: Part) -> str:
        """Why a part has no meaning where it stands."""
        if part.kind == "error":
            return part.text
        if part.kind in _REASONS:
            return _REASONS[part.kind]
        if part.kind == "partial":
            return "\\partial stands alone: write \\frac{\\partial A}{\\partial B} or \\partial A/\\partial B"
        if part.kind == "nabla":
            return "\\nabla needs the name of a function of several variables behind it"
        if part.kind == "relation":
            shown = {"bar": "|", "=": "="}.get(part.text, "this relation")
            if part.text == "bar":
                return "a bar in the middle may be a condition, as in p(y|x), or a value at a point: this is not judged"
            return f"{shown} inside a formula is not understood: write the equations one by one"
        return f"{part.text or part.kind} is not understood here"

    def number(self, part: Part) -> Expression:
        """A number as it is written."""
        text = part.text
        if len(text) > LONGEST_NUMBER:
            raise NotUnderstoodError(f"this number has {len(text):,} digits; {LONGEST_NUMBER} are the most", part.at)
        try:
            return Const(Fraction(text))
        except ValueError:
            raise NotUnderstoodError(f"{text} is no number", part.at) from None

    def group(self, part: Part) -> Expression:
        """What stands in brackets: a value, or a point."""
        if part.text == "⟨":
            return arrays.inner_product(self, part)
        if part.text in ("⌊", "⌈"):
            raise NotUnderstoodError("rounding brackets are not judged: write the number", part.at)
        if any(
            inner.kind == "relation" and inner.text in ("=", "!=", "<", ">", "<=", ">=") for inner in part.inside[0]
        ):
            if part.text == "[":
                return sums.indicator(self, part)
        values = [self.sum_of(row, part) for row in part.inside]
        return values[0] if len(values) == 1 else Array(tuple((value,) for value in values))

    def inside(self, part: Part) -> Expression:
        """The only row of a part."""
        return self.sum_of(part.inside[0], part)

    def sum_of(self, row: Row, part: Part) -> Expression:
        """The meaning of a row inside of a part."""
        if not row:
            said = "nothing stands between these bars: q || p is not judged" if part.text in ("|", "‖") else ""
            raise NotUnderstoodError(said or "nothing stands in this", part.at)
        return self.sum(row)

    # Scripts

    def with_scripts(self, value: Expression, part: Part) -> Expression:
        """What is neither a name nor a function, with what stands behind it."""
        if part.kind in ("evaluated", "sum", "integral"):
            return value
        if part.primes:
            value = points.primed(self, value, part)
        if part.sub is not None and part.kind == "group" and any(inner.kind == "relation" for inner in part.sub):
            value = points.evaluated(self, value, part.sub, part.at)
        elif part.sub is not None and part.sup is not None and part.kind == "group" and part.text == "[":
            return points.between(self, value, part.sub, part.sup, part.at)
        elif part.sub is not None and part.kind != "norm":
            value = points.entry(self, value, part.sub)
        return value if part.sup is None else self.raised(value, part.sup, part)

    def raised(self, value: Expression, sup: Row, part: Part) -> Expression:
        """Something with what stands above it: an exponent, or a transposition."""
        if arrays.is_transpose(sup):
            if as_number(value) is not None:
                message = "a number is not transposed: write \\mathbf 1 for a vector of ones"
                raise NotUnderstoodError(message, part.at)
            use = self.scope.use
            number = self.scope.is_name("T") or "T" in use.bare  # or a matrix itself
            certain = sup[0].kind == "transpose" or not number or "T" in use.arrays - use.sized - use.indexing
            why = "T may be an exponent or a transposition: write \\top for a transposition"
            if certain or not self.choose(-1, 2, why, kind="transpose"):
                return Operation("transpose", (value,))
        if len(sup) == 1 and sup[0].kind == "group" and sup[0].text == "(" and sup[0].bare and part.kind == "group":
            raise NotUnderstoodError("a bracket above a bracket: an exponent stands without brackets", sup[0].at)
        if len(sup) == 2 and sup[0].kind == "minus" and arrays.is_transpose(sup[1:]) and not self.scope.is_name("T"):
            return Operation("transpose", (Operation("inverse", (value,)),))
        exponent = self.exponent(sup)
        if value == EULER:
            return Apply("exp", (exponent,))
        if as_number(exponent) == -1 and arrays.is_array(self, value):
            return Operation("inverse", (value,))
        return Apply("pow", (value, exponent))

    def exponent(self, row: Row) -> Expression:
        """An exponent."""
        value = self.sum(row)
        number = as_number(value)
        if number is not None and abs(number) > LARGEST_EXPONENT:
            raise NotUnderstoodError("this exponent is too large to judge", row[0].at)
        return value

    def name(self, part: Part) -> Expression:
        """A name with its scripts, its exponent among them."""
        return naming.value_of(self, part)


_ROOMS = {"table": arrays.table, "integral": integrals.integral, "cases": sums.cases}


def _is_vector(reader: Reader, value: Expression) -> bool:
    return isinstance(value, Indexed) or arrays.is_array(reader, value)


def _is_mixed(whole: Item, fraction: Item) -> bool:
    r"""Whether a whole number stands before a fraction of numbers: ``2\frac12``."""
    if not (isinstance(whole, Part) and isinstance(fraction, Part)):
        return False
    rows = fraction.inside if fraction.kind == "fraction" and fraction.bare else ()
    plain = [len(row) == 1 and row[0].kind == "number" and row[0].bare and row[0].text.isdigit() for row in rows]
    return whole.kind == "number" and whole.bare and whole.text.isdigit() and len(plain) == 2 and all(plain)


def _has_letter(row: Row) -> bool:
    return any(part.kind in ("letter", "run") or any(map(_has_letter, part.inside)) for part in row)
