"""JAX functions followed through their jaxpr, with derivatives written by hand taken out of the way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradlab.check.inputs._double import double
from gradlab.check.tracing._place import Place, place
from gradlab.check.tracing._program import Program, Step, UntraceableError

_NAMES: dict[str, str] = {
    "mul": "multiply", "sub": "subtract", "div": "divide", "neg": "negative", "pow": "power", "integer_pow": "power",
    "dot_general": "matmul", "reduce_sum": "sum", "reduce_max": "max", "reduce_min": "min", "reduce_prod": "prod",
    "max": "maximum", "min": "minimum", "logistic": "sigmoid", "broadcast_in_dim": "broadcast_to", "slice": "getitem",
    "dynamic_slice": "getitem", "rev": "flip", "select_n": "where", "copy_p": "copy", "convert_element_type": "copy",
}  # fmt: skip
_ELEMENTWISE = {
    "mul", "add", "sub", "div", "neg", "pow", "integer_pow", "exp", "exp2", "log", "log1p", "expm1", "tanh", "sin",
    "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "sqrt", "rsqrt", "cbrt", "logistic", "max",
    "min", "abs", "sign", "floor", "ceil", "round", "erf", "select_n", "square", "copy", "clamp", "add_any",
}  # fmt: skip
_INLINED = ("jaxpr", "call_jaxpr", "fun_jaxpr")
_CALLS = {"pjit", "jit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr",
          "remat", "checkpoint"}  # fmt: skip


def trace_jax(call: Callable[[Any], Any], structure: Any) -> Program:
    """Follow a function of JAX arrays.

    Raises:
        UntraceableError: It has no jaxpr, since it branches on values, say.
    """
    jax = sys.modules["jax"]
    with double():
        wide = jax.tree.map(lambda leaf: jax.numpy.asarray(np.asarray(leaf, dtype=np.float64)), structure)
        try:
            closed = jax.make_jaxpr(call)(wide)
        except (jax.errors.JAXTypeError, TypeError) as error:
            raise UntraceableError(f"no jaxpr: {type(error).__name__}") from error
        inputs = [np.asarray(leaf) for leaf in jax.tree.leaves(wide)]
        reader = _Reader(jax, len(inputs))
        given = [_Value(array, number) for number, array in enumerate(inputs)]
        outputs = reader.read(closed.jaxpr, [_Value(constant) for constant in closed.consts], given)
    if len(outputs) != 1 or outputs[0].number is None:
        raise UntraceableError("the loss does not depend on the point in a way that can be followed")
    return Program(inputs, reader.steps, outputs[0].number)


class _Value(NamedTuple):
    """An array of the computation, and its number unless it is a constant."""

    array: Any
    number: int | None = None


class _Reader:
    """Reads a jaxpr."""

    def __init__(self, jax: Any, count: int) -> None:
        self._jax, self._count = jax, count
        self.steps: list[Step] = []

    def read(self, jaxpr: Any, constants: list[_Value], arguments: list[_Value]) -> list[_Value]:
        """Read the equations, those of inner calls in their place; gives the outputs."""
        known: dict[Any, _Value] = dict(zip(jaxpr.constvars, constants, strict=True))
        known.update(zip(jaxpr.invars, arguments, strict=True))

        def look(variable: Any) -> _Value:
            return _Value(variable.val) if hasattr(variable, "val") else known[variable]

        for equation in jaxpr.eqns:
            results = self._equation(equation, [look(variable) for variable in equation.invars])
            known.update(zip(equation.outvars, results, strict=True))
        return [look(variable) for variable in jaxpr.outvars]

    def _equation(self, equation: Any, given: list[_Value]) -> list[_Value]:
        primitive, parameters = equation.primitive, equation.params
        inner = next((parameters[key] for key in _INLINED if key in parameters), None)
        if inner is not None and primitive.name in _CALLS:
            closed = hasattr(inner, "consts")
            constants = [_Value(constant) for constant in inner.consts] if closed else []
            return self.read(inner.jaxpr if closed else inner, constants, given)
        if primitive.name == "convert_element_type" and np.issubdtype(parameters["new_dtype"], np.floating):
            # A cast to another precision is no step of the mathematics.
            parameters = {**parameters, "new_dtype": np.dtype(np.float64)}
        types = [np.asarray(item.array).dtype for item in given]

        def run(*arrays: Any) -> list[Any]:
            with double():
                cast = [self._jax.numpy.asarray(array, dtype=kind) for array, kind in zip(arrays, types, strict=True)]
                result = primitive.bind(*cast, **parameters)
                return list(result) if primitive.multiple_results else [result]

        results = run(*[item.array for item in given])
        return [self._value(equation, given, run, position, array) for position, array in enumerate(results)]

    def _value(self, equation: Any, given: list[_Value], run: Any, position: int, array: Any) -> _Value:
        # Masks and indices are fixed at the point; they have no derivative.
        if all(item.number is None for item in given) or not np.issubdtype(array.dtype, np.floating):
            return _Value(array)
        name = str(equation.primitive.name)
        step = Step(
            _NAMES.get(name, name),
            tuple(item.number for item in given),
            tuple(np.asarray(item.array) if item.number is None else None for item in given),
            lambda *arrays: np.asarray(run(*arrays)[position], dtype=np.float64),
            name in _ELEMENTWISE,
            self._place(equation),
        )
        self.steps.append(step)
        return _Value(array, self._count + len(self.steps) - 1)

    def _place(self, equation: Any) -> Place:
        # Where the equation comes from is known to jax alone, under a name that may change.
        sources = sys.modules.get("jax._src.source_info_util")
        frame = None if sources is None else sources.user_frame(equation.source_info.traceback)
        if frame is None:
            return Place()
        return place(frame.file_name, frame.start_line, (frame.file_name, frame.start_line, frame.start_column))
