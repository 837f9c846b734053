"""Checks that hold for any answer that runs: they compare nothing, or throw away what they compare."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._foreign import AUTOTEST
from gradlab.labs._python import parses
from gradlab.labs._template import Template
from gradlab.labs._versions import Check, Versions

# A function so called may raise where something is wrong; `check_gradient` returns a report instead.
_JUDGES = re.compile(r"(?!check_gradient$).*(?:assert|check|test|verif|valid|expect|ensure|must)", re.IGNORECASE)
_CLAIMS = frozenset({"all", "allclose", "any", "array_equal", "callable", "equal", "hasattr", "isclose", "isinstance"})


def idle_checks(template: Template, versions: Versions) -> tuple[Diagnostic, ...]:
    """Find the checks that are worth points and can only fail where the answer itself raises.

    Returns:
        An error for each, with what to write. Where a function that it calls may do the judging, none.
    """
    if not template.is_python:
        return ()
    judges = {name for cell in versions.question.notebook.cells if cell.cell_type == "code"
              for name in _raising(cell.source) | _beside(template, cell.source)}  # fmt: skip
    return tuple(
        Diagnostic(template.path, check.line, "error", message, "check")
        for check in versions.solution.checks
        if check.points and (message := _message(check, judges))
    )


def _message(check: Check, judges: set[str]) -> str:
    tree, written = parses(check.source.split("\n")), AUTOTEST.search(check.source)
    if tree is None or any(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(tree)):
        return ""
    called = {_called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if called & judges or any(map(_JUDGES.match, called)):
        return ""
    last = next((node.value for node in reversed(tree.body) if isinstance(node, ast.Expr)), None)
    if isinstance(last, ast.Call) and _called(last) in ("print", "display") and last.args:
        last = last.args[0]
    is_claim = isinstance(last, ast.Compare | ast.BoolOp) or (isinstance(last, ast.Call) and _called(last) in _CLAIMS)
    shown = ast.unparse(last) if last is not None and not isinstance(last, ast.Constant) else "answer"
    shown = written[1] or "answer" if written else shown
    why = "its ### AUTOTEST lines are for nbgrader alone;" if written else "whatever runs gets its points;"
    claim = shown if is_claim else f"{shown} == ..."
    return f'the check {check.name!r} asserts nothing: {why} write for example: assert {claim}, "what is wrong then"'


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _raising(source: str) -> set[str]:
    """The functions of a cell that raise something or assert it, apart from those that are still to be written."""
    return {node.name for node in _nodes(source) if isinstance(node, ast.FunctionDef | ast.ClassDef)
            and any(map(_may_raise, ast.walk(node)))}  # fmt: skip


def _may_raise(node: ast.AST) -> bool:
    is_stub = isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id == "NotImplementedError"
    return isinstance(node, ast.Assert | ast.Raise) and not is_stub


def _beside(template: Template, source: str) -> set[str]:
    """What a cell imports from a module that lies beside the template, whose functions may do anything."""
    return {
        alias.asname or alias.name
        for node in _nodes(source)
        if isinstance(node, ast.ImportFrom) and (template.path.parent / f"{node.module}.py").is_file()
        for alias in node.names
    }


def _nodes(source: str) -> Iterator[ast.AST]:
    tree = parses(source.split("\n"))
    return ast.walk(tree) if tree is not None else iter(())
