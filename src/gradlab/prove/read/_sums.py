r"""Sums and products over an index, values by cases, indicators, and the conditions in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from gradlab import tex
from gradlab.graph import ONE, Expression, number
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read import _derive as derive
from gradlab.prove.read import _limits as limits
from gradlab.prove.read._label import INDEX_LETTERS
from gradlab.prove.read._nodes import MEMBER, Call, Cases, Condition, Index, Indexed, Total
from gradlab.prove.read._part import Part
from gradlab.prove.read._parts import parts_of
from gradlab.prove.read._pieces import pieces_of
from gradlab.prove.read._rows import Item
from gradlab.prove.read._scope import Use

if TYPE_CHECKING:
    from gradlab.prove.read._reader import Reader

Row = tuple[Part, ...]
_OTHERWISE = ("otherwise", "else", "other", "sonst", "in all other cases")


def sum_over(reader: Reader, sign: Part, rest: list[Item]) -> Expression:
    """A sum sign and the row behind it."""
    if not rest:
        raise NotUnderstoodError(f"nothing stands behind this {sign.text} sign", sign.at)
    letters, lower, conditions = _below(reader, sign, rest)
    upper = _bound(reader, sign.sup) if sign.sup else None
    reader.bound += letters
    try:
        body = reader.product(tuple(rest))
        read = tuple(condition_of(reader, *triple) for triple in conditions)
    finally:
        del reader.bound[len(reader.bound) - len(letters) :]
    if lower is None and (counted := _counts(body, letters)):
        message = f"what {counted} runs over is not written: write \\sum_{{{counted}=1}}^{{n}}"
        raise NotUnderstoodError(message, sign.at)
    for letter in reversed(letters):
        own = letter == letters[-1]
        body = Total(sign.text, body, letter, lower if own else None, upper, read if own else ())
    return body


def as_total(item: Item) -> Item:
    r"""``\max_i`` as a sign that runs over its index, as a sum does; everything else as it is."""
    if not isinstance(item, Part) or item.kind != "function" or item.text != "max" or item.sub is None or item.sup:
        return item
    first = item.sub[0]
    runs = first.kind == "letter" and first.text in INDEX_LETTERS and (len(item.sub) == 1 or item.sub[1].text == "=")
    return replace(item, kind="sum", text="max") if runs else item


def _counts(body: Expression, letters: list[str]) -> str:
    """The index of a sum that stands in it as a number, not only in indices and conditions; empty if none does."""
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Index) and node.letter in letters:
            return node.letter
        if isinstance(node, Call) and node.function.endswith(MEMBER):
            waiting += [arg for arg in node.args if not isinstance(arg, Index)]
        elif not isinstance(node, Indexed | Condition):
            waiting += node.args
    return ""


def _bound(reader: Reader, row: Row) -> Expression:
    """Where a sum begins or ends; a letter there is a size, and no mistake where the graph does not have it."""
    if len(row) == 1 and row[0].kind == "letter" and row[0].text in reader.bound:
        return Index(row[0].text)
    met = dict(reader.strangers)
    value = reader.sum(row)
    reader.sizes |= {name for name in reader.strangers if name not in met}
    reader.strangers = met
    return value


def _below(
    reader: Reader, sign: Part, rest: list[Item]
) -> tuple[list[str], Expression | None, list[tuple[Row, str, Row]]]:
    """The letters that a sum runs over, where it begins, and what else is said below it."""
    row = tuple(part for part in sign.sub or () if part.kind != "gap")
    if not row:
        return [_only_index(reader, sign, rest)], None, []
    if all(part.kind in ("letter", "run", "comma") and part.bare for part in row):
        return [letter for part in row if part.kind != "comma" for letter in part.text], None, []
    letters: list[str] = []
    lower: Expression | None = None
    conditions: list[tuple[Row, str, Row]] = []
    for piece in pieces_of(_opened(row)):
        if not piece.relations:
            raise NotUnderstoodError("write below the sum sign its index, as in \\sum_i or \\sum_{i=1}^{n}", sign.at)
        letters_here = [part.text for part in piece.sides[0] if part.kind in ("letter", "run") and part.bare]
        relation = piece.relations[0].text
        if not letters and len(piece.sides[0]) == 1 and letters_here:
            letters = list(letters_here[0])
            other = piece.sides[1][0].text if relation == "!=" and len(piece.sides[1]) == 1 else ""
            letters = [other] if other and _is_other(reader, sign, rest, (letters_here[0], other)) else letters
            if relation == "=" and len(piece.relations) == 1:
                lower = _bound(reader, piece.sides[1])
                continue
        if relation == "in":
            if (
                lower is None
                and len(piece.relations) == 1
                and all(p.kind in ("letter", "word") for p in piece.sides[1])
            ):
                continue  # over a set that is called something: over all of the family
            raise NotUnderstoodError(
                "sums over a set are judged only where the set is called by one name: write i \\in S", sign.at
            )
        for i, sign_between in enumerate(piece.relations):
            conditions.append((piece.sides[i], sign_between.text, piece.sides[i + 1]))
    if not letters:
        raise NotUnderstoodError("write below the sum sign its index, as in \\sum_i or \\sum_{i=1}^{n}", sign.at)
    return letters, lower, conditions


def _is_other(reader: Reader, sign: Part, rest: list[Item], letters: tuple[str, str]) -> bool:
    r"""Whether it is the other letter that a sum runs over: ``y_i + \\sum_{i \\ne j} y_j``."""
    inside = Use.of((tuple(part for part in rest if isinstance(part, Part)),)).keys
    indices = [key.partition("_")[2] for key in reader.scope.here.keys - inside]
    letter, other = (any(each in index for index in indices) for each in letters)
    why = (
        "this may be a sum over either letter: write the one that it runs over first, and what it stands for elsewhere"
    )
    return letter and (not other or bool(reader.choose(sign.at, 2, why, usual=True)))


def _opened(row: Row) -> Row:
    """What stands below a sum sign, without a bracket around all of it."""
    if len(row) == 1 and row[0].kind in ("table", "error") and row[0].inside:
        return tuple(part for cell in row[0].inside for part in (*cell, Part("comma", row[0].at, row[0].at, ",")))[:-1]
    return row


def _only_index(reader: Reader, sign: Part, rest: list[Item]) -> str:
    """The index of a sum that is written without one, if only one letter can be meant."""
    found: set[str] = set()
    for item in rest:
        if isinstance(item, Part):
            found |= _index_letters(item)
        elif item.value is not None:
            found |= {node.letter for node in walk_nodes(item.value) if isinstance(node, Index)}
    found -= set(reader.bound)
    if len(found) != 1:
        message = "this sum has no index: write \\sum_i" if not found else "this sum has no index: several can be meant"
        raise NotUnderstoodError(message, sign.at)
    return found.pop()


def _index_letters(part: Part) -> set[str]:
    found = {inner.text for inner in part.sub or () if inner.kind == "letter" and inner.text in "ijklmnpqrst"}
    if part.sup is not None and len(part.sup) == 1 and part.sup[0].kind == "group":
        found |= {p.text for row in part.sup[0].inside for p in row if p.kind == "letter"}
    exponent = part.sup if part.text in ("e", "exp") and part.sup is not None else ()
    for row in (*part.inside, exponent):
        for inner in row:
            found |= _index_letters(inner)
    return found


def terms_taken(reader: Reader, terms: list[tuple[int, list[Item]]], i: int) -> tuple[int, int]:
    """How many terms a sign in a term takes, its own among them, and where in its term the sign stands."""
    items = terms[i][1]
    signs = [k for k, part in enumerate(items) if takes_terms(part)]
    if i + 1 == len(terms):
        return 1, 0
    for where in signs[-1:]:
        sign = items[where]
        assert isinstance(sign, Part)
        count = (_limit_takes if limits.is_limit(sign) else _sum_takes)(reader, sign, terms, i)
        if count > 1:
            return count, where
    where = derive.open_operator(reader, items)
    return (1, 0) if where is None else (_operator_takes(reader, items[where], terms, i), where)


def _operator_takes(reader: Reader, sign: Item, terms: list[tuple[int, list[Item]]], i: int) -> int:
    """How many terms an operator takes: usually its own, or all up to the next operator."""
    count = 1
    while i + count < len(terms) and not any(derive.is_derivative(reader, part) for part in terms[i + count][1]):
        count += 1
    why = "it is not clear where the formula that is differentiated ends: put it in brackets"
    if count == 1 or i + count < len(terms):
        return 1
    return count if reader.choose(sign.at, 2, why, usual=True, kind="terms") else 1


def _sum_takes(reader: Reader, sign: Part, terms: list[tuple[int, list[Item]]], i: int) -> int:
    """How many terms a sum takes: its own, and those behind it in which its index stands free."""
    letters = {part.text for part in (sign.sub or ())[:1] if part.kind == "letter"} - set(reader.bound)
    if not letters:
        return 1
    count = 1
    while i + count < len(terms) and letters & _free_in_term(terms[i + count][1]):
        count += 1
    if count == 1:
        return 1
    why = "it is not clear where this sum ends: put what is added up in brackets"
    return count if not reader.choose(sign.at, 2, why) else 1


def takes_terms(item: Item) -> bool:
    """Whether something may take the terms behind its own with it: the sign of a sum or a limit."""
    return isinstance(item, Part) and (item.kind == "sum" or limits.is_limit(item))


def _limit_takes(reader: Reader, sign: Part, terms: list[tuple[int, list[Item]]], i: int) -> int:
    """How many terms a limit takes: its own, and those behind it that hold what tends to something."""
    label = limits.bound_by(sign)
    count = 1
    while label is not None and i + count < len(terms) and limits.is_free_in(label, terms[i + count][1]):
        count += 1
    if count == 1:
        return 1
    why = "it is not clear where this limit ends: put what it is taken of in brackets"
    return count if not reader.choose(sign.at, 2, why, usual=True) else 1


def _free_in_term(items: list[Item]) -> set[str]:
    """The letters that may belong to a sum before a term; a sum sign in it binds its own in all that is behind."""
    found, bound = set[str](), set[str]()
    for item in items:
        if isinstance(item, Part) and item.kind == "sum":
            bound |= {part.text for part in (item.sub or ())[:1] if part.kind == "letter"}
        found |= _free_letters(item) - bound
    return found


def _free_letters(item: Item) -> set[str]:
    if not isinstance(item, Part):
        return set()
    if item.kind == "sum":
        return set()
    inside = set[str]().union(*(_free_in_term(list(row)) for row in item.inside if item.kind != "run"))
    own = _index_letters(replace(item, inside=() if item.kind != "run" else item.inside))
    return own | inside | ({item.text} if item.kind == "letter" and item.bare else set())


def with_terms(items: list[Item], where: int, behind: list[tuple[int, list[Item]]]) -> tuple[Item, ...]:
    """A term of which a sign takes the terms behind it too: they go into one bracket with what it had."""
    inside: list[Part] = [part for part in items[where + 1 :] if isinstance(part, Part)]
    for sign, more in behind:
        at = more[0].at
        inside.append(Part("plus" if sign > 0 else "minus", at, at, "+" if sign > 0 else "−"))
        inside += [part for part in more if isinstance(part, Part)]
    group = Part("group", inside[0].at, inside[-1].end, "(", (tuple(inside),))
    return (*items[: where + 1], group)


# ---- conditions -------------------------------------------------------------------------------------------------


def condition_of(reader: Reader, left: Row, relation: str, right: Row) -> Condition:
    """A relation between two sides."""
    if relation not in ("=", "==", "!=", "<", "<=", ">", ">="):
        raise NotUnderstoodError(
            "this condition is not understood: write it as i = j, x > 0 or i = 1, \\dots, n", (left or right)[0].at
        )
    return Condition(_side(reader, left), "=" if relation == "==" else relation, _side(reader, right))


def _side(reader: Reader, row: Row) -> Expression:
    """One side of a condition; a letter that stands in indices is an index."""
    if len(row) == 1 and row[0].kind == "letter" and row[0].bare and not row[0].accent:
        letter = row[0].text
        if letter in reader.bound or letter in reader.scope.use.indexing or letter in reader.scope.use.bound:
            return Index(letter)
    return reader.sum(row)


def conditions_in(reader: Reader, row: Row) -> tuple[Condition, ...]:
    r"""All conditions that a row holds, such as ``0 < x < 1`` or ``i \ne j, x > 0``."""
    found: list[Condition] = []
    for piece in pieces_of(row):
        if not piece.relations:
            raise NotUnderstoodError(
                "this condition is not understood: write it as i = j, x > 0 or i = 1, \\dots, n", piece.at
            )
        for i, sign in enumerate(piece.relations):
            found.append(condition_of(reader, piece.sides[i], sign.text, piece.sides[i + 1]))
    return tuple(found)


def cases(reader: Reader, part: Part) -> Expression:
    """A value by cases."""
    width = int(part.style or 2)
    cells = part.inside
    if width < 2:
        return _narrow(reader, part)
    values: list[Expression] = []
    conditions: list[tuple[Condition, ...]] = []
    for k in range(0, len(cells), width):
        value, *rest = cells[k : k + width]
        said = tuple(inner for cell in rest for inner in cell)
        if [inner.text.strip() for inner in _trimmed(value)] in (["undefined"], ["undef"]):
            continue  # where it has no value nothing is claimed
        values.append(reader.sum_of(_trimmed(value), part))
        conditions.append(_branch(reader, said, part, last=k + width >= len(cells)))
    return Cases(tuple(values), tuple(conditions))


def _narrow(reader: Reader, part: Part) -> Expression:
    """Cases whose conditions stand in the same column, behind a word or a comma."""
    values: list[Expression] = []
    conditions: list[tuple[Condition, ...]] = []
    for number_of, cell in enumerate(part.inside):
        cut = next((i for i, inner in enumerate(cell) if inner.kind in ("text", "comma", "gap")), None)
        if cut is None:
            raise NotUnderstoodError("a case needs its condition: write & between a value and its condition", part.at)
        values.append(reader.sum_of(cell[:cut], part))
        conditions.append(_branch(reader, cell[cut:], part, last=number_of + 1 == len(part.inside)))
    return Cases(tuple(values), tuple(conditions))


def _trimmed(row: Row) -> Row:
    while row and row[-1].kind in ("comma", "gap", "stop"):
        row = row[:-1]
    return row


def _branch(reader: Reader, said: Row, part: Part, last: bool) -> tuple[Condition, ...]:
    said = tuple(inner for piece in said for inner in _spoken(piece))
    words = " ".join(inner.text.strip().lower() for inner in said if inner.kind in ("text", "word"))
    row = _trimmed(tuple(inner for inner in said if inner.kind not in ("text", "gap")))
    while row and row[0].kind in ("comma", "word", "run") and row[0].text.lower() in (",", "if", "for", "when"):
        row = row[1:]
    if not row or not any(inner.kind == "relation" for inner in row):
        if last and (any(word in words for word in _OTHERWISE) or (row and row[0].text in ("otherwise", "else"))):
            return ()
        raise NotUnderstoodError("the condition of this case is not understood", said[0].at if said else part.at)
    if " or " in f" {words} ":
        raise NotUnderstoodError("a case under one condition or another: write a case for each", said[0].at)
    return conditions_in(reader, row)


def _spoken(part: Part) -> Row:
    r"""A condition that is written as text, ``\text{if z < 0}``, as a formula; other parts as they are."""
    if part.kind != "text" or not re.search(r"[<>=≤≥≠]", part.text):
        return (part,)
    formula = re.sub(r"^\s*(?:if|for|when|where)\b", "", part.text)
    try:
        read = parts_of([tex.parse(formula, {}).body])
    except tex.TexError:
        return (part,)
    return tuple(replace(inner, at=part.at, end=part.end) for inner in read)


def indicator(reader: Reader, part: Part) -> Expression:
    """A bracket with a condition in it: one where it holds, zero elsewhere."""
    conditions = tuple(c for row in part.inside for c in conditions_in(reader, row))
    return Cases((ONE, number(0)), (conditions, ()))


def indicator_at(reader: Reader, part: Part, following: Part | None) -> tuple[Expression, bool] | None:
    r"""``\mathbb 1[i = j]`` and ``1_{i=j}``: its value, and whether the part behind it belongs to it."""
    if part.text not in ("1", "I") or (part.style not in ("double-struck", "bold") and part.kind != "number"):
        return None
    if part.sub is not None and any(inner.kind == "relation" for row in _all_rows(part.sub) for inner in row):
        row = part.sub[0].inside[0] if len(part.sub) == 1 and part.sub[0].kind == "group" else part.sub
        return indicator(reader, replace(part, inside=(row,))), False
    inside = following.inside if following is not None and following.kind == "group" else ()
    signs = [inner for row in inside for inner in row if inner.kind == "relation"]
    # Behind the number a bracket with one sign may say where it holds: "= 1 (x > 0)"; "1(i == j)" is a program's.
    if following is not None and signs and (part.kind != "number" or all(sign.text == "==" for sign in signs)):
        rows = tuple(tuple(replace(p, text="=") if p in signs and p.text == "==" else p for p in row) for row in inside)
        return indicator(reader, replace(following, inside=rows)), True
    return None


def _all_rows(row: Row) -> list[Row]:
    return [row, *(inner for part in row for inner in part.inside)]


def walk_nodes(expression: Expression) -> Iterator[Expression]:
    """Every subexpression, the indices of names too."""
    stack = [expression]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.args)
