r"""Steps that hold whatever the derivatives in them are of which nothing says how to take them.

``\nabla f(x)^\top (-t \nabla f(x)) = -t \lVert \nabla f(x) \rVert^2`` holds for any vector in the place of the
gradient, ``\sum_k \frac{\partial L}{\partial y_k} \delta_{ik} = \frac{\partial L}{\partial y_i}`` for any numbers.
Each such derivative gets a name of its own, with its indices; what holds for all values of these names is true,
anything else is left open, as the derivatives may be connected.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gradlab.graph import Differentiate, Expression, Partial, Ref
from gradlab.prove._errors import Deadline
from gradlab.prove._meant import verdicts
from gradlab.prove._names import FREE
from gradlab.prove._verdict import Truth
from gradlab.prove.judge._doubts import every, names_of, reached
from gradlab.prove.read._infinitesimals import Differential, Integral
from gradlab.prove.read._nodes import (
    Array,
    At,
    Call,
    Derivative,
    Index,
    Indexed,
    Limit,
    Tensor,
    Unsaid,
    letter_of,
    mapped,
    rebuilt,
)
from gradlab.prove.read._slopes import CONSTANTS
from gradlab.prove.read._statements import Chain, Known
from gradlab.prove.read._write import Writer

_TAKEN = (Derivative, Partial, Differentiate, Differential, Integral, Limit, At)
_MATRICES = frozenset("AWXYZHOMB")  # capitals that are rarely functions or numbers
_HOLE = Ref("?index")


class _MayBeArrayError(ValueError):
    """A derivative that may have more indices than are written."""


@dataclass
class _Names:
    """Names for derivatives.

    Attributes:
        known: what the text says.
        given: for what is left of each derivative without its indices, its name.
        shown: the derivatives that got one, as they are written.
    """

    known: Known
    given: dict[Expression, str] = field(default_factory=dict[Expression, str])
    shown: dict[str, None] = field(default_factory=dict[str, None])

    def rule(self, node: Expression) -> Expression | None:
        """The name of a derivative of which nothing says how to take it; None for anything else."""
        if isinstance(node, Unsaid):
            return self._named(node, node.order)
        if not isinstance(node, Derivative):
            return None
        whole = node
        while isinstance(whole.body, Derivative):
            whole = replace(whole.body, wrt=(*whole.body.wrt, *whole.wrt))
        if not self._is_open(whole.body):
            return None
        by = tuple(sorted(whole.wrt, key=Writer(self.known.graph.symbols).latex))
        return self._named(replace(whole, wrt=by), self._rank(whole))

    def _is_open(self, body: Expression) -> bool:
        """Whether something is one name that nothing computes."""
        name = body.head if isinstance(body, Indexed) else body.name if isinstance(body, Ref | Tensor) else ""
        known = self.known
        said = name in known.quantities or name in known.families or name in known.functions
        return name.startswith(FREE) and not said

    @staticmethod
    def _rank(node: Derivative) -> int:
        """How many indices a derivative has beside those that are written."""
        of_array = [_is_array(part) for part in node.args]
        if of_array[0] and any(of_array[1:]):
            raise _MayBeArrayError
        capital = [isinstance(part, Ref) and letter_of(part.name) in _MATRICES for part in node.args]
        if capital[0] or (any(capital) and len(node.wrt) > 1):
            raise _MayBeArrayError
        if any(capital) or any(isinstance(part, Tensor) and letter_of(part.name).isupper() for part in node.args):
            return 2
        return sum(of_array)

    def _named(self, node: Expression, rank: int) -> Expression:
        self.shown[Writer(self.known.graph.symbols).latex(node)] = None
        indices: list[Expression] = []
        word = "Slope" if rank > 1 else "slope"  # as a capital is read as a matrix
        kind = self.given.setdefault(_without_indices(node, indices), rf"\mathrm{{{word} {len(self.given)}}}")
        if indices:
            return Indexed(FREE + (rf"\mathbf{{{kind}}}" if rank else kind), tuple(indices))
        return Tensor(FREE + kind, rank) if rank else Ref(FREE + kind)

    @property
    def names(self) -> set[str]:
        """All names that were given."""
        return {FREE + style for kind in self.given.values() for style in (kind, rf"\mathbf{{{kind}}}")}


def holds_whatever(pairs: list[tuple[Expression, Expression]], known: Known, deadline: Deadline) -> str:
    """Why a step holds whatever the derivatives in it are that nothing computes; empty if it may not.

    Args:
        pairs: both sides, in each way to read them.
        known: what the text says.
        deadline: when to stop.
    """
    if _as_functions(pairs, known, deadline):
        return "for every function"
    given = _Names(known)
    try:
        sides = [(mapped(left, given.rule), mapped(right, given.rule)) for left, right in pairs]
    except _MayBeArrayError:
        return ""
    if not given.given:
        return ""
    named = _with_names(known, given)
    for pair in sides:
        taken = [node for node in reached(pair, named) if isinstance(node, _TAKEN)]
        if any(names_of(reached((node,), named)) & given.names for node in taken):
            return ""
        if verdicts(Chain(pair, (None,)), named, deadline)[0].truth is not Truth.TRUE:
            return ""
    return f"whatever {', '.join(given.shown)} is"


# ---- names of functions that stand without their variables


@dataclass
class _Functions:
    """Names as functions of variables.

    Attributes:
        names: those that are differentiated somewhere.
        variables: of what.
        point: what stands in their brackets where they are written with some, if it is one name.
    """

    names: set[str]
    variables: tuple[Expression, ...]
    point: Expression | None = None

    def rule(self, node: Expression) -> Expression | None:
        """A function in the place of a name, a gradient as the derivatives by both variables."""
        if isinstance(node, Ref) and node.name in self.names:
            return Call(node.name, self.variables, (0,) * len(self.variables))
        if isinstance(node, Call) and node.function in self.names and node.arguments == (self.point,):
            return Call(node.function, self.variables, (0,) * len(self.variables))
        if isinstance(node, Unsaid):
            body = mapped(Ref(node.function), self.rule) if node.function else mapped(node.inside[0], self.rule)
            return Array(tuple((Derivative(body, (by,)),) for by in self.variables))
        return None


_COORDINATES = (Ref(f"{FREE}first coordinate"), Ref(f"{FREE}second coordinate"))


def _as_functions(pairs: list[tuple[Expression, Expression]], known: Known, deadline: Deadline) -> bool:
    """Whether a step holds for all functions that its names may be of what is differentiated by, or of coordinates."""
    for pair in pairs:
        nodes = [node for side in pair for node in every(side)]
        slopes = [node for node in nodes if isinstance(node, Derivative)]
        gradients = [node for node in nodes if isinstance(node, Unsaid)]
        by = {wrt for node in slopes for wrt in node.wrt}
        if any(node.style == "total" or node.body in by for node in slopes):
            return False  # a variable may depend on another
        if bool(slopes) == bool(gradients) or not all(isinstance(wrt, Ref) for wrt in by):
            return False
        bodies = [node.body for node in slopes] + [node.inside[0] for node in gradients if not node.function]
        names = {node.name for body in bodies for node in every(body) if isinstance(node, Ref)}
        names |= {node.function for node in gradients if node.function}
        names -= {wrt.name for wrt in by if isinstance(wrt, Ref)}
        names = {name for name in names if name.startswith(FREE) and name.removeprefix(FREE) not in CONSTANTS}
        points = {node.inside for node in gradients if node.function}
        point = next(iter(points))[0] if len(points) == 1 and len(next(iter(points))) == 1 else None
        open_ = not any(name in known.quantities or name in known.functions or name in known.families for name in names)
        plain = not any(isinstance(node, Indexed | Tensor) for node in nodes) and (points <= {()} or point is not None)
        if not (names and open_ and plain) or any(node.order > 1 for node in gradients):
            return False
        if any(_may_be_array(name) for name in names | {wrt.name for wrt in by if isinstance(wrt, Ref)}):
            return False
        variables = tuple(sorted(by, key=str)) if by else _COORDINATES
        if len(variables) < 2 or any(isinstance(wrt, Ref) and known.quantities.get(wrt.name) for wrt in by):
            return False
        functions = _Functions(names, variables, point)
        sides = tuple(mapped(side, functions.rule) for side in pair)
        if any(isinstance(node, Unsaid) or node == point for side in sides for node in every(side)):
            return False
        if verdicts(Chain(sides, (None,)), known, deadline)[0].truth is not Truth.TRUE:
            return False
    return True


def _may_be_array(name: str) -> bool:
    return letter_of(name) in _MATRICES


def _with_names(known: Known, given: _Names) -> Known:
    """What the text says, with the names for derivatives."""

    def named(formula: Expression) -> Expression:
        try:
            return mapped(formula, given.rule)
        except _MayBeArrayError:
            return formula

    return replace(
        known,
        quantities={name: named(formula) for name, formula in known.quantities.items()},
        functions={name: replace(own, body=named(own.body)) for name, own in known.functions.items()},
        families={name: replace(own, body=named(own.body)) for name, own in known.families.items()},
    )


def _is_array(node: Expression) -> bool:
    """Whether something is an array, or one of many."""
    if isinstance(node, Indexed):
        if node.above and not node.below:
            raise _MayBeArrayError
        return node.head.startswith(rf"{FREE}\mathbf")
    return isinstance(node, Tensor)


def _without_indices(node: Expression, found: list[Expression]) -> Expression:
    """An expression with the same sign for all its indices, which are noted."""
    if isinstance(node, Index):
        found.append(node)
        return _HOLE
    if isinstance(node, Indexed):
        found += [index for index in node.args if index.names or _has_letter(index)]
        return node.with_args(tuple(_HOLE if index.names or _has_letter(index) else index for index in node.args))
    args = tuple(_without_indices(arg, found) for arg in node.args)
    return rebuilt(node, args) if args else node


def _has_letter(node: Expression) -> bool:
    return isinstance(node, Index) or any(map(_has_letter, node.args))
