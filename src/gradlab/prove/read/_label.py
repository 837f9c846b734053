r"""Names as they are written: a letter or word with what stands over, below and above it.

``w^{(2)}_{ij}``: the head ``w``, the layer ``2``, the index ``ij``. What is a name and what is an exponent is told by
form where form tells it (a bracket, a star, a word above a letter); the rest is left over as `Label.power`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from gradlab.prove import _functions as functions
from gradlab.prove.read._arrays import is_transpose
from gradlab.prove.read._part import Part

Row = tuple[Part, ...]

INDEX_LETTERS = frozenset("ijklmnpqrs")
WORDS_ABOVE = frozenset(
    "in out new old next prev pred true train test max min opt ref rec hidden total left right init final".split()
)
_QUANTITIES = """
net input output error err loss cost grad score logit logits act sum mean avg var std target total bias weight data reg
mse mae rmse bce nll lr acc label batch rate step size dim epoch sq sqrt rest const cross entropy ent
"""
NAME_WORDS = WORDS_ABOVE | frozenset(_QUANTITIES.split())
SHORTEST_WORD = 4
_STYLES = {"bold": r"\mathbf", "double-struck": r"\mathbb"}
_LETTERS_AND_WORD = re.compile(r"([ijkl]{1,2})(in|out)")
_NAMED = frozenset(("letter", "word", "run", "text"))


@dataclass(frozen=True, slots=True)
class Token:
    """One thing in an index: a letter, a number, a word, or a formula such as ``i + 1``."""

    text: str
    letter: bool = False
    formula: Row = ()


@dataclass(frozen=True, slots=True)
class Label:
    """A name as it is written.

    Attributes:
        head: the letter or word, with its style and what stands over it, as LaTeX.
        below: the index, its commas left out.
        above: an index above it, in brackets or as a layer.
        mark: a star, a plus, a dagger above it.
        power: what stands above it and may be an exponent.
        primes: how many primes stand behind it.
        commas: whether commas part the index.
    """

    head: str
    below: tuple[Token, ...] = ()
    above: tuple[Token, ...] = ()
    mark: str = ""
    power: Row | None = None
    primes: int = 0
    commas: bool = False

    @property
    def sub(self) -> str:
        """The index as text."""
        return ("," if self.commas else "").join(token.text for token in self.below)

    @property
    def layer(self) -> str:
        """The index above it as text."""
        return ",".join(token.text for token in self.above)


def head_of(part: Part) -> str:
    """The head of a name, as LaTeX."""
    text = part.text.strip()
    if part.kind != "letter" and len(text) > 1 and not text.startswith("\\"):
        text = rf"\mathrm{{{' '.join(text.split())}}}"
    if part.style in _STYLES:
        text = f"{_STYLES[part.style]}{{{text}}}"
    for command in part.accent:
        text = rf"\{command}{{{text}}}" if not command.startswith("wide") else rf"\{command[4:]}{{{text}}}"
    return text


def tokens_of(row: Row) -> tuple[tuple[Token, ...], bool]:
    """An index taken apart, and whether commas part it."""
    found: list[Token] = []
    chunk: list[Part] = []
    commas = False
    for part in (*row, None):
        if part is not None and part.kind != "comma":
            if part.kind != "gap":
                chunk.append(part)
            continue
        commas = commas or part is not None
        found += _chunk(tuple(chunk))
        chunk = []
    return tuple(found), commas


def _chunk(chunk: Row) -> list[Token]:
    if len(chunk) == 1 and chunk[0].kind == "group" and chunk[0].text in ("(", "{", "[") and chunk[0].bare:
        return [token for row in chunk[0].inside for token in _chunk(row)]
    if any(part.kind in ("plus", "minus", "times", "slash", "fraction") for part in chunk):
        return [Token(_flat_text(chunk), False, chunk)]
    found: list[Token] = []
    for part in chunk:
        text = part.text.strip()
        if part.kind == "run" and text not in NAME_WORDS and set(text) <= INDEX_LETTERS:
            found += [Token(letter, True) for letter in text]
        elif part.kind == "run" and (match := _LETTERS_AND_WORD.fullmatch(text)) is not None:
            found += [*(Token(letter, True) for letter in match[1]), Token(match[2])]
        elif (
            part.kind == "letter"
            and part.bare
            and (len(text) == 1 or text == r"\ell")
            and not part.accent
            and not part.style
        ):
            found.append(Token(text, True))
        elif part.kind == "number" and part.bare:
            found.append(Token(text))
        elif part.sub is not None and part.sup is None and not part.primes and _is_head_of_index(part):
            found += [Token(text), *tokens_of(part.sub)[0]]
        else:
            found.append(Token(_flat_text((part,))))
    return found


def _is_head_of_index(part: Part) -> bool:
    r"""Whether something in an index has an index of its own that may run: ``E_{\mathrm{node}_i}``."""
    inner = part.sub or ()
    runs = len(inner) == 1 and inner[0].kind == "letter" and inner[0].text in INDEX_LETTERS and inner[0].bare
    return runs and part.kind in _NAMED and part.text.strip() not in INDEX_LETTERS


def _flat_text(row: Row) -> str:
    texts: list[str] = []
    for part in row:
        text = head_of(part) if part.kind == "letter" else part.text.strip() if part.kind != "group" else ""
        text += "".join(_flat_text(inner) for inner in part.inside if part.kind not in ("run",))
        if part.sub is not None:
            text += "_" + _flat_text(part.sub)
        if part.sup is not None:
            text += "^" + _flat_text(part.sup)
        texts.append(text + "'" * part.primes)
    return "".join({"−": "-"}.get(text, text) for text in texts)


def is_layer(row: Row) -> bool:
    """Whether a superscript is a layer by its letter: ``l``, ``L``, ``l-1``, ``[2]``."""
    letters = [part.text for part in row if part.kind == "letter"]
    others = [part for part in row if part.kind not in ("letter", "number", "plus", "minus")]
    return not others and bool(letters) and set(letters) <= {"l", "L", r"\ell"} and all(part.bare for part in row)


def label_of(part: Part) -> Label | None:
    """The name that a part is, or None if it is none."""
    if part.kind not in _NAMED and part.kind != "function":
        return None
    if any(inner.kind in ("relation", "error") for row in _opened(part.sub or ()) for inner in row):
        return None  # what stands below an indicator is a condition, no index
    below, commas = tokens_of(part.sub) if part.sub is not None else ((), False)
    if part.text.strip() in ("D", "L") and [token.text for token in below] == ["k", "l"] and not commas:
        below = (Token("kl"),)  # a divergence, no entry
    above: tuple[Token, ...] = ()
    mark, power = "", part.sup
    if power is not None and len(power) == 1:
        only = power[0]
        text = only.text.strip()
        if only.kind == "group" and only.text in ("(", "[") and only.bare and not _is_exponent(only):
            above, power = tokens_of((only,))[0], None
        elif only.kind in ("times", "plus", "minus", "other") or text in ("⋆", "†", "∗"):
            mark, power = {"∗": "*", "⋆": "*", r"\star": "*", "−": "-"}.get(text, text), None
        elif only.kind in ("word", "text") or (only.kind == "run" and text in WORDS_ABOVE):
            if text not in ("T", "t"):
                below, power = (*below, Token(text)), None
                commas = commas or len(below) > 1
    elif power is not None and len(power) == 2 and _is_layer_of_array(power):
        above, power = tokens_of(power[:1])[0], power[1:]
    elif power is not None and all(p.kind in ("group", "comma") and p.bare for p in power):
        above, power = tokens_of(power)[0], None
    return Label(head_of(part), below, above, mark, power, part.primes, commas)


def applied_to(group: Part) -> str | None:
    """The one name that stands in a bracket behind a function; None for anything else."""
    row = group.inside[0] if group.kind == "group" and group.text in ("(", "[") and len(group.inside) == 1 else ()
    label = label_of(row[0]) if len(row) == 1 and row[0].kind == "letter" else None
    return key_of(label) if label is not None and label.power is None and not label.primes else None


def are_bare(arguments: tuple[tuple[Part, ...], ...]) -> bool:
    """Whether each of several arguments is one name or number, which may have an exponent."""
    return all(len(row) == 1 and row[0].kind in ("letter", "number", "word") for row in arguments)


def holds_a_name(group: Part) -> bool:
    """Whether in brackets stands nothing but names or numbers that are arguments, without an exponent."""
    return are_bare(group.inside) and all(part.sup is None for row in group.inside for part in row)


def is_square(label: Label) -> bool:
    r"""Whether a name is a deviation with its exponent: ``\sigma^2``, ``\hat\sigma_B^2``."""
    own = re.fullmatch(r"(?:\\(?:hat|tilde|bar)\{)?\\(?:sigma|tau)\}?", label.head)
    return own is not None and label.power is not None and [part.text for part in label.power] == ["2"]


def _is_layer_of_array(power: Row) -> bool:
    r"""Whether a number in brackets and a transposition stand above a name: ``W^{(1)\top}``, ``W^{[l]T}``."""
    layer, turned = power
    return layer.kind == "group" and layer.text in ("(", "[") and layer.bare and is_transpose((turned,))


def _opened(row: Row) -> tuple[Row, ...]:
    """A row, and what stands in its brackets."""
    return (row, *(inner for part in row if part.kind == "group" for inner in part.inside))


def _is_exponent(group: Part) -> bool:
    """Whether a bracket holds what no index is: numbers with signs between, ``(1 - 1)``, or a product, ``(-ax)``."""
    row = group.inside[0] if len(group.inside) == 1 else ()
    kinds = [part.kind for part in row]
    if len(kinds) > 1 and set(kinds) <= {"number", "plus", "minus", "times"}:
        return True
    joined = any(not {a, b} & {"plus", "minus", "comma", "gap"} for a, b in pairwise(kinds))
    return kinds[:1] == ["minus"] or joined or not {"times", "fraction", "root"}.isdisjoint(kinds)


def key_of(label: Label) -> str:
    """The LaTeX of a name in its one spelling."""
    sub = label.sub
    below = f"_{sub}" if len(sub) == 1 else f"_{{{sub}}}" if sub else ""
    above = f"^{{({label.layer})}}" if label.above else ""
    above += f"^{label.mark}" if label.mark and not above else ""
    return re.sub(r"\s+", " ", label.head + above + below)


def is_long(part: Part) -> bool:
    """Whether letters typed side by side are one word whatever the text says."""
    return part.kind == "run" and (
        part.text in functions.vocabulary() or part.text.lower() in NAME_WORDS or len(part.text) >= SHORTEST_WORD
    )


def occurs(name: Label, row: Row) -> bool:
    """Whether a name stands in a row."""
    for part in row:
        label = label_of(part)
        if label is not None and (label.head, label.sub, label.layer, label.mark, label.primes) == (
            name.head, name.sub, name.layer, name.mark, name.primes,
        ):  # fmt: skip
            return True
        rows = [] if is_long(part) else [*part.inside]
        rows += [part.sup] if part.sup is not None else []
        if any(occurs(name, inner) for inner in rows):
            return True
    return False


_NAMED = ("letter", "function", "run", "word", "text")


def is_exponential(row: Row) -> bool:
    """Whether an exponential stands in a row: then a line on the sigmoid is a claim."""
    return any(
        (part.kind in _NAMED and part.text.strip() in ("e", "exp", "tanh", r"\sigma"))
        or any(is_exponential(inner) for inner in part.inside)
        for part in row
    )
