"""Operations in one setting: sums written out, functions of the text put in, values by cases chosen."""

from __future__ import annotations

from gradlab.graph import (
    ONE,
    ZERO,
    Apply,
    Expression,
    Ref,
    number,
)
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.judge import _entries as entries
from gradlab.prove.judge._axes import LARGEST_SUM, holds_for_indices
from gradlab.prove.judge._quantities import Quantities
from gradlab.prove.judge.arrays import _grid as grid
from gradlab.prove.judge.arrays._grid import Grid, Value
from gradlab.prove.read._nodes import (
    Call,
    Cases,
    Condition,
    Index,
    Indexed,
    Tensor,
    Total,
)
from gradlab.prove.read._statements import Function


class Operations(Quantities):
    """Works out what operations are."""

    def _apply(self, node: Apply) -> Value:
        values = [self.value(arg) for arg in node.args]
        if all(value is arg for value, arg in zip(values, node.args, strict=True)):
            return node
        if node.primitive == "add":
            return grid.total(values)
        if node.primitive == "mul":
            return grid.product(values)
        if node.primitive == "pow":
            return grid.raised(*values)
        if node.primitive == "div":
            return grid.together(values, lambda a, b: Apply("div", (a, b)))
        return grid.together(values, lambda *parts: Apply(node.primitive, parts))

    def _call(self, node: Call) -> Value:
        arguments = [self.value(argument) for argument in node.arguments]
        function = self.known.functions.get(node.function)
        if function is not None:
            return self._of_text(node, arguments)
        inner = self._of_quantity(node, arguments)
        if inner is not None:
            return inner
        if all(grid.scalar(value) is not None for value in arguments):
            return Call(node.function, tuple(map(grid.only, arguments)), node.orders)
        kind = self.way.choice.calls.get(node.function, "entrywise")
        if kind == "entrywise":
            return grid.together(arguments, lambda *parts: Call(node.function, parts, node.orders))
        flat = tuple(e for value in arguments for e in (value.entries if isinstance(value, Grid) else (value,)))
        if any(node.orders):
            raise NotUnderstoodError(
                "a prime on a function of several variables is not understood: write \\frac{\\partial f}{\\partial x}",
                0,
            )
        if kind == "number":
            return Call(node.function, flat, (0,) * len(flat))
        count = self.size(("rows", f"{node.function}()"))
        return grid.column([Call(entries.entry(node.function, (str(k),)), flat, (0,) * len(flat)) for k in range(1, count + 1)])  # fmt: skip  # noqa: E501

    def _of_text(self, node: Call, arguments: list[Value]) -> Value:
        """A function that the text defines, or its derivative, at arguments."""
        function = self.known.functions[node.function]
        if len(function.parameters) != len(arguments):
            count = len(function.parameters)
            raise NotUnderstoodError(f"{node.function[1:]} takes {count} arguments, not {len(arguments)}", 0)
        if node.function in self._open:
            raise NotUnderstoodError("this is computed from itself: give each of its meanings a name of its own", 0)
        self._open.append(node.function)
        outer = self.bound, self.local
        self.bound, self.local = dict(self.setting.indices), {}
        try:
            if any(isinstance(value, Grid) for value in arguments):
                if any(node.orders):
                    raise NotUnderstoodError("a prime on a function of a vector is not understood", 0)
                for parameter in self._hidden(function):
                    given = arguments[function.parameters.index(parameter)]
                    own = Tensor(parameter) if isinstance(given, Grid) else Ref(parameter)
                    if given != self.value(own):
                        shown = parameter.removeprefix("?")
                        message = f"{node.function[1:]} is computed from {shown} through other names: write its formula"
                        raise NotUnderstoodError(message, 0)
                self.local = dict(zip(function.parameters, arguments, strict=True))
                return self.value(function.body)
            body = self.value(function.body)
        finally:
            self._open.pop()
            self.bound, self.local = outer
        values = dict(zip(function.parameters, map(grid.only, arguments), strict=True))
        for parameter, order in zip(function.parameters, node.orders, strict=True):
            for _ in range(order):
                body = self._each(body, lambda part: self.slope(part, parameter))  # noqa: B023
        return self._each(body, lambda part: self.at(part, values))

    def _hidden(self, function: Function) -> set[str]:
        """The variables of a function that stand in what the names and functions in its formula are computed by."""
        known, met, found = self.known, set[str](), set[str]()
        waiting = [(function.body, False)]
        while waiting:
            node, inside = waiting.pop()
            name = node.function if isinstance(node, Call) else getattr(node, "head", "") or getattr(node, "name", "")
            found |= {name} if inside and name in function.parameters else set()
            waiting += [(part, inside) for part in node.args]
            if name not in met:
                met.add(name)
                called, family = known.functions.get(name), known.families.get(name)
                bodies = [each.body for each in (called, family) if each is not None]
                bodies += [known.quantities[name]] if name in known.quantities else []
                waiting += [(body, True) for body in bodies]
        return found

    def _each(self, value: Value, rule: object) -> Value:
        return value.mapped(rule) if isinstance(value, Grid) else rule(value)  # type: ignore[operator,arg-type]

    def _of_quantity(self, node: Call, arguments: list[Value]) -> Value | None:
        """A quantity of the graph or the text at values of what it is computed from, or None."""
        name = node.function.removeprefix("?")
        found = name if name in self.graph else node.function if node.function in self.known.quantities else None
        if found is None:
            return None
        whole = self.value(Ref(found))
        given = self.given_in(whole) if isinstance(whole, Expression) else ()
        if len(given) != len(arguments) or (len(given) > 1 and found not in self.graph):
            raise NotUnderstoodError(f"it is not clear which variables {name} is taken at", 0)
        formula = grid.only(whole)
        for wrt, order in zip(given, node.orders, strict=True):
            for _ in range(order):
                formula = self.slope(formula, wrt)
        return self.at(formula, dict(zip(given, map(grid.only, arguments), strict=True)))

    def _total(self, node: Total) -> Value:
        lower = 1 if node.lower is None else self.whole(node.lower)
        upper = self.end(node) if node.upper is None else self.whole(node.upper)
        if upper - lower + 1 > LARGEST_SUM:
            raise NotUnderstoodError(f"a sum of more than {LARGEST_SUM} terms is not judged", 0)
        outer = dict(self.bound)
        terms: list[Value] = []
        for turn in range(lower, upper + 1):
            self.bound = {**outer, node.letter: turn}
            if all(self.holds(condition) for condition in node.conditions):
                terms.append(self.value(node.body))
        self.bound = outer
        if node.kind == "prod":
            return grid.product(terms) if terms else ONE
        if node.kind != "sum":
            return Apply("max", tuple(map(grid.only, terms)))
        return ZERO if not terms else terms[0] if len(terms) == 1 else grid.total(terms)

    def whole(self, expression: Expression) -> int:
        """The whole number that a bound of a sum is."""
        value = self.index(expression)
        if isinstance(value, int):
            return value
        raise NotUnderstoodError("it is not clear where this sum begins or ends", 0)

    def end(self, node: Total) -> int:
        """Where a sum ends that does not say it: with the families that are added up."""
        stack: list[Expression] = [node.body]
        while stack:
            part = stack.pop()
            stack += part.args
            if isinstance(part, Indexed):
                for side, indices in enumerate((part.below, part.above)):
                    for place, index in enumerate(indices):
                        if index == Index(node.letter):
                            return self.size(("axis", part.head, side, place))
        raise NotUnderstoodError("it is not clear where this sum ends: write \\sum_{i=1}^{N}", 0)

    def holds(self, condition: Condition) -> bool:
        """Whether a condition on an index holds."""
        known = holds_for_indices(condition, self.bound)
        if known is None:
            left, right = (self.index(part) for part in (condition.left, condition.right))
            for letter in (left, right):
                if not isinstance(letter, int) and not letter.isdigit():
                    raise NotUnderstoodError(f"nothing says which numbers {letter} stands for", 0)
            known = holds_for_indices(
                Condition(number(int(left)), condition.relation, number(int(right))), self.bound
            )  # fmt: skip
        return bool(known)

    def _cases(self, node: Cases) -> Value:
        values: list[Expression] = []
        conditions: list[tuple[Condition, ...]] = []
        for value, branch in zip(node.values, node.conditions, strict=True):
            found = [holds_for_indices(condition, self.bound) for condition in branch]
            if False in found:
                continue
            values.append(self.formula(value))
            conditions.append(
                tuple(
                    Condition(self.formula(c.left), c.relation, self.formula(c.right))
                    for c, decided in zip(branch, found, strict=True)
                    if decided is None
                )
            )
            if not conditions[-1]:
                break
        if not values:
            raise NotUnderstoodError("no case holds here", 0)
        return values[0] if not conditions[0] else Cases(tuple(values), tuple(conditions))
