"""LaTeX of everything that can be read: it is read again into the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from gradlab.graph import Apply, Expression, Partial, Ref
from gradlab.prove._names import FREE
from gradlab.prove.read._infinitesimals import Differential, Integral
from gradlab.prove.read._nodes import (
    Array,
    At,
    Call,
    Cases,
    Condition,
    Derivative,
    Entrywise,
    Index,
    Indexed,
    Infinity,
    Limit,
    Node,
    Operation,
    Tensor,
    Total,
    Unsaid,
)

_RELATIONS = {"=": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge"}
_OPERATIONS = {
    "hadamard": r"{0} \odot {1}", "dot": r"\langle {0}, {1} \rangle", "outer": r"{0} \otimes {1}",
    "norm": r"\lVert {0} \rVert", "trace": r"\operatorname{{tr}}({0})", "diag": r"\operatorname{{diag}}({0})",
    "det": r"\det({0})", "sum": r"\operatorname{{sum}}({0})", "factorial": "{0}!", "binomial": r"\binom{{{0}}}{{{1}}}",
    "softmax": r"\mathrm{{softmax}}({0})", "norm 1": r"\lVert {0} \rVert_1", "norm 2": r"\lVert {0} \rVert_2",
    "norm F": r"\lVert {0} \rVert_F", "norm max": r"\lVert {0} \rVert_\infty",
    "ones": r"\mathbf{{1}}", "zeros": r"\mathbf{{0}}", "identity": r"\mathbf{{I}}",
}  # fmt: skip
_ABOVE = {"transpose": r"\top", "inverse": "-1"}
_CLOSED = (Index, Indexed, Tensor, Array)


class Writer:
    """LaTeX of expressions.

    Args:
        symbols: the LaTeX of the graph's names.
    """

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = symbols

    def latex(self, expression: Expression) -> str:
        """The LaTeX of an expression."""
        if isinstance(expression, Node):
            return _WRITERS[type(expression)](self, expression)
        found: dict[str, str] = {}
        plain = self._plain(expression, found)
        symbols = {name: self.name(name) for name in _every_name(plain)}
        return plain.latex({**symbols, **found})

    def name(self, name: str) -> str:
        """The LaTeX of one name."""
        return re.sub(r"\[[a-z]+\]", "", name[1:]) if name.startswith(FREE) else self._symbols.get(name, name)

    def closed(self, expression: Expression) -> str:
        """The LaTeX of an expression, in brackets where it is more than one sign."""
        text = self.latex(expression)
        if isinstance(expression, (Ref, *_CLOSED)) or text.isalnum():
            return text
        return rf"\left({text}\right)"

    def _plain(self, expression: Expression, found: dict[str, str]) -> Expression:
        """The expression with a name for each part that the graph's own printer does not know."""
        if isinstance(expression, Node):
            name = f"S{len(found)}"
            text = self.latex(expression)
            alone = isinstance(expression, _CLOSED) or (isinstance(expression, Call) and expression.shown)
            found[name] = text if alone else rf"\left({text}\right)"
            return Ref(name)
        if not isinstance(expression, Apply):
            return expression
        return Apply(expression.primitive, tuple(self._plain(arg, found) for arg in expression.args))

    # One for each kind of node

    def index(self, node: Index) -> str:
        return node.letter

    def indexed(self, node: Indexed) -> str:
        below = ",".join(self._entry(part) for part in node.below)
        above = ",".join(self._entry(part) for part in node.above)
        text = self.name(node.head)
        return text + (f"^{{({above})}}" if above else "") + (f"_{{{below}}}" if below else "")

    def _entry(self, part: Expression) -> str:
        return self.latex(part).replace(" ", "")

    def call(self, node: Call) -> str:
        name = self.name(node.function)
        inside = ", ".join(self.latex(argument) for argument in node.arguments)
        if len(node.orders) == 1:
            name += "'" * node.orders[0]
        elif any(node.orders):
            which = "".join(str(i + 1) * order for i, order in enumerate(node.orders))
            name = rf"\partial_{{{which}}} {name}"
        return f"{name}({inside})" if node.shown else name

    def condition(self, node: Condition) -> str:
        return f"{self.latex(node.left)} {_RELATIONS[node.relation]} {self.latex(node.right)}"

    def total(self, node: Total) -> str:
        sign = {"sum": r"\sum", "prod": r"\prod"}.get(node.kind, rf"\{node.kind}")
        below = node.letter + ("" if node.lower is None else f"={self.latex(node.lower)}")
        below = ", ".join([below, *(self.condition(condition) for condition in node.conditions)])
        above = "" if node.upper is None else f"^{{{self.latex(node.upper)}}}"
        return f"{sign}_{{{below}}}{above} {self.closed(node.body)}"

    def cases(self, node: Cases) -> str:
        rows: list[str] = []
        for value, conditions in zip(node.values, node.conditions, strict=True):
            said = ", ".join(self.condition(condition) for condition in conditions) or r"\text{otherwise}"
            rows.append(f"{self.latex(value)} & {said}")
        lines = r" \\ ".join(rows)
        return rf"\begin{{cases}} {lines} \end{{cases}}"

    def derivative(self, node: Derivative) -> str:
        d = "d" if node.style == "total" else r"\partial"
        if node.style == "gradient":
            return rf"\nabla_{{{self.latex(node.wrt[0])}}} {self.closed(node.body)}"
        order = f"^{len(node.wrt)}" if len(node.wrt) > 1 else ""
        below = r" \, ".join(f"{d} {self.latex(by)}" for by in node.wrt)
        if isinstance(node.body, Ref | Indexed | Call):
            return rf"\frac{{{d}{order} {self.latex(node.body)}}}{{{below}}}"
        return rf"\frac{{{d}{order}}}{{{below}}} {self.closed(node.body)}"

    def at(self, node: At) -> str:
        values = ", ".join(
            f"{self.latex(name)} = {self.latex(value)}" for name, value in zip(node.where, node.values, strict=True)
        )
        return rf"\left. {self.latex(node.body)} \right|_{{{values}}}"

    def limit(self, node: Limit) -> str:
        target = rf"{'-' if node.side < 0 else ''}\infty" if node.target is None else self.latex(node.target)
        side = {1: "^+", -1: "^-"}.get(node.side, "") if node.target is not None else ""
        return rf"\lim_{{{self.latex(node.variable)} \to {target}{side}}} {self.closed(node.body)}"

    def integral(self, node: Integral) -> str:
        bounds = "" if node.lower is None else rf"_{{{self.latex(node.lower)}}}^{{{self.latex(node.upper)}}}"  # type: ignore[arg-type]
        return rf"\int{bounds} {self.closed(node.body)} \, d {self.latex(node.variable)}"

    def differential(self, node: Differential) -> str:
        return f"d{self.closed(node.body)}"

    def entrywise(self, node: Entrywise) -> str:
        return rf"{node.written}({self.latex(node.argument)})"

    def infinity(self, node: Infinity) -> str:
        return r"\infty" if node.sign > 0 else r"-\infty"

    def unsaid(self, node: Unsaid) -> str:
        inside = ", ".join(map(self.latex, node.inside))
        return rf"\nabla {self.name(node.function)}({inside})"

    def tensor(self, node: Tensor) -> str:
        return self.name(node.name)

    def array(self, node: Array) -> str:
        rows = r" \\ ".join(" & ".join(self.latex(entry) for entry in row) for row in node.rows)
        return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"

    def operation(self, node: Operation) -> str:
        if node.kind in _ABOVE:
            return f"{self.closed(node.operands[0])}^{{{_ABOVE[node.kind]}}}"
        if node.kind == "entry":
            return f"{self.closed(node.operands[0])}_{{{','.join(map(self._entry, node.operands[1:]))}}}"
        write = self.closed if node.kind in ("hadamard", "outer", "factorial") else self.latex
        return _OPERATIONS[node.kind].format(*(write(operand) for operand in node.operands))


_WRITERS: dict[type, Callable[..., str]] = {
    Index: Writer.index, Indexed: Writer.indexed, Call: Writer.call, Condition: Writer.condition, Total: Writer.total,
    Cases: Writer.cases, Derivative: Writer.derivative, At: Writer.at, Tensor: Writer.tensor, Array: Writer.array,
    Operation: Writer.operation, Limit: Writer.limit, Entrywise: Writer.entrywise, Infinity: Writer.infinity,
    Integral: Writer.integral, Differential: Writer.differential, Unsaid: Writer.unsaid,
}  # fmt: skip


def _every_name(expression: Expression) -> set[str]:
    """All names in an expression of the graph, those of its derivatives too."""
    found: set[str] = set()
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        waiting += node.args
        if isinstance(node, Ref):
            found.add(node.name)
        elif isinstance(node, Partial):
            found |= {node.of, node.wrt}
    return found
