"""Immutable expressions over named quantities: what every other module reads, rewrites and prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache, reduce

NO_NAMES: frozenset[str] = frozenset()


class Expression:
    """A number, a named quantity, or a primitive applied to expressions.

    Expressions are values: they compare and hash by structure and never change. ``str()`` gives text that
    `gradlab.function` reads back into the same expression, ``latex()`` gives LaTeX.

    >>> import gradlab as gl
    >>> slope = gl.function("x**2 + 3*x").gradient()["x"]
    >>> str(slope), slope.latex()
    ('2*x + 3', '2 x + 3')
    """

    __slots__ = ()

    @property
    def names(self) -> frozenset[str]:
        """The names of the quantities it is written with."""
        return NO_NAMES

    @property
    def args(self) -> tuple[Expression, ...]:
        """The expressions it is made of; empty for a number and for a name."""
        return ()

    def latex(self, symbols: Mapping[str, str] | None = None) -> str:
        """LaTeX without dollar signs; ``symbols`` maps the name of a quantity to its LaTeX."""
        from gradlab.graph._print import to_latex

        return to_latex(self, symbols or {})

    def __str__(self) -> str:
        from gradlab.graph._print import to_text

        return to_text(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


@dataclass(frozen=True, slots=True, repr=False)
class Const(Expression):
    """A rational number that is not negative; a negative one is ``neg`` of it, as it is written."""

    value: Fraction

    def __post_init__(self) -> None:
        if self.value.numerator < 0:
            raise ValueError("a constant is never negative: use neg(Const(...))")

    def __repr__(self) -> str:
        return f"Const({self.value})"


@dataclass(frozen=True, slots=True, repr=False)
class Ref(Expression):
    """A quantity, by its name."""

    name: str

    @property
    def names(self) -> frozenset[str]:
        """The one name."""
        return frozenset((self.name,))

    def __repr__(self) -> str:
        return f"Ref({self.name})"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Apply(Expression):
    """A primitive of the table applied to its arguments."""

    primitive: str
    arguments: tuple[Expression, ...]
    _names: frozenset[str] = field(init=False)
    _hash: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", NO_NAMES.union(*[arg.names for arg in self.arguments]))
        object.__setattr__(self, "_hash", hash((self.primitive, self.arguments)))

    @property
    def names(self) -> frozenset[str]:
        """The names of the quantities in its arguments."""
        return self._names

    @property
    def args(self) -> tuple[Expression, ...]:
        """Its arguments."""
        return self.arguments

    def __reduce__(self) -> tuple[type[Apply], tuple[str, tuple[Expression, ...]]]:
        # Hashes of text differ from process to process: the hash is made anew where it is unpickled.
        return Apply, (self.primitive, self.arguments)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Apply)
            and self._hash == other._hash
            and self.primitive == other.primitive
            and self.arguments == other.arguments
        )

    def __repr__(self) -> str:
        return f"{self.primitive}({', '.join(map(repr, self.arguments))})"


@dataclass(frozen=True, slots=True, repr=False)
class Partial(Expression):
    """The derivative of one named quantity by another, and by a third, not yet worked out; in written steps only."""

    of: str
    wrt: str
    then: str = ""

    def __repr__(self) -> str:
        return f"Partial({', '.join(filter(None, (self.of, self.wrt, self.then)))})"


@dataclass(frozen=True, slots=True, repr=False)
class Differentiate(Expression):
    """The derivative of a formula by a name, not yet worked out; it stands in written steps only."""

    formula: Expression
    wrt: str

    def __repr__(self) -> str:
        return f"Differentiate({self.formula!r}, {self.wrt})"


def number(value: Fraction | int) -> Expression:
    """The expression of a rational number, of either sign."""
    return _whole(value.numerator) if value.denominator == 1 else _rational(Fraction(value))


def _rational(value: Fraction) -> Expression:
    return Const(value) if value.numerator >= 0 else Apply("neg", (Const(-value),))


@lru_cache(maxsize=1024)
def _whole(value: int) -> Expression:
    return _rational(Fraction(value))


ZERO, ONE, TWO = map(number, range(3))


def as_number(expression: Expression) -> Fraction | None:
    """The rational number that an expression is, or None."""
    if isinstance(expression, Const):
        return expression.value
    if isinstance(expression, Apply) and expression.primitive == "neg":
        inner = expression.arguments[0]
        if isinstance(inner, Const):
            return -inner.value
    return None


def is_apply(expression: Expression, primitive: str) -> bool:
    """Whether an expression is this primitive applied to something."""
    return isinstance(expression, Apply) and expression.primitive == primitive


def walk(expression: Expression) -> Iterator[Expression]:
    """Every subexpression, the expression itself first."""
    stack = [expression]
    while stack:
        node = stack.pop()
        yield node
        if args := node.args:
            stack.extend(reversed(args))


@lru_cache(maxsize=4096)
def ordered_names(expression: Expression) -> tuple[str, ...]:
    """The names in an expression, in the order in which they are first written."""
    return tuple(dict.fromkeys(node.name for node in walk(expression) if isinstance(node, Ref)))


def count_operations(expression: Expression) -> int:
    """How many operations an expression applies: n - 1 for a sum or product of n, 1 for everything else."""
    return sum(
        len(node.args) - 1 if node.primitive in ("add", "mul") else 1
        for node in walk(expression)
        if isinstance(node, Apply)
    )


def transform(expression: Expression, rule: Callable[[Expression], Expression | None]) -> Expression:
    """Rewrite an expression from the leaves up: ``rule`` gives the replacement of a node, or None to keep it."""
    if isinstance(expression, Apply):
        arguments = tuple(transform(arg, rule) for arg in expression.arguments)
        if arguments != expression.arguments:
            expression = Apply(expression.primitive, arguments)
    replacement = rule(expression)
    return expression if replacement is None else replacement


def substitute(expression: Expression, by: Mapping[str, Expression]) -> Expression:
    """The expression with others in the place of names."""
    return transform(expression, lambda node: by.get(node.name) if isinstance(node, Ref) else None)


def product_of(numbers: tuple[Fraction, ...]) -> Fraction:
    """The product of rational numbers; 1 for none."""
    return reduce(lambda a, b: a * b, numbers, Fraction(1))
