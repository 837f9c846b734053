"""NumPy functions followed through arrays that note down what is done with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gradlab.check.inputs._trees import map_structure
from gradlab.check.tracing._place import place_of_caller
from gradlab.check.tracing._program import Program, Step, UntraceableError

_NAMES = {
    "true_divide": "divide", "float_power": "power", "dot": "matmul", "vdot": "matmul", "inner": "matmul",
    "add.reduce": "sum", "multiply.reduce": "prod", "maximum.reduce": "max", "minimum.reduce": "min",
    "amax": "max", "amin": "min", "vstack": "stack", "hstack": "concatenate", "reciprocal": "reciprocal",
}  # fmt: skip
_ELEMENTWISE = {"round", "around", "fix", "clip", "nan_to_num", "sinc", "real", "i0"}
_PLAIN = {"shape", "ndim", "size", "result_type", "can_cast", "iscomplexobj", "isscalar", "zeros_like", "ones_like",
          "empty_like", "full_like", "argmax", "argmin", "argsort", "searchsorted", "allclose", "array_equal",
          "any", "all", "count_nonzero", "nonzero", "isclose", "unique", "digitize"}  # fmt: skip


def trace_numpy(function: Callable[[Any], Any], structure: Any) -> Program:
    """Follow a function of NumPy arrays.

    Raises:
        UntraceableError: It leaves NumPy on the way, through `float(x)` or `math`, say.
    """
    recorder = _Recorder()
    traced = map_structure(structure, recorder.start)
    inputs = [entry.plain for entry in recorder.inputs]
    with np.errstate(all="ignore"):
        result = function(traced)
    if isinstance(result, list | tuple):
        result = recorder.record("stack", lambda *rows: np.stack(rows), list(result), elementwise=False)
    out = recorder.taken_out
    if isinstance(result, float) and out is not None and result == float(out.plain):
        result = out
    if not isinstance(result, Traced):
        raise UntraceableError("the loss does not depend on the point in a way that can be followed")
    return Program(inputs, recorder.steps, result.value)


class _Recorder:
    """Notes down the steps."""

    def __init__(self) -> None:
        self.inputs: list[Traced] = []
        self.steps: list[Step] = []
        self.taken_out: Traced | None = None

    def constant(self, array: np.ndarray) -> Traced:
        """An array that does not depend on the point, but that parts which do may be written into."""
        return self.record("constant", np.copy, [array], elementwise=False)

    def start(self, item: Any) -> Traced:
        entry = Traced(self, len(self.inputs), np.array(item, dtype=np.float64))
        self.inputs.append(entry)
        return entry

    def record(self, name: str, call: Callable[..., Any], arrays: Sequence[Any], elementwise: bool) -> Any:
        """Run an operation, note it down, and hand out its result; plain if it is not made of real numbers."""
        result = call(*[_plain(array) for array in arrays])
        if not isinstance(result, np.ndarray | np.generic):
            raise UntraceableError(f"{name} gives {type(result).__name__}")
        plain = np.asarray(result)
        if plain.dtype.kind != "f":
            return result
        operands = tuple(array.value if isinstance(array, Traced) else None for array in arrays)
        constants = tuple(None if isinstance(array, Traced) else np.asarray(array) for array in arrays)
        step = Step(_NAMES.get(name, name), operands, constants, call, elementwise, place_of_caller())
        self.steps.append(step)
        return Traced(self, len(self.inputs) + len(self.steps) - 1, plain)


def _plain(item: Any) -> Any:
    if isinstance(item, Traced):
        return item.plain
    if isinstance(item, list | tuple):
        return type(item)(_plain(part) for part in item)
    return item


class Traced(NDArrayOperatorsMixin):
    """An array that notes down what is done with it.

    Args:
        recorder: Where it is noted.
        value: The number of this value.
        plain: The array itself.
    """

    __gradlab_traced__ = True

    def __init__(self, recorder: _Recorder, value: int, plain: np.ndarray) -> None:
        self.recorder, self.value, self.plain = recorder, value, plain

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        if out is not None and not (len(out) == 1 and isinstance(out[0], Traced)):
            raise UntraceableError("an array of the loss's own is changed in place")
        if method not in {"__call__", "reduce"} or ufunc.nout != 1:
            raise UntraceableError(f"np.{ufunc.__name__}.{method}")
        kwargs = {key: _plain(value) for key, value in kwargs.items()}
        target = ufunc if method == "__call__" else ufunc.reduce
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.reduce"
        elementwise = method == "__call__" and ufunc.signature is None
        if method == "reduce" and len(inputs) > 1:
            kwargs["axis"], inputs = inputs[1], inputs[:1]
        kwargs.pop("dtype", None)
        result = self.recorder.record(name, lambda *arrays: target(*arrays, **kwargs), inputs, elementwise)
        return result if out is None else out[0].become(result)

    def __array_function__(self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = func.__name__
        if name in _PLAIN:
            result = func(*[_plain(arg) for arg in args], **{key: _plain(value) for key, value in kwargs.items()})
            return self.recorder.constant(result) if name.endswith("_like") else result
        kwargs = {key: value for key, value in kwargs.items() if key not in {"dtype", "out"}}
        spots: list[Traced] = []

        def lift(item: Any) -> Any:
            if isinstance(item, Traced):
                spots.append(item)
                return _Spot(len(spots) - 1)
            if isinstance(item, list | tuple):
                return type(item)(lift(part) for part in item)
            return item

        lifted, lifted_kwargs = lift(args), {key: lift(value) for key, value in kwargs.items()}

        def call(*arrays: np.ndarray) -> Any:
            filled = {key: _fill(value, arrays) for key, value in lifted_kwargs.items()}
            return func(*_fill(lifted, arrays), **filled)

        if name in {"where", "clip"} and not kwargs:
            return self.recorder.record(name, func, args, elementwise=True)
        return self.recorder.record(name, call, spots, elementwise=name in _ELEMENTWISE and len(spots) == 1)

    def become(self, other: Traced) -> Traced:
        """Take over another value: what a change in place does."""
        self.value, self.plain = other.value, other.plain
        return self

    def __getitem__(self, index: Any) -> Any:
        index = _plain(index)
        return self.recorder.record("getitem", lambda array: array[index], [self], elementwise=False)

    def __setitem__(self, index: Any, new: Any) -> None:
        index = _plain(index)

        def put(array: np.ndarray, part: np.ndarray) -> np.ndarray:
            changed = array.copy()
            changed[index] = part
            return changed

        self.become(self.recorder.record("setitem", put, [self, new], elementwise=False))

    def __len__(self) -> int:
        return len(self.plain)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self.plain)))

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        raise UntraceableError("np.asarray takes the array out of its trace")

    def __float__(self) -> float:
        # A loss may end with float(...); where that is not its end, the value that comes out shows it.
        self.recorder.taken_out = self
        return float(self.plain)

    def __bool__(self) -> bool:
        return bool(self.plain)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return self.plain.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.plain.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.plain.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type."""
        return self.plain.dtype

    @property
    def T(self) -> Any:  # noqa: N802 - NumPy's name
        """The transpose."""
        return np.transpose(self)  # type: ignore[call-arg, arg-type]

    def astype(self, dtype: Any, **_: Any) -> Traced:
        """The array itself: a cast to another precision is no step of the mathematics."""
        if np.dtype(dtype).kind != "f":
            raise UntraceableError(f"a cast to {np.dtype(dtype)}")
        return self

    def __getattr__(self, name: str) -> Any:
        """A method of arrays, as the NumPy function of the same name."""
        if name.startswith("_") or name not in _METHODS:
            raise AttributeError(name)
        if name in {"copy", "flatten"}:
            return lambda: self if name == "copy" else self.recorder.record("ravel", np.ravel, [self], False)
        if name == "reshape":
            return lambda *shape, **kwargs: np.reshape(self, shape[0] if len(shape) == 1 else shape, **kwargs)  # type: ignore
        if name == "transpose":
            return lambda *axes: np.transpose(self, axes[0] if len(axes) == 1 else axes or None)  # type: ignore
        return lambda *args, **kwargs: getattr(np, name)(self, *args, **kwargs)


_METHODS = set(
    "sum mean max min prod dot reshape ravel flatten transpose copy clip std var squeeze cumsum cumprod repeat trace "
    "diagonal swapaxes round".split()
)


class _Spot:
    """The place of a traced array in the arguments of a call."""

    def __init__(self, number: int) -> None:
        self.number = number


def _fill(item: Any, arrays: Sequence[np.ndarray]) -> Any:
    if isinstance(item, _Spot):
        return arrays[item.number]
    if isinstance(item, list | tuple):
        return type(item)(_fill(part, arrays) for part in item)
    return item
