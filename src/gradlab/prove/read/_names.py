r"""Names as expressions: a quantity of the graph, an entry of a family, a vector, a constant, or a free variable."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradlab.graph import ONE, Apply, Const, Expression, Ref, number
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read import _slopes as slopes
from gradlab.prove.read._label import Label, Token, is_layer, is_square, key_of, label_of
from gradlab.prove.read._nodes import MEMBER, Call, Cases, Condition, Derivative, Index, Indexed, Operation, Tensor
from gradlab.prove.read._part import Part
from gradlab.prove.read._scope import Row, free, is_conventional
from gradlab.prove.read._slopes import slope_of

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

_EXPECTED = frozenset((r"\mathbb{E}", r"\mathbb{P}", r"\mathbb{V}"))
_NODES = frozenset("oh")  # letters that name nodes, with a number behind them
_RUNNING = frozenset("ijklmn") | {r"\ell"}
_LAYERED = frozenset("aAzZwWbBhHxyoOnN") | {r"\delta", r"\Delta", r"\theta", r"\Theta", r"\epsilon"}


def value_of(reader: Reader, part: Part) -> Expression:
    """A name with its exponent."""
    label = labelled(reader, part)
    if label is None:
        raise NotUnderstoodError(reader.reason(part), part.at)
    if label.head in _EXPECTED and not reader.scope.has(label.head):
        raise NotUnderstoodError(
            "expected values and probabilities are not judged: write the sum or the formula", part.at
        )
    if _may_be_inverse(reader, label):
        message = f"{label.head}^{{-1}} is an inverse function or a power: this is not judged"
        raise NotUnderstoodError(message, part.at)
    value = meaning(reader, label, part)
    return value if label.power is None else reader.raised(value, label.power, part)


def _may_be_inverse(reader: Reader, label: Label) -> bool:
    r"""Whether a name is ``f^{-1}`` of a letter that is applied to something elsewhere, or stands for a function."""
    if label.power is None or [part.text for part in label.power] != ["−", "1"] or not is_conventional(label.head):
        return False
    key = key_of(Label(label.head, label.below, label.above, label.mark))
    scope = reader.scope
    return key in scope.use.applied or free(key) in scope.known.functions or reader.implicit is not None


def labelled(reader: Reader, part: Part) -> Label | None:
    """The name that a part is; a letter above it is an index or an exponent."""
    label = label_of(part)
    if label is None or label.power is None:
        return label
    if is_square(label) and key_of(label) in reader.scope.use.squared:
        return replace(label, mark="2", power=None)
    if is_layer(label.power) and not any(reader.scope.is_name(p.text) for p in label.power if p.kind == "letter"):
        bare = label.head.split("{")[-1].rstrip("}")
        if label.below or bare in _LAYERED:
            why = "this may be an exponent or the number of a layer: write a^{(l)} for a layer"
            layers = reader.scope.numbers_layers
            if layers or not reader.choose(-2, 2, why, usual=True, kind="layer"):
                formula = Token("".join(p.text for p in label.power), len(label.power) == 1, label.power)
                return Label(label.head, label.below, (formula,), label.mark, None, label.primes, label.commas)
    return label


def meaning(reader: Reader, label: Label, part: Part) -> Expression:
    """What a name means, without its exponent."""
    at = part.at
    if label.primes and not label.below:
        implicit = bare_prime(reader, label, part)
        if implicit is not None:
            return implicit
    found = reader.scope.in_graph(label, at)
    if found is not None:
        reader.known.add(found)
        return Ref(found)
    slope = slopes.named(reader, label)
    if slope is not None:
        return slope
    if reader.implicit is not None and not label.primes and key_of(label) in reader.scope.use.primed:
        return Call(free(key_of(label)), (reader.implicit,), (0,), shown=False)
    bare = Label(label.head, label.below, label.above, label.mark, None, 0, label.commas)
    key = key_of(bare) + "'" * label.primes
    if label.primes and key_of(bare) in reader.scope.use.applied:
        raise NotUnderstoodError("a prime needs a function and its argument in brackets", at)
    plain = not (label.below or label.above or label.mark or label.primes)
    constant = _constant(reader, label.head, key, part) if plain else None
    if constant is not None:
        return constant
    return _of_text(reader, label, key, part)


def _of_text(reader: Reader, label: Label, key: str, part: Part) -> Expression:
    """What a name of the text means: an entry of a family, a function without its brackets, or a name as it is."""
    scope = reader.scope
    if label.head == r"\delta" and len(label.below) == 2 and not label.primes and not scope.has(key):
        delta = _kronecker(label) if free(label.head) not in scope.known.families else None
        if delta is not None:
            return delta
    indexed = _indexed(reader, label, part)
    if indexed is not None:
        return indexed
    name = free(key)
    if name in scope.use.aliases:
        return scope.use.aliases[name]
    if key in scope.use.squared:
        return Apply("sqrt", (Ref(f"{name}^2"),))
    applied = scope.applied.get(key)
    if applied is not None and not label.primes and name not in scope.known.functions:
        return Call(name, tuple(map(reader.sum, applied)), (0,) * len(applied), shown=False)
    if name in scope.known.functions:
        own = scope.variables_of(name)
        return Call(name, own, (0,) * len(own), shown=False)
    return stranger(reader, label, key, part.at)


def stranger(reader: Reader, label: Label, key: str, at: int) -> Expression:
    """A name that the graph does not have."""
    if label.below and not label.primes and not label.mark and all(token.text.isdigit() for token in label.below):
        head = in_bold(reader, label)
        if head != label.head:
            return Indexed(free(head), tuple(component(reader, token) for token in label.below))
    name = free(key)
    reader.strangers.setdefault(name, at)
    rank = reader.scope.arrays.get(name)
    if label.head.startswith(r"\mathbf") or rank is not None:
        if label.head in (r"\mathbf{1}", r"\mathbf{0}", r"\mathbf{I}") and not reader.scope.has(key):
            return Operation({"1": "ones", "0": "zeros", "I": "identity"}[label.head[8]])
        return Tensor(name, rank or 0)
    return Ref(name)


def _constant(reader: Reader, head: str, key: str, part: Part) -> Expression | None:
    if head in reader.bound:
        return Index(head)
    if reader.scope.has(key):
        return None
    if head == "e" and "e" not in reader.scope.use.differentials:
        return Apply("exp", (ONE,))
    if head == r"\pi":
        return Apply("pi", ())
    if head in (r"\mathbb{1}", r"\mathbb{R}", r"\mathbb{E}", r"\mathbb{P}", r"\mathbb{I}", r"\mathbb{V}"):
        raise NotUnderstoodError(f"{head} is not understood here: indicators are written \\mathbb{{1}}[i = j]", part.at)
    return None


def _indexed(reader: Reader, label: Label, part: Part) -> Expression | None:
    """An entry of a family, if a letter of an index is one that runs."""
    if not running(reader, label) or label.primes:
        return None
    argument = _argument_of(reader, label)
    if argument is not None and free(label.head) not in reader.scope.known.families:
        return member_function(reader, label, (reader.sum(argument),), (0,), shown=False)
    below = tuple(component(reader, token) for token in label.below)
    above = tuple(component(reader, token) for token in label.above)
    name = free(key_of(Label(in_bold(reader, label), (), (), label.mark, None, 0, False)))
    reader.strangers.setdefault(name, part.at)
    return Indexed(name, below, above)


def member_function(
    reader: Reader, label: Label, arguments: tuple[Expression, ...], orders: tuple[int, ...], shown: bool = True
) -> Call:
    r"""One of many functions of which nothing is known: ``\ell_i(w)`` is a function of its number and of w."""
    numbers = tuple(component(reader, token) for token in (*label.below, *label.above))
    name = free(key_of(Label(label.head, (), (), label.mark)) + MEMBER)
    return Call(name, (*numbers, *arguments), (*(0 for _ in numbers), *orders), shown)


def _argument_of(reader: Reader, label: Label) -> Row | None:
    r"""The one argument that functions with an index have wherever a text writes it: the w of ``\ell_i(w)``."""
    scope, start = reader.scope, f"{label.head}{'_' if label.below else '^'}"
    rows = [
        row for key, own in scope.use.applied.items() if key.startswith(start) for inside in own for row in inside[:1]
    ]
    same = {tuple((part.text, part.style) for part in row) for row in rows}
    return rows[0] if len(same) == 1 and is_conventional(label.head) and len(rows[0]) == 1 else None


def in_bold(reader: Reader, label: Label) -> str:
    r"""The head of an entry; of ``\mathbf{x}``, if the text has that and ``x`` with indices alone."""
    use = reader.scope.use
    letters = "".join(token.text for token in label.below)
    if use.layers and not label.above and letters and set(letters) <= use.layers:
        return f"{label.head}[{letters}]"
    entry = label.head in use.bold and label.head not in use.bare and not label.above
    return rf"\mathbf{{{label.head}}}" if entry and len(label.below) in (1, 2) else label.head


def running(reader: Reader, label: Label) -> list[Token]:
    """The indices of a name that stand for numbers; none in the name of a node of a network, ``o1``."""
    first, *others = label.below or (Token(""),)
    digits = "".join(token.text for token in others)
    if first.text in _NODES and digits.isdigit() and first.text not in reader.bound and not label.commas:
        return []
    return [token for token in (*label.below, *label.above) if is_running(reader, token)]


def is_running(reader: Reader, token: Token) -> bool:
    """Whether a token of an index is a letter that stands for numbers, or a formula with one."""
    if token.formula:
        letters = [part.text for part in token.formula if part.kind == "letter" and part.bare]
        return any(is_index(reader, letter) or _is_last(reader, letter) for letter in letters)
    return token.letter and (is_index(reader, token.text) or _is_last(reader, token.text))


def _is_last(reader: Reader, letter: str) -> bool:
    """Whether a letter is the number of the last layer, in a text that numbers layers by the small one."""
    return letter == "L" and bool({"l", r"\ell"} & reader.scope.use.indexing) and not reader.scope.has("L")


def is_index(reader: Reader, letter: str) -> bool:
    """Whether a letter in an index stands for numbers."""
    if letter in reader.bound or letter in reader.scope.use.bound:
        return True
    return letter in _RUNNING and letter in reader.scope.use.indexing


def component(reader: Reader, token: Token) -> Expression:
    """One token of an index as an expression."""
    if token.formula:
        return index_formula(reader, token.formula)
    if token.letter and is_index(reader, token.text):
        return Index(token.text)
    if token.text.isdigit():
        return number(int(token.text))
    return Ref(free(token.text))


def index_formula(reader: Reader, row: tuple[Part, ...]) -> Expression:
    """A formula of index letters and numbers, such as ``l - 1``."""
    total: list[Expression] = []
    sign = 1
    for part in row:
        if part.kind in ("plus", "minus"):
            sign = -1 if part.kind == "minus" else 1
            continue
        if part.kind == "letter" and part.bare:
            value: Expression = Ref(free(part.text)) if part.text.isupper() else Index(part.text)
        elif part.kind == "number" and part.bare:
            value = Const(reader.number(part).value)  # type: ignore[attr-defined]
        else:
            raise NotUnderstoodError("this index is not understood: write a letter, a number, or l - 1", part.at)
        total.append(Apply("neg", (value,)) if sign < 0 else value)
        sign = 1
    return total[0] if len(total) == 1 else Apply("add", tuple(total))


def _kronecker(label: Label) -> Expression | None:
    first, second = label.below
    if not all(token.letter or token.text.isdigit() for token in (first, second)):
        return None
    a, b = (Index(t.text) if t.letter else number(int(t.text)) for t in (first, second))
    return Cases((ONE, number(0)), ((Condition(a, "=", b),), ()))


def bare_prime(reader: Reader, label: Label, part: Part) -> Expression | None:
    """A name with primes and without an argument: the derivative of a function by its only variable, or None."""
    scope = reader.scope
    bare = Label(label.head, label.below, label.above, label.mark, None, 0, label.commas)
    found = scope.in_graph(bare, part.at)
    if found is not None:
        inputs = scope.inputs_of(found)
        if scope.computed(found) is None:
            return None
        if len(inputs) != 1:
            raise NotUnderstoodError("a prime needs the variable of the function in the brackets behind it", part.at)
        reader.known.add(found)
        return Derivative(Ref(found), (Ref(inputs[0]),) * label.primes)
    name = free(key_of(bare))
    function = scope.known.functions.get(name)
    if function is not None:
        if len(function.parameters) != 1:
            raise NotUnderstoodError(f"a prime on {name[1:]}, which has several variables", part.at)
        return Call(name, scope.variables_of(name), (label.primes,), shown=False)
    if reader.implicit is not None and key_of(bare) in scope.use.primed:
        return Call(name, (reader.implicit,), (label.primes,), shown=False)
    primed = replace(bare, primes=label.primes)
    return None if scope.has(key_of(bare) + "'" * label.primes) else slope_of(primed, scope)
