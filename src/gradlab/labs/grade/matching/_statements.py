"""A cell as statements: what each binds, what it uses, and its shape, in which layout and comments do not count."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from gradlab.labs._python import is_python, parse, transform
from gradlab.labs.grade.matching._names import DRAWING, Names, acted_on

_EFFECTS = re.compile(r"seed|^set_|^use$|filterwarnings|simplefilter")
_TIMED = re.compile(r"^%time[ \t]+(?=\S)")  # in Jupyter what stands behind it is run as if it stood alone
_TOO_MUCH = (ValueError, RecursionError, MemoryError)
_REMEMBERED = 2000  # cells: a class hands in the same given cells again and again
_ANYTHING = frozenset({"globals", "exec", "setattr", "vars", "locals", "eval"})


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
        may_not_end: whether it holds a loop that nothing in it brings to an end but an error.
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
    may_not_end: bool = False
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
        return not (self.reached or self.has_effect or calls or self.draws)

    @property
    def draws(self) -> bool:
        """Whether it does something with a figure."""
        return bool(self.uses & DRAWING)

    @property
    def binds_anything(self) -> bool:
        """Whether nobody knows what it gives a meaning to: `globals()[name] = 1`, `exec(text)`."""
        return bool(self.calls & _ANYTHING - {"setattr"})

    def without(self, modules: Set[str]) -> Statement:
        """The same, with modules filled or let act by nothing: `nn.init.zeros_(layer.weight)`."""
        return replace(self, fills=self.fills - modules, acted=self.acted - modules)

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
    names = Names()
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
        acted=frozenset(acted_on(node)),
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
        may_not_end=_may_not_end(node),
        arguments=len(function.args.posonlyargs) + len(function.args.args) if function else -1,
    )


def linked(names: Iterable[str], links: Mapping[str, Set[str]], apart: Set[str] = frozenset()) -> set[str]:
    """Names and all that they lead to, without what is apart."""
    found = set(names)
    todo = list(found)
    while todo:
        more = links.get(todo.pop(), frozenset[str]()) - found - apart
        found |= more
        todo += more
    return found


def _is_entry(target: ast.expr) -> bool:
    """Whether an assignment is to an entry or attribute of something named: `answers[1] = ...`."""
    if isinstance(target, ast.Subscript):
        return isinstance(target.value, ast.Name) and isinstance(target.slice, ast.Constant)
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)


def root_of(name: str) -> str:
    """The name that a name of an entry begins with: `answers` of `answers[1]`."""
    return re.split(r"[.\[]", name, maxsplit=1)[0]


def _has_effect(node: ast.stmt, names: Names) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        if _EFFECTS.search(node.value.func.attr):
            return True
    stars = isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    return stars or bool(names.called & _ANYTHING)


def _may_not_end(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if isinstance(node, ast.While) and not any(isinstance(each, ast.Break | ast.Raise) for each in ast.walk(node)):
        test, body = Names(), Names()
        test.visit(node.test)
        for part in node.body:
            body.visit(part)
        if not test.uses & (body.binds | body.touches | body.asks):
            return True
    return any(_may_not_end(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.stmt))


def _shape(node: ast.stmt) -> str:
    class _Bare(ast.NodeTransformer):
        def generic_visit(self, node: ast.AST) -> ast.AST:
            super().generic_visit(node)
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                if ast.get_docstring(node, clean=False) is not None:
                    node.body = node.body[1:]
            return node

    return ast.dump(_Bare().visit(ast.parse(ast.unparse(node)).body[0]))
