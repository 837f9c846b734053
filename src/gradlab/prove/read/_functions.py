r"""Functions of the table with their arguments: ``\tanh(x)``, ``\log_2 x``, ``\sigma'(z)``, ``\text{ReLU}(x)``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradlab.graph import Apply, Expression, Ref, as_number, number
from gradlab.prove import _functions as functions
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read import _names as naming
from gradlab.prove.read._arrays import in_bars, is_array
from gradlab.prove.read._label import Label, holds_a_name, label_of, tokens_of
from gradlab.prove.read._nodes import Entrywise, Indexed, Operation
from gradlab.prove.read._part import Part
from gradlab.prove.read._rows import Item, product_of, quotient

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

_ENDS = frozenset(("plus", "minus", "times", "slash", "hadamard", "relation", "comma"))
_OPERANDS = frozenset(
    ("letter", "run", "number", "fraction", "root", "bars")
)  # what a function is applied to without brackets
_ARRAYS = {"tr": "trace", "trace": "trace", "Tr": "trace", "diag": "diag", "Diag": "diag", "det": "det"}


def function_of(reader: Reader, part: Part) -> str | None:
    r"""The name of the function of the table that a part is, if it is one: ``\tanh``, ``\text{ReLU}``, ``\sigma``."""
    text = part.text.strip()
    if part.accent:
        return None
    if part.kind == "letter":
        label = label_of(part)
        plain = text == r"\sigma" and part.sub is None and label is not None and not label.above
        if (
            plain
            and reader.scope.in_graph(Label(text)) is None
            and not reader.scope.has(text)
            and naming.free(text) not in reader.scope.use.unread
            and _sigma_is_function(reader, part)
        ):
            return "sigmoid"
        return None
    if reader.scope.has(naming.key_of(Label(text))) or (part.kind != "function" and _is_graph_word(reader, text)):
        return None
    if text in _ARRAYS:
        return _ARRAYS[text]
    if part.kind == "function" and text in functions.ELSEWHERE:
        return functions.function_name(functions.ELSEWHERE[text])
    if text in functions.vocabulary():
        return functions.function_name(text)
    return functions.function_name(text.lower()) if text.lower() in functions.vocabulary() and len(text) > 2 else None


def _sigma_is_function(reader: Reader, part: Part) -> bool:
    r"""Whether ``\sigma`` is the sigmoid: not in a text that uses it as a number, as in ``\sigma^2``."""
    use = reader.scope.use
    if r"\sigma" in use.squared and (part.sup is not None or r"\sigma" not in use.applied):
        return False
    return (
        r"\sigma" in use.applied or r"\sigma" in use.primed or r"\sigma" not in use.bare or reader.implicit is not None
    )


def _is_graph_word(reader: Reader, text: str) -> bool:
    return reader.scope.in_graph(Label(text)) is not None


def applied(reader: Reader, part: Part, name: str, parts: list[Item], i: int) -> tuple[Expression, int]:
    """A function of the table with its argument, and where the next factor begins."""
    next_ = parts[i] if i < len(parts) else None
    inner_rows = ((next_,), *next_.inside) if isinstance(next_, Part) else ()
    nested = any(inner.kind == "function" for row in inner_rows for inner in row)  # arcsin(sin x) is x in parts alone
    if (
        not nested
        and f"arc{name}" in functions.vocabulary()
        and [inner.text for inner in part.sup or ()] == ["\u2212", "1"]
    ):
        why = f"{part.text} with the exponent -1 is the inverse function, or what is one over it"
        inverse = not reader.choose(part.at, 2, why, usual=True)
        name, part = f"arc{name}" if inverse else name, replace(part, sup=None) if inverse else part
        primes, power, base = part.primes, None if inverse else number(-1), None
    else:
        primes, power, base = _scripts(reader, part, name)
    following = parts[i] if i < len(parts) else None
    behind: Part | None = None
    if reader.implicit is not None and not _takes(reader, part, parts[i : i + 2]):
        arguments: tuple[Expression, ...] = (reader.implicit,)
    elif isinstance(following, Part) and following.kind in ("group", "bars") and following.text != "⟨":
        arguments, behind, i = _arguments(reader, name, following), following, i + 1
    else:
        argument, i, behind = _bare_argument(reader, part, parts, i)
        arguments = (argument,)
    if name in _ARRAYS.values():
        value: Expression = Operation(name, arguments)
    elif (primes or name in functions.COMPOSED) and (_may_be_array(reader, arguments[0]) or reader.scope.arrays):
        shown = rf"\operatorname{{{name}}}" + "'" * primes
        value = Entrywise(shown, functions.derivative(name, Ref("x"), primes), arguments[0])
    else:
        value = functions.derivative(name, arguments[0], primes) if primes else functions.call(name, arguments)
    if part.text == "log":
        base = base or reader.base
    if base is not None:
        value = quotient(value, functions.call("log", (base,)))
    if power is not None:
        value = Apply("pow", (value, power))
    return (value if behind is None else reader.with_scripts(value, replace(behind, kind="group"))), i


def _may_be_array(reader: Reader, value: Expression) -> bool:
    """Whether an expression is a vector or a matrix, or the whole of a layer, which may be one."""
    return is_array(reader, value) or (isinstance(value, Indexed) and bool(value.above) and not value.below)


def softmax(reader: Reader, part: Part, parts: list[Item], i: int) -> tuple[list[Expression], int]:
    r"""One entry of a softmax, ``\operatorname{softmax}_k(v)`` or ``\operatorname{softmax}(v)_k``."""
    group = parts[i + 1] if i + 1 < len(parts) else None
    if not (isinstance(group, Part) and group.kind == "group" and len(group.inside) == 1):
        raise NotUnderstoodError("softmax needs a vector in brackets behind it", part.at)
    index = part.sub or group.sub
    tokens = tokens_of(index)[0] if index is not None else ()
    vector = reader.sum_of(group.inside[0], group)
    if index is None:
        return [reader.with_scripts(Operation("softmax", (vector,)), group)], i + 2
    if len(tokens) != 1:
        raise NotUnderstoodError("a softmax has one index: write \\mathrm{softmax}_k(v)", part.at)
    chosen = Operation("entry", (Operation("softmax", (vector,)), naming.component(reader, tokens[0])))
    return [reader.with_scripts(chosen, replace(group, sub=None))], i + 2


def _takes(reader: Reader, part: Part, parts: list[Item]) -> bool:
    """Whether what follows a function is its argument, where functions are written without arguments."""
    following = parts[0] if parts else None
    if isinstance(following, Part) and following.kind == "function":
        return not stands_bare(reader, tuple(parts))
    if part.kind == "function" and isinstance(following, Part) and following.kind in _OPERANDS:
        return True
    if not isinstance(following, Part) or following.kind != "group" or following.text == "{":
        return False
    return not any(stands_bare(reader, row) for row in following.inside)


def stands_bare(reader: Reader, row: tuple[Item, ...]) -> bool:
    """Whether a function of the table stands somewhere in a row without its argument."""
    for part, after in zip(row, (*row[1:], None), strict=False):
        if not isinstance(part, Part) or part.kind == "number":
            continue
        if names_function(reader, part) and (after is None or not isinstance(after, Part) or after.kind in _ENDS):
            return True
        inside = () if part.kind == "run" else part.inside
        if any(stands_bare(reader, inner) for inner in (*inside, *filter(None, (part.sup,)))):
            return True
    return False


def names_function(reader: Reader, part: Part) -> bool:
    """Whether a part is a function of the table by name, or the sigma of a logistic function."""
    kinds = ("function", "word", "text") if part.text != r"\sigma" else ("letter",)
    return part.kind in kinds and function_of(reader, part) is not None


def _scripts(reader: Reader, part: Part, name: str) -> tuple[int, Expression | None, Expression | None]:
    """The primes, the power and the base that stand between a function and its argument."""
    power, base = None, None
    if part.sup is not None:
        power = reader.exponent(part.sup)
        number = as_number(power)
        if number is None or number < 0:
            message = "with this exponent may be an inverse function: put the exponent behind the argument"
            raise NotUnderstoodError(f"{part.text} {message}", part.sup[0].at)
    if part.sub is not None:
        if name != "log":
            raise NotUnderstoodError(f"this index on {part.text} is not understood", part.sub[0].at)
        base = reader.sum(part.sub)
    if part.primes > 3 or (part.primes and name in functions.OF_SEVERAL):
        raise NotUnderstoodError(f"these primes on {part.text} are not understood", part.at)
    return part.primes, power, base


def _arguments(reader: Reader, name: str, group: Part) -> tuple[Expression, ...]:
    values = tuple(reader.sum_of(row, group) for row in group.inside)
    if group.kind == "bars":
        values = (in_bars(reader, values[0], group),)
    if name in functions.OF_SEVERAL:
        if len(values) < 2:
            raise NotUnderstoodError(f"{name} takes two or more arguments", group.at)
    elif len(values) != 1:
        raise NotUnderstoodError(f"{name} takes one argument, not {len(values)}", group.at)
    return values


def _bare_argument(reader: Reader, part: Part, parts: list[Item], i: int) -> tuple[Expression, int, Part | None]:
    """The argument of a function that has no brackets, where it ends, and what carries an exponent of the function."""
    first = parts[i] if i < len(parts) else None
    if isinstance(first, Part) and function_of(reader, first) is not None:
        values, end = reader.factor(parts, i)
        return product_of(values), end, None
    end = i
    while end < len(parts) and not _ends_argument(reader, parts[end]):
        end += 1
    if end == i:
        shown = part.text if part.text.startswith("\\") else f"\\{part.text}"
        raise NotUnderstoodError(f"{shown} has no argument: write {shown}(x)", part.at)
    numbers = all(item.kind == "number" for item in parts[i : end - 1]) or _is_call(reader, parts[i:end])
    if end - i > 1 and not numbers:
        why = f"it is not clear where the argument of {part.text} ends: put it in brackets"
        if reader.choose(part.at, 2, why) == 0:
            end = i + 1
    inside = parts[i:end]
    last = inside[-1]
    if isinstance(last, Part) and last.sup is not None and last.kind != "group" and _is_power(reader, last):
        why = f"the exponent may belong to {part.text} or to its argument: put the argument in brackets"
        if reader.choose(last.at + len(last.text), 2, why, usual=True):
            bare = replace(last, sup=None)
            return product_of(reader.juxtaposed([*inside[:-1], bare])), end, replace(last, sub=None, primes=0)
    return product_of(reader.juxtaposed(inside)), end, None


def _is_call(reader: Reader, parts: list[Item]) -> bool:
    r"""Whether the parts are a function of the text and its bracket: ``\log L(\theta)``."""
    if len(parts) != 2 or parts[0].kind not in ("letter", "word") or parts[1].kind != "group":
        return False
    values, end = reader.factor(parts, 0)
    return end == len(parts) and len(values) == 1


def _is_power(reader: Reader, part: Part) -> bool:
    label = naming.labelled(reader, part)
    return label is None or label.power is not None


def _ends_argument(reader: Reader, part: Item) -> bool:
    if not isinstance(part, Part):
        return part.kind == "derivative"
    if part.accent and part.accent[-1] in ("dot", "ddot"):
        return True  # the rate of what stands before it
    if part.kind == "group" and part.primes and not holds_a_name(part):
        return True  # in the product rule
    return part.kind in ("times", "slash", "partial", "sum", "hadamard", "circ", "outer") or (
        part.kind in ("letter", "word", "text", "function") and function_of(reader, part) is not None
    )
