r"""Values at a point, and primes: ``|_{x=3}``, ``\frac{df}{dx}(3)``, ``(fg)'``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradlab.graph import Apply, Expression, Partial, Ref, neg
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read import _names as naming
from gradlab.prove.read._label import key_of, label_of, tokens_of
from gradlab.prove.read._nodes import At, Call, Derivative, Index, Indexed, Operation, Tensor
from gradlab.prove.read._part import Part
from gradlab.prove.read._pieces import pieces_of
from gradlab.prove.read._rows import Item, Ready
from gradlab.prove.read._scope import free

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

Row = tuple[Part, ...]


def evaluated(reader: Reader, value: Expression, sub: Row, at: int) -> Expression:
    r"""A value at a point: ``|_{x=3}``."""
    where: list[Expression] = []
    values: list[Expression] = []
    rows = sub[0].inside if len(sub) == 1 and sub[0].kind in ("table", "error") else (sub,)  # one over the other
    for piece in (piece for row in rows for piece in pieces_of(row)):
        if len(piece.relations) != 1 or piece.relations[0].text not in ("=", ":="):
            raise NotUnderstoodError("write behind the bar where it is evaluated, as in |_{x=3}", at)
        name = reader.sum(piece.sides[0])
        if not isinstance(name, Ref | Indexed | Tensor | Index):
            raise NotUnderstoodError("write behind the bar a name and its value, as in |_{x=3}", at)
        where.append(name)
        values.append(reader.sum(piece.sides[1]))
    if not where:
        raise NotUnderstoodError("write behind the bar where it is evaluated, as in |_{x=3}", at)
    return At(value, tuple(where), tuple(values))


def between(reader: Reader, value: Expression, sub: Row, sup: Row, at: int) -> Expression:
    r"""The difference between two values: ``[x^2]_0^1``."""
    names = value.names
    if len(names) != 1 or isinstance(value, Ref):
        raise NotUnderstoodError("by which variable this goes from below to above is not clear: write F(b) - F(a)", at)
    where = (Ref(next(iter(names))),)
    upper, lower = (At(value, where, (reader.sum(row),)) for row in (sup, sub))
    return Apply("add", (upper, neg(lower)))


def primed(reader: Reader, value: Expression, part: Part) -> Expression:
    """A bracket with a prime: the derivative of what is in it by the variable that is not written."""
    inside = part.inside[0] if len(part.inside) == 1 else ()
    label = label_of(inside[0]) if len(inside) == 1 else None
    if label is not None and label.power is not None and label.power[0].kind == "minus":
        message = f"{label.head}^{{-1}} with a prime may be an inverse function: this is not judged"
        raise NotUnderstoodError(message, part.at)
    message = "it is not clear by what this bracket is differentiated: write \\frac{d}{dx} before it, not a prime"
    by = reader.by_first or reader.implicit
    if by is None or (by is reader.by_first and reader.choose(part.at, 2, message, usual=True, kind="prime")):
        raise NotUnderstoodError(message, part.at)
    return Derivative(value, (by,) * part.primes, "total")


def entry(reader: Reader, value: Expression, below: Row) -> Expression:
    r"""One entry of what stands in brackets: ``(\mathbf A \mathbf B)_{ij}``."""
    tokens = tokens_of(below)[0]
    known = all(token.text.isdigit() or naming.is_running(reader, token) for token in tokens)
    if not known or len(tokens) not in (1, 2):
        raise NotUnderstoodError("this index behind a bracket is not understood: write the entry itself", below[0].at)
    return Operation("entry", (value, *(naming.component(reader, token) for token in tokens)))


def at_arguments(reader: Reader, part: Ready, parts: list[Item], i: int) -> tuple[Expression, int]:
    """A derivative with brackets behind it: its variables, a point, or a factor; and where the next factor begins."""
    value = part.value
    assert value is not None
    following = parts[i] if i < len(parts) else None
    if not (isinstance(following, Part) and following.kind == "group" and following.text == "("):
        return value, i
    of, wrt = _of(value)
    if of is None:
        return value, i
    names = [name_in(reader, row) for row in following.inside]
    scope = reader.scope
    depends = scope.names.upstream(of) | set(scope.inputs_of(of)) if of in scope.names.graph else set[str]()
    function = scope.known.functions.get(of)
    if function is not None and tuple(names) == function.parameters:
        return reader.with_scripts(value, following), i + 1
    if all(name is not None and (name in depends or name == wrt) for name in names):
        if len(names) > 1 or scope.names.is_sink(of) or name_is(names, wrt):
            return reader.with_scripts(value, following), i + 1
        return value, i
    point = all(all(p.kind in ("number", "minus") for p in row) for row in following.inside)
    given = scope.inputs_of(of) if of in scope.names.graph else (wrt,) if wrt else ()
    if function is not None and len(names) > 1:
        given = function.parameters
    alone = len(names) == len(given) == 1 and not point
    applied = alone and isinstance(value, Derivative) and isinstance(value.body, Call)
    if applied or (alone and names[0] is not None):
        why = "this may be a product, or the slope at a point: write \\cdot for a product"
        if reader.choose(following.at, 2, why, usual=True) == applied:
            return value, i
        applied = True
    if (point or applied or len(names) > 1) and len(given) == len(names):
        at = At(value, tuple(Ref(n) for n in given), tuple(reader.sum_of(row, following) for row in following.inside))
        return reader.with_scripts(at, following), i + 1
    if len(names) > 1:
        raise NotUnderstoodError(f"nothing says of which {len(names)} variables this is a function", following.at)
    return value, i


def name_is(names: list[str | None], wrt: str | None) -> bool:
    """Whether a bracket holds nothing but the variable one differentiates by."""
    return names == [wrt]


def _of(value: Expression) -> tuple[str | None, str | None]:
    """What is differentiated by what, where both are names."""
    if isinstance(value, Partial):
        return value.of, value.wrt
    if isinstance(value, Derivative) and isinstance(value.wrt[0], Ref):
        if isinstance(value.body, Ref):
            return value.body.name, value.wrt[0].name
        if isinstance(value.body, Call) and not value.body.shown:
            return value.body.function, value.wrt[0].name
    return None, None


def name_in(reader: Reader, row: Row) -> str | None:
    """The internal name that a row is, if it is one."""
    if len(row) != 1 or row[0].kind not in ("letter", "word", "run"):
        return None
    label = label_of(row[0])
    if label is None or label.power is not None or label.primes:
        return None
    found = reader.scope.in_graph(label)
    return free(key_of(label)) if found is None else found
