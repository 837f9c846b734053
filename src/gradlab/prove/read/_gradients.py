r"""Gradients, and by what is differentiated: ``\nabla f``, ``\nabla_w L``, ``\nabla^2_{\mathbf x}``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradlab.graph import Expression, Partial, Ref
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read._arrays import is_transpose
from gradlab.prove.read._label import Label, key_of, label_of
from gradlab.prove.read._names import component
from gradlab.prove.read._nodes import Array, At, Call, Derivative, Indexed, Tensor, Unsaid
from gradlab.prove.read._part import Part
from gradlab.prove.read._points import name_in
from gradlab.prove.read._rows import Item, Ready
from gradlab.prove.read._scope import free, is_conventional

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

_BY_WHAT = "write below \\nabla by what this is differentiated, as in \\nabla_x"
_BY_WHAT_TWICE = "write below \\nabla^2 what one differentiates by, as in \\nabla^2_{\\mathbf x}"
_NAMED = frozenset(("letter", "word", "run", "text"))


def variable(reader: Reader, part: Part) -> Expression:
    """The name by which is differentiated."""
    if part.kind == "group" and len(part.inside) == 1 and len(part.inside[0]) == 1:
        return variable(reader, part.inside[0][0])
    if part.kind in ("letter", "word", "run", "text"):
        if part.kind == "run":
            part = replace(part, kind="word", inside=())
        value = reader.name(part)
        transposed = getattr(value, "kind", "") == "transpose"
        if isinstance(value, Ref | Indexed | Tensor) or transposed:
            return value
        if isinstance(value, Call) and not value.shown:
            return Ref(value.function)
    message = "one differentiates by one name: write that alone below, as in \\frac{\\partial L}{\\partial w_1}"
    raise NotUnderstoodError(message, part.at)


def differentiated(reader: Reader, body: Expression, wrt: tuple[Expression, ...], style: str, at: int) -> Expression:
    """The derivative of what was read."""
    graph = reader.scope.names.graph
    if isinstance(body, Ref) and body.name in graph and len(wrt) == 1 and style != "gradient":
        by = wrt[0]
        if isinstance(by, Ref) and by.name in graph:
            return Partial(body.name, by.name)
    if isinstance(body, Array) and len(wrt) == 1 and not isinstance(wrt[0], Tensor):
        return Array(tuple(tuple(differentiated(reader, part, wrt, style, at) for part in row) for row in body.rows))
    return Derivative(body, wrt, style)


def _is_whole(items: tuple[Item, ...], i: int) -> bool:
    """Whether a gradient is of one name alone, perhaps with its brackets; a sign may follow, no other factor."""
    symbol = items[i] if i < len(items) else None
    if not isinstance(symbol, Part) or symbol.kind not in _NAMED or symbol.sup is not None:
        return False
    group = items[i + 1] if i + 1 < len(items) else None
    if _is_turned(group) and not _is_own(symbol, group, items[i - 1]):
        return True
    end = i + 2 if isinstance(group, Part) and group.kind == "group" else i + 1
    return end >= len(items) or items[end].kind in ("times", "slash", "hadamard", "derivative", "nabla", "gap")


def _is_turned(item: Item | None) -> bool:
    """Whether a bracket is transposed, so that it is a factor, not what a function is applied to."""
    return isinstance(item, Part) and item.kind == "group" and item.sup is not None and is_transpose(item.sup)


def _is_own(symbol: Item | None, group: Item | None, nabla: Item) -> bool:
    r"""Whether a bracket that is transposed is what a function is applied to, its gradient being turned.

    So it is in ``\nabla f(x)^T`` and ``\nabla_x f(x)^T``; in ``\nabla_z L (x)^T`` it is a factor.
    """
    if not (isinstance(symbol, Part) and isinstance(group, Part) and isinstance(nabla, Part) and _is_turned(group)):
        return False
    label = label_of(symbol)
    inside = [part for row in group.inside for part in row]
    if label is None or len(inside) != 1:
        return False
    if nabla.sub is None:
        return is_conventional(label.head)
    below, own = ([label_of(part) for part in row] for row in (nabla.sub, inside))
    return None not in own and [key_of(a) for a in below if a] == [key_of(b) for b in own if b]


def gradient(reader: Reader, items: tuple[Item, ...], i: int) -> tuple[Ready, int]:
    r"""``\nabla f``, ``\nabla_w L``: the vector of the partial derivatives of a function; and where it ends."""
    nabla = items[i]
    assert isinstance(nabla, Part)
    at = nabla.at
    order = 1 if nabla.sup is None else 2
    symbol = items[i + 1] if i + 1 < len(items) else None
    wrt = _below(reader, nabla, symbol)
    if nabla.sup is not None and [part.text for part in nabla.sup] != ["2"]:
        raise NotUnderstoodError(_BY_WHAT_TWICE, at)
    if nabla.sub is not None and not _is_whole(items, i + 1):
        if len(wrt) != 1:
            raise NotUnderstoodError("a gradient of a formula is taken by one name", at)
        return Ready(None, at, nabla.end, wrt * order, "gradient"), i + 1
    if isinstance(symbol, Part) and symbol.kind == "group" and (only := _only_vector(reader, symbol)) is not None:
        return Ready(None, at, nabla.end, (only,), "gradient"), i + 1
    if not isinstance(symbol, Part) or symbol.kind not in ("letter", "word", "run", "text", "group"):
        raise NotUnderstoodError("\\nabla needs the name of a function behind it", at)
    group = items[i + 2] if i + 2 < len(items) else None
    called = isinstance(group, Part) and group.kind == "group" and group.text in ("(", "[") and symbol.kind != "group"
    called = called and (not _is_turned(group) or _is_own(symbol, group, nabla))
    end = i + 3 if called else i + 2
    last = group if called and group is not None else symbol
    brackets = group if called and isinstance(group, Part) else None
    by_names = (reader, symbol, brackets, wrt, order, at)
    value = _by_names(*by_names) if wrt else _by_own(reader, symbol, brackets, order, at)
    return Ready(value, at, last.end, (), "gradient", derivative=not isinstance(value, Unsaid)), end


def _by_names(
    reader: Reader, symbol: Part, group: Part | None, wrt: tuple[Expression, ...], order: int, at: int
) -> Expression:
    r"""A gradient by what stands below it: ``\nabla_w L``."""
    turned = group if _is_turned(group) else None
    row = (symbol,) if group is None else (symbol, group if turned is None else replace(group, sup=None))
    body = reader.product(row)
    if order == 2 and len(wrt) > 1:
        raise NotUnderstoodError(_BY_WHAT_TWICE, at)
    rows = tuple((differentiated(reader, body, (by,) * order, "gradient", at),) for by in wrt)
    value = rows[0][0] if len(rows) == 1 else Array(rows)
    return value if turned is None else reader.with_scripts(value, turned)


def _by_own(reader: Reader, symbol: Part, group: Part | None, order: int, at: int) -> Expression:
    r"""A gradient of which is not written by what it is: ``\nabla f``, ``\nabla (fg)``."""
    label = label_of(symbol)
    if label is None:
        if not symbol.bare:
            raise NotUnderstoodError(_BY_WHAT, at)
        return Unsaid("", (reader.product((symbol,)),), order, _BY_WHAT)
    key = free(key_of(label))
    name = reader.scope.in_graph(label)
    function = reader.scope.known.functions.get(key)
    if function is not None:
        own = reader.scope.variables_of(key)
        body: Expression = Call(key, own, (0,) * len(own), shown=False)
        given = function.parameters
    elif name is not None and reader.scope.computed(name) is not None:
        reader.known.add(name)
        body, given = Ref(name), reader.scope.inputs_of(name)
    elif (given := _coordinates(reader, key)) and group is None:
        body = Ref(key)
    else:
        return _unsaid(reader, label, group, order)
    if order == 2:
        raise NotUnderstoodError(_BY_WHAT_TWICE, at)
    value = _by_all(reader, body, given, at)
    return value if group is None else reader.with_scripts(_gradient_at(reader, value, given, group), group)


def _coordinates(reader: Reader, name: str) -> tuple[str, ...]:
    """The coordinates that a quantity of the text is computed from: x and y, or x, y and z; empty for any other."""
    scope = reader.scope
    if name not in scope.known.quantities:
        return ()
    given = tuple(sorted(inner for inner in scope.reached(name) if scope.computed(inner) is None))
    return given if given in ((free("x"), free("y")), (free("x"), free("y"), free("z"))) else ()


def _unsaid(reader: Reader, label: Label, group: Part | None, order: int) -> Expression:
    """The gradient of a function that nothing computes."""
    inside = [component(reader, token) for token in (*label.below, *label.above)]
    said = free(key_of(label)) in reader.scope.known.quantities
    reason = _BY_WHAT if said else f"nothing says how {label.head} is computed, so it has no gradient"
    head = free(key_of(replace(label, below=(), above=(), power=None)) + "'" * label.primes)
    if group is None:
        value: Expression = Unsaid(head, tuple(inside), order, reason)
        return value if label.power is None else reader.raised(value, label.power, Part("letter", 0, 0))
    if label.power is not None:
        raise NotUnderstoodError(reason, group.at)
    inside += [reader.sum_of(row, group) for row in group.inside]
    return reader.with_scripts(Unsaid(head, tuple(inside), order, reason), group)


def _below(reader: Reader, nabla: Part, symbol: Item | None) -> tuple[Expression, ...]:
    r"""What stands below a gradient; of ``\nabla^2 g(\mathbf w)`` the only variable of the function; else nothing."""
    if nabla.sub is not None:
        return tuple(variable(reader, part) for part in nabla.sub if part.kind != "comma")
    label = label_of(symbol) if nabla.sup is not None and isinstance(symbol, Part) and symbol.kind in _NAMED else None
    name = free(key_of(label)) if label is not None else ""
    own = reader.scope.variables_of(name) if name in reader.scope.known.functions else ()
    return own if len(own) == 1 else ()


def _by_all(reader: Reader, body: Expression, given: tuple[str, ...], at: int) -> Expression:
    """The gradient of something by all its variables, or by the only one, which may be a vector."""
    by = tuple(map(reader.scope.variable, given))
    style = "gradient" if any(isinstance(name, Tensor) for name in by) else "partial"
    if style == "gradient" and len(by) > 1:
        raise NotUnderstoodError(_BY_WHAT, at)
    entries = tuple((differentiated(reader, body, (name,), style, at),) for name in by)
    return entries[0][0] if len(entries) == 1 else Array(entries)


def _only_vector(reader: Reader, group: Part) -> Expression | None:
    r"""The only vector in a bracket, by which ``\nabla (w^\top w)`` differentiates; None if there is no such one."""
    found: dict[str, Expression] = {}
    waiting = list(group.inside)
    while waiting:
        for part in waiting.pop():
            waiting += part.inside
            label = label_of(part) if part.kind == "letter" else None
            key = free(key_of(replace(label, power=None))) if label is not None else ""
            vector = key in reader.scope.arrays or part.style == "bold"
            if label is not None and vector and part.text.islower() and reader.scope.computed(key) is None:
                found[key] = variable(reader, replace(part, sup=None))
    return next(iter(found.values())) if len(found) == 1 else None


def _gradient_at(reader: Reader, value: Expression, given: tuple[str, ...], group: Part) -> Expression:
    """A gradient at the point in the brackets; the function's own variables stand for themselves."""
    names = [name_in(reader, row) for row in group.inside]
    if names == list(given) or (len(names) == 1 and len(given) > 1):
        return value
    if len(group.inside) != len(given):
        raise NotUnderstoodError(f"{len(given)} values are expected in these brackets", group.at)
    values = tuple(reader.sum_of(row, group) for row in group.inside)
    return At(value, tuple(map(reader.scope.variable, given)), values)
