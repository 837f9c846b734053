"""Letters typed side by side: a function, one word, or a product of the letters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gradlab.graph import Expression
from gradlab.prove import _functions as functions
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read import _functions as table
from gradlab.prove.read import _names as naming
from gradlab.prove.read._label import NAME_WORDS, SHORTEST_WORD, Label, key_of, label_of
from gradlab.prove.read._part import Part
from gradlab.prove.read._rows import Item

_PROSE = re.compile(r"\w\s+\w")

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader


def run(reader: Reader, part: Part, parts: list[Item], i: int) -> tuple[list[Expression], int]:
    """Letters without a space: a function, one word, or a product."""
    text, letters = part.text, part.inside[0]
    word = replace(part, kind="word", inside=())
    name = table.function_of(reader, word)
    hint = (
        f"did you mean \\{text}?"
        if text in functions.vocabulary()
        else f"{text} may be one name, or a product of letters"
    )
    why = f"{hint} Write \\mathrm{{{text}}} for a name, and spaces or \\cdot between factors"
    if name is not None:
        said = f"{text} may be a function or a product of letters: {hint}"
        if not reader.choose(part.at, 2, said, usual=True, everywhere=f"letters {text}"):
            return reader.factor([*parts[:i], word, *parts[i + 1 :]], i)
        values = [naming.value_of(reader, letter) for letter in letters]
        return values, i + 1
    if len(text) == 2 and text[0] == "d" and "d" in reader.scope.use.applied and not reader.scope.is_name("d"):
        raise NotUnderstoodError("differentials are not judged: write derivatives, as in \\frac{d}{dx}", part.at)
    if is_word(reader, part):
        label = label_of(word)
        known = label is not None and (reader.scope.in_graph(label) is not None or reader.scope.has(key_of(label)))
        if (
            known
            or text.lower() in NAME_WORDS
            or len(text) > SHORTEST_WORD
            or not reader.choose(part.at, 2, why, usual=True)
        ):
            return reader.factor([*parts[:i], word, *parts[i + 1 :]], i)
        return _letters(reader, letters, parts, i)
    for function in sorted(functions.vocabulary(), key=len, reverse=True):
        if len(function) > 2 and function in text and function != text:
            raise NotUnderstoodError(f"{text} is not understood: did you mean \\{function}?", part.at)
    if len(text) == 2 and text in ("ln", "tr"):
        return reader.factor([*parts[:i], word, *parts[i + 1 :]], i)
    return _letters(reader, letters, parts, i)


def refuse_prose(part: Part, following: Item | None) -> None:
    r"""Refuse words that say what a formula leaves out: ``\text{terms with } h``."""
    joined = following is not None and following.kind not in ("plus", "minus", "times", "slash")
    if part.kind == "text" and joined and _PROSE.search(part.text):
        raise NotUnderstoodError("words stand here for a part of the formula: write its signs", part.at)


def is_word(reader: Reader, part: Part) -> bool:
    """Whether letters typed side by side are one name."""
    text, letters = part.text, part.inside[0]
    label = label_of(replace(letters[-1], text=text, kind="word"))
    if label is not None and (reader.scope.in_graph(label) is not None or reader.scope.has(key_of(label))):
        return True
    if text in reader.scope.words or (len(text) == 2 and text[0] == "d" and not reader.scope.is_name("d")):
        return True
    if all(_known_letter(reader, letter) for letter in letters):
        return False
    if text.lower() in NAME_WORDS and len(text) > 2:
        return True
    return len(text) >= SHORTEST_WORD and not any(function in text for function in ("sin", "cos", "tan", "exp", "log"))


def _known_letter(reader: Reader, letter: Part) -> bool:
    label = label_of(letter)
    if label is None:
        return False
    key = key_of(Label(label.head, label.below, label.above, label.mark, None, 0, label.commas))
    return reader.scope.in_graph(label) is not None or reader.scope.has(key) or key in reader.scope.use.differentials


def _letters(reader: Reader, letters: tuple[Part, ...], parts: list[Item], i: int) -> tuple[list[Expression], int]:
    """A run as a product of its letters; the last one may be applied to what follows."""
    values = [value for letter in letters[:-1] for value in reader.factor([letter], 0)[0]]
    last, end = reader.factor([letters[-1], *parts[i + 1 :]], 0)
    return [*values, *last], i + end
