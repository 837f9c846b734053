"""A printed kernel -> CUDA C: the text that Numba compiles for the CPU, statement by statement, for one network.

One text for both means one place where a step is spelled, for every update rule, rolled or not. A vector of the text
has one lane here, the network of a thread, and is a number.
"""

from __future__ import annotations

import ast
from typing import Any

from gradlab.codegen._kernel_text import Reader, function_of
from gradlab.codegen.cuda._values import INT, NUMBER, Functions, number_text

ARRAYS = (
    "parameters", "rates", "own", "data", "points", "scratch", "initial", "loss", "right", "lived", "success", "curves",
    "ends",
)  # fmt: skip
# Words that only kernels of this backend have, or whole numbers.
OWN = {"min": "gl_least", "shared": "gl_shared", "product": "gl_product"}
READ_ONLY = ("rates", "data", "points")


def translate(source: str, functions: Functions, name: str, *, unrolled: bool) -> str:
    """A kernel's function in CUDA C.

    Args:
        source: one ``def``, printed for one lane.
        functions: prints what it calls.
        name: what the function is to be called.
        unrolled: whether loops of which the times round are known are to be unrolled: only then does the scratch memory
            become registers.

    Raises:
        TranslationError: for a statement or an expression that kernels do not have.
    """
    tree = function_of(source)
    made = _Translator(functions, [arg.arg for arg in tree.args.args], unrolled)
    made.statements(tree.body)
    given = ", ".join(f"{made.declared[arg]} {arg}" for arg in made.given)
    own = [arg for arg in made.declared if arg not in made.given]
    declared = [
        f"    {kind} {', '.join(names)};"
        for kind in (NUMBER, INT)
        if (names := [arg for arg in own if made.declared[arg] == kind])
    ]
    return "\n".join([f"INSIDE void {name}({given}) {{", *declared, *made.lines, "}"]) + "\n"


class _Translator(Reader):
    def __init__(self, functions: Functions, given: list[str], unrolled: bool) -> None:
        self.functions, self.given, self.unrolled = functions, given, unrolled
        self.lines, self.depth = list[str](), 1
        self.expressions = _Expressions(self)
        # Each variable's type.
        self.declared: dict[str, str] = {"gap": NUMBER}
        self.declared |= {
            name: f"const {NUMBER}*" if name in READ_ONLY else f"{NUMBER}*" for name in given if name in ARRAYS
        }
        self.declared |= {name: INT for name in given if name not in self.declared}

    def say(self, line: str) -> None:
        """Add a line."""
        self.lines.append("    " * self.depth + line)

    def text(self, node: ast.expr) -> str:
        """An expression in CUDA C."""
        return ast.unparse(self.expressions.visit(node))

    def kind(self, node: ast.expr) -> str:
        """The type of an expression of the kernel's text."""
        if isinstance(node, ast.BinOp):
            return NUMBER if NUMBER in (self.kind(node.left), self.kind(node.right)) else INT
        if isinstance(node, ast.UnaryOp):
            return self.kind(node.operand) if isinstance(node.op, ast.USub) else INT
        if isinstance(node, ast.Constant):
            return NUMBER if isinstance(node.value, float) else INT
        if isinstance(node, ast.Name):
            return self.declared.get(node.id, NUMBER)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return INT if node.func.id in ("less", "equal", "both", "any_lane", "min") else NUMBER
        return NUMBER if isinstance(node, ast.Subscript) else INT

    def _assign(self, statement: ast.Assign) -> None:
        (target,) = statement.targets
        if isinstance(target, ast.Name):
            self.declared.setdefault(target.id, self.kind(statement.value))
        elif not isinstance(target, ast.Subscript):
            self.unknown(statement)
        self.say(f"{self.text(target)} = {self.text(statement.value)};")

    def _expr(self, statement: ast.Expr) -> None:
        call = statement.value
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "store":
            self.unknown(statement)
        else:
            array, index, value = map(self.text, call.args)
            self.say(f"{array}[{index}] = {value};")

    def _if(self, statement: ast.If) -> None:
        self._block(f"if ({self.text(statement.test)}) {{", statement.body)
        if statement.orelse:
            self._block("else {", statement.orelse)

    def _break(self, statement: ast.Break) -> None:
        self.say("break;")

    def _for(self, statement: ast.For) -> None:
        call, target = statement.iter, statement.target
        if not (isinstance(target, ast.Name) and isinstance(call, ast.Call) and not statement.orelse):
            self.unknown(statement)
            return
        numbers = [self.text(arg) for arg in call.args]
        start, end, step = {1: ("0", *numbers, "1"), 2: (*numbers, "1"), 3: tuple(numbers)}[len(numbers)]
        name = target.id
        if self.unrolled and end.isdigit():
            self.lines.append("#pragma unroll")
        self.declared.setdefault(name, INT)
        self._block(f"for ({name} = {start}; {name} < {end}; {name} += {step}) {{", statement.body)

    def _block(self, head: str, body: list[ast.stmt]) -> None:
        self.say(head)
        self.depth += 1
        self.statements(body)
        self.depth -= 1
        self.say("}")


class _Expressions(ast.NodeTransformer):
    """Spells expressions in what Python's own printer writes as CUDA C."""

    def __init__(self, within: _Translator) -> None:
        self.within = within

    def generic_visit(self, node: ast.AST) -> Any:
        """What both languages write alike."""
        if not isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.Subscript | ast.operator | ast.cmpop
                          | ast.unaryop | ast.expr_context):  # fmt: skip
            self.within.unknown(node)
        return super().generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """A number; one with a point is of the kernel's type."""
        if isinstance(node.value, float):
            return ast.Name(number_text(node.value, self.within.functions.dtype))
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A variable, or a number that has a name."""
        return ast.Name({"nan": "gl_nan()", "inf": "gl_inf()"}.get(node.id, node.id))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """A minus, or a negation."""
        if isinstance(node.op, ast.Not):
            return _call("!", self.visit(node.operand))
        return ast.UnaryOp(node.op, self.visit(node.operand))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """Truth values, without short cuts: nothing in a kernel's condition does anything."""
        first, *others = (_call("", self.visit(value)) for value in node.values)
        sign = ast.BitOr() if isinstance(node.op, ast.Or) else ast.BitAnd()
        for other in others:
            first = ast.BinOp(first, sign, other)
        return first

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """One of the words of kernels."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "float":
            (value,) = map(ast.literal_eval, node.args)
            return ast.Name(number_text(float(value), self.within.functions.dtype))
        args = [self.visit(arg) for arg in node.args]
        if name in ("load", "spread"):
            return ast.Subscript(args[0], args[1])
        if name == "every":
            return _call(f"({NUMBER})", args[1])
        if name == "both":
            return ast.BinOp(args[0], ast.BitAnd(), args[1])
        if name == "any_lane":
            return args[0]
        if name in OWN:
            return _call(OWN[name], *args)
        if name not in self.within.functions.words:
            return self.within.unknown(node)
        return _call(self.within.functions.called(name, *[NUMBER] * len(args))[0], *args)


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name), list(args), [])
