"""Text to expression: read by Python's own parser, accepted node by node from a whitelist; nothing is ever run."""

from __future__ import annotations

import ast
import keyword
import math
import re
import warnings
from fractions import Fraction

from gradlab._errors import GradlabError
from gradlab._words import counted, meant
from gradlab.graph._algebra import neg
from gradlab.graph._evaluate import evaluate
from gradlab.graph._expression import Apply, Const, Expression, Ref, as_number, is_apply, number
from gradlab.graph._names import check_name
from gradlab.graph._primitives import constants, functions, known_as

LONGEST_TEXT = 10_000
DEEPEST_NESTING = 100
LONGEST_NUMBER = 1000

MEANT = {
    "ln": "log", "log10": "log(x)/log(10)", "log2": "log(x)/log(2)", "tan": "sin(x)/cos(x)", "fabs": "abs",
    "maximum": "max", "minimum": "min", "logistic": "sigmoid", "square": "x**2", "pow": "x**y", "heaviside": "step",
    "sinh": "(exp(x) - exp(-x))/2", "cosh": "(exp(x) + exp(-x))/2", "sec": "1/cos(x)", "cot": "cos(x)/sin(x)",
    "atan2": "arctan(y/x), which is the same where x > 0", "cbrt": "x**(1/3)", "hypot": "sqrt(x**2 + y**2)",
    **dict.fromkeys(("asin", "arcsin"), "arctan(x/sqrt(1 - x**2))"), "lg": "log(x)/log(10)", "log_10": "log(x)/log(10)",
    **dict.fromkeys(("acos", "arccos"), "pi/2 - arctan(x/sqrt(1 - x**2))"), "log_2": "log(x)/log(2)",
    "asinh": "log(x + sqrt(x**2 + 1))", "atanh": "log((1 + x)/(1 - x))/2", "erfc": "1 - erf(x)",
    "sech": "2/(exp(x) + exp(-x))", "csch": "2/(exp(x) - exp(-x))", "coth": "1/tanh(x)", "csc": "1/sin(x)",
    "log1p": "log(1 + x)", "expm1": "exp(x) - 1", "exp2": "2**x", "sgn": "sign",
}  # fmt: skip


# What people write that is no Python, and what to write instead.
_WRITTEN = (
    (r"\\", "this is LaTeX, and formulas are written as in Python: 1/x, sqrt(x), sin(x)"),
    (r"(?<![<>=!])=(?!=)", "write what stands right of the = alone"),
    (r"[²³⁴⁵⁶⁷⁸⁹¹⁰]", "write x**2 for x squared"),
    (r"[×⋅]", "write * for a product"),
    (r"[−–]", "write - for a minus"),
    (r"√", "write sqrt(x)"),
    (r"\|.*\|", "write abs(x) for |x|"),
    (rf"\b({'|'.join(keyword.kwlist)})\b", "a word of Python, such as lambda, is no name here: write lam"),
    (r"(?<![\w.])(\d+\.?\d*|\.\d+) *[A-Za-z(]|[\w)] +[\w(]|\)[\w(]", "a product needs its sign, as in 2*x"),
)


class ParseError(GradlabError):
    """A text that is not an expression gradlab understands; the message points at the place."""


def parse(text: str) -> Expression:
    """Read an expression of + - * / ** and the table's functions over named quantities.

    Args:
        text: Python notation, at most 10,000 characters, nested at most 100 deep.

    Returns:
        The expression, as it was written: nothing is expanded.

    Raises:
        ParseError: for anything else; says where and what to write instead. Nothing in the text is ever run.

    >>> str(parse("(x1 - 6)**2 + x2**2 - x1*x2"))
    '(x1 - 6)**2 + x2**2 - x1*x2'
    """
    if not isinstance(text, str):
        raise ParseError(f"an expression is given as text, such as 'x**2 + 3*x', not as {type(text).__name__}")
    if len(text) > LONGEST_TEXT:
        raise ParseError(f"the expression has {len(text):,} characters; {LONGEST_TEXT:,} are the most: name its parts")
    if not text.strip():
        raise ParseError("the expression is empty: write one such as 'x**2 + 3*x'")
    if "·" in text:  # Python takes it for part of a name
        raise ParseError("· is no product here: write x*y")
    text = text.strip().replace("\r\n", "\n").replace("\r", "\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "2(x)" is reported below, in our words
            tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise ParseError(_syntax_message(text, error)) from None
    except (RecursionError, MemoryError):
        raise ParseError("the expression is too long or nested too deeply to be read: name its parts") from None
    except ValueError as error:
        raise ParseError(f"the expression has a character that cannot be read: {error}") from None
    return _Reader(text).read(tree.body, 0)


class _Reader:
    def __init__(self, text: str) -> None:
        self.lines = [line.encode() for line in text.split("\n")]  # where ast's columns count bytes
        self.functions, self.constants = functions(), constants()

    def fail(self, node: ast.expr, message: str) -> ParseError:
        line = self.lines[node.lineno - 1]
        column = len(line[: node.col_offset].decode())
        return ParseError(f"{message}\n{_pointer(line.decode(), column)}")

    def read(self, node: ast.expr, depth: int) -> Expression:
        if depth > DEEPEST_NESTING:
            raise self.fail(node, f"the expression is nested more than {DEEPEST_NESTING} deep: name its parts")
        if isinstance(node, ast.BinOp):
            return self.operation(node, depth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner = self.read(node.operand, depth + 1)
            return neg(inner) if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.Constant):
            return self.constant(node)
        if isinstance(node, ast.Name):
            if (constant := known_as(node.id)) in self.constants:
                return Apply(constant, ())
            if node.id in ("inf", "nan"):
                raise self.fail(node, f"{node.id} is no number to calculate with: call a variable something else")
            try:
                return Ref(check_name(node.id, self.functions))
            except GradlabError as error:
                raise self.fail(node, str(error)) from None
        if isinstance(node, ast.Call):
            return self.call(node, depth)
        raise self.fail(node, _not_allowed(node))

    def operation(self, node: ast.BinOp, depth: int) -> Expression:
        """A chain of one-sided operators is read in a loop: a long sum is long, not deep."""
        chain: list[tuple[ast.BinOp, ast.expr]] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and not isinstance(left.op, ast.Pow):
            chain.append((left, left.right))
            left = left.left
        if not chain:
            return self.power(node, depth)
        result = self.read(left, depth + 1)
        terms: list[Expression] = []  # of a sum that is being read
        for operation, right in reversed(chain):
            b = self.read(right, depth + 1)
            if isinstance(operation.op, ast.Add | ast.Sub):
                terms = terms or [*(result.args if is_apply(result, "add") else (result,))]
                terms.append(neg(b) if isinstance(operation.op, ast.Sub) else b)
            else:
                result = self.combine(operation, Apply("add", tuple(terms)) if terms else result, b)
                terms = []
        return Apply("add", tuple(terms)) if terms else result

    def combine(self, node: ast.BinOp, a: Expression, b: Expression) -> Expression:
        """What an operator other than + and - makes of its two sides."""
        if isinstance(node.op, ast.Mult | ast.Div):
            # A minus in front of a product is the product's: -2*x is -(2*x), as it is on paper.
            if is_apply(a, "neg"):
                return neg(self.combine(node, a.args[0], b))
            if isinstance(node.op, ast.Mult):
                return Apply("mul", (*(a.args if is_apply(a, "mul") else (a,)), b))
            over, under = as_number(a), as_number(b)
            if over is not None and under:
                return number(over / under)
            return self.checked(node, Apply("div", (a, b)))
        if isinstance(node.op, ast.BitXor):
            raise self.fail(node, "^ is not a power here: write x**2 for x squared")
        signs: dict[type[ast.AST], str] = {ast.FloorDiv: "//", ast.Mod: "%", ast.MatMult: "@"}
        sign = signs.get(type(node.op), "this operator")
        raise self.fail(node, f"{sign} is not differentiated: use + - * / ** and the functions {_functions()}")

    def power(self, node: ast.BinOp, depth: int) -> Expression:
        base, exponent = self.read(node.left, depth + 1), self.read(node.right, depth + 1)
        return self.checked(node, Apply("pow", (base, exponent)))

    def checked(self, node: ast.expr, expression: Apply) -> Apply:
        """Refuse a number that no machine number can hold (9**9**9) or that is none (1/0), before anybody meets it."""
        if expression.names:
            return expression
        try:
            value = float(evaluate(expression, {}, exact=False))
        except (OverflowError, ZeroDivisionError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            raise self.fail(node, "this number is undefined or larger than 1.8e308: write it in another way")
        return expression

    def constant(self, node: ast.Constant) -> Expression:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self.fail(node, f"{node.value!r} is not a real number")
        try:
            finite = math.isfinite(float(node.value))
        except OverflowError:
            finite = False
        if not finite:
            raise self.fail(node, "this number is larger than 1.8e308: write it in another way")
        if isinstance(node.value, int):
            return Const(Fraction(node.value))
        written = self.lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode().replace("_", "")
        if len(written) > LONGEST_NUMBER:
            raise self.fail(node, f"this number has {len(written):,} characters; {LONGEST_NUMBER:,} are the most")
        # 0.1 is one tenth, exactly, as it is on paper; far below the smallest float it is 0, as in a float.
        return Const(Fraction(written)) if node.value else Const(Fraction(0))

    def call(self, node: ast.Call, depth: int) -> Expression:
        if isinstance(node.func, ast.Attribute):
            raise self.fail(node, _not_allowed(node.func))
        if not isinstance(node.func, ast.Name):
            raise self.fail(node, f"a product needs its sign, as in 2*(x + y); what can be called is {_functions()}")
        name = known_as(node.func.id)
        if name not in self.functions:
            raise self.fail(node, _unknown_function(name))
        if node.keywords or any(isinstance(arg, ast.Starred) for arg in node.args):
            raise self.fail(node, f"{name} takes plain arguments, such as {name}(x)")
        arity = self.functions[name].arity
        if arity is None and len(node.args) < 2:
            raise self.fail(node, f"{name} takes two or more arguments, such as {name}(x, 0)")
        if arity is not None and len(node.args) != arity:
            raise self.fail(node, f"{name} takes {counted(arity, 'argument')}, not {len(node.args)}")
        expression = Apply(name, tuple(self.read(arg, depth + 1) for arg in node.args))
        if self.functions[name].picks:
            self.checked_pick(node, expression)
        return self.checked(node, expression)

    def checked_pick(self, node: ast.Call, expression: Apply) -> None:
        index = as_number(expression.arguments[0])
        if index is None or index.denominator != 1 or not 1 <= index < len(expression.arguments):
            name = expression.primitive
            raise self.fail(node, f"{name} says first which argument is meant: {name}(1, a, b, c)")


def _functions() -> str:
    return ", ".join(functions())


def _unknown_function(name: str) -> str:
    if name in MEANT:
        return f"there is no function {name}: write {MEANT[name]}"
    near = meant(name, functions())
    product = f"a product needs its sign: {name}*(...)"
    if len(name) == 1:  # what is called so is rarely a function
        return f"there is no function {name}: {product}; there are {_functions()}"
    offer = f"did you mean {near[0]}?" if near else f"there are {_functions()}"
    word = len(name) > 2 and name.isalpha()  # which is no quantity as a rule
    return f"there is no function {name}: {offer}" + ("" if word else f" ({product})")


def _not_allowed(node: ast.AST) -> str:
    known: dict[type[ast.AST], str] = {
        ast.Attribute: "an attribute (a dot) is not allowed: write sin(x), not np.sin(x)",
        ast.Subscript: "an index is not allowed: write x1 for the first x",
        ast.Compare: "a comparison is not an expression: use max, abs or step",
        ast.IfExp: "a condition is not differentiated: use max, abs or step",
        ast.Lambda: "a function is given by its formula alone: 'x**2', not 'lambda x: x**2'",
        ast.BoolOp: "a condition is not differentiated: use max, abs or step",
        ast.UnaryOp: "a condition is not differentiated: use max, abs or step",
        ast.Tuple: "one formula is expected, not several",
        ast.Set: "braces are LaTeX's: write x**2 for x squared, and (...) around what belongs together",
    }
    other = f"{type(node).__name__} is not part of an expression: use + - * / ** and {_functions()}"
    return known.get(type(node), other)


def _syntax_message(text: str, error: SyntaxError) -> str:
    lines = text.split("\n")
    line = lines[min((error.lineno or 1), len(lines)) - 1]
    called = (rf"\b({'|'.join((*functions(), *MEANT))}) +\w", "a function needs its brackets, as in sin(x)")
    instead = next((f": {words}" for sign, words in (called, *_WRITTEN) if re.search(sign, line)), "")
    return f"this is not an expression ({error.msg}){instead}\n{_pointer(line, (error.offset or 1) - 1)}"


def _pointer(line: str, column: int) -> str:
    """The part of the line around a column, with a mark under it."""
    start = max(0, column - 30)
    return f"    {line[start : start + 70]}\n    {' ' * (column - start)}^"
