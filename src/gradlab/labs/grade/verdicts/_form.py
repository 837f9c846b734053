"""Where a check ends with an error, whether the form of an answer may be to blame and not what it says."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from gradlab.labs.grade.protocol import RemoteCallError, is_refusal
from gradlab.labs.grade.verdicts._evaluate import Outcome

_NOTHING: Final = frozenset({"NoneType", "ellipsis", "str", "bool", "function", "type", "NotImplementedType"})
_KIND = re.compile(r"'(\w+)' (?:and '(\w+)'|object)|of type '(\w+)' has|^(list|tuple) indices")
_LACKING = re.compile(r"has no attribute '(\w+)'")
_ERRORS = (TypeError, AttributeError, KeyError)


def form_of(value: Any) -> str:
    """What kind a value is of that a check was handed; "" of a collection in which there is nothing."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else None
    is_empty = parts is not None and all(part is None or part is ... for part in parts)
    return "" if is_empty else _kind_of(value)


def _kind_of(value: Any) -> str:
    return str(getattr(value, "_kind", "")) or type(value).__name__  # the first of what stays in the sandbox


def other_form(forms: Set[str], wanted: Set[str]) -> tuple[str, str]:
    """What kind of collection a submission handed over where the key hands over another; "" where that is not clear."""
    found, right = forms & _MADE.keys() - wanted, wanted & _MADE.keys()
    right = right if len(right) == 1 else right - forms
    return (next(iter(found)), next(iter(right))) if len(found) == 1 and len(right) == 1 else ("", "")


def cast(value: Any, found: str, wanted: str) -> Any:
    """What is one kind of collection as another; the value itself where it is of a third, or there is no such."""
    if _kind_of(value) == found:
        with suppress(Exception):  # whatever libraries make of what does not fit
            return _MADE[wanted](value)
    return value


def _listed(value: Any) -> list[Any]:
    return value.tolist() if hasattr(value, "tolist") else list(value)


def _array(value: Any) -> Any:
    value = value.detach() if hasattr(value, "detach") else value
    return importlib.import_module("numpy").asarray(value)


def _of_pandas(name: str) -> Callable[[Any], Any]:
    return lambda value: getattr(importlib.import_module("pandas"), name)(value)


_MADE: Final[dict[str, Callable[[Any], Any]]] = {
    "list": _listed,
    "tuple": lambda value: tuple(_listed(value)),
    "dict": lambda value: value.to_dict() if hasattr(value, "to_dict") else dict(value),
    "ndarray": _array,
    "Tensor": lambda value: importlib.import_module("torch").as_tensor(_array(value)),
    "Series": _of_pandas("Series"),
    "DataFrame": _of_pandas("DataFrame"),
}


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
    scalars = _NOTHING | {"int", "float", "float64", "float32", "complex"}
    if isinstance(problem, RemoteCallError):
        return bool(to_blame - scalars - known)
    return bool(forms - scalars - known) and not to_blame & scalars


def may_be_layout(outcome: Outcome, key: str, theirs: str) -> bool:
    """Whether a check uses a class in a way that it is not made for: its methods or arguments are not the key's."""
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
    is_own = isinstance(problem, RemoteCallError) and problem.cell
    return isinstance(problem, _ERRORS) and not is_own and not is_refusal(problem)


def _returns_self(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool | None:
    """Whether a method returns its instance, so that calls are chained; None of one that is not written."""
    if not any(
        isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store) for node in ast.walk(method)
    ):
        return None
    returned = [ast.unparse(node.value) for node in ast.walk(method) if isinstance(node, ast.Return) and node.value]
    return "self" in returned


def _taken(method: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """What a method takes, how it is decorated, and whether calls of it are chained."""
    taken = method.args
    numbers = (len(taken.args), len(taken.defaults), taken.vararg is None, taken.kwarg is None)
    words = sorted(word.arg for word in taken.kwonlyargs)
    return f"{numbers} {words} {[*map(ast.unparse, method.decorator_list)]} {_returns_self(method)}"


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
    takes = {node.name: _taken(node) for node in public}
    return _Layout(takes, frozenset(node.attr for node in set_ones if not node.attr.startswith("_")))
