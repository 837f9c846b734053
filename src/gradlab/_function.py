"""A function of named variables as people hold it, with everything gradlab does to it as methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from gradlab._errors import GradlabError
from gradlab._printed import Gradient, Hessian
from gradlab._words import documented, listed
from gradlab.codegen import Programs, evaluate_exactly, function_to_torch, numpy_source, programs_for
from gradlab.derive import Backprop, Derivation, derive, derive_second, hessian, local_gradient, tidy
from gradlab.graph import Expression, Graph, GraphError, Role, Written, functions, latex_of_name, written_out

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gradlab.codegen import NumpyFunction


BACKENDS = ("numpy", "torch", "wasm")


class Function:
    """A function of named variables with its derived gradient; made by `gradlab.function`.

    Calling it gives the value and the gradient at a point of shape (..., n), computed with NumPy.
    """

    def __init__(self, graph: Graph, output: str) -> None:
        if not isinstance(graph, Graph):
            raise GradlabError(f"a Function is made by gl.function, as gl.function('x**2'), and not of {graph!r}")
        self._graph, self._output = graph, output
        self._variables = tuple(sorted(graph.of_role(Role.INPUT), key=_natural))
        if not self._variables:
            raise GradlabError(f"{output} is a constant: a function needs a variable, as in 'x**2'")

    @property
    def graph(self) -> Graph:
        """The graph of named quantities behind it."""
        return self._graph

    @property
    def output(self) -> str:
        """The name of its value."""
        return self._output

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of its variables in natural order (x2 before x10), in which all points and gradients have them."""
        return self._variables

    @property
    def expression(self) -> Expression:
        """Its formula, with every intermediate quantity written out.

        Raises:
            GradlabError: if that is too long to be of use.
        """
        return self._expression

    def derive(self, output: str, wrt: str | None = None, then: str | None = None) -> Derivation:
        """Derive one of its quantities by another, step by step, and that by a third where one is named.

        With one name alone its value is derived by it.

        Raises:
            GradlabError: if there is no such quantity.

        >>> import gradlab as gl
        >>> print(gl.function("x**2*y").derive("x").result)
        2*x*y
        """
        output, wrt = (self._output, output) if wrt is None else (output, wrt)
        return derive(self._graph, output, wrt) if then is None else derive_second(self._graph, output, wrt, then)

    def backprop(self) -> Backprop:
        """The whole gradient with shared deltas."""
        return self._programs.derivation

    def gradient(self) -> Gradient:
        """The partial derivatives by all variables, multiplied out where that is no longer.

        Raises:
            GradlabError: if the function is too long to be written as one formula.

        >>> import gradlab as gl
        >>> gl.function("(x1 - 6)**2 + x2**2 - x1*x2").gradient()
        {x1: 2*x1 - x2 - 12, x2: 2*x2 - x1}
        """
        local = local_gradient(self.expression)
        return Gradient({name: tidy(local[name]) for name in self._variables})

    def hessian(self) -> Hessian:
        """The second derivatives by all pairs of variables, printable as a matrix.

        Raises:
            GradlabError: if the function is too long to be written as one formula.

        >>> import gradlab as gl
        >>> gl.function("(x1 - 6)**2 + x2**2 - x1*x2").hessian()
        [ 2  -1]
        [-1   2]
        """
        return Hessian(hessian(self.expression, self._variables))

    def hessian_at(self, point: ArrayLike) -> NDArray[Any]:
        """The Hessian, shape (..., n, n), at points of shape (..., n).

        Raises:
            GradlabError: if the last axis has not one number for each variable.

        >>> import gradlab as gl
        >>> gl.function("x**2*y").hessian_at([1.0, 3.0]).tolist()
        [[6.0, 2.0], [2.0, 0.0]]
        """
        return self._compiled.hessian(point)

    def hessian_vector_product(self, point: ArrayLike, vector: ArrayLike) -> NDArray[Any]:
        """The Hessian at points of shape (..., n) times vectors of shape (..., n), without the Hessian.

        Raises:
            GradlabError: if a last axis has not one number for each variable.
        """
        return self._compiled.hessian_vector_product(point, vector)

    def __call__(self, point: ArrayLike) -> tuple[Any, NDArray[Any]]:
        """The value, shape (...), and the gradient, shape (..., n), at points of shape (..., n).

        Raises:
            GradlabError: if the last axis has not one number for each variable.

        >>> import gradlab as gl
        >>> value, gradient = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")([6.0, 6.0])
        >>> float(value), gradient.tolist()
        (0.0, [-6.0, 6.0])
        """
        return self._compiled(point)

    def value(self, point: ArrayLike) -> Any:
        """The value alone, shape (...), at points of shape (..., n).

        Raises:
            GradlabError: if the last axis has not one number for each variable.
        """
        return self._compiled.value(point)

    def exact(self, point: Sequence[Fraction | int]) -> tuple[Fraction, tuple[Fraction, ...]]:
        """The value and the gradient at a rational point, as fractions.

        Raises:
            NotRationalError: if the function is not made of + - * / and whole powers.
            GradlabError: if the point has the wrong length, or a denominator is zero there.
        """
        return evaluate_exactly(self.backprop(), self._variables, point)

    def compile(self, backend: Literal["numpy", "torch", "wasm"] = "numpy") -> Any:
        r"""The compiled function: for NumPy a callable like this object, for PyTorch the autograd Function's ``apply``.

        Args:
            backend: ``"numpy"``, ``"torch"``, or ``"wasm"`` for a `gradlab.codegen.wasm.WasmModule` in float64, whose
                ``evaluate`` computes the value and the gradient at many points.

        Raises:
            GradlabError: for another backend.

        >>> import gradlab as gl
        >>> module = gl.function("x**2*y").compile("wasm")
        >>> module.code[:4], module.functions
        (b'\x00asm', {'evaluate': ('points', 'results', 'stride', 'blocks')})
        """
        check_backend(backend)
        if backend == "wasm":
            from gradlab.codegen.wasm import function_module

            return function_module(self._graph, self._output, self._variables)
        return self._compiled if backend == "numpy" else self.to_torch().apply

    def to_torch(self) -> Any:
        """The ``torch.autograd.Function`` whose backward is the derived one; ``apply(point)`` is (..., n) -> (...).

        Raises:
            GradlabError: if PyTorch is not installed.
        """
        return self._torch

    @property
    def source(self) -> str:
        """The Python source that is printed from the derivation and run with NumPy, which printing does not need."""
        return numpy_source(self._programs.value_and_gradient, "value_and_gradient")

    @cached_property
    def _expression(self) -> Expression:
        return written_out(self._graph, self._output)

    @cached_property
    def _programs(self) -> Programs:
        return programs_for(self._graph, self._output, self._variables, self._variables)

    @cached_property
    def _compiled(self) -> NumpyFunction:
        from gradlab.codegen import NumpyFunction

        return NumpyFunction(self._graph, self._output, self._variables, self._programs)

    @cached_property
    def _torch(self) -> Any:
        return function_to_torch(self._graph, self._output, self._variables)

    def latex(self) -> str:
        """``f(x_1, x_2) = ...`` without dollar signs."""
        arguments = ", ".join(latex_of_name(name) for name in self._variables)
        left = Written(f"{latex_of_name(self._output)}({arguments})")
        return Written(left, " = ", self.expression.latex(self._graph.symbols))

    def __reduce__(self) -> tuple[type[Function], tuple[Graph, str]]:
        return Function, (self._graph, self._output)

    def __repr__(self) -> str:
        try:
            return f"{self._output}({', '.join(self._variables)}) = {self.expression}"
        except GradlabError:
            return f"{self._output}({', '.join(self._variables)}), computed in {len(self._graph)} named steps"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


@documented(functions=lambda: listed(functions(), "and"))
def function(formula: str | Mapping[str, str], *, name: str = "f") -> Function:
    """A function of named variables from its formula, with everything derived.

    Args:
        formula: Python notation with + - * / ** and the functions {functions}; every other name is a variable. Or
            a mapping from names to formulas, which may use each other; the one that no other uses is the function.
        name: what its value is called; for a mapping its own name counts.

    A name e beside others is a variable too, and a warning says so: Euler's number is exp(1).

    Raises:
        ParseError: for a text that is no formula.
        GraphError: if formulas form a cycle, or if not exactly one of several is used by no other.

    >>> function("x*tanh(w)").variables
    ('w', 'x')
    >>> function({"L": "(a - y)**2", "a": "sigmoid(w*x)"}).output
    'L'
    """
    if not isinstance(formula, Mapping):
        try:
            return _checked(Function(Graph.from_text({name: formula}), name))
        except GraphError:  # one formula can form no other cycle
            raise GraphError(
                f"{name} is the name of the value and stands in the formula too: call the value something else, "
                f"function({formula[:40]!r}, name={name + '_out'!r})"
            ) from None
    graph = Graph.from_text(formula)
    used = {below for quantity in graph for below in quantity.inputs}
    ends = [quantity.name for quantity in graph if quantity.name not in used]
    if len(ends) != 1:
        raise GradlabError(f"one formula must be used by no other, and that is the function; here {ends or 'none'} are")
    return _checked(Function(graph, ends[0]))


def _checked(made: Function) -> Function:
    """The function, once it is said of a variable e that it is one."""
    if "e" in made.variables and len(made.variables) > 1:
        import warnings

        others = listed([name for name in made.variables if name != "e"], "and")
        warnings.warn(
            f"e is a variable here, as {others}: write exp(1) for Euler's number, exp(x) for its powers, or call the "
            "variable something else",
            stacklevel=3,
        )
    return made


def check_backend(backend: str) -> None:
    """A backend has a name that is known.

    Raises:
        GradlabError: for another one.
    """
    if backend not in BACKENDS:
        raise GradlabError(f"there is no backend {backend!r}: write one of {', '.join(map(repr, BACKENDS))}")


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """A key that sorts x2 before x10."""
    import re

    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.findall(r"\d+|\D+", name)]
