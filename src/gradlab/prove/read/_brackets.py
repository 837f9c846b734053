"""Brackets and bars matched, signs that are typed as two put together, letters side by side made one run."""

from __future__ import annotations

from dataclasses import replace

from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.read._part import Part

DEEPEST = 40
OPEN = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⌊": "⌋", "⌈": "⌉"}
CLOSE = {close: opening for opening, close in OPEN.items()}


def matched(flat: list[Part]) -> tuple[Part, ...]:
    """A row with its brackets matched."""
    stack: list[tuple[Part | None, list[Part]]] = [(None, [])]
    row = _merged(flat)
    for place, part in enumerate(row):
        here = stack[-1][1]
        kind = _bar_role(part, here, stack, row[place + 1 :]) if part.kind == "bar" else part.kind
        if kind == "open":
            if len(stack) > DEEPEST:
                raise NotUnderstoodError(f"this is nested more than {DEEPEST} deep", part.at)
            stack.append((part, []))
        elif kind == "close":
            _close(stack, part)
        elif kind == "evaluate":
            here.append(replace(part, kind="evaluate"))
        elif kind == "bar":
            here.append(replace(part, kind="relation", text="bar"))
        else:
            here.append(part)
    while len(stack) > 1:
        opening, inside = stack.pop()
        assert opening is not None
        stack[-1][1].extend([_problem(opening, f"this {_shown(opening)} is never closed"), *inside])
    return tuple(_runs(stack[0][1]))


def _shown(part: Part) -> str:
    return part.text


def _problem(part: Part, message: str) -> Part:
    return Part("error", part.at, part.end, message)


def _close(stack: list[tuple[Part | None, list[Part]]], part: Part) -> None:
    """Close the innermost bracket, if it is of the same kind; intervals such as [0, 1) may mix."""
    opening, inside = stack[-1]
    wanted = CLOSE.get(part.text, part.text)
    mixed = {wanted, opening.text if opening else ""} <= {"(", "["}
    if opening is None or not (opening.text == wanted or mixed):
        if any(other is not None and other.text == wanted for other, _ in stack):
            while stack[-1][0] is not None and stack[-1][0].text != wanted:
                unclosed, rest = stack.pop()
                assert unclosed is not None
                stack[-1][1].extend([_problem(unclosed, f"this {unclosed.text} is never closed"), *rest])
            _close(stack, part)
            return
        stack[-1][1].append(_problem(part, "this bracket closes nothing"))
        return
    stack.pop()
    rows = _comma_rows(inside) if wanted in ("(", "[", "{", "⟨") else (tuple(_runs(inside)),)
    kind = {"|": "bars", "‖": "norm"}.get(wanted, "group")
    text = opening.text if wanted not in ("⌊", "⌈") else wanted
    made = Part(kind, opening.at, part.end, text, rows, part.sub, part.sup, part.primes)
    stack[-1][1].append(made)


def _comma_rows(inside: list[Part]) -> tuple[tuple[Part, ...], ...]:
    """The contents of a bracket, parted at its commas."""
    rows: list[list[Part]] = [[]]
    for part in inside:
        if part.kind == "comma":
            rows.append([])
        elif part.kind != "gap":
            rows[-1].append(part)
    return tuple(tuple(_runs(row)) for row in rows)


_OPERATORS = frozenset((
    "plus", "minus", "times", "slash", "hadamard", "comma", "relation", "gap", "function", "plusminus", "circ",
    "partial", "nabla", "sum", "text",
))  # fmt: skip


def _bar_role(part: Part, here: list[Part], stack: list[tuple[Part | None, list[Part]]], behind: list[Part]) -> str:
    """Whether a bar opens, closes, or tells where something is evaluated."""
    expecting = not here or here[-1].kind in _OPERATORS
    opened = stack[-1][0] is not None and stack[-1][0].text == part.text
    if expecting and not (opened and not here):
        return "open"
    if opened:
        return "close"
    if part.text == "|" and part.sub is not None:
        return "evaluate"
    return "open" if _closes(part, behind) else "bar"


def _closes(part: Part, behind: list[Part]) -> bool:
    """Whether a bar of the same kind follows at the same depth, before a relation."""
    depth = 0
    for other in behind:
        depth += {"open": 1, "close": -1}.get(other.kind, 0)
        if depth < 0 or (depth == 0 and other.kind in ("relation", "comma")):
            return False
        if depth == 0 and other.kind == "bar" and other.text == part.text:
            return other.sub is None or part.text == "‖"
    return False


_JOINED = {
    ("relation", "colon"): ":=", ("plus", "+"): "+=", ("minus", "−"): "-=", ("factorial", "!"): "!=",
    ("relation", ">"): ">=", ("relation", "<"): "<=", ("relation", "="): "==",
}  # fmt: skip


def _merged(flat: list[Part]) -> list[Part]:
    """Signs that are one although they are typed as two: a colon and an equals sign, a minus and one."""
    result: list[Part] = []
    for part in flat:
        last = result[-1] if result else None
        if part.kind == "relation" and part.text == "=" and last is not None and last.end == part.at:
            made = _JOINED.get((last.kind, last.text))
            if made is not None:
                result[-1] = Part("relation", last.at, part.end, made)
                continue
        if part.kind == "prime" and last is not None and last.kind in ("letter", "word", "close"):
            result[-1] = replace(last, primes=last.primes + 1, end=part.end)
            continue
        if last is not None and last.text == r"\Delta" and last.bare and part.kind == "letter" and not last.accent:
            result[-1] = replace(part, text=rf"\Delta {part.text}", at=last.at)
            continue
        result.append(part)
    return result


def _runs(row: list[Part]) -> list[Part]:
    """A row in which letters that are typed without a space between them are one part."""
    result: list[Part] = []
    pending: list[Part] = []

    def flush() -> None:
        if len(pending) > 1:
            last = pending[-1]
            text = "".join(part.text for part in pending)
            result.append(
                Part("run", pending[0].at, last.end, text, (tuple(pending),), last.sub, last.sup, last.primes)
            )
        else:
            result.extend(pending)
        pending.clear()

    for part in row:
        plain = (
            part.kind == "letter" and part.text.isascii() and part.text.isalpha() and not part.style and not part.accent
        )
        if not plain:
            flush()
            result.append(part)
            continue
        if pending and (pending[-1].end != part.at or not pending[-1].bare):
            flush()
        pending.append(part)
    flush()
    return result
