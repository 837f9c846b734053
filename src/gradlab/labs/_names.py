"""Names that only homework defines although the question uses them."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import warnings
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from gradlab.labs._blocks import Role
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._python import is_python, transform
from gradlab.labs._template import Template
from gradlab.labs._versions import Version, Versions

_KNOWN: Final = frozenset(dir(builtins)) | {
    "get_ipython", "display", "In", "Out", "_", "__", "___", "__file__", "__class__", "__name__",
}  # fmt: skip

_QUOTED, _WORD = re.compile(r"`([^`]+)`"), re.compile(r"\w+")


class _Use(NamedTuple):
    """A name that nothing in sight defines, and the template line of its first use."""

    name: str
    line: int


def undefined_names(template: Template, versions: Versions) -> tuple[Diagnostic, ...]:
    """Warn of the names that a homework block defines and code outside it uses.

    Returns:
        One warning for each block, at the first use, with the names.
    """
    if not template.is_python:
        return ()
    defined_anyway = {use.name for use in _unresolved(versions.solution)}
    blocks = _homework_definitions(template, versions.solution)
    messages, told = _messages(template), _told(template)
    found: dict[int, list[_Use]] = {}
    for use in _unresolved(versions.question):
        block = max((line for line in blocks.get(use.name, ()) if line < use.line), default=None)
        if use.name in defined_anyway or block is None or told.get(use.name, block) < block:
            continue
        if not _is_named(use.name, messages.get(block, "")):
            found.setdefault(block, []).append(use)
    return tuple(
        Diagnostic(
            template.path,
            min(use.line for use in uses),
            "warning",
            f"only the homework of the block in line {block} defines {', '.join(dict.fromkeys(u.name for u in uses))}; "
            "the question uses it here, so name it in a message or define it outside the block.",
        )
        for block, uses in sorted(found.items())
    )


def _messages(template: Template) -> dict[int, str]:
    """What the messages of each block say, by the block's opening line."""
    said: dict[int, str] = {}
    for cell in template.cells:
        for line in cell.lines:
            if line.role is Role.MESSAGE and line.block is not None:
                said[line.block.line] = f"{said.get(line.block.line, '')}\n{line.text}"
    return said


def _told(template: Template) -> dict[str, int]:
    """The names that prose has in backquotes, each with the line in which it does so first."""
    told = dict[str, int]()
    for cell in template.cells:
        for line in cell.lines if cell.kind == "markdown" else ():
            for span in _QUOTED.findall(line.text) if line.role is Role.CONTENT else ():
                for name in _WORD.findall(span):
                    told.setdefault(name, line.number)
    return told


def _is_named(name: str, message: str) -> bool:
    """Whether a message tells the student a name; 'a' and 'I' are words unless they stand in backquotes."""
    if name in ("a", "I"):
        return f"`{name}`" in message
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message) is not None


def _code(version: Version) -> tuple[str, list[int]]:
    """All Python cells of a version as one module, and the template line of each of its lines."""
    texts: list[str] = []
    numbers: list[int] = []
    for cell, lines in zip(version.notebook.cells, version.cell_lines, strict=True):
        own = [line.text for line in lines]
        if cell.cell_type != "code" or not is_python(own):
            continue
        code = transform(own)
        rows = [*(line.line for line in lines)] or [0]
        texts += code
        # IPython joins a magic that runs over several lines; the lines behind it then count from the last.
        numbers += [rows[min(row, len(rows) - 1)] for row in range(len(code))]
    return "\n".join(texts) + "\n", numbers


def _unresolved(version: Version) -> list[_Use]:
    code, numbers = _code(version)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            top = symtable.symtable(code, "<cells>", "exec")
            tree = ast.parse(code)
    except SyntaxError:  # `await` outside a function is for IPython alone; then nothing can be said
        return []
    known = _KNOWN | {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    tables = [top, *_inner(top)]
    for table in tables[1:]:
        known |= {s.get_name() for s in table.get_symbols() if s.is_declared_global() and s.is_assigned()}
    loads: dict[str, list[int]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            loads.setdefault(node.id, []).append(node.lineno)
    uses = []
    for table in tables:
        for symbol in table.get_symbols():
            name = symbol.get_name()
            outside = table is top or symbol.is_global()
            if symbol.is_referenced() and outside and name not in known:
                rows = [row for row in sorted(loads.get(name, ())) if row >= table.get_lineno()]
                if rows:
                    uses.append(_Use(name, numbers[rows[0] - 1]))
    return sorted(dict.fromkeys(uses), key=lambda use: (use.line, use.name))


def _inner(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _inner(child)


def _homework_definitions(template: Template, solution: Version) -> dict[str, list[int]]:
    """For each name, the opening lines of the blocks that define it."""
    openers = {
        line.number: line.block.line
        for cell in template.cells
        for line in cell.lines
        if line.role is Role.HOMEWORK and line.block is not None
    }
    code, numbers = _code(solution)
    found: dict[str, list[int]] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except SyntaxError:
        return found
    for node in ast.walk(tree):
        row = getattr(node, "lineno", 0)
        opener = openers.get(numbers[row - 1]) if row else None
        for name in bound_names(node) if opener is not None else ():
            found.setdefault(name, []).append(opener or 0)
    return found


def bound_names(node: ast.AST) -> Sequence[str]:
    """Return the names that a node of a syntax tree gives a meaning to."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return (node.id,)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    return ()
