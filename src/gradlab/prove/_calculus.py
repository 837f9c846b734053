"""Derivatives as they are written: fractions of differentials, operators, primes, gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradlab.graph import Differentiate, Expression, Partial, Ref, as_number, neg
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._names import Written, head_of
from gradlab.prove._parser import Item, Sum
from gradlab.prove._row import Part, Ready
from gradlab.prove._tree import FREE, Vector, Writer

if TYPE_CHECKING:
    from gradlab.prove._read import Reader


def with_derivatives(reader: Reader, items: tuple[Part, ...]) -> list[Part]:
    r"""A row in which every ``\partial A/\partial B`` is one part."""
    row: list[Part] = []
    i = 0
    while i < len(items):
        item = items[i]
        if getattr(item, "kind", "") == "sum_sign":
            # What stands behind it is read when its index is known.
            return [*row, *items[i:]]
        if isinstance(item, Ready):
            row.append(item)
            i += 1
        elif item.kind == "fraction" and (read := fraction(reader, item)) is not None:
            if item.scripts:
                if read.value is None:
                    raise NotUnderstoodError("an operator has no exponent or index", item.at)
                read = Ready(reader.with_power(read.value, item.scripts), item.at, (), True)
            row.append(read)
            i += 1
        elif (found := inline(reader, items, i)) is not None:
            part, i = found
            row.append(part)
        elif item.kind == "nabla":
            part, i = gradient(reader, items, i)
            row.append(part)
        else:
            row.append(item)
            i += 1
    return row


def is_differential(reader: Reader, item: Part | None, letter: str) -> bool:
    r"""Whether something is the ``\partial``, or the ``d``, of a differential."""
    if not isinstance(item, Item):
        return False
    if item.kind == "partial":
        return letter == "partial"
    if letter != "d" or item.kind != "symbol" or head_of(item.text) != "d":
        return False
    plain = all(script.kind == "superscript" for script in item.scripts)
    return plain and reader.names.find(Written("d")) is None


def fraction(reader: Reader, item: Item) -> Ready | None:
    """A fraction of differentials, or None for any other fraction."""
    over, under = item.parts
    if len(over.terms) != 1 or len(under.terms) != 1:
        return None
    (sign, above), (sign_below, below) = over.terms[0], under.terms[0]
    for letter in ("partial", "d"):
        top, bottom = is_differential(reader, above[0], letter), is_differential(reader, below[0], letter)
        if not (top and bottom) and (letter == "d" or not (top or bottom)):
            continue
        part = derivative(reader, above, below, item.at)
        if sign * sign_below < 0:
            if part.value is None:
                raise NotUnderstoodError("a minus inside an operator: write it in front", item.at)
            return type(part)(neg(part.value), part.at, (), True)
        return part
    return None


def inline(reader: Reader, items: tuple[Part, ...], i: int) -> tuple[Part, int] | None:
    r"""``\partial A/\partial B`` written in a row, from a place in the row on; also where it ends."""
    for letter in ("partial", "d"):
        if not is_differential(reader, items[i], letter):
            continue
        slash = next((j for j in range(i, len(items)) if getattr(items[j], "kind", "") == "slash"), None)
        if slash is None or any(getattr(part, "kind", "") == "times" for part in items[i:slash]):
            return None
        end = slash + 1
        if letter == "d" and not (end < len(items) and is_differential(reader, items[end], letter)):
            return None
        while end < len(items) and is_differential(reader, items[end], letter):
            end += 2
        if end == slash + 1:
            end += 1
        return derivative(reader, items[i:slash], items[slash + 1 : end], items[i].at), end
    return None


def derivative(reader: Reader, above: tuple[Part, ...], below: tuple[Part, ...], at: int) -> Ready:
    """The derivative, or the operator, that two rows of a fraction are."""
    wrts = denominators(reader, above, below, at)
    order = 1
    operand = above
    if is_differential(reader, above[0], "partial") or is_differential(reader, above[0], "d"):
        order = order_of(reader, above[0])
        operand = above[1:]
    else:
        reader.slips.append((at, "the \\partial above the fraction bar is missing"))
    if order != len(wrts):
        raise NotUnderstoodError(f"order {order} above the fraction bar, {len(wrts)} below it", at)
    if not operand:
        return Ready(None, at, wrts)
    value = differentiate(reader, reader.product(tuple(operand)), wrts, at)
    return Ready(value, at, (), True)


def order_of(reader: Reader, item: Part) -> int:
    r"""The 2 of ``\partial^2``."""
    for script in getattr(item, "scripts", ()):
        number = as_number(reader.sum(script.part)) if script.part is not None else None
        if number is None or number.denominator != 1 or not 1 <= number <= 3:
            raise NotUnderstoodError("this order of a derivative is not understood", script.at)
        return int(number)
    return 1


def denominators(reader: Reader, above: tuple[Part, ...], below: tuple[Part, ...], at: int) -> tuple[str, ...]:
    """By what a fraction of differentials differentiates."""
    letter = (
        "d"
        if is_differential(reader, below[0], "d") and not is_differential(reader, above[0], "partial")
        else "partial"
    )
    if not is_differential(reader, below[0], letter):
        if len(below) != 1 or getattr(below[0], "kind", "") != "symbol":
            raise NotUnderstoodError("below \\partial A stands no \\partial B", below[0].at if below else at)
        name = variable(reader, below[0])
        shown = shown_name(reader, name)
        reader.slips.append((below[0].at, f"the \\partial below the fraction bar is missing: write \\partial {shown}"))
        return (name,)
    wrts: list[str] = []
    for i in range(0, len(below), 2):
        if getattr(below[i], "kind", "") == "number" and i:
            raise NotUnderstoodError(reader.number_behind(below[i], below[i - 1]), below[i].at)
        if not is_differential(reader, below[i], letter) or i + 1 >= len(below):
            raise NotUnderstoodError("a \\partial and a name are expected here", below[i].at)
        wrts += [variable(reader, below[i + 1])] * order_below(reader, below[i + 1])
    return tuple(wrts)


def order_below(reader: Reader, item: Part) -> int:
    for script in getattr(item, "scripts", ()):
        if script.kind == "superscript" and script.part is not None:
            number = as_number(reader.sum(script.part))
            if number not in (1, 2, 3):
                raise NotUnderstoodError("this order of a derivative is not understood", script.at)
            return int(number)
    return 1


def variable(reader: Reader, item: Part) -> str:
    """The name by which is differentiated."""
    if isinstance(item, Item) and item.kind in ("symbol", "group", "braces"):
        if item.kind != "symbol":
            inner = item.parts[0].row
            if len(item.parts) == 1 and len(inner) == 1:
                return variable(reader, inner[0])
        else:
            value = reader.symbol(item)
            if isinstance(value, Ref):
                return value.name
    raise NotUnderstoodError("one differentiates by a quantity with a name", item.at)


def shown_name(reader: Reader, name: str) -> str:
    """The LaTeX of a name."""
    return Writer(reader.names.graph.symbols).name(name)


def differentiate(reader: Reader, formula: Expression, wrts: tuple[str, ...], at: int) -> Expression:
    """The derivative of what was read, by one name after the other, the last first."""
    if isinstance(formula, Vector):
        return Vector(tuple(differentiate(reader, part, wrts, at) for part in formula.parts))
    for wrt in reversed(wrts):
        if isinstance(formula, Ref) and not formula.name.startswith(FREE) and not wrt.startswith(FREE):
            formula = Partial(formula.name, wrt)
            continue
        if isinstance(formula, Ref) and formula.name.startswith(FREE) and formula.name != wrt:
            message = f"nothing says how {formula.name[1:]} is computed, so it has no derivative"
            raise NotUnderstoodError(message, at)
        formula = Differentiate(formula, wrt)
    return formula


def operand_end(reader: Reader, rest: list[Part], at: int) -> int:
    """How many parts of a row an operator takes."""
    if rest and getattr(rest[0], "kind", "") == "times":
        del rest[0]
    if not rest:
        raise NotUnderstoodError("nothing stands behind this operator", at)
    kinds = [getattr(part, "kind", "derivative" if getattr(part, "derivative", False) else "operator") for part in rest]
    if kinds[0] in ("sum_sign", "operator") or len(rest) == 1:
        return len(rest)
    why = "it is not clear where the formula that is differentiated ends: put it in brackets"
    beside = next((i for i, kind in enumerate(kinds) if i and kind in ("times", "slash", "derivative")), len(rest))
    if "sum_sign" in kinds[:beside]:
        return len(rest)
    closed = 1 if kinds[0] in ("group", "braces", "fraction") else beside
    if closed == len(rest):
        return closed
    behind = closed + (kinds[closed] == "times")
    if kinds[closed] == "slash" or (closed == 1 and kinds[0] == "fraction" and beside == len(rest)):
        return len(rest)
    if behind < len(rest) and kinds[behind] == "derivative":
        return closed
    return (closed, len(rest))[reader.choose(at, 2, why)]


def call_user(reader: Reader, name: str, group: Item, primes: int) -> Expression:
    """A function of the document at its arguments."""
    function = reader.names.functions[name]
    arguments = tuple(reader.sum(part) for part in group.parts)
    if len(arguments) == 1 and isinstance(arguments[0], Vector):
        arguments = arguments[0].parts
    if len(arguments) != len(function.parameters):
        # One name for the whole point, as in f(\mathbf{x}).
        if len(arguments) == 1 and isinstance(arguments[0], Ref) and not primes:
            reader.unknown.pop(arguments[0].name, None)
            return function.body
        raise NotUnderstoodError(f"{name} takes {len(function.parameters)} arguments, not {len(arguments)}", group.at)
    if not primes:
        return function(arguments)
    if len(function.parameters) != 1:
        raise NotUnderstoodError(f"a prime on {name}, which has several variables", group.at)
    if arguments != (Ref(function.parameters[0]),):
        raise NotUnderstoodError(f"{name}' is understood at the function's own variable only", group.at)
    return differentiate(reader, function.body, function.parameters * primes, group.at)


def call_quantity(reader: Reader, name: str, group: Item, primed: bool) -> Expression | None:
    """A quantity with what it depends on in brackets behind it, or None where the bracket is a factor."""
    names = [_bare_name(reader, part) for part in group.parts]
    upstream = reader.names.upstream(name)
    if len(names) == 1:
        inside = names[0]
        if primed:
            if inside not in upstream or inside is None:
                raise NotUnderstoodError(
                    "a prime needs the variable of the function in the brackets behind it", group.at
                )
            return Partial(name, inside)
        if inside is None or inside not in upstream:
            return None
        if not reader.names.is_sink(name):
            why = "this may be a product, or a function and its argument: write \\cdot, or leave the bracket away"
            if reader.choose(group.at, 2, why):
                return None
        return Ref(name)
    if primed or any(inside is None or inside not in upstream for inside in names):
        raise NotUnderstoodError(
            f"{shown_name(reader, name)} is not computed from what stands in the brackets", group.at
        )
    return Ref(name)


def _bare_name(reader: Reader, part: Sum) -> str | None:
    if len(part.row) != 1:
        return None
    item = part.row[0]
    if item.kind != "symbol" or any(script.kind in ("superscript", "prime") for script in item.scripts):
        return None
    return reader.names.find(reader.written(item), item.at)


def at_own_variables(reader: Reader, part: Ready, following: list[Part]) -> bool:
    """Whether a bracket behind a derivative repeats what it depends on, as in df/dx (x)."""
    if not (following and isinstance(part.value, Partial) and getattr(following[0], "kind", "") == "group"):
        return False
    names = [_bare_name(reader, inside) for inside in following[0].parts]  # type: ignore[union-attr]
    upstream = reader.names.upstream(part.value.of)
    return all(name in upstream for name in names) and (len(names) > 1 or reader.names.is_sink(part.value.of))


def gradient(reader: Reader, items: tuple[Part, ...], i: int) -> tuple[Part, int]:
    r"""``\nabla f``: the vector of all partial derivatives of a function."""
    at = items[i].at
    symbol = items[i + 1] if i + 1 < len(items) else None
    if not isinstance(symbol, Item) or symbol.kind != "symbol":
        raise NotUnderstoodError("\\nabla needs the name of a function behind it", at)
    written = reader.written(symbol)
    group = items[i + 2] if i + 2 < len(items) else None
    called = isinstance(group, Item) and group.kind == "group"
    end = i + 3 if called else i + 2
    function = reader.names.functions.get(written.latex)
    if function is not None:
        parts = [differentiate(reader, function.body, (wrt,), at) for wrt in function.parameters]
        if called and isinstance(group, Item):
            parts = [_at_arguments(reader, part, function.parameters, group) for part in parts]
        return Ready(Vector(tuple(parts)), at, (), True), end
    name = reader.names.find(written, at)
    if name is None or reader.names.graph[name].expression is None:
        raise NotUnderstoodError(f"nothing says how {written.latex} is computed, so it has no gradient", symbol.at)
    graph = reader.names.graph
    given = sorted(source for source in reader.names.upstream(name) if graph[source].expression is None)
    return Ready(Vector(tuple(Partial(name, wrt) for wrt in given)), at, (), True), end


def _at_arguments(reader: Reader, part: Expression, parameters: tuple[str, ...], group: Item) -> Expression:
    """A derivative at the point in the brackets; the function's own variables stand for themselves."""
    names = [_bare_name(reader, inside) for inside in group.parts]
    if names == list(parameters) or len(group.parts) == 1:
        return part
    raise NotUnderstoodError("a gradient at another point than its own variables is not understood", group.at)
