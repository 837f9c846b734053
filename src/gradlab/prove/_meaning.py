"""What a written expression is: sums written out, derivatives worked out, from the graph alone."""

from __future__ import annotations

from fractions import Fraction

from gradlab.derive import local_gradient
from gradlab.graph import (
    ONE,
    ZERO,
    Apply,
    Const,
    Differentiate,
    Expression,
    Partial,
    Ref,
    add,
    mul,
    walk,
)
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._names import Names, free, instance, written_of
from gradlab.prove._tree import FREE, TEMPLATE, SumOver, rewrite

LARGEST_FORMULA = 15_000


class Meaning:
    """Works out what expressions of one chain are.

    Args:
        names: what the names mean.
        size: how many points a data set has, for sums over one.
        through: whether a derivative of a formula goes through the graph, or takes every other name as fixed.
        deadline: when to stop.
        size_names: the letters that stand for the size.
    """

    def __init__(
        self, names: Names, size: int | None, through: bool, deadline: Deadline, size_names: set[str] | None = None
    ) -> None:
        self.names, self.graph, self.size, self.through = names, names.graph, size, through
        self.deadline, self.size_names = deadline, size_names or set()
        self._partials: dict[tuple[str, str], Expression] = {}
        self.differs = False  # whether the two readings of a derivative were not the same

    def of(self, expression: Expression) -> Expression:
        """The expression without sums over an index and without derivatives that are not worked out."""
        plain = rewrite(expression, self.written_out)
        return rewrite(plain, self.worked_out)

    def written_out(self, node: Expression) -> Expression | None:
        if isinstance(node, Ref) and node.name in self.size_names and self.size is not None:
            return Const(Fraction(self.size))
        if not isinstance(node, SumOver):
            return None
        upper = self.size if isinstance(node.upper, str) else node.upper
        if upper is None:
            raise NotUnderstoodError("this sum has no end", 0)
        count = upper - node.lower + 1
        self.check_size(node.body, LARGEST_FORMULA // max(count, 1))
        terms = [self.at_index(node, number) for number in range(node.lower, upper + 1)]
        return terms[0] if len(terms) == 1 else Apply("add", tuple(terms))

    def at_index(self, node: SumOver, number: int) -> Expression:
        """The body of a sum at one value of its index."""
        data = isinstance(node.upper, str)

        def rule(inner: Expression) -> Expression | None:
            if isinstance(inner, Partial):
                return Partial(named(inner.of), named(inner.wrt))
            if isinstance(inner, Differentiate):
                return Differentiate(inner.formula, named(inner.wrt))
            if not (isinstance(inner, Ref) and inner.name.startswith(TEMPLATE)):
                return None
            name = instance(inner.name, node.index, number)
            if name == inner.name:
                return None
            written = written_of(name)
            if "⟨" in name:
                return Ref(name)
            if written.head == "" or (written.sub == str(number) and written_of(inner.name).head == node.index):
                return Const(Fraction(number))
            found = None if data else self.names.find(written)
            return Ref(free(written) if found is None else found)

        def named(name: str) -> str:
            made = rule(Ref(name)) if name.startswith(TEMPLATE) else None
            if isinstance(made, Ref):
                if made.name.startswith(FREE):
                    raise NotUnderstoodError(f"a derivative of or by {made.name[1:]} is not understood", 0)
                return made.name
            return name

        return rewrite(node.body, rule)

    def worked_out(self, node: Expression) -> Expression | None:
        if isinstance(node, Partial):
            return self.partial(node.of, node.wrt)
        if isinstance(node, Differentiate):
            return self.derivative(node.formula, node.wrt)
        return None

    def partial(self, of: str, wrt: str) -> Expression:
        """The derivative of one quantity by another, over all paths between them."""
        if of == wrt:
            return ONE
        key = of, wrt
        if key not in self._partials:
            self.deadline.check()
            formula = self.graph[of].expression if of in self.graph else None
            self._partials[key] = ZERO if formula is None else self.derivative(formula, wrt, through=True)
        return self._partials[key]

    def derivative(self, formula: Expression, wrt: str, through: bool | None = None) -> Expression:
        """The derivative of a formula by a name."""
        self.check_size(formula)
        local = local_gradient(formula)
        direct = local.get(wrt, ZERO)
        indirect = [
            mul(slope, self.partial(name, wrt))
            for name, slope in local.items()
            if name != wrt and self.depends(name, wrt)
        ]
        if not indirect:
            return direct
        if through is None and not self.through:
            self.differs = True
            return direct
        self.differs = self.differs or through is None
        return add(direct, *indirect)

    def depends(self, name: str, wrt: str) -> bool:
        return name in self.graph and wrt in self.graph and wrt in self.names.upstream(name)

    def check_size(self, expression: Expression, largest: int = LARGEST_FORMULA) -> None:
        for count, _ in enumerate(walk(expression)):
            if count > largest:
                raise NotUnderstoodError("this is too large to be judged: split it into smaller steps", 0)
            if count % 1000 == 0:
                self.deadline.check()
