r"""What an expression that was read may hold beyond those of the graph; `_statements` describes the whole seam.

Names: ``Ref("z_2in")`` is a quantity of the graph, ``Ref("?\hat y")`` (`FREE` and the LaTeX) any other; whether such a
name is defined by the text is said by `Known.quantities`, never by the spelling. ``Index("j")`` is a letter in the role
of an index: bound by a `Total` around it, or free, and then it stands for every index.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gradlab.graph import Apply, Expression


@dataclass(frozen=True, slots=True)
class Node(Expression):
    """One of the expressions of this module."""

    @property
    def names(self) -> frozenset[str]:
        """The names of the quantities in what it is made of."""
        return frozenset[str]().union(*(part.names for part in self.args))

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """The same with other expressions inside, in the order of ``args``."""
        return self


@dataclass(frozen=True, slots=True)
class Index(Node):
    """A letter in the role of an index, or of the number that it stands for: the ``i`` of ``x_i`` and of ``2 i``."""

    letter: str


@dataclass(frozen=True, slots=True)
class Indexed(Node):
    r"""One entry of a family: ``x_i``, ``x^{(i)}``, ``w_{ij}``, ``a^{(l)}_j``, with an `Index` in its indices.

    Attributes:
        head: the free name of the family, with all of its index that is no `Index`: ``?x``, ``?\theta``.
        below: the indices below it, each an `Index`, a number, or a sum of both (``x_{i+1}``).
        above: those above it in brackets or as a layer.
    """

    head: str
    below: tuple[Expression, ...] = ()
    above: tuple[Expression, ...] = ()

    @property
    def args(self) -> tuple[Expression, ...]:
        """The indices, those below first."""
        return (*self.below, *self.above)

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With other indices."""
        return Indexed(self.head, args[: len(self.below)], args[len(self.below) :])


@dataclass(frozen=True, slots=True)
class Call(Node):
    r"""A function of the text, known or not, at its arguments: ``\phi(z)``, ``f''(x)``, ``h_\theta(x)``.

    Attributes:
        function: its free name, ``?\phi``; a body, if the text gives one, is in `Known.functions`.
        arguments: what stands in the brackets.
        orders: for each argument, how often it is differentiated by it: ``(2,)`` for ``f''(x)``.
        shown: whether the brackets were written; ``\phi'`` alone has its own variable.
    """

    function: str
    arguments: tuple[Expression, ...]
    orders: tuple[int, ...]
    shown: bool = True

    @property
    def args(self) -> tuple[Expression, ...]:
        """Its arguments."""
        return self.arguments

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With other arguments."""
        return Call(self.function, args, self.orders, self.shown)


@dataclass(frozen=True, slots=True)
class Condition(Node):
    r"""A relation that holds or not: ``i = j``, ``x > 0``, ``y \ne 1``.

    Attributes:
        left: one side.
        relation: ``=``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``.
        right: the other.
    """

    left: Expression
    relation: str
    right: Expression

    @property
    def args(self) -> tuple[Expression, ...]:
        """Both sides."""
        return (self.left, self.right)

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With other sides."""
        return Condition(args[0], self.relation, args[1])


@dataclass(frozen=True, slots=True)
class Total(Node):
    r"""A sum or product over an index: ``\sum_{i=1}^n``, ``\sum_{j \ne i}``, ``\prod_k^K``.

    Attributes:
        kind: ``sum``, ``prod`` or ``max``.
        body: what is added up, with ``Index(letter)`` in it.
        letter: the index.
        lower: the first value; None if it is not written: then 1.
        upper: the last value; None if it is not written: the size of the families that have the index in that place.
        conditions: which values are left out or taken.
    """

    kind: str
    body: Expression
    letter: str
    lower: Expression | None = None
    upper: Expression | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def args(self) -> tuple[Expression, ...]:
        """The body, the bounds that are written, the conditions."""
        return (self.body, *(bound for bound in (self.lower, self.upper) if bound is not None), *self.conditions)

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With another body, other bounds and conditions."""
        body, *rest = args
        lower = rest.pop(0) if self.lower is not None else None
        upper = rest.pop(0) if self.upper is not None else None
        conditions = tuple(part for part in rest if isinstance(part, Condition))
        return Total(self.kind, body, self.letter, lower, upper, conditions)


@dataclass(frozen=True, slots=True)
class Cases(Node):
    r"""A value by cases; an indicator ``\mathbb 1[i = j]`` and ``\delta_{ij}`` are cases too.

    Attributes:
        values: the values.
        conditions: what must hold for each; an empty tuple means otherwise.
    """

    values: tuple[Expression, ...]
    conditions: tuple[tuple[Condition, ...], ...]

    @property
    def args(self) -> tuple[Expression, ...]:
        """The values, then all conditions in order."""
        return (*self.values, *(condition for branch in self.conditions for condition in branch))

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With other values and conditions."""
        count = len(self.values)
        rest = iter(args[count:])
        conditions = tuple(
            tuple(part for part, _ in zip(rest, branch, strict=False) if isinstance(part, Condition)) if branch else ()
            for branch in self.conditions
        )
        return Cases(args[:count], conditions)


@dataclass(frozen=True, slots=True)
class Derivative(Node):
    r"""A derivative not yet worked out: ``\partial A/\partial B``, ``d/dx (...)``, ``\nabla_w L``.

    Attributes:
        body: what is differentiated.
        wrt: by what, one after the other, the first last: a `Ref`, an `Indexed`, a `Call`; an array for a gradient.
        style: ``partial``, ``total`` (written with d), or ``gradient``.
    """

    body: Expression
    wrt: tuple[Expression, ...]
    style: str = "partial"

    @property
    def args(self) -> tuple[Expression, ...]:
        """The body, then by what."""
        return (self.body, *self.wrt)

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With another body, by others."""
        return Derivative(args[0], args[1:], self.style)


@dataclass(frozen=True, slots=True)
class At(Node):
    r"""A value at a point: ``\frac{df}{dx}\big|_{x=3}``; the derivatives inside are taken first.

    Attributes:
        body: what is evaluated.
        where: the names that are given values there.
        values: their values.
    """

    body: Expression
    where: tuple[Expression, ...]
    values: tuple[Expression, ...]

    @property
    def args(self) -> tuple[Expression, ...]:
        """The body, the names, the values."""
        return (self.body, *self.where, *self.values)

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With others."""
        count = 1 + len(self.where)
        return At(args[0], args[1:count], args[count:])


@dataclass(frozen=True, slots=True)
class Limit(Node):
    r"""A limit: ``\lim_{h \to 0}``, ``\lim_{x \to a^+}``, ``\lim_{n \to \infty}``.

    Attributes:
        body: of what.
        variable: what tends to something, a `Ref`.
        target: to what; None for infinity.
        side: from where: 1 for above, -1 for below, 0 for both; at infinity which of the two it is.
    """

    body: Expression
    variable: Expression
    target: Expression | None = None
    side: int = 0

    @property
    def args(self) -> tuple[Expression, ...]:
        """The body, the variable, the target that is written."""
        return (self.body, self.variable, *(() if self.target is None else (self.target,)))

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With others."""
        return Limit(args[0], args[1], args[2] if self.target is not None else None, self.side)


@dataclass(frozen=True, slots=True)
class Infinity(Node):
    """What a limit may be, beside a number.

    Attributes:
        sign: 1 or -1.
    """

    sign: int = 1


@dataclass(frozen=True, slots=True)
class Tensor(Node):
    r"""A vector or matrix by its name: ``\mathbf w``, ``W`` where the text says or shows that it is one.

    Attributes:
        name: its free name.
        rank: 1 for a vector, 2 for a matrix, 0 where nothing says which.
    """

    name: str
    rank: int = 0

    @property
    def names(self) -> frozenset[str]:
        """Its name."""
        return frozenset((self.name,))


@dataclass(frozen=True, slots=True)
class Array(Node):
    """A matrix written out; a column is one with one entry a row."""

    rows: tuple[tuple[Expression, ...], ...]

    @property
    def args(self) -> tuple[Expression, ...]:
        """The entries, row by row."""
        return tuple(entry for row in self.rows for entry in row)

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With other entries."""
        entries = iter(args)
        return Array(tuple(tuple(next(entries) for _ in row) for row in self.rows))


@dataclass(frozen=True, slots=True)
class Entrywise(Node):
    r"""A function of one number that is a formula, at every entry: ``\sigma'(\mathbf z)``, ``\tan(\mathbf z)``.

    Attributes:
        written: the function as one writes it.
        formula: its formula, of the name ``x``.
        argument: at what.
    """

    written: str
    formula: Expression
    argument: Expression

    @property
    def args(self) -> tuple[Expression, ...]:
        """The argument."""
        return (self.argument,)

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """At another argument."""
        return Entrywise(self.written, self.formula, args[0])


@dataclass(frozen=True, slots=True)
class Unsaid(Node):
    r"""The gradient of a function that no line computes: of ``\nabla f(x)`` nothing is known but that it is the same.

    Attributes:
        function: the function's free name, without its index.
        inside: its indices, then what stands in its brackets.
        order: how often it is differentiated.
        reason: why it is not judged as it stands.
    """

    function: str
    inside: tuple[Expression, ...]
    order: int
    reason: str

    @property
    def args(self) -> tuple[Expression, ...]:
        """Its indices and arguments."""
        return self.inside

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With others."""
        return Unsaid(self.function, args, self.order, self.reason)


MEMBER = r"_{\cdot}"  # behind the name of a function that is one of many, of which the first argument says which
COUNTED = frozenset(("factorial", "binomial"))  # operations on whole numbers


@dataclass(frozen=True, slots=True)
class Operation(Node):
    r"""An operation on vectors and matrices; products of them are ``Apply("mul", ...)`` in the order as written.

    Attributes:
        kind: ``transpose``, ``hadamard``, ``dot``, ``outer``, ``norm``, ``norm 1``, ``norm 2``, ``norm F``,
            ``norm max``, ``trace``, ``diag``, ``inverse``, ``det``, ``softmax``, ``entry``, ``ones``, ``identity``,
            ``zeros`` (these three with no operand); of whole numbers ``factorial``, ``binomial``.
        operands: what it is applied to.
    """

    kind: str
    operands: tuple[Expression, ...] = ()

    @property
    def args(self) -> tuple[Expression, ...]:
        """Its operands."""
        return self.operands

    def with_args(self, args: tuple[Expression, ...]) -> Expression:
        """With other operands."""
        return Operation(self.kind, args)


def letter_of(name: str) -> str:
    """The letter of a name, without its style."""
    return re.sub(r"\\(?:mathbf|boldsymbol|bm|hat|tilde|bar|vec|mathcal|mathrm)\b|[{}?]", "", name)[:1]


def mapped(expression: Expression, rule: Callable[[Expression], Expression | None]) -> Expression:
    """A formula in which parts are replaced from the outside inwards: what the rule gives is left as it is."""
    new = rule(expression)
    if new is not None:
        return new
    if not expression.args:
        return expression
    args = tuple(mapped(arg, rule) for arg in expression.args)
    if all(a is b for a, b in zip(args, expression.args, strict=True)):
        return expression
    return rebuilt(expression, args)


def rebuilt(expression: Expression, args: tuple[Expression, ...]) -> Expression:
    """The same expression of other parts."""
    if isinstance(expression, Node):
        return expression.with_args(args)
    assert isinstance(expression, Apply)
    return Apply(expression.primitive, args)
