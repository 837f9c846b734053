r"""Other ways to read the signs of a step that looks false: where it holds in one of them, that may be meant.

Each way is a row of ``SIGNS`` or ``RULES``: what is meant, and what that makes of a side's signs, or of what was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from decimal import Decimal

from gradlab.graph import ZERO, Apply, Expression, Ref, is_apply, ordered_names
from gradlab.prove import _combine as combine
from gradlab.prove._definitions import walk
from gradlab.prove._errors import Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._meant import OtherMeanings, verdicts
from gradlab.prove._names import FREE
from gradlab.prove._verdict import Truth
from gradlab.prove.read._chains import readings
from gradlab.prove.read._nodes import Call, Condition, Derivative, Indexed, Operation, Tensor, mapped
from gradlab.prove.read._part import Part, Row
from gradlab.prove.read._statements import Chain, Known

_ENDS = ("plus", "minus", "comma", "relation", "gap", "text", "stop")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}\.\d\d0")
_MEAN = re.compile(r"\?\\(?:bar|overline)\{?\s*(\w)\}?|\?\\mu_\{?(\w)\}?")
Reached = Callable[[Expression], set[str]]
Signs = Callable[[Row, frozenset[str]], Row]  # the letters that stand alone somewhere in the step, too


def _each(part_of: Callable[[Part], Part], apart: bool = False) -> Signs:
    """A way to read that changes parts one by one; ``apart``: but for letters that stand alone, too."""

    def row_of(row: Row, alone: frozenset[str]) -> Row:
        def whole(part: Part) -> Part:
            inside = tuple(row_of(inner, alone) for inner in part.inside)
            sub, sup = (None if script is None else row_of(script, alone) for script in (part.sub, part.sup))
            own = replace(part, inside=inside, sub=sub, sup=sup)
            return own if apart and part.text in alone else part_of(own)

        return tuple(map(whole, row))

    return row_of


def _alone(row: Row) -> Iterator[str]:
    """The letters in a row that have nothing attached to them and stand before no bracket."""
    for part, after in zip(row, (*row[1:], None), strict=True):
        if part.kind == "letter" and part.bare and not (after is not None and after.kind == "group"):
            yield part.text
        for inner in (*part.inside, *(script for script in (part.sub, part.sup) if script)):
            yield from _alone(inner)


def _renamed(text: str) -> Signs:
    """A letter as the name of a quantity, whatever else it stands for."""
    return _each(lambda part: replace(part, accent=("breve",)) if part.kind == "letter" and part.text == text else part)


def _exponential(part: Part) -> Part:
    if part.kind != "letter" or part.text != "e" or part.sub or part.primes:
        return part
    power = part.sup or (Part("number", part.at, part.end, "1"),)
    return Part("group", part.at, part.end, "(", ((Part("function", part.at, part.end, "exp"), _group(power)),))


def _group(row: Row) -> Part:
    return Part("group", row[0].at, row[-1].end, "(", (row,))


def _unprimed(part: Part) -> Part:
    named = part.kind == "letter" and part.primes
    return replace(part, primes=0, accent=(*part.accent, *("breve",) * part.primes)) if named else part


def _numbered(part: Part) -> Part:
    above = part.kind == "letter" and part.sup is not None and [inner.kind for inner in part.sup] == ["number"]
    return replace(part, sup=None, sub=(*(part.sub or ()), *(part.sup or ())), accent=("breve",)) if above else part


def _whole(part: Part) -> Part:
    whole = part.kind == "number" and _THOUSANDS.fullmatch(part.text)
    return replace(part, text=part.text.replace(".", "")) if whole else part


def _plain(part: Part) -> Part:
    return replace(part, style="") if part.kind == "letter" and part.style == "bold" else part


def _times(row: Row, alone: frozenset[str]) -> Row:
    """A letter before a bracket as a factor, where it stands alone too."""
    found: list[Part] = []
    for part, after in zip(row, (*row[1:], None), strict=True):
        found.append(replace(part, inside=tuple(_times(inner, alone) for inner in part.inside)))
        if part.text in alone and part.bare and after is not None and after.kind == "group" and after.text == "(":
            found.append(Part("times", part.end, part.end, "⋅"))
    return tuple(found)


def _powers_of_ten(row: Row, alone: frozenset[str]) -> Row:
    """``3.5e-3`` as programs write it."""
    found: list[Part] = []
    for part in row:
        *_, number, e = (None, None, *found)
        if found and e is not None and e.kind == "minus" and len(found) > 2:
            number, e = found[-3:-1]
        if part.kind == "number" and part.text.isdigit() and number is not None and e is not None:
            if number.kind == "number" and e.kind == "letter" and e.text == "e" and e.bare:
                sign = "-" if found[-1].kind == "minus" else ""
                found[found.index(number) :] = [
                    replace(number, text=f"{Decimal(f'{number.text}e{sign}{part.text}'):f}")
                ]
                continue
        found.append(part)
    return tuple(found)


def _primed_inside(part: Part) -> Part:
    """``(f(g(x)))'`` as ``f'(g(x))``, which is what a prime behind ``f(g(x))`` may mean."""
    inner = part.inside[0] if part.kind == "group" and part.primes and len(part.inside) == 1 else ()
    if len(inner) != 2 or inner[1].kind != "group" or inner[0].kind not in ("letter", "function", "word"):
        return part
    called = replace(inner[0], primes=inner[0].primes + part.primes), inner[1]
    return replace(part, primes=0, inside=(called,))


def _only_inside(row: Row, alone: frozenset[str]) -> Row:
    """``f (g(x))'``, read as the derivative of f(g(x)), as f times the derivative of the bracket."""
    found: list[Part] = []
    for part in row:
        own = replace(part, inside=tuple(_only_inside(inner, alone) for inner in part.inside))
        inner = own.inside[0] if own.kind == "group" and own.primes and len(own.inside) == 1 else ()
        if len(inner) == 2 and inner[0].kind == "letter" and inner[0].at == own.at:
            found += (inner[0], replace(inner[1], primes=own.primes))
        else:
            found.append(own)
    return tuple(found)


def _all_that_follows(row: Row, alone: frozenset[str]) -> Row:
    """A function without brackets that is applied to all factors behind it."""
    for i, part in enumerate(row[:-1]):
        if part.kind == "function" and row[i + 1].kind != "group":
            end = next((k for k in range(i + 1, len(row)) if row[k].kind in _ENDS), len(row))
            if end > i + 2:
                return (*row[: i + 1], _group(row[i + 1 : end]), *_all_that_follows(row[end:], alone))
    return row


def _of_composed(node: Expression) -> Expression | None:
    """``f'(g(x))`` as the derivative of ``f(g(x))`` by x."""
    if not isinstance(node, Call) or node.orders != (1,) or isinstance(node.arguments[0], Ref):
        return None
    names = ordered_names(node.arguments[0])
    return Derivative(replace(node, orders=(0,)), (Ref(names[0]),)) if len(names) == 1 else None


def _unsaid(pair: tuple[Expression | NotUnderstoodError, ...], defined: Collection[str], reached: set[str]) -> str:
    """Which name may be connected with others of its step, of which nothing says how; empty if none."""
    nodes = [node for side in pair for node in walk(side)]
    heads = {node.head for node in nodes if isinstance(node, Indexed)}
    for name in sorted(reached - set(defined)):
        shown = name.removeprefix(FREE)
        if (mean := _MEAN.fullmatch(name)) is not None and FREE + (mean[1] or mean[2]) in heads:
            return f"{shown} may be the mean of the {mean[1] or mean[2]}"
        norms = [n for n in nodes if is_apply(n, "abs") or (isinstance(n, Operation) and n.kind.startswith("norm"))]
        if any(Ref(name) in (*node.args, *getattr(node, "operands", ())) for node in norms) and name in heads:
            return f"{shown} may be a vector, as it has entries"
        if shown.endswith("'") and name.rstrip("'") in reached:
            return f"{shown} may be the derivative of {shown.rstrip(chr(39))}"
        letter, _, number = name.partition("_")
        if letter in reached and FREE + number in reached:
            return f"{shown} may be the derivative of {letter.removeprefix(FREE)}"
        like = [other for other in defined if other.partition("_")[0] == letter and other.partition("_")[2].isdigit()]
        if number.isdigit() and like:
            return f"nothing says how {shown} is computed, and {like[0].removeprefix(FREE)} is"
    return ""


def _by_entries(node: Expression) -> Expression | None:
    """A product of two arrays, entry by entry."""
    arrays = isinstance(node, Apply) and node.primitive == "mul" and len(node.args) == 2
    if not arrays or not all(isinstance(arg, Tensor | Operation) for arg in node.args):
        return None
    return Operation("hadamard", node.args)


# What may be meant, and what that makes of a side: of its parts, or of what was read.
SIGNS: tuple[tuple[str, Signs], ...] = (
    ("e is a quantity", _renamed("e")),
    ("e is the number e", _each(_exponential)),
    (r"\pi is a quantity", _renamed(r"\pi")),
    ("primes are part of names", _each(_unprimed)),
    ("numbers above letters are indices", _each(_numbered, apart=True)),
    ("a full stop parts thousands", _each(_whole)),
    ("bold names and plain ones are the same", _each(_plain)),
    ("a name before a bracket is a factor", _times),
    ("e and a number behind a number are a power of ten", _powers_of_ten),
    ("a prime behind a bracket is that of the function before it", _each(_primed_inside)),
    ("a prime behind a bracket is that of the bracket alone", _only_inside),
    ("functions without brackets are applied to all factors behind them", _all_that_follows),
)
RULES: tuple[tuple[str, Callable[[Expression], Expression | None]], ...] = (
    ("a prime at a function of a function is the derivative of the whole", _of_composed),
    ("arrays are multiplied entry by entry", _by_entries),
)


def otherwise(meant: OtherMeanings, judged: combine.Judged, i: int, reached_by: Reached, deadline: Deadline) -> str:
    """What may be meant by a step that looks false and holds then; empty if nothing, or if a graph says what is meant.

    Args:
        meant: tries it with other things in the place of some.
        judged: the line with its verdicts.
        i: the step.
        reached_by: all names that an expression is computed from.
        deadline: when to stop.
    """
    chain, known = judged.first.chain, meant.known
    if known.graph:
        return ""
    for said, signs in SIGNS:
        if any(_is_true(chain, known, deadline) for chain in _read(judged, i, signs, deadline)):
            return f"this does not hold as it was read, but if {said}: write what is meant"
    pair = chain.sides[i : i + 2]
    for row in judged.line.piece.sides[i : i + 2]:
        letters = "".join(part.text for part in row[0].inside[0]) if [part.kind for part in row] == ["run"] else ""
        if letters.isupper():
            return (
                f"{letters} may be one name, not a product: write \\mathrm{{{letters}}}, or \\cdot between its letters"
            )
    for said, rule in RULES:
        changed = any(mapped(side, rule) != side for side in pair if isinstance(side, Expression))
        if changed and meant.holds_by(rule, chain, i, deadline):
            return f"this does not hold as it was read, but if {said}: write what is meant"
    reached = {name for side in pair if isinstance(side, Expression) for name in reached_by(side)}
    if unsaid := _unsaid(pair, {*known.quantities, *known.functions, *known.families}, reached):
        return f"as it is read this does not hold, but {unsaid}: say what it is"
    names = {name for side in pair if isinstance(side, Expression) for name in ordered_names(side)}
    positive = tuple(Condition(Ref(name), ">", ZERO) for name in sorted(names) if name not in known.quantities)
    one = Chain(pair, chain.digits[i : i + 1], (*chain.conditions, *positive))
    if meant.document and positive and _is_true(one, known, deadline):
        return "this holds for positive numbers and not for others: say for which"
    return ""


def _read(judged: combine.Judged, i: int, signs: Signs, deadline: Deadline) -> Iterator[Chain]:
    """A step in the usual readings of its changed signs; nothing where nothing changes."""
    piece, reader = judged.line.piece, judged.first.reader
    alone = frozenset(letter for row in piece.sides[i : i + 2] for letter in _alone(row))
    sides = [signs(row, alone) if k in (i, i + 1) else row for k, row in enumerate(piece.sides)]
    if sides == piece.sides:
        return
    try:
        found = readings(reader.scope, replace(piece, sides=sides), judged.line.conditions, deadline)
    except (NotUnderstoodError, OutOfTimeError, RecursionError):
        return
    for reading in found.found:
        pair = reading.chain.sides[i : i + 2]
        if reading.usual() and all(isinstance(side, Expression) for side in pair):
            yield Chain(pair, reading.chain.digits[i : i + 1], reading.chain.conditions)


def _is_true(chain: Chain, known: Known, deadline: Deadline) -> bool:
    return verdicts(chain, known, deadline)[0].truth is Truth.TRUE
