"""Rules, schedules and batches from text, as `str` writes them: from a command line, a sweep's file, a result."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from typing import Any

from gradlab._words import called_so
from gradlab.rules._described import Described, Made
from gradlab.rules._numbers import RuleError
from gradlab.rules.schedules import Schedule


def read(kind: type[Made], text: str | Made) -> Made:
    """What a text says, or what was made already.

    Args:
        kind: what it is to be: a `Rule`, a `Schedule` or `Batches`.
        text: a name, with numbers in brackets where they are not the usual ones.

    Raises:
        RuleError: if it is no such thing; says what to write.

    >>> from gradlab.rules import Rule
    >>> read(Rule, "adam(beta1=0.8)").settings["beta1"]
    0.8
    >>> str(read(Rule, "Momentum(0.1, schedule=Cosine(steps=50))"))
    'Momentum(learning_rate=0.1, schedule=Cosine(steps=50))'
    """
    if isinstance(text, kind):
        return text
    if not isinstance(text, str):
        raise RuleError(_refused(kind, text))
    head = re.match(r"\s*([A-Za-z_][\w-]*)", text)
    try:
        if head is None:
            raise SyntaxError
        tree = ast.parse(text.strip().replace(head[1], head[1].replace("-", "_"), 1), mode="eval").body
        made = _made(tree, kind)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        if isinstance(problem, RuleError):
            raise
        raise RuleError(f"{text!r} is no {kind.noun}; write {kind.example}.") from None
    if not isinstance(made, kind):
        raise RuleError(f"{text!r} is no {kind.noun}.")
    return made


def _refused(kind: type[Described], value: object) -> str:
    """What is no rule, and the rule of the same name: `torch.optim.Adam`, made or not, is meant as `Adam`."""
    made = value if isinstance(value, type) else type(value)
    meant = [kind.kinds[each] for each in called_so(made.__name__, kind.kinds)]
    if not meant:
        return f"{value!r} is no {kind.noun}; write {kind.example}."
    own = " or ".join(f"gl.rules.{each.__name__}()" for each in meant)
    where = "" if made in meant else f" of {made.__module__.partition('.')[0]}"
    return f"{made.__name__}{where} is no {kind.noun}; write {own}, with its numbers in the brackets."


def _made(node: ast.expr, kind: type[Described]) -> Any:
    if isinstance(node, ast.Name):
        return _called(kind.named(node.id), [], {})
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        raise SyntaxError
    if any(keyword.arg is None for keyword in node.keywords):
        raise SyntaxError
    values = {str(keyword.arg): _value(keyword.value) for keyword in node.keywords}
    return _called(kind.named(node.func.id), [_value(each) for each in node.args], values)


def _called(kind: type[Described], values: list[Any], named: dict[str, Any]) -> Any:
    try:
        return kind(*values, **named)
    except TypeError:
        known = ", ".join(each.name for each in fields(kind))  # type: ignore[arg-type]  # a dataclass
        raise RuleError(f"{kind.__name__} takes {known}.") from None


def _value(node: ast.expr) -> Any:
    """A number, a text, several of them, or a schedule."""
    if isinstance(node, ast.Call) or (isinstance(node, ast.Name) and node.id not in ("True", "False", "None")):
        return _made(node, Schedule)
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(map(_value, node.elts))
    return ast.literal_eval(node)
