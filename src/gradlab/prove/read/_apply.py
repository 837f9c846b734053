r"""Names and what they are applied to: functions of the text, quantities at a point, letters before a bracket."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradlab.graph import Apply, Expression, Partial, Ref
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read import _differentials as differentials
from gradlab.prove.read import _functions as table
from gradlab.prove.read import _names as naming
from gradlab.prove.read import _slopes as slopes
from gradlab.prove.read import _words as words
from gradlab.prove.read._arrays import is_transpose
from gradlab.prove.read._infinitesimals import Differential
from gradlab.prove.read._label import (
    Label,
    applied_to,
    are_bare,
    head_of,
    holds_a_name,
    key_of,
    label_of,
    occurs,
    tokens_of,
)
from gradlab.prove.read._nodes import At, Call, Derivative, Index, Indexed, Operation, Total, mapped
from gradlab.prove.read._part import Part
from gradlab.prove.read._rows import Item, Row, product_of
from gradlab.prove.read._scope import free, is_conventional
from gradlab.prove.read._sums import walk_nodes

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

_LANDAU = frozenset(("o", "O", r"\mathcal{O}", r"\mathcal{o}", r"\Theta", r"\Omega"))
DIFFERENTIALS = r"differentials are not judged: write derivatives, as in \frac{d}{dx}"
_RATES = frozenset((r"\eta", r"\alpha", r"\lambda", r"\epsilon", r"\mu"))  # letters of numbers rather than functions
_ELEMENTARY = frozenset(
    "deg dim gcd lim inf sup arg ker hom Pr lg argmax argmin erf "
    "arctg arcctg arcsen arsh arch arth cosec arccot Re Im div grad rot curl".split()
)
_STATISTICS = frozenset(r"E P V \mathbb{E} \mathbb{P} \mathbb{V} \mathrm{Var} \mathrm{Cov} \mathrm{Pr}".split())


def named(reader: Reader, part: Part, parts: list[Item], i: int) -> tuple[list[Expression], int]:
    """What begins with a letter or a word: a function with its argument, a name, or letters side by side."""
    words.refuse_prose(part, parts[i + 1] if i + 1 < len(parts) else None)
    if part.kind == "run" and not (reader.scope.differentials and len(part.text) == 2 and part.text[0] == "d"):
        return words.run(reader, part, parts, i)
    if reader.scope.differentials and (found := _differential(reader, part, parts, i)) is not None:
        return found
    entry = _entry_of(reader, part, parts[i + 1] if i + 1 < len(parts) else None)
    if entry is not None:
        return [entry], i + 2
    name = table.function_of(reader, part)
    if name is not None:
        value, end = table.applied(reader, part, name, parts, i + 1)
        return [value], end
    if part.text.strip() == "softmax" and not reader.scope.has(key_of(Label(head_of(part)))):
        return table.softmax(reader, part, parts, i)
    _refuse_function(reader, part)
    following = parts[i + 1] if i + 1 < len(parts) else None
    _refuse_differential(reader, part, following)
    if isinstance(following, Part) and _is_differential_name(reader, part, following):
        joined = replace(following, text=f"d {following.text}", at=part.at)
        return named(reader, joined, [joined, *parts[i + 2 :]], 0)[0], i + 2
    if isinstance(following, Part) and _is_argument(part, following):
        part, power = _without_power(reader, part)
        value = called(reader, replace(part, primes=part.primes + following.primes), following)
        if value is not None and power is not None:
            return [
                reader.with_scripts(Apply("pow", (value, reader.exponent(power))), replace(following, primes=0))
            ], i + 2
        part = part if power is None else replace(part, sup=power)
        if value is not None:
            return [reader.with_scripts(value, replace(following, primes=0))], i + 2
    if part.kind == "function" and not reader.scope.has(_word(part)) and _is_operand(following):
        raise NotUnderstoodError(f"nothing says what the function {part.text} is", part.at)
    return [naming.value_of(reader, part)], i + 1


def _entry_of(reader: Reader, part: Part, group: Item | None) -> Expression | None:
    r"""An entry of what a function of a whole vector gives, if the text says what they are: ``\sigma(\mathbf z)_i``."""
    if not isinstance(group, Part) or group.sub is None or group.primes:
        return None
    label, inside = label_of(part), applied_to(group)
    start = "" if label is None or inside is None else f"{free(key_of(label))}("
    families = reader.scope.known.families
    name = next((name for name in families if start and name.startswith(start)), "")
    tokens = tokens_of(group.sub)[0]
    if not name or len(tokens) != len(families[name].below):
        return None
    own, other = free(name[len(start) : -1]), free(inside or "")
    indices = dict(zip(map(Index, families[name].below), (naming.component(reader, t) for t in tokens), strict=True))
    letters = {node.letter for index in indices.values() for node in walk_nodes(index) if isinstance(node, Index)}

    def rule(node: Expression) -> Expression | None:
        if isinstance(node, Total) and node.letter in letters:
            raise NotUnderstoodError(f"{node.letter} is added up in {name[1:]}: take another letter here", group.at)
        if isinstance(node, Indexed) and node.head == own:
            return Indexed(other, tuple(mapped(part, rule) for part in node.below), node.above)
        return indices.get(node) if isinstance(node, Index) else None

    value = mapped(families[name].body, rule)
    return value if group.sup is None else reader.raised(value, group.sup, group)


def _differential(reader: Reader, sign: Part, parts: list[Item], i: int) -> tuple[list[Expression], int] | None:
    """A differential and where the next factor begins; None where none begins."""
    if sign.kind == "run":
        values, end = _of_factor(reader, [differentials.named(sign), *parts[i + 1 :]], 0)
        return values, i + end
    following = parts[i + 1] if i + 1 < len(parts) else None
    return _of_factor(reader, parts, i + 1) if differentials.is_sign(sign) and _is_operand(following) else None


def _of_factor(reader: Reader, parts: list[Item], i: int) -> tuple[list[Expression], int]:
    """A differential of the factor at a place."""
    part = parts[i]
    power = part.sup if isinstance(part, Part) and part.kind != "function" else None
    layer = isinstance(part, Part) and (label := label_of(part)) is not None and label.power is None
    if power is not None and not layer and not is_transpose(power):
        message = "it is not clear what this exponent belongs to: write (dx)^2 or d(x^2)"
        raise NotUnderstoodError(message, part.at)
    turned = isinstance(part, Part) and power is not None and is_transpose(power)
    bare = [replace(part, sup=None), *parts[i + 1 :]] if turned and isinstance(part, Part) else parts[i:]
    values, end = reader.factor(bare, 0)
    value: Expression = Differential(product_of(values))
    return [Operation("transpose", (value,)) if turned else value], i + end


def _refuse_differential(reader: Reader, part: Part, following: Item | None) -> None:
    r"""Refuse a d that is an operator: upright before a bracket, or before a name where it has a bracket too."""
    if part.text not in ("d", r"\mathrm{d}") or part.accent or not part.bare or reader.scope.is_name("d"):
        return
    bracket = isinstance(following, Part) and following.kind == "group" and part.style == "upright"
    name = isinstance(following, Part) and following.kind == "letter" and "d" in reader.scope.use.applied
    if bracket or name:
        raise NotUnderstoodError(DIFFERENTIALS, part.at)


def _refuse_function(reader: Reader, part: Part) -> None:
    if part.kind in ("function", "word", "text") and part.text.strip() in _ELEMENTARY:
        if not reader.scope.has(_word(part)):
            raise NotUnderstoodError(f"the function {part.text.strip()} is not judged", part.at)


def _word(part: Part) -> str:
    """The name that a word is."""
    return key_of(Label(head_of(part)))


def _is_operand(following: Item | None) -> bool:
    """Whether something that has a value of its own follows: what stands before it is applied to it."""
    operands = ("letter", "word", "run", "number", "group", "fraction", "root", "bars", "norm", "function")
    return following is not None and (not isinstance(following, Part) or following.kind in operands)


def _is_differential_name(reader: Reader, part: Part, following: Part) -> bool:
    r"""Whether a d and the letter behind it are one name, as in ``dW = \delta x^T``."""
    plain = part.kind in ("letter", "word") and part.text == "d" and part.bare and not part.accent
    return (
        plain and following.kind == "letter" and not reader.scope.is_name("d") and "d" not in reader.scope.use.applied
    )


def _without_power(reader: Reader, part: Part) -> tuple[Part, Row | None]:
    """A function of the text without the exponent that stands before its bracket: ``g^2(x)`` is ``g(x)^2``."""
    if part.sup is None or len(part.sup) != 1 or part.sup[0].kind != "number":
        return part, None
    bare = replace(part, sup=None)
    label = label_of(bare)
    key = key_of(label) if label is not None else ""
    scope = reader.scope
    known = free(key) in scope.known.functions or key in scope.use.applied or key in scope.use.primed
    return (bare, part.sup) if known and (is_conventional(key) or free(key) in scope.known.functions) else (part, None)


def _is_argument(part: Part, following: Part) -> bool:
    r"""Whether a bracket may be the argument of what stands before it; in ``x (\sin x)'`` x is a factor."""
    factor = part.kind == "letter" and following.primes and not holds_a_name(following)
    return following.kind == "group" and following.text in ("(", "[") and not factor


def called(reader: Reader, part: Part, group: Part) -> Expression | None:
    """The value of a named function at its arguments, or None where the bracket is a factor."""
    label = naming.labelled(reader, part)
    if label is None or (label.power is not None and not _is_inverse(label)):
        return None
    scope = reader.scope
    bare = Label(label.head, label.below, label.above, label.mark, None, 0, label.commas)
    key = key_of(bare)
    if _is_inverse(label):
        message = f"{label.head}^{{-1}} before a bracket is an inverse function: this is not judged"
        raise NotUnderstoodError(message, part.at)
    found = scope.in_graph(bare, part.at)
    if group.sup is not None and is_transpose(group.sup) and free(key) not in scope.known.functions:
        return None
    if found is not None:
        reader.known.add(found)
        return _quantity_at(reader, found, group, label.primes, part)
    slope = slopes.named(reader, label)
    if slope is not None:
        return _slope_at(reader, slope, group)
    name = free(key)
    if name in scope.use.aliases and len(group.inside) == 1 and _bare_name(reader, group.inside[0]) is not None:
        return scope.use.aliases[name]
    if name in scope.known.functions:
        product = any(_stands_bare(bare, row) for row in group.inside) or _may_be_factor(reader, name, key, group)
        return None if product else _of_text(reader, name, group, label.primes)
    if name in scope.known.quantities:
        return _defined_at(reader, name, group, label, part)
    _refuse_symbol(label, group, part.at)
    if not _is_applied(reader, bare, key, group, label.primes):
        return None
    reader.strangers.setdefault(name, part.at)
    arguments = tuple(reader.sum_of(row, group) for row in group.inside)
    orders = (label.primes, *(0 for _ in arguments[1:]))
    if label.primes and len(arguments) > 1:
        raise NotUnderstoodError(f"a prime on {key}, which has several variables", part.at)
    if not naming.running(reader, label):
        return Call(name, arguments, orders)
    return naming.member_function(reader, bare, arguments, orders)


def _stands_bare(label: Label, row: Row) -> bool:
    r"""Whether a function stands without its argument in the bracket behind it: ``g(1 - g)``, ``g(1 - \frac gk)``."""
    for part, after in zip(row, (*row[1:], None), strict=True):
        own = part.kind == "letter" and occurs(label, (replace(part, inside=(), sup=None),))
        if own and (after is None or after.kind != "group"):
            return True
        if any(_stands_bare(label, inner) for inner in (*part.inside, *filter(None, (part.sup,)))):
            return True
    return False


def _may_be_factor(reader: Reader, name: str, key: str, group: Part) -> bool:
    """Whether a function of the text is taken as a factor: a step may write it without its argument everywhere."""
    use = reader.scope.here
    plain = any(map(are_bare, use.applied.get(key, ())))
    bare = key in use.bare | use.differentials | use.primed
    if plain or not bare or len(group.inside) > 1 or len(reader.scope.known.functions[name].parameters) > 1:
        return False
    why = f"{key} before a bracket may be a factor, or be applied to it: write \\cdot for a product"
    return not reader.choose(group.at, 2, why, usual=True)


def _refuse_symbol(label: Label, group: Part, at: int) -> None:
    """Refuse expected values, probabilities and the symbols of Landau."""
    if label.head in _STATISTICS and (group.text == "[" or len(label.head) > 1) and not label.primes:
        raise NotUnderstoodError("expected values and probabilities are not judged: write the sum or the formula", at)
    if label.head in _LANDAU and not label.below:
        message = f"{label.head} before a bracket may be a Landau symbol, which is not judged: write the terms"
        raise NotUnderstoodError(message, at)


def _is_inverse(label: Label) -> bool:
    return label.power is not None and [part.text for part in label.power] == ["−", "1"] and is_conventional(label.head)


def _is_applied(reader: Reader, label: Label, key: str, group: Part, primes: int) -> bool:
    """Whether a letter before a bracket, of which nothing is known, is a function; both readings where that is open."""
    use = reader.scope.use
    if primes or len(group.inside) > 1 or (len(label.head) > 1 and label.head.startswith(r"\mathrm")):
        return True
    if free(key) in reader.scope.arrays or label.head.startswith(r"\mathbf"):
        return False
    if label.above and [[(p.kind, p.text) for p in row] for row in group.inside] == [[("number", "0")]]:
        return True  # nobody multiplies by a zero in brackets
    conventional = is_conventional(label.head)
    why = f"{key} before a bracket may be a function or a factor: write \\cdot for a product"
    if label.mark and are_bare(group.inside):
        return not reader.choose(group.at, 2, why)
    if naming.running(reader, label) or reader.scope.belongs(label):
        return conventional and not reader.scope.belongs(label) and key not in reader.scope.here.bare
    if key in (reader.scope.here if conventional else use).bare and key not in reader.scope.here.primed:
        return conventional and are_bare(group.inside) and not reader.choose(group.at, 2, why)
    if conventional or key in use.primed:
        return True
    alone = all(len(rows) == 1 and [p.kind for p in rows[0]] == ["letter"] for rows in use.applied.get(key, ()))
    if alone and reader.scope.document and label.head not in _RATES and use.applied.get(key):
        return True  # nobody writes a product as V(x)
    way = reader.choose(group.at, 2, why, everywhere=f"call {key}")
    return bool(way) if label.head in _RATES else not way


def _quantity_at(reader: Reader, name: str, group: Part, primes: int, part: Part) -> Expression | None:
    """A quantity of the graph with brackets behind it: what it depends on, a point, or a factor."""
    scope = reader.scope
    upstream = scope.names.upstream(name)
    inside = [_bare_name(reader, row) for row in group.inside]
    own = all(known is not None and known in upstream for known in inside)
    inputs = scope.inputs_of(name)
    sink = scope.names.is_sink(name)
    body: Expression = Ref(name)
    if primes:
        wrt = inside[0] if own and len(inside) == 1 else inputs[0] if len(inputs) == 1 else None
        if wrt is None:
            raise NotUnderstoodError("a prime needs the variable of the function in the brackets behind it", group.at)
        body = Partial(name, wrt) if primes == 1 else Derivative(body, (Ref(wrt),) * primes)
        return body if own else _at(reader, body, (wrt,), group)
    if own:
        if len(inside) == 1 and not sink:
            why = "this may be a product, or a function and its argument: write \\cdot, or leave the bracket away"
            return None if reader.choose(group.at, 2, why) else body
        return body
    if not upstream:
        return None
    if sink and len(group.inside) == len(inputs):
        values = _at(reader, body, inputs, group)
        why = "this may be a product, or the value at a point: write \\cdot for a product"
        sure = len(inputs) > 1 or _is_point(group) or any(occurs(label, group.inside[0]) for label in reader.tending)
        return None if not sure and reader.choose(group.at, 2, why) else values
    if len(group.inside) == 1:
        return None
    shown = scope.latex(name)
    raise NotUnderstoodError(f"{shown} is not computed from what stands in the brackets", group.at)


def _slope_at(reader: Reader, slope: Derivative, group: Part) -> Expression:
    r"""A derivative that is written as a name, at its own variables or at a point: ``f_x(1, 2)``."""
    body, scope = slope.body, reader.scope
    own = body.arguments if isinstance(body, Call) else tuple(map(Ref, scope.inputs_of(getattr(body, "name", ""))))
    values = tuple(reader.sum_of(row, group) for row in group.inside)
    if len(values) != len(own):
        raise NotUnderstoodError(f"{len(own)} values are expected in these brackets, not {len(values)}", group.at)
    return slope if values == own else At(slope, own, values)


def _is_point(group: Part) -> bool:
    """Whether nothing but a number, or a new letter, stands in a bracket."""
    return all(len(row) == 1 and row[0].kind == "number" for row in group.inside)


def _at(reader: Reader, body: Expression, names: tuple[str, ...], group: Part) -> Expression:
    values = tuple(reader.sum_of(row, group) for row in group.inside)
    if len(values) != len(names):
        raise NotUnderstoodError(f"{len(names)} values are expected in these brackets, not {len(values)}", group.at)
    return At(body, tuple(Ref(name) for name in names), values)


def _bare_name(reader: Reader, row: tuple[Part, ...]) -> str | None:
    if len(row) != 1 or row[0].kind not in ("letter", "word", "run") or row[0].primes:
        return None
    label = naming.labelled(reader, row[0])
    if label is None or label.power is not None:
        return None
    found = reader.scope.in_graph(label)
    key = free(key_of(label))
    return found if found is not None else key if key in reader.scope.known.quantities or reader.scope.use else None


def _of_text(reader: Reader, name: str, group: Part, primes: int) -> Expression:
    """A function of the text at its arguments."""
    function = reader.scope.known.functions[name]
    arguments = tuple(reader.sum_of(row, group) for row in group.inside)
    count = len(function.parameters)
    if len(arguments) != count:
        if len(arguments) == 1 and not primes and hasattr(arguments[0], "rank"):
            return Call(name, reader.scope.variables_of(name), (0,) * count, shown=False)
        raise NotUnderstoodError(f"{name[1:]} takes {count} arguments, not {len(arguments)}", group.at)
    if primes and count != 1:
        raise NotUnderstoodError(f"a prime on {name[1:]}, which has several variables", group.at)
    return Call(name, arguments, (primes, *(0 for _ in arguments[1:])))


def _defined_at(reader: Reader, name: str, group: Part, label: Label, part: Part) -> Expression | None:
    """A quantity that the text defines with brackets behind it: what it depends on, or a factor."""
    inside = [_bare_name(reader, row) for row in group.inside]
    whole = reader.scope.use.whole.get(name)
    if whole is not None and len(whole) == len(inside) and not label.primes:
        if tuple(inside) != whole:
            raise NotUnderstoodError(f"{name[1:]} is known of {', '.join(w[1:] for w in whole)} alone", group.at)
        return Ref(name)
    depends = reader.scope.reached(name) - {name}
    own = all(known is not None and known in depends for known in inside)
    if label.primes:
        if own and len(inside) == 1 and inside[0] is not None:
            return Derivative(Ref(name), (Ref(inside[0]),) * label.primes)
        raise NotUnderstoodError("a prime needs the variable of the function in the brackets behind it", group.at)
    if own and len(inside) > 1:
        return Ref(name)
    if own:
        why = "this may be a product, or a function and its argument: write \\cdot, or leave the bracket away"
        return None if reader.choose(group.at, 2, why) else Ref(name)
    if len(group.inside) > 1:
        raise NotUnderstoodError(f"{name[1:]} is not computed from what stands in the brackets", group.at)
    return None
