"""A cell as statements: what each binds, what it uses, and its shape, in which layout and comments do not count."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from gradlab.labs._python import is_python, parse, transform

_EFFECTS = re.compile(r"seed|^set_|^use$|filterwarnings|simplefilter")
_FILLING = frozenset({"append", "extend", "insert", "add", "update", "setdefault", "remove", "pop", "clear", "sort"})
_DRIVING = frozenset({"step", "start", "join"})  # what an optimiser or a thread is made with changes by these
_TIMED = re.compile(r"^%time[ \t]+(?=\S)")  # in Jupyter what stands behind it is run as if it stood alone
_TOO_MUCH = (ValueError, RecursionError, MemoryError)
_REMEMBERED = 2000  # cells: a class hands in the same given cells again and again
_LOOKING = frozenset({"info", "head", "tail", "describe", "show", "summary"})
# Calls of these show something and change nothing.
_DRAWING = frozenset({"plt", "ax", "axes", "fig", "sns"})
_SHOWING = _DRAWING | {"print", "display"}
_ANYTHING = frozenset({"globals", "exec", "setattr", "vars", "locals", "eval"})


ARGUMENTS = "()"
"""Stands among what a function changes for what it is called with."""
_PLAIN = (
    ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a cell, at its top level.

    Args:
        source: its text.
        line: of the cell, from 1.
        shape: the same for statements that differ in layout, comments and docstrings alone.
        binds: the names that it gives a meaning to; of an entry such as `answers[1]`, its text.
        touches: the names of things that it changes: `table[0] = 1`.
        asks: the names of things whose methods it calls, and so may change: `losses.append(1)`; and those that a call
            by itself is given: `shuffle(rows)`.
        fills: those of them whose methods change them by all that is known: `losses.append(1)`.
        acted: the name of what it lets act, and nothing besides: `ax.set_title("k")`, `setattr(box, "w", 4)`.
        calls: the names of the functions that it calls.
        steps: the names of the optimisers and threads that it lets do a step, which changes what they hold.
        holds: for names that it gives a meaning to, the names of what they hold on to.
        runs: the names that a loop runs through its values by, or that `with` gives a meaning to, and nothing besides.
        late: the names that functions in it read, when they are called.
        acts: the names of things that functions in it change, when they are called; of what they are given, ARGUMENTS.
        imports: the names that it imports.
        uses: the names that it reads, in functions too.
        is_definition: whether it only defines a function or a class.
        always_binds: whether it gives its names a meaning whatever happens: no loop, no condition.
        has_effect: whether it has to be run whatever is needed of it: seeds, settings, imports of everything.
        arguments: of a function, how many it takes; else -1.
    """

    source: str
    line: int
    shape: str
    binds: frozenset[str]
    touches: frozenset[str]
    asks: frozenset[str]
    fills: frozenset[str]
    acted: frozenset[str]
    calls: frozenset[str]
    steps: frozenset[str]
    holds: tuple[tuple[str, frozenset[str]], ...]
    runs: frozenset[str]
    late: frozenset[str]
    acts: frozenset[str]
    imports: frozenset[str]
    uses: frozenset[str]
    is_definition: bool = False
    always_binds: bool = False
    has_effect: bool = False
    arguments: int = -1

    @property
    def changes(self) -> frozenset[str]:
        """The names that it gives a meaning to, wholly or in part: `table[0] = 1`."""
        return self.binds | self.touches

    @property
    def reached(self) -> frozenset[str]:
        """The names that may hold or change, behind it, something of what it uses."""
        return self.changes | self.asks | self.fills

    @property
    def is_idle(self) -> bool:
        """Whether nothing is another than before by it: it shows something, and draws nothing."""
        calls = self.calls - vars(builtins).keys() - {"display"}
        return not (self.reached or self.has_effect or calls or self.uses & _DRAWING)

    def meets(self, names: Set[str]) -> bool:
        """Whether it gets hold of any of some names when it is run: reads it, changes it, or gives it a meaning."""
        late = self.late if self.is_definition else frozenset[str]()
        return bool(((self.uses - late) | self.reached) & names)


@lru_cache(_REMEMBERED)
def statements_of(source: str) -> tuple[tuple[Statement, ...], str]:
    r"""Part a cell into statements.

    Returns:
        The statements, and what of the cell cannot be read, in words; the rest is parted all the same.

    >>> [(s.line, sorted(s.binds), sorted(s.uses)) for s in statements_of("a = 1\n\n\ndef f(x):\n    return a*x\n")[0]]
    [(1, ['a'], []), (4, ['f'], ['a'])]
    """
    lines = [_TIMED.sub("", line) for line in source.split("\n")]
    if not is_python(lines):
        return (), ""
    try:
        return _parted(lines, 1), ""
    except SyntaxError as problem:
        said = f"line {problem.lineno or 1}: {problem.msg}"
    except _TOO_MUCH as problem:
        said = f"it is nested too deeply, or holds signs that no code can have: {type(problem).__name__}"
    found: list[Statement] = []
    for first, block in _blocks(lines):
        try:
            found += _parted(block, first)
        except (SyntaxError, *_TOO_MUCH):
            continue  # `said` names the first of them
    return tuple(found), said


def _blocks(lines: Sequence[str]) -> list[tuple[int, list[str]]]:
    """The lines from one that begins at the margin to the next: what may be a statement of its own."""
    blocks: list[tuple[int, list[str]]] = []
    for row, line in enumerate(lines, 1):
        starts = line[:1] not in ("", " ", "\t", ")", "]", "}", "#") and not re.match(
            r"(?:else|elif|except|finally)\b", line
        )
        decorated = bool(blocks) and all(part.startswith(("@", "#")) or not part for part in blocks[-1][1])
        if not blocks or (starts and not decorated):
            blocks.append((row, []))
        blocks[-1][1].append(line)
    return blocks


def _parted(lines: Sequence[str], first: int) -> tuple[Statement, ...]:
    tree = parse(lines)
    text = "\n".join(transform(lines)) + "\n"
    return tuple(_statement(node, text, first) for node in tree.body)


def _statement(node: ast.stmt, text: str, first: int) -> Statement:
    start = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", []))])
    if start < node.lineno:
        source = "\n".join(text.split("\n")[start - 1 : node.end_lineno])
    else:
        source = ast.get_source_segment(text, node) or ""
    names = _Names()
    names.visit(node)
    for target in node.targets if isinstance(node, ast.Assign) else ():
        if _is_entry(target):
            names.binds.add(ast.unparse(target))
    function = node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None
    return Statement(
        source=source,
        line=start + first - 1,
        shape=_shape(node),
        binds=frozenset(names.binds),
        touches=frozenset(names.touches),
        asks=frozenset(names.asks) if not isinstance(node, ast.Import | ast.ImportFrom) else frozenset(),
        fills=frozenset(names.fills),
        acted=frozenset(_acted(node)),
        calls=frozenset(names.called),
        steps=frozenset(names.steps),
        holds=tuple((name, frozenset(held)) for name, held in names.holds.items()),
        runs=frozenset(names.runs),
        late=frozenset(names.late),
        acts=frozenset(names.acts),
        imports=frozenset(names.binds) if isinstance(node, ast.Import | ast.ImportFrom) else frozenset(),
        uses=frozenset(names.uses),
        is_definition=function is not None or isinstance(node, ast.ClassDef),
        always_binds=isinstance(node, _PLAIN),
        has_effect=_has_effect(node, names),
        arguments=len(function.args.posonlyargs) + len(function.args.args) if function else -1,
    )


def _acted(node: ast.stmt) -> set[str]:
    names = _Names()
    if isinstance(node, ast.Expr) and isinstance(call := node.value, ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr not in _LOOKING:
            names._root(call.func, names.asks)
        elif ast.unparse(call.func) == "setattr" and call.args:
            names._root(call.args[0], names.asks)
    return names.asks - {"plt"}


def _is_entry(target: ast.expr) -> bool:
    """Whether an assignment is to an entry or attribute of something named: `answers[1] = ...`."""
    if isinstance(target, ast.Subscript):
        return isinstance(target.value, ast.Name) and isinstance(target.slice, ast.Constant)
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)


def root_of(name: str) -> str:
    """The name that a name of an entry begins with: `answers` of `answers[1]`."""
    return re.split(r"[.\[]", name, maxsplit=1)[0]


def _has_effect(node: ast.stmt, names: _Names) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        if _EFFECTS.search(node.value.func.attr):
            return True
    stars = isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    return stars or bool(names.called & _ANYTHING)


def _shape(node: ast.stmt) -> str:
    class _Bare(ast.NodeTransformer):
        def generic_visit(self, node: ast.AST) -> ast.AST:
            super().generic_visit(node)
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                if ast.get_docstring(node, clean=False) is not None:
                    node.body = node.body[1:]
            return node

    return ast.dump(_Bare().visit(ast.parse(ast.unparse(node)).body[0]))


def _held(value: ast.expr) -> set[str]:
    """The names of what a value holds on to: an optimiser the parameters that it is made with, a list its entries."""
    first: list[ast.expr] = [value]
    if isinstance(value, ast.Call):
        first = [value.func, *[*value.args, *(word.value for word in value.keywords)][:1]]
    names = _Names()
    for part in first:
        names.visit(part)
    return names.uses


_SCOPES = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class _Names(ast.NodeVisitor):
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
        self._root(node.target, self.touches)
        if isinstance(node.target, ast.Name):
            self.uses.add(node.target.id)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._root(target, self.touches)
            if isinstance(target, ast.Name):
                self.holds.setdefault(target.id, set()).update(_held(node.value))
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        before = set(self.asks)
        self.generic_visit(node)
        if isinstance(node.value, ast.Call):
            own, function = _Names(), _Names()
            own.visit(node.value)
            function.visit(node.value.func)
            # `print(x.grad.tolist())` changes nothing, and `print(rows.pop())` does.
            # `ax.plot(rows)` changes the axes alone.
            self.asks = before | (own.fills | _acted(node) if function.uses & _SHOWING else self.asks | own.uses)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            self._root(node.func, self.asks)
            if node.func.attr in _DRIVING:
                self._root(node.func, self.steps)
            if node.func.attr in _FILLING or (node.func.attr.endswith("_") and not node.func.attr.startswith("_")):
                self._root(node.func, self.fills)
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
        running, body, source = _Names(), _Names(), _Names()
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
        target = _Names()
        if node.optional_vars is not None:
            target.visit(node.optional_vars)
        self.generic_visit(node)
        self.runs |= target.binds

    def visit_arg(self, node: ast.arg) -> None:
        self._given.add(node.arg)
        self.binds.add(node.arg)
        self.generic_visit(node)

    def _scope(self, nodes: Sequence[ast.AST], *, at_once: bool = False) -> None:
        inner = _Names()
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

    def _root(self, target: ast.AST, found: set[str]) -> None:
        while isinstance(target, ast.Attribute | ast.Subscript | ast.Call):
            target = target.func if isinstance(target, ast.Call) else target.value
        if isinstance(target, ast.Name):
            found.add(target.id)
