"""Cut the homework out of a code cell so that what remains is still Python.

The blocks are taken in order: those before are cut already, those behind still hold their solution, so each
is judged in a cell that parsed a moment ago. What has to take a block's place is then what makes the cell
parse again: nothing, a statement that raises, or an expression that says that something is missing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from gradlab.labs._blocks import Line, Role
from gradlab.labs._python import is_python, parse, parses, transform

_STATEMENT, _EXPRESSION = "raise NotImplementedError", "..."


class OutLine(NamedTuple):
    """A line of a version and the template line that it comes from (0: none, it was put in)."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class CutCode:
    """A code cell of the question.

    Args:
        lines: its lines.
        problem: the template's line and what does not parse there, None where all does.
        raising: template lines of the blocks in whose place the cell raises when it is run as it is.
    """

    lines: tuple[OutLine, ...]
    problem: tuple[int, str] | None = None
    raising: tuple[int, ...] = ()


@dataclass(slots=True)
class _Part:
    """A stretch of a cell: kept lines, or one block with its two faces."""

    line: int
    solution: list[OutLine] = field(default_factory=list)
    question: list[OutLine] = field(default_factory=list)
    is_block: bool = False


def comment(indent: str, text: str) -> str:
    """Write a message as a comment.

    Args:
        indent: white space before it.
        text: the message.

    Returns:
        The line, with one comment sign.

    >>> comment("    ", "TODO return the loss.")
    '    # TODO return the loss.'
    """
    bare = re.sub(r"^\s*(?:#+ ?)+", "", text)
    return f"{indent}# {bare}".rstrip()


def cut_code(lines: Sequence[Line], python: bool) -> CutCode:
    """Make the question's cell from the template's.

    Args:
        lines: the cell's lines, checks and notes included.
        python: whether the notebook's kernel runs Python.
    """
    parts = _parts(lines)
    whole = _text(part.solution for part in parts)
    if not python or not is_python(whole):
        return CutCode(tuple(line for part in parts for line in part.question))
    problem = _problem([line for part in parts for line in part.solution], "the solution")
    if problem is not None:
        return CutCode((), problem)
    raising = [part.line for part in _filled(parts, whole)]
    cut = tuple(line for part in parts for line in part.question)
    return CutCode(cut, _problem(cut, "what is left of the cell for the question"), tuple(raising))


def _filled(parts: Sequence[_Part], whole: list[str]) -> Iterator[_Part]:
    """Give each block its lines in the question; return those in whose place the cell raises when it is run.

    A block is judged among the statements that it touches: what stands outside them parses by itself.
    """
    reach = _reach(parts, whole)
    before: list[str] = []
    end = row = 0
    for part in parts:
        rows = range(row, row + len(part.solution))
        row = rows.stop
        if not part.is_block:
            for place in rows:
                if place >= end:
                    before, end = [], reach.get(place, place + 1)
                before.append(whole[place])
            continue
        if rows.start >= end:
            before, end = [], max(rows.stop, reach.get(rows.start, rows.stop))
        after = whole[rows.stop : end]
        part.question = _fill(before, part, after)
        if part.question and _raises_when_run(before, part.question, after):
            yield part
        before += [line.text for line in part.question]


def _reach(parts: Sequence[_Part], whole: list[str]) -> dict[int, int]:
    """Where what begins in a row ends: the statements at the top of a cell, those that a block touches as one."""
    tree, code = parse(whole), transform(whole)
    spans = [(_first_row(node), node.end_lineno or node.lineno) for node in tree.body]
    if len(code) != len(whole):  # IPython has joined lines: their numbers say nothing
        spans = [(0, len(whole))]
    row = 0
    for part in parts:
        spans += [(row, row + len(part.solution))] if part.is_block and part.solution else []
        row += len(part.solution)
    reach: dict[int, int] = {}
    start, end = -1, -1
    for first, last in sorted(spans):
        if first >= end:
            start = first
        end = max(end, last) if first < end else last
        reach[start] = end
    return reach


def _first_row(node: ast.stmt) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))]) - 1


def _parts(lines: Sequence[Line]) -> list[_Part]:
    parts: list[_Part] = []
    shown = [line for line in lines if line.role in (Role.CONTENT, Role.HOMEWORK, Role.MESSAGE, Role.TAG)]
    for block, group in groupby(shown, key=lambda line: line.block):
        own = list(group)
        part = _Part(own[0].number, is_block=block is not None and block.kind.role is Role.HOMEWORK)
        for line in own:
            if line.role is Role.MESSAGE:
                part.question.append(OutLine(comment(line.indent, line.text), line.number))
            elif line.role is Role.HOMEWORK:
                part.solution.append(OutLine(line.text, line.number))
            elif line.role is Role.CONTENT:
                part.solution.append(OutLine(line.text, line.number))
                part.question.append(OutLine(line.text, line.number))
        parts.append(part)
    return parts


def _text(groups: Iterable[Iterable[OutLine]]) -> list[str]:
    return [line.text for group in groups for line in group]


def _fill(before: list[str], part: _Part, after: list[str]) -> list[OutLine]:
    """The block's lines in the question: its messages, and what Python needs in its place."""
    messages = part.question
    indent = _indent(part)
    statement = [*messages, OutLine(indent + _STATEMENT, 0)]
    # Behind a continued line, or an operator, a comment must not come first.
    expressions = (
        [*messages, OutLine(indent + _EXPRESSION, 0)],
        [OutLine(indent + _EXPRESSION, 0), *messages],
    )

    def tree(lines: list[OutLine]) -> ast.Module | None:
        return parses([*before, *(line.text for line in lines), *after])

    bare = tree(messages)
    if bare is not None:
        if _empty_tuple(bare, len(before), len(messages)):
            return next((filled for filled in expressions if tree(filled) is not None), messages)
        whole = tree(part.solution)
        lost = whole is not None and any(of(bare) - of(whole) for of in (_silent, _only_docstring))
        if lost and tree(statement) is not None:
            return statement
        return messages
    return next((filled for filled in (statement, *expressions) if tree(filled) is not None), messages)


def _indent(part: _Part) -> str:
    """The indentation of the first line of code, else of the first comment, in a block."""
    code = [line.text for line in part.solution if line.text.strip()]
    text = next((text for text in code if not text.lstrip().startswith("#")), code[0] if code else "")
    return text[: len(text) - len(text.lstrip())]


def _empty_tuple(tree: ast.Module, before: int, length: int) -> bool:
    """Whether brackets around the place now hold an empty tuple, which Python takes in silence."""
    return any(
        isinstance(node, ast.Tuple)
        and not node.elts
        and node.lineno <= before
        and (node.end_lineno or 0) > before + length
        for node in ast.walk(tree)
    )


def _silent(tree: ast.Module) -> set[int]:
    """The lines of the functions that can only return None, which their callers find out too late."""
    return {
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not any(isinstance(inner, ast.Yield | ast.YieldFrom) or _gives(inner) for inner in _own_nodes(node))
    }


def _gives(node: ast.AST) -> bool:
    return isinstance(node, ast.Return) and node.value is not None


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function, without what stands in functions and classes inside it."""
    for child in ast.iter_child_nodes(function):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _own_nodes(child)


def _only_docstring(tree: ast.Module) -> set[int]:
    """The lines of the functions that hold a docstring and nothing more."""
    return {
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and len(node.body) == 1
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
        and isinstance(node.body[0].value.value, str)
    }


def _raises_when_run(before: list[str], filled: list[OutLine], after: list[str]) -> bool:
    """Whether a raise was put in outside any function, where running the cell meets it."""
    if filled[-1].line or filled[-1].text.strip() != _STATEMENT:
        return False
    tree = parses([*before, *(line.text for line in filled), *after])
    row = len(before) + len(filled)
    return tree is not None and not any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno < row <= (node.end_lineno or 0)
        for node in ast.walk(tree)
    )


def _problem(lines: Sequence[OutLine], what: str) -> tuple[int, str] | None:
    if not is_python([line.text for line in lines]):
        return None
    try:
        parse([line.text for line in lines])
    except SyntaxError as error:
        row = min(max(error.lineno or 1, 1), len(lines)) if lines else 0
        # A line that was put in has no number; the nearest line before it that has one stands for it.
        number = next((line.line for line in reversed(lines[:row]) if line.line), 0)
        number = number or next((line.line for line in lines if line.line), 0)
        # The line that Python may name is the cell's, which nobody can look up.
        reason = re.sub(r" on line \d+", "", error.msg)
        return number, f"{what} is no Python from here on: {reason}."
    return None
