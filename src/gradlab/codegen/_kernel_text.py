"""The text of a printed kernel, read statement by statement: what all that translate it to another language share."""

from __future__ import annotations

import ast
from typing import Any

NOTHING = ("align_stack", "flush_subnormals", "restore_mode")  # what concerns the CPU alone


class TranslationError(ValueError):
    """A kernel has a statement in it that its translator does not know."""


def function_of(source: str) -> ast.FunctionDef:
    """The one function of a text."""
    (tree,) = ast.parse(source).body
    assert isinstance(tree, ast.FunctionDef)
    return tree


class Reader:
    """Has each kind of node read by the method that is called like it, such as ``_assign``."""

    def statements(self, statements: list[ast.stmt]) -> None:
        """Reads several statements in order; what concerns the CPU alone is left out."""
        for statement in statements:
            if not _is_nothing(statement):
                self.read(statement)

    def read(self, node: ast.AST) -> Any:
        """Reads a node.

        Raises:
            TranslationError: if kernels do not have it.
        """
        return getattr(self, f"_{type(node).__name__.lower()}", self.unknown)(node)

    def unknown(self, node: ast.AST) -> Any:
        """Refuses what kernels do not have.

        Raises:
            TranslationError: always.
        """
        raise TranslationError(f"kernels have no {type(node).__name__}: {ast.unparse(node)}")


def _is_nothing(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Assign | ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in NOTHING
