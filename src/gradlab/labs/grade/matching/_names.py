"""The names of a piece of code: what it gives a meaning to, reads, changes, and lets act."""

from __future__ import annotations

import ast
from collections.abc import Sequence

_FILLING = frozenset({"append", "extend", "insert", "add", "update", "setdefault", "remove", "pop", "clear", "sort"})
_DRIVING = frozenset({"step", "start", "join"})  # what an optimiser or a thread is made with changes by these
_LOOKING = frozenset({"info", "head", "tail", "describe", "show", "summary"})  # methods that change nothing
DRAWING = frozenset({"plt", "ax", "axes", "fig", "sns"})
"""Names by which figures are drawn: what their methods are given is not changed."""
_SHOWING = DRAWING | {"print", "display"}
ARGUMENTS = "()"
"""Stands among what a function changes for what it is called with."""


def held_by(value: ast.expr) -> set[str]:
    """The names of what a value holds on to: an optimiser the parameters that it is made with, a list its entries."""
    first: list[ast.expr] = [value]
    if isinstance(value, ast.Call):
        first = [value.func, *[*value.args, *(word.value for word in value.keywords)][:1]]
    names = Names()
    for part in first:
        names.visit(part)
    return names.uses


_SCOPES = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Names(ast.NodeVisitor):
    """The names of a statement; what functions and comprehensions bind inside is their own affair."""

    def __init__(self) -> None:
        self.binds: set[str] = set()
        self.touches: set[str] = set()
        self.asks: set[str] = set()
        self.fills: set[str] = set()
        self.uses: set[str] = set()
        self.called: set[str] = set()
        self.steps: set[str] = set()
        self.holds: dict[str, set[str]] = {}
        self.runs: set[str] = set()
        self.late: set[str] = set()
        self.acts: set[str] = set()
        self._given: set[str] = set()
        self._global: set[str] = set()

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, _SCOPES):
            self._scope(list(ast.iter_child_nodes(node)), at_once=not isinstance(node, ast.Lambda))
        else:
            super().visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Del):  # what is deleted has been what it was
            (self.uses if isinstance(node.ctx, ast.Load) else self.binds).add(node.id)

    def visit_Global(self, node: ast.Global) -> None:
        self._global.update(node.names)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.binds.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.visit_Import(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.root(node.target, self.touches)
        if isinstance(node.target, ast.Name):
            self.uses.add(node.target.id)
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if not isinstance(target, ast.Name):  # `del table[0]`
                self.root(target, self.touches)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self.root(target, self.touches)
            if isinstance(target, ast.Name):
                self.holds.setdefault(target.id, set()).update(held_by(node.value))
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        before = set(self.asks)
        self.generic_visit(node)
        if isinstance(node.value, ast.Call):
            own, function = Names(), Names()
            own.visit(node.value)
            function.visit(node.value.func)
            # `print(x.grad.tolist())` changes nothing, and `print(rows.pop())` does.
            # `ax.plot(rows)` changes the axes alone.
            self.asks = before | (own.fills | acted_on(node) if function.uses & _SHOWING else self.asks | own.uses)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            self.root(node.func, self.asks)
            if node.func.attr in _DRIVING:
                self.root(node.func, self.steps)
            if node.func.attr in _FILLING or (node.func.attr.endswith("_") and not node.func.attr.startswith("_")):
                self.root(node.func, self.fills)
        elif isinstance(node.func, ast.Name):
            self.called.add(node.func.id)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.binds.add(node.name)
        outer = [*node.decorator_list, *getattr(node, "bases", ())]
        for part in outer:
            self.visit(part)
        self._scope([part for part in ast.iter_child_nodes(node) if part not in outer])
        self.acts -= {ARGUMENTS} if isinstance(node, ast.ClassDef) else set()

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.visit_FunctionDef(node)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        running, body, source = Names(), Names(), Names()
        running.visit(node.target)
        source.visit(node.iter)
        self.visit(node.iter)
        for part in node.body:
            body.visit(part)
        # What the loop runs through has a meaning before its body is run.
        self.uses |= (running.uses | body.uses) - running.binds
        if running.binds & (body.touches | body.fills):  # `for row in table: row.append(1)` changes the table
            self.asks |= source.uses
            self.fills |= source.uses
        self.binds |= running.binds | body.binds
        for found, more in (
            (self.touches, body.touches), (self.asks, body.asks), (self.fills, body.fills),
            (self.called, body.called), (self.late, body.late), (self.steps, body.steps), (self.acts, body.acts),
        ):  # fmt: skip
            found |= more
        self.holds |= body.holds
        self.runs |= (running.binds - body.binds) | body.runs
        for part in node.orelse:
            self.visit(part)

    def visit_withitem(self, node: ast.withitem) -> None:
        target = Names()
        if node.optional_vars is not None:
            target.visit(node.optional_vars)
        self.generic_visit(node)
        self.runs |= target.binds

    def visit_arg(self, node: ast.arg) -> None:
        self._given.add(node.arg)
        self.binds.add(node.arg)
        self.generic_visit(node)

    def _scope(self, nodes: Sequence[ast.AST], *, at_once: bool = False) -> None:
        inner = Names()
        for node in nodes:
            inner.visit(node)
        own = inner.binds - inner._global
        read = inner.uses - own
        self.uses |= read
        self.called |= inner.called
        self.steps |= inner.steps
        if at_once:  # `[rows.append(n) for n in numbers]`
            self.asks |= inner.asks - own
            self.fills |= inner.fills - own
            self.late |= inner.late - own
            self.acts |= inner.acts - own
        else:
            self.late |= read
            self.acts |= (inner.touches | inner.asks | inner.acts | inner._global) - own
            self.acts |= {ARGUMENTS} if (inner.touches | inner.fills) & inner._given else set()

    def root(self, target: ast.AST, found: set[str]) -> None:
        while isinstance(target, ast.Attribute | ast.Subscript | ast.Call):
            target = target.func if isinstance(target, ast.Call) else target.value
        if isinstance(target, ast.Name):
            found.add(target.id)


def acted_on(node: ast.stmt) -> set[str]:
    """The name of what a statement lets act, and nothing besides; none where it does more."""
    names = Names()
    if isinstance(node, ast.Expr) and isinstance(call := node.value, ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr not in _LOOKING:
            names.root(call.func, names.asks)
            if call.func.attr.endswith("_") and call.args:  # `nn.init.zeros_(layer.weight)`
                names.root(call.args[0], names.asks)
        elif ast.unparse(call.func) == "setattr" and call.args:
            names.root(call.args[0], names.asks)
    return names.asks - {"plt"}
