"""Equations that may say what something in them is: coefficients, a point, a matrix, what a quotient depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import replace

from gradlab.graph import Apply, Expression, Partial, Ref, as_number, is_apply
from gradlab.prove import _combine as combine
from gradlab.prove._definitions import Definitions, names_in, walk
from gradlab.prove._degree import is_algebra
from gradlab.prove._errors import READING, Deadline, NotUnderstoodError
from gradlab.prove._meant import variables_in, verdicts
from gradlab.prove._mood import is_symmetry, is_to_be_solved, may_be_matrix, same_names
from gradlab.prove._names import FREE
from gradlab.prove._verdict import Fault, Truth
from gradlab.prove.judge._doubts import without
from gradlab.prove.read._define import Line, Shape
from gradlab.prove.read._infinitesimals import Integral
from gradlab.prove.read._label import key_of, label_of
from gradlab.prove.read._nodes import At, Call, Derivative, Indexed, Tensor, Total, mapped
from gradlab.prove.read._statements import Chain, Known

Pair = tuple[Expression | NotUnderstoodError, ...]


def varies(side: Expression, known: Known, deadline: Deadline) -> bool:
    """Whether a formula has not one and the same value whatever its free names are, in the functions it calls too."""

    def renamed(node: Expression) -> Expression | None:
        if isinstance(node, Tensor):
            return replace(node, name=f"{node.name}_{{other}}")
        if isinstance(node, Call) and node.function in known.functions:
            return replace(node, function=f"{node.function}_{{other}}")
        return Ref(f"{node.name}_{{other}}") if isinstance(node, Ref) else None

    twins = {
        f"{name}_{{other}}": replace(
            function,
            parameters=tuple(f"{parameter}_{{other}}" for parameter in function.parameters),
            body=mapped(function.body, renamed),
        )
        for name, function in known.functions.items()
    }
    both = replace(known, functions={**known.functions, **twins})
    return verdicts(Chain((side, mapped(side, renamed)), (None,)), both, deadline)[0].truth is Truth.FALSE


def is_of_point(left: Expression, is_open: Callable[[str], bool], reached: Set[str]) -> bool:
    """Whether a side is the value of a function at a point, with an open name in it: a coefficient, the point."""
    if isinstance(left, At):
        return any(is_open(name) for value in left.values for name in names_in(value))
    inside = {name for argument in getattr(left, "arguments", ()) for name in names_in(argument)}
    return isinstance(left, Call) and not inside and any(map(is_open, reached))


def is_of_matrix(pair: Pair) -> bool:
    r"""Whether a step that has an inverse may say what a capital of one side alone is: ``P A = A^{-1} A``."""
    sides = [side for side in pair if isinstance(side, Expression)]
    powers = [node for side in sides for node in walk(side) if is_apply(node, "pow") and as_number(node.args[1]) == -1]  # type: ignore[attr-defined]
    inverse = any(isinstance(node.args[0], Ref) and may_be_matrix(node.args[0].name) for node in powers)
    return inverse and any(map(may_be_matrix, names_in(sides[0]) ^ names_in(sides[-1])))


def depends_on_it(node: Derivative, pair: Pair) -> str:
    """The name below a fraction that the quotient rule on the other side takes for a function; empty if none."""
    below = node.body.args[1] if is_apply(node.body, "div") else None  # type: ignore[attr-defined]
    if not isinstance(below, Ref) or below in node.wrt:
        return ""
    squares = [
        inner.args[1]  # type: ignore[attr-defined]
        for side in pair
        for inner in walk(side)
        if is_apply(inner, "div") and inner is not node.body
    ]
    found = any(is_apply(s, "pow") and s.args[0] == below and as_number(s.args[1]) == 2 for s in squares)
    return below.name if found else ""


def own_variables(pair: Pair, names: Set[str], known: Known) -> set[str]:
    """The variables of a step that are those of a function in it: they are free, whatever else has their names."""
    functions = (known.functions[name] for name in names if name in known.functions)
    return variables_in(pair) & {name for function in functions for name in function.parameters}


def to_solve(said: Definitions, line: Line, pair: Pair, document: bool) -> str:
    """Why a true step may be an equation to solve: by its words, or a line behind it solves it; else empty."""
    left, right = pair
    if not isinstance(left, Expression) or not isinstance(right, Expression):
        return ""
    if document and is_to_be_solved(line, names_in(left) | names_in(right)):
        return "by the words beside it this is an equation to solve"
    if as_number(right) != 0 or any(isinstance(node, Derivative | Partial | Integral) for node in walk(left)):
        return ""
    found = (said.defined.get(name) for name in sorted(names_in(left)))
    items = [item for item in found if item is not None and _order(item.line) > _order(line)]
    known = without(said.known, {item.shape.name for item in items})
    if not items or verdicts(Chain((left, right), (None,)), known, Deadline(READING))[0].truth is Truth.TRUE:
        return ""
    return f"this may be an equation to solve: line {_order(items[0].line)[0]} says for what it holds"


def _order(line: Line) -> tuple[int, int]:
    place = line.source.place(line.piece.at)
    return place.line, place.column


def says_sigma(judged: combine.Judged) -> bool:
    r"""Whether a line says what ``\sigma`` is in a way that is not understood, or another: ``\sigma(x) = \tanh x``."""
    first, other = judged.first.chain.sides[:2]
    if not (isinstance(first, Apply) and first.primitive == "sigmoid" and isinstance(first.args[0], Ref)):
        return False
    if judged.steps[0].truth is Truth.TRUE or judged.line.piece.relations[0].text != "=":
        return False
    if isinstance(other, NotUnderstoodError):
        return True
    return first.args[0].name in names_in(other) and not any(is_apply(node, "sigmoid") for node in walk(other))


def keys_of(shape: Shape) -> set[str]:
    """The variables that a definition writes behind its name."""
    return {key_of(label) for part in shape.parameters or () if (label := label_of(part)) is not None}


def may_be_of(shape: Shape, pair: Pair, own: set[str]) -> bool:
    """Whether a step may be about what a definition says: that has the step's variables, and as many arguments."""
    if shape.parameters is None:
        return True
    calls = (node for side in pair for node in walk(side) if isinstance(node, Call) and node.function == shape.name)
    fitting = all(len(call.arguments) == len(shape.parameters) for call in calls if call.shown)
    return fitting and {name.removeprefix(FREE) for name in own} <= keys_of(shape)


def rivals(name: str, said: Definitions, line: Line) -> list[str]:
    """The names with an index that may be meant by one without; none that are derivatives of it, or of another section.

    Where its own section says what the name is, those of other sections are none.
    """
    item = said.defined.get(name)
    near = item is not None and item.line.section == line.section
    shapes = [other.shape for other in said.found if other.shape.name == name]
    variables = {key for shape in shapes for key in keys_of(shape)}
    found: list[str] = []
    for other, defined in said.defined.items():
        below = other.removeprefix(f"{name}_").strip("{}")
        slope = variables and set(below) <= variables
        if other.startswith(f"{name}_") and not slope and not (near and defined.line.section != line.section):
            found.append(other.removeprefix(FREE))
    return sorted(found)


def relates_names(
    pair: Pair,
    unknown: Sequence[Set[str]],
    known: Known,
    formula_of: Callable[[str], Expression | None],
    deadline: Deadline,
) -> bool:
    """Whether unknown functions at different points are compared, or free names are in what one may solve."""
    left, right = (side for side in pair if isinstance(side, Expression))
    if any(isinstance(node, Derivative | Partial | At) for side in (left, right) for node in walk(side)):
        return False
    a, b = (names_in(side) - own for side, own in zip((left, right), unknown, strict=True))
    free = all(name.startswith(FREE) and formula_of(name) is None for name in a | b)
    counted = {name for node in walk(left) if isinstance(node, Total) and node.upper for name in node.upper.names}
    solved = bool(a - counted) and not b and is_algebra(left) and is_algebra(right)
    solved = solved and varies(left, known, deadline)
    is_given = is_symmetry(left, right) or is_of_matrix(pair)
    return free and ((any(unknown) and not (a <= b or b <= a)) or solved or is_given)


def is_unexplained(judged: combine.Judged, i: int, known: Known) -> bool:
    """Whether nothing says what the functions, or the arrays of one side, are in a false step that no mistake explains.

    A rule of derivatives, with some on both sides, is claimed for all functions, as one of integrals is.
    """
    step, pair = judged.steps[i], judged.first.chain.sides[i : i + 2]
    nodes = [list(walk(side)) for side in pair]
    calls = [[node for node in each if isinstance(node, Call)] for each in nodes]
    unknown = any(call.function not in known.functions for each in calls for call in each)
    if step.repair is not None and not (unknown and step.repair.fault is Fault.SEVERAL):
        return False
    slopes = [any(isinstance(node, Derivative) for node in each) for each in nodes]
    rule = all(slope or any(any(call.orders) for call in each) for slope, each in zip(slopes, calls, strict=True))
    rule = rule or any(isinstance(node, Integral) for each in nodes for node in each)
    arrays = not any(slopes) and any(isinstance(node, Tensor | Indexed) for each in nodes for node in each)
    other = not same_names(*(side for side in pair if isinstance(side, Expression)))
    return not known.graph and ((arrays and other) or (unknown and not rule))
