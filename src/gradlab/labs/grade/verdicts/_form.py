"""Where a check ends with an error, whether the form of an answer may be to blame and not what it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Any, Final

from gradlab.labs.grade.protocol import RemoteCallError
from gradlab.labs.grade.verdicts._evaluate import Outcome

_NOTHING: Final = frozenset({"NoneType", "ellipsis", "str", "bool", "function", "type", "NotImplementedType"})
_KIND = re.compile(r"'(\w+)' (?:and '(\w+)'|object)|^(list|tuple) indices")
_LACKING = re.compile(r"has no attribute '(\w+)'")
_ERRORS = (TypeError, AttributeError, KeyError)


def form_of(value: Any) -> str:
    """What kind a value is of that a check was handed; "" of a collection in which there is nothing."""
    kind = str(getattr(value, "_kind", "")) or type(value).__name__
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else None
    return kind if parts is None or any(part is not None and part is not ... for part in parts) else ""


def may_be_form(outcome: Outcome, forms: Set[str], known: Set[str]) -> bool:
    """Whether a check could not use what is perhaps right in another form: a table where the key has a dict.

    Args:
        outcome: what became of the check.
        forms: what kinds of values the submission has handed to it.
        known: the classes that the lab asks for: how those are laid out is another question.
    """
    problem = outcome.problem
    if not _is_of_form(problem):
        return False
    said = {kind for found in _KIND.findall(str(problem)) for kind in found if kind}
    to_blame = said & forms
    if isinstance(problem, AttributeError):
        return bool(to_blame - _NOTHING - known)
    if isinstance(problem, RemoteCallError):
        return False
    scalars = _NOTHING | {"int", "float", "float64", "float32", "complex"}
    return bool(forms - scalars - known) and not to_blame & scalars


def may_be_layout(outcome: Outcome, key: str, theirs: str) -> bool:
    """Whether a check uses a class in a way that it is not made for: its methods or arguments are not the key's.

    Args:
        outcome: what became of the check.
        key: the source of the key's class.
        theirs: the source of what the submission has in its place.
    """
    if not _is_of_form(outcome.problem):
        return False
    wanted, found = _layout(key), _layout(theirs)
    if wanted is None or found is None:
        return wanted is not None
    lacking = _LACKING.search(str(outcome.problem))
    if lacking is not None and lacking[1] in wanted.attributes:
        return bool(found.attributes - wanted.attributes)
    return any(wanted.methods.get(name) != arguments for name, arguments in found.methods.items())


def _is_of_form(problem: BaseException | None) -> bool:
    """Whether an error arose where the check and the submission meet, and not inside the submission's own code."""
    return isinstance(problem, _ERRORS) and not (isinstance(problem, RemoteCallError) and problem.cell)


@dataclass(frozen=True, slots=True)
class _Layout:
    """A class: what its methods take, and the attributes that they set."""

    methods: dict[str, str]
    attributes: frozenset[str]


def _layout(source: str) -> _Layout | None:
    """The layout of a class, what is private apart; None where there is no class."""
    kind = next((node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)), None)
    if kind is None:
        return None
    methods = [node for node in kind.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    public = [node for node in methods if not node.name.startswith("_") or node.name.startswith("__")]
    set_ones = [node for node in ast.walk(kind) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)]
    takes = {
        node.name: f"{[*map(ast.unparse, node.decorator_list)]} {len(node.args.args)} {len(node.args.defaults)}"
        f" {sorted(word.arg for word in node.args.kwonlyargs)} {node.args.vararg is None} {node.args.kwarg is None}"
        for node in public
    }
    return _Layout(takes, frozenset(node.attr for node in set_ones if not node.attr.startswith("_")))
