r"""Derivatives as they are written: fractions of differentials, operators, gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradlab.graph import Expression, Ref, as_number, neg
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read import _names as naming
from gradlab.prove.read._arrays import is_transpose
from gradlab.prove.read._gradients import differentiated, gradient, variable
from gradlab.prove.read._label import key_of, label_of, occurs
from gradlab.prove.read._nodes import Call, Tensor
from gradlab.prove.read._part import Part
from gradlab.prove.read._rows import Item, Ready

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

Row = tuple[Part, ...]
LARGEST_ORDER = 3


def with_derivatives(reader: Reader, items: tuple[Item, ...]) -> list[Item]:
    r"""A row in which every ``\partial A/\partial B`` and every gradient is one part."""
    row: list[Item] = []
    items = _with_fractions(items)
    i = 0
    while i < len(items):
        item = items[i]
        if not isinstance(item, Part):
            row.append(item)
        elif item.kind == "sum":
            return [*row, *items[i:]]  # what stands behind it is read when its index is known
        elif item.kind == "fraction" and (read := fraction(reader, item)) is not None:
            row.append(read)
        elif (found := _inline(reader, items, i)) is not None:
            part, i = found
            row.append(part)
            continue
        elif item.kind == "partial" and item.sub is not None and item.sup is None:
            row.append(_indexed(reader, item))
        elif _is_d_with_index(reader, item, items[i + 1 :]):
            row.append(replace(_indexed(reader, item), style="total"))
        elif item.kind == "nabla":
            part, i = gradient(reader, items, i)
            row.append(part)
            continue
        else:
            row.append(item)
        i += 1
    return row


def _with_fractions(items: tuple[Item, ...]) -> tuple[Item, ...]:
    r"""A row in which ``{\partial y}/{\partial z}`` is a fraction."""
    row = list(items)
    for i, (above, sign, below) in enumerate(zip(items, items[1:], items[2:], strict=False)):
        if sign.kind != "slash" or not (isinstance(above, Part) and isinstance(below, Part)):
            continue
        rows = [part.inside[0] for part in (above, below) if part.kind == "group" and part.text == "{" and part.bare]
        if len(rows) == 2 and all(inner and inner[0].kind == "partial" for inner in rows):
            row[i : i + 3] = [Part("fraction", above.at, below.end, "", tuple(rows))]
            return _with_fractions(tuple(row))
    return items


def _indexed(reader: Reader, item: Part) -> Ready:
    r"""``\partial_x`` and ``\partial_{\mathbf w}``: an operator with what it differentiates by below it."""
    wrt = tuple(variable(reader, part) for inner in opened(reader, item.sub or ()) for part in _single(inner))
    style = "gradient" if len(wrt) == 1 and isinstance(wrt[0], Tensor) else "partial"
    return Ready(None, item.at, item.end, wrt, style)


def _is_d_with_index(reader: Reader, item: Part, behind: tuple[Item, ...]) -> bool:
    """Whether a part is the operator ``D_x``: no name of the text, before a formula with that letter in it."""
    label = label_of(item) if item.text == "D" and item.sub is not None and item.sup is None else None
    if label is None or reader.scope.in_graph(label) is not None or reader.scope.has(key_of(label)):
        return False
    below = label_of(item.sub[0]) if item.sub is not None and len(item.sub) == 1 else None
    return below is not None and any(isinstance(part, Part) and occurs(below, (part,)) for part in behind)


def _single(part: Part) -> Row:
    """The names below an operator, one by one: ``xy`` are two."""
    if part.kind == "comma":
        return ()
    return part.inside[0] if part.kind == "run" and len(part.text) <= LARGEST_ORDER else (part,)


def open_operator(reader: Reader, items: list[Item]) -> int | None:
    """Where in a term an operator stands whose formula may go on in the terms behind; None where none does."""
    for i, item in enumerate(items[:-1]):
        if isinstance(item, Part) and _operates(reader, item):
            closed = i + 2 == len(items) and items[i + 1].kind in ("group", "derivative")
            return None if closed or any(is_derivative(reader, other) for other in items[i + 1 :]) else i
    return None


def _operates(reader: Reader, item: Part) -> bool:
    r"""Whether a part is ``\frac{d}{dx}`` or ``\frac{\partial}{\partial x}`` with nothing above but the sign."""
    if item.kind != "fraction" or len(item.inside[0]) != 1 or not item.bare:
        return False
    below = opened(reader, item.inside[1])
    return any(
        is_differential(reader, item.inside[0][0], letter) and bool(below) and is_differential(reader, below[0], letter)
        for letter in ("partial", "d")
    )


def is_derivative(reader: Reader, item: Item) -> bool:
    """Whether a fraction is one of differentials."""
    return isinstance(item, Part) and item.kind == "fraction" and fraction(reader, item) is not None


def opened(reader: Reader, row: Row) -> Row:
    """A row in which a run such as ``dx`` or ``dxdy`` is a d and what it stands before."""
    result: list[Part] = []
    for part in row:
        if part.kind != "run" or part.text[0] != "d" or (reader.scope.is_name("d") and part.text != "dx"):
            result.append(part)
            continue
        letters = part.inside[0]
        rest = letters[1:]
        twice = [i for i, letter in enumerate(rest) if letter.text == "d" and 0 < i < len(rest) - 1]
        pieces = [rest] if not twice else [rest[: twice[0]], rest[twice[0] + 1 :]]
        for piece in pieces:
            result.append(letters[0])
            if len(piece) == 1:
                result.append(piece[0])
            else:
                last = piece[-1]
                text = "".join(letter.text for letter in piece)
                result.append(
                    Part("run", piece[0].at, last.end, text, (tuple(piece),), last.sub, last.sup, last.primes)
                )
    return tuple(result)


def is_differential(reader: Reader, part: Item | None, letter: str) -> bool:
    r"""Whether something is the ``\partial``, the ``d`` or the ``\delta`` of a differential."""
    if not isinstance(part, Part):
        return False
    if part.kind == "partial":
        return letter == "partial"
    if letter == "delta":
        return part.kind == "letter" and part.text == r"\delta" and part.bare and not reader.scope.has(r"\delta")
    if letter != "d" or part.kind not in ("letter", "word") or part.text != "d" or part.sub is not None:
        return False
    return not reader.scope.is_name("d")


def fraction(reader: Reader, item: Part) -> Ready | None:
    """A fraction of differentials, or None for any other fraction."""
    above, below = item.inside
    sign = 1
    while above and above[0].kind in ("minus", "plus"):
        sign, above = (-sign if above[0].kind == "minus" else sign), above[1:]
    if any(part.kind in ("plus", "minus") for part in below):
        return None
    if all(any(part.kind == "slash" for part in row) for row in (above, below)):
        return None  # a quotient of derivatives
    above, below = opened(reader, above), opened(reader, below)
    if len(above) < 1 or len(below) < 1:
        return None
    for letter in ("partial", "d", "delta"):
        top, bottom = is_differential(reader, above[0], letter), is_differential(reader, below[0], letter)
        mixed = letter == "partial" and (
            (top and is_differential(reader, below[0], "d")) or (bottom and is_differential(reader, above[0], "d"))
        )
        if not (top and bottom) and not mixed and (letter != "partial" or not (top or bottom)):
            continue
        if letter == "delta" and (len(above) < 2 or len(below) < 2):
            continue
        ready = _derivative(reader, above, below, item)
        return _scripted(reader, ready, item, sign)
    return None


def _scripted(reader: Reader, ready: Ready, item: Part, sign: int) -> Ready:
    """A derivative with a sign and with what stands behind its fraction."""
    if item.bare and sign > 0:
        return ready
    if ready.value is None:
        raise NotUnderstoodError("an operator has no sign, exponent or index: write it in front or behind", item.at)
    value = ready.value if item.bare else reader.with_scripts(ready.value, item)
    return replace(ready, value=neg(value) if sign < 0 else value)


def _inline(reader: Reader, items: tuple[Item, ...], i: int) -> tuple[Ready, int] | None:
    r"""``\partial A/\partial B`` and ``df/dx`` in a row, from a place in the row on; also where it ends."""
    slash = next((j for j in range(i, len(items)) if items[j].kind in ("slash", "times", "plus", "minus")), None)
    if slash is None or items[slash].kind != "slash":
        return None
    above = opened(reader, tuple(part for part in items[i:slash] if isinstance(part, Part)))
    if not above or len(above) < slash - i:
        return None
    for letter in ("partial", "d"):
        if not is_differential(reader, above[0], letter):
            continue
        behind = opened(reader, tuple(part for part in items[slash + 1 :] if isinstance(part, Part)))
        if not behind or (letter == "d" and not is_differential(reader, behind[0], letter)):
            return None
        count = 0
        while count < len(behind) and is_differential(reader, behind[count], letter):
            count += 2
        count = max(count, 1)
        below = behind[:count]
        end = slash + 1
        while end < len(items) and items[end].end <= below[-1].end:
            end += 1
        whole = Part("fraction", items[i].at, below[-1].end)
        return _derivative(reader, above, below, whole), end
    return None


def _derivative(reader: Reader, above: Row, below: Row, item: Part) -> Ready:
    """The derivative, or the operator, that two rows of a fraction are."""
    at = item.at
    first = above[0]
    order, operand, style = 1, above, "partial"
    if any(is_differential(reader, first, letter) for letter in ("partial", "d", "delta")):
        order, operand = _order(reader, first), above[1:]
        style = "total" if is_differential(reader, first, "d") else "partial"
    else:
        reader.slips.append((at, "the \\partial above the fraction bar is missing"))
    wrt = _denominators(reader, below, order, at)
    if order != len(wrt):
        raise NotUnderstoodError(f"order {order} above the fraction bar, {len(wrt)} below it", at)
    if not operand:
        return Ready(None, at, item.end, wrt, style)
    several = any(part.kind in ("plus", "minus") for part in operand[1:])  # the sum is meant, though without a bracket
    value = differentiated(reader, (reader.sum if several else reader.product)(tuple(operand)), wrt, style, at)
    return Ready(value, at, item.end, (), style, derivative=True)


def _order(reader: Reader, part: Part) -> int:
    r"""The 2 of ``\partial^2``."""
    if part.sup is None:
        return 1
    number = as_number(reader.sum(part.sup))
    if number is None or number.denominator != 1 or not 1 <= number <= LARGEST_ORDER:
        raise NotUnderstoodError("this order of a derivative is not understood", part.sup[0].at)
    return int(number)


def _denominators(reader: Reader, below: Row, order: int, at: int) -> tuple[Expression, ...]:
    """By what a fraction of differentials differentiates."""
    letters = ("partial", "d", "delta")
    if not any(is_differential(reader, below[0], letter) for letter in letters):
        if len(below) != 1 or below[0].kind not in ("letter", "word", "run"):
            raise NotUnderstoodError("below \\partial A stands no \\partial B", below[0].at if below else at)
        value = variable(reader, below[0])
        shown = key_of(label_of(below[0]) or naming.Label(below[0].text))
        reader.slips.append((below[0].at, f"the \\partial below the fraction bar is missing: write \\partial {shown}"))
        return (value,)
    wrt: list[Expression] = []
    i = 0
    while i < len(below):
        if below[i].kind == "number" and i:
            raise NotUnderstoodError(reader.number_behind(below[i], below[i - 1]), below[i].at)
        if not any(is_differential(reader, below[i], letter) for letter in letters) or i + 1 >= len(below):
            raise NotUnderstoodError("a \\partial and a name are expected here", below[i].at)
        part = below[i + 1]
        count = 1
        if part.sup is not None and order > 1 and len(part.sup) == 1 and part.sup[0].kind == "number":
            count = int(part.sup[0].text) if part.sup[0].text in ("1", "2", "3") else 0
            if not count:
                raise NotUnderstoodError("this order of a derivative is not understood", part.sup[0].at)
            part = replace(part, sup=None)
        used = 1
        following = below[i + 2] if i + 2 < len(below) else None
        if following is not None and following.kind == "group":
            value, used = reader.product((part, following)), 2
            if not isinstance(value, Call | Ref):
                raise NotUnderstoodError(
                    "one differentiates by one name: write that alone below, as in \\frac{\\partial L}{\\partial w_1}",
                    part.at,
                )
        else:
            value = variable(reader, part)
        wrt += [value] * count
        i += 1 + used
    return tuple(wrt)


def operand_end(reader: Reader, rest: list[Item], at: int) -> int:
    """How many parts of a row an operator takes."""
    if rest and rest[0].kind == "times":
        del rest[0]
    if not rest:
        raise NotUnderstoodError("nothing stands behind this operator", at)
    kinds = [part.kind for part in rest]
    if kinds[0] in ("sum", "operator") or len(rest) == 1:
        return len(rest)
    why = "it is not clear where the formula that is differentiated ends: put it in brackets"
    beside = next((i for i, kind in enumerate(kinds) if i and kind in ("times", "slash", "derivative")), len(rest))
    if "sum" in kinds[:beside]:
        return len(rest)
    called = len(rest) > 1 and kinds[0] in ("letter", "word", "function", "run") and kinds[1] == "group"
    if isinstance(rest[0], Part) and kinds[0] == "group" and rest[0].sup is not None and is_transpose(rest[0].sup):
        return beside  # the derivative of something transposed alone is not multiplied by more
    if isinstance(rest[0], Part) and kinds[0] == "group" and rest[0].text == "[" and rest[0].bare:
        return 1
    closed = 1 if kinds[0] in ("group", "fraction") else 2 if called and len(rest) == 2 else beside
    if closed == len(rest):
        return closed
    behind = closed + (kinds[closed] == "times")
    if kinds[closed] == "slash" or (closed == 1 and kinds[0] == "fraction" and beside == len(rest)):
        return len(rest)
    if behind < len(rest) and kinds[behind] == "derivative":
        return closed
    return (closed, len(rest))[reader.choose(at, 2, why)]
