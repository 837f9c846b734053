r"""What written rows mean: products, functions and their arguments, derivatives, sums, over the names of a graph.

Where two readings are possible (``1/2x``, ``\\log x y``) both are noted as a choice; the judge takes every combination
and gives a verdict only where all agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from gradlab.graph import ONE, Apply, Const, Expression, Ref, as_number, neg
from gradlab.prove import _calculus as calculus
from gradlab.prove import _functions as functions
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._names import Names, Written, free, head_of, index_of, index_tokens, template, written_of
from gradlab.prove._parser import Item, Script, Sum
from gradlab.prove._row import Part, Ready, combine, product_of, quotient
from gradlab.prove._summation import sum_over
from gradlab.prove._tree import FREE, TEMPLATE, Vector, rewrite

LONGEST_NUMBER = 60
IMPLICIT = Ref(f"{FREE}t")  # the argument of functions that are written without one
BOLD = (r"\mathbf", r"\boldsymbol", r"\bm", r"\textbf", r"\vec")


@dataclass(frozen=True, slots=True)
class Choice:
    """A place that can be read in several ways.

    Attributes:
        count: in how many.
        why: what is not clear, and what to write.
        usual: whether the first way is the usual one.
    """

    count: int
    why: str
    usual: bool


class Reader:
    """Reads the sides of one chain.

    Args:
        names: what the names mean.
        choices: for the place of each choice, which reading is taken; the first one by default.
        deadline: when to stop.
        numbers: for letters that stand in indices, as in w_{ij}, the numbers they are read as.
    """

    def __init__(
        self, names: Names, choices: Mapping[int, int], deadline: Deadline, numbers: Mapping[str, int] | None = None
    ) -> None:
        self.names, self.choices, self.deadline, self.numbers = names, choices, deadline, numbers or {}
        self.point_free = False  # whether functions stand without arguments, as in sigma' = sigma (1 - sigma)
        self.open_choices: dict[int, Choice] = {}
        self.unknown: dict[str, tuple[Written, int]] = {}
        self.known: set[str] = set()
        self.slips: list[tuple[int, str]] = []
        self.bound: list[str] = []
        self.sizes: dict[str, int | None] = {}
        self.data: set[str] = set()

    def choose(self, at: int, count: int, why: str, usual: bool = False) -> int:
        """Which of several readings to take at a place; the first may be the usual one, trusted where it is true."""
        self.open_choices[at] = Choice(count, why, usual)
        return self.choices.get(at, 0)

    def read(self, tree: Sum) -> Expression:
        """The meaning of one side."""
        result = self.sum(tree)
        # "n" of a sum over the neurons of the graph is a number, wherever it stands.
        fixed = {name: Const(Fraction(n)) for name, n in self.sizes.items() if n is not None}
        return rewrite(result, lambda node: fixed.get(node.name) if isinstance(node, Ref) else None)

    def sum(self, tree: Sum) -> Expression:
        """Terms with signs."""
        self.deadline.check()
        terms = [(sign, self.product(items)) for sign, items in tree.terms]
        signed = [combine("neg", [term], tree.at) if sign < 0 else term for sign, term in terms]
        return signed[0] if len(signed) == 1 else combine("add", signed, tree.at)

    def product(self, items: tuple[Part, ...]) -> Expression:
        """One row of factors."""
        if not items:
            raise NotUnderstoodError("a factor is missing", 0)
        row = calculus.with_derivatives(self, items)
        row = self.operators(row)
        return self.quotients(row)

    def operators(self, row: list[Part]) -> list[Part]:
        """Let derivative operators and sum signs take what they are written in front of."""
        for i, part in enumerate(row):
            rest = row[i + 1 :]
            if isinstance(part, Ready) and part.wrts:
                end = calculus.operand_end(self, rest, part.at)
                formula = self.product(tuple(rest[:end]))
                value = calculus.differentiate(self, formula, part.wrts, part.at)
                return self.operators([*row[:i], Ready(value, part.at, derivative=True), *rest[end:]])
            if isinstance(part, Item) and part.kind == "sum_sign":
                return [*row[:i], Ready(sum_over(self, part, rest), part.at)]
        return row

    def quotients(self, row: list[Part]) -> Expression:
        """Signs of multiplication and division, from left to right."""
        groups: list[tuple[str, int, int, list[Part]]] = [("times", 1, row[0].at, [])]
        for part in row:
            kind = part.kind if isinstance(part, Item) else ""
            if kind in ("times", "slash"):
                groups.append((kind, 1, part.at, []))
            elif kind in ("minus", "plus"):
                joint, sign, at, inside = groups[-1]
                groups[-1] = (joint, -sign if kind == "minus" else sign, at, inside)
            else:
                groups[-1][3].append(part)
        over: list[Expression] = []
        result: Expression | None = None
        for joint, sign, at, inside in groups:
            factors = self.juxtaposed(inside)
            if sign < 0:
                factors = [neg(factors[0]) if len(factors) == 1 else neg(product_of(factors, at))]
            if joint == "times":
                over += factors
                continue
            ways = "it is not clear where the denominator behind / ends: write \\frac, or brackets"
            tight = len(factors) == 1 or self.choose(at, 2, ways)
            under = product_of(factors, at) if tight else factors[0]
            result = quotient(product_of(over, at), under, at)
            over = [result, *([] if tight else factors[1:])]
        return product_of(over, row[0].at)

    def juxtaposed(self, parts: list[Part]) -> list[Expression]:
        """Factors side by side, functions with their arguments among them."""
        if not parts:
            raise NotUnderstoodError("a factor is missing beside a sign of multiplication or division", 0)
        factors: list[Expression] = []
        i = 0
        while i < len(parts):
            part = parts[i]
            if isinstance(part, Ready):
                assert part.value is not None
                factors.append(part.value)
                i += 2 if calculus.at_own_variables(self, part, parts[i + 1 : i + 2]) else 1
                continue
            if part.kind == "number" and i:
                raise NotUnderstoodError(self.number_behind(part, parts[i - 1]), part.at)
            value, i = self.factor(parts, i)
            factors.append(value)
        return factors

    def number_behind(self, part: Part, before: Part) -> str:
        text = getattr(part, "text", "")
        if isinstance(before, Item) and before.scripts and before.scripts[-1].kind == "subscript":
            index = index_of(before.scripts[-1].text) + text
            longer = Written(head_of(before.text), "", index)
            if self.names.find(longer, part.at):
                return f"only the first character belongs to the index: write {longer.latex}"
        return f"a number behind a factor: write \\cdot {text}, or braces around an index or exponent"

    def factor(self, parts: list[Part], i: int) -> tuple[Expression, int]:
        """The factor that begins at a place in a row, and where the next one begins."""
        item = parts[i]
        assert isinstance(item, Item)
        following = parts[i + 1] if i + 1 < len(parts) else None
        if item.kind == "function" or (item.kind == "symbol" and self.is_sigma(item)):
            return self.function(item, parts, i + 1)
        if item.kind == "symbol" and isinstance(following, Item) and following.kind == "group":
            called = self.called(item, following)
            if called is not None:
                return self.with_power(called, following.scripts), i + 2
        return self.with_power(self.atom(item), item.scripts, item), i + 1

    def is_sigma(self, item: Item) -> bool:
        indexed = any(script.kind in ("subscript", "layer") for script in item.scripts)
        return item.text == r"\sigma" and not indexed and self.names.find(Written(r"\sigma")) is None

    def atom(self, item: Item) -> Expression:
        """Something without its exponent."""
        kind, count = item.kind, len(item.parts)
        if kind == "number":
            if len(item.text) > LONGEST_NUMBER:
                raise NotUnderstoodError(
                    f"this number has {len(item.text):,} digits; {LONGEST_NUMBER} are the most", item.at
                )
            return Const(Fraction(item.text))
        if kind == "symbol":
            return self.symbol(item)
        if kind in ("group", "vector") and (count > 1 or kind == "vector"):
            return Vector(tuple(self.sum(part) for part in item.parts))
        if kind in ("group", "braces"):
            return self.sum(item.parts[0])
        if kind == "absolute":
            return Apply("abs", (self.sum(item.parts[0]),))
        if kind == "fraction":
            return quotient(self.sum(item.parts[0]), self.sum(item.parts[1]), item.at)
        if kind == "root":
            inside = self.sum(item.parts[-1])
            if count == 1:
                return Apply("sqrt", (inside,))
            return Apply("pow", (inside, quotient(ONE, self.sum(item.parts[0]), item.at)))
        if kind == "nabla":
            raise NotUnderstoodError("\\nabla needs the name of a function of several variables behind it", item.at)
        if kind == "partial":
            raise NotUnderstoodError(
                "\\partial stands alone: write \\frac{\\partial A}{\\partial B} or \\partial A/\\partial B", item.at
            )
        raise NotUnderstoodError(f"{item.text} is not understood here", item.at)

    def with_power(self, value: Expression, scripts: tuple[Script, ...], item: Item | None = None) -> Expression:
        """Something with the exponent that stands behind it."""
        exponents = [script for script in scripts if script.kind == "superscript"]
        if len(exponents) > 1:
            raise NotUnderstoodError("a second exponent: write (x^a)^b or x^{ab}", exponents[1].at)
        for script in scripts:
            if script.kind == "superscript":
                assert script.part is not None
                self.reject_index_above(script, item)
                value = combine("pow", [value, self.exponent(script.part)], script.at)
            elif item is None or item.kind != "symbol":
                what = {"prime": "a prime", "subscript": "an index"}.get(script.kind, "an index above")
                raise NotUnderstoodError(f"{what} behind a bracket or a number is not understood", script.at)
        return value

    def reject_index_above(self, script: Script, item: Item | None) -> None:
        """A bracket alone above a letter is an index, x^{(k+1)}, and no exponent."""
        assert script.part is not None
        row = script.part.row
        bracket = len(row) == 1 and row[0].kind == "group" and not row[0].scripts
        if bracket and item is not None and item.kind == "symbol" and item.text != "e":
            raise NotUnderstoodError("a bracket above a name is an index, and this one is not understood", script.at)

    def exponent(self, part: Sum) -> Expression:
        value = self.sum(part)
        number = as_number(value)
        if number is not None and abs(number) > 1000:
            raise NotUnderstoodError("this exponent is too large to judge", part.at)
        return value

    def written(self, item: Item) -> Written:
        """The name that a symbol with its index is."""
        layer, sub = "", ""
        for script in item.scripts:
            if script.kind == "layer":
                layer = re.sub(r"[\^{}()\s]", "", script.text)
            elif script.kind in ("subscript", "word_above"):
                sub = index_of(f"_{sub}," + index_of(script.text)) if sub else index_of(script.text)
            elif script.kind == "prime":
                raise NotUnderstoodError("a prime needs a function and its argument in brackets", script.at)
        for letter, number in self.numbers.items():
            if letter not in self.bound:
                sub = "".join(str(number) if token == letter else token for token in index_tokens(sub))
        return Written(head_of(item.text), layer, sub)

    def symbol(self, item: Item) -> Expression:
        """What a symbol with its index means."""
        written = self.written(item)
        for bound in reversed(self.bound):
            if written == Written(bound):
                return Ref(f"{TEMPLATE}{written.head}||⟨{bound}⟩")
        for bound in self.bound:
            name = template(written, bound)
            written = written if name is None else written_of(name)
        if "⟨" in written.sub:
            return Ref(f"{TEMPLATE}{written.head}|{written.layer}|{written.sub}")
        found = self.names.find(written, item.at)
        if found is not None:
            self.known.add(found)
            return Ref(found)
        if written.latex in self.names.functions:
            return self.names.functions[written.latex].body
        if written == Written("e"):
            powers = [script for script in item.scripts if script.kind == "superscript"]
            return Ref("e") if powers else Apply("exp", (ONE,))
        if written == Written(r"\pi"):
            return Apply("pi", ())
        return self.stranger(written, item.at)

    def stranger(self, written: Written, at: int) -> Expression:
        """A name that the graph does not have; the judge decides whether it may be a variable."""
        if written.head.startswith(BOLD):
            raise NotUnderstoodError(f"{written.latex} is bold, so it is a vector or a matrix: write its entries", at)
        name = free(written)
        if name not in self.sizes:
            self.unknown.setdefault(name, (written, at))
        return Ref(name)

    def called(self, item: Item, group: Item) -> Expression | None:
        """The value of a named function at its arguments, or None where the bracket is a factor."""
        primes = [script for script in item.scripts if script.kind == "prime"]
        bare = Item(item.kind, item.at, item.end, item.text, (), tuple(s for s in item.scripts if s.kind != "prime"))
        if any(script.kind == "superscript" for script in item.scripts):
            return None
        written = self.written(bare)
        if written.latex in self.names.functions:
            return calculus.call_user(self, written.latex, group, sum(s.text.count("'") for s in primes))
        name = self.names.find(written, item.at)
        if name is None:
            self.reject_unknown_function(written, item, group, bool(primes))
            return None
        return calculus.call_quantity(self, name, group, bool(primes))

    def reject_unknown_function(self, written: Written, item: Item, group: Item, primed: bool) -> None:
        """An unknown letter before a bracket: a factor, unless it looks like a function."""
        bare = [inside.kind for inside in group.parts[0].row] == ["symbol"]
        if primed or len(group.parts) > 1 or (bare and written.latex in ("f", "g", "h", "F", "G", "H", "L", "J")):
            raise NotUnderstoodError(f"nothing says what the function {written.latex} is", item.at)

    def function(self, item: Item, parts: list[Part], i: int) -> tuple[Expression, int]:
        """A function of the table with its argument."""
        name = functions.function_name(item.text)
        primes, power, base = self.function_scripts(name, item)
        following = parts[i] if i < len(parts) else None
        if self.point_free:
            arguments, scripts = (IMPLICIT,), ()
        elif isinstance(following, Item) and following.kind in ("group", "braces", "absolute"):
            arguments, scripts, i = self.arguments(name, following), following.scripts, i + 1
        else:
            argument, i, scripts = self.bare_argument(item, parts, i)
            arguments = (argument,)
        value = functions.derivative(name, arguments[0], primes) if primes else functions.call(name, arguments)
        if base is not None:
            value = quotient(value, functions.call("log", (base,)), item.at)
        if power is not None:
            value = Apply("pow", (value, power))
        return self.with_power(value, scripts), i

    def function_scripts(self, name: str, item: Item) -> tuple[int, Expression | None, Expression | None]:
        """The primes, the power and the base that stand between a function and its argument."""
        primes, power, base = 0, None, None
        for script in item.scripts:
            if script.kind == "prime":
                primes += max(1, script.text.count("'") + script.text.count(r"\prime"))
            elif script.kind == "superscript" and script.part is not None:
                power = self.exponent(script.part)
                number = as_number(power)
                if number is None or number < 0:
                    message = "with this exponent may be an inverse function: put the exponent behind the argument"
                    raise NotUnderstoodError(f"{item.text} {message}", script.at)
            elif script.kind == "subscript" and name == "log" and index_of(script.text).isdigit():
                base = Const(Fraction(index_of(script.text)))
            else:
                raise NotUnderstoodError(f"this index on {item.text} is not understood", script.at)
        if primes > 3 or (primes and name in functions.OF_SEVERAL):
            raise NotUnderstoodError(f"these primes on {item.text} are not understood", item.at)
        return primes, power, base

    def arguments(self, name: str, group: Item) -> tuple[Expression, ...]:
        values = tuple(self.sum(part) for part in group.parts)
        if group.kind == "absolute":
            values = (Apply("abs", values),)
        if name in functions.OF_SEVERAL:
            if len(values) < 2:
                raise NotUnderstoodError(f"{name} takes two or more arguments", group.at)
        elif len(values) != 1:
            raise NotUnderstoodError(f"{name} takes one argument, not {len(values)}", group.at)
        return values

    def bare_argument(self, item: Item, parts: list[Part], i: int) -> tuple[Expression, int, tuple[Script, ...]]:
        """The argument of a function that has no brackets, where it ends, and an exponent that is the function's."""
        first = parts[i] if i < len(parts) else None
        if isinstance(first, Item) and (first.kind == "function" or (first.kind == "symbol" and self.is_sigma(first))):
            return *self.factor(parts, i), ()
        end = i
        while end < len(parts) and not _ends_argument(parts[end], self):
            end += 1
        if end == i:
            raise NotUnderstoodError(f"{item.text} has no argument: write {item.text}(x)", item.at)
        only_numbers_before_last = all(isinstance(part, Item) and part.kind == "number" for part in parts[i : end - 1])
        if end - i > 1 and not only_numbers_before_last:
            why = f"it is not clear where the argument of {item.text} ends: put it in brackets"
            if self.choose(item.at, 2, why) == 0:
                end = i + 1
        inside = parts[i:end]
        last = inside[-1]
        if isinstance(last, Item) and last.scripts and last.scripts[-1].kind == "superscript":
            why = f"the exponent may belong to {item.text} or to its argument: put the argument in brackets"
            if self.choose(last.scripts[-1].at, 2, why, usual=True):
                bare = replace(last, scripts=last.scripts[:-1])
                argument = product_of(self.juxtaposed([*inside[:-1], bare]), parts[i].at)
                return argument, end, last.scripts[-1:]
        return product_of(self.juxtaposed(inside), parts[i].at), end, ()


def _ends_argument(part: Part, reader: Reader) -> bool:
    if isinstance(part, Ready):
        return part.derivative
    return part.kind in ("function", "times", "slash", "partial") or (part.kind == "symbol" and reader.is_sigma(part))
