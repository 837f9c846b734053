"""Torch functions followed below their autograd, so that a backward pass written by hand does not hide the forward."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradlab.check.inputs._torch import promoted
from gradlab.check.inputs._trees import is_tensor, map_structure
from gradlab.check.tracing._place import place_of_caller
from gradlab.check.tracing._program import Program, Step, UntraceableError

_NAMES: dict[str, str] = {
    "mul": "multiply", "sub": "subtract", "div": "divide", "neg": "negative", "pow": "power", "rsub": "subtract",
    "mm": "matmul", "addmm": "affine", "bmm": "matmul", "mv": "matmul", "dot": "matmul", "view": "reshape",
    "_unsafe_view": "reshape", "unsqueeze": "expand_dims", "t": "transpose", "permute": "transpose",
    "expand": "broadcast_to", "cat": "concatenate", "select": "getitem", "slice": "getitem", "index": "getitem",
    "clone": "copy", "amax": "max", "_softmax": "softmax", "_log_softmax": "log_softmax", "unbind": "getitem",
    "alias": "copy", "_to_copy": "copy", "lift_fresh": "copy", "index_select": "getitem",
    "clamp": "clip", "clamp_min": "clip",
}  # fmt: skip


def trace_torch(function: Callable[..., Any], call: Callable[[Any], Any], structure: Any) -> Program:
    """Follow a function of tensors.

    Args:
        function: The loss as the user wrote it; where it is the `apply` of an autograd Function, `call` runs that.
        call: The same as a function of the whole structure.
        structure: Tensors in the structure that the function takes.

    Raises:
        UntraceableError: An operation cannot be repeated in float64, or numbers leave torch on the way.
    """
    torch = sys.modules["torch"]
    recorder = _Recorder(torch)

    class Mode(torch.utils._python_dispatch.TorchDispatchMode):
        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            # Nothing is compiled here, and to say so torch would import its compiler, which takes seconds.
            return False

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            operands = recorder.before(args, kwargs)
            result = func(*args, **kwargs)
            recorder.after(func, args, kwargs, operands, result)
            return result

    traced = map_structure(structure, lambda item: item.detach().clone() if is_tensor(item) else item)
    map_structure(traced, recorder.start)
    with promoted(), torch.no_grad(), Mode():
        result = call(traced)
    if not is_tensor(result) or id(result) not in recorder.numbers:
        raise UntraceableError("the loss does not depend on the point in a way that can be followed")
    return Program(recorder.inputs, recorder.steps, recorder.numbers[id(result)])


class _Recorder:
    """Notes down the calls that reach torch's kernels."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self.inputs: list[np.ndarray] = []
        self.steps: list[Step] = []
        self.numbers: dict[int, int] = {}
        # As long as a tensor is kept, no other one can have its id.
        self._kept: list[Any] = []
        self._seen: dict[int, Any] = {}

    def start(self, item: Any) -> None:
        if not is_tensor(item):
            raise UntraceableError("the point holds numbers that are not tensors")
        self.numbers[id(item)] = len(self.inputs)
        self._kept.append(item)
        self._seen[id(item)] = item.clone()
        self.inputs.append(item.double().cpu().numpy().copy())

    def before(self, args: Any, kwargs: Any) -> list[Any]:
        """The traced tensors among the arguments.

        Raises:
            UntraceableError: One was changed through another view of its memory since it was noted.
        """
        found: list[Any] = []
        _walk((args, kwargs), lambda item: found.append(item) if id(item) in self.numbers else None)
        for item in found:
            if not self._torch.equal(item.nan_to_num(), self._seen[id(item)].nan_to_num()):
                raise UntraceableError("a tensor is changed in place through another view")
        return found

    def after(self, func: Any, args: Any, kwargs: Any, operands: list[Any], result: Any) -> None:
        """Note the call down, once for each of its results that is made of real numbers."""
        if not operands:
            return
        torch = self._torch
        raw = str(func._schema.name).split("::")[-1].rstrip("_")
        name = _NAMES.get(raw, raw)
        elementwise = torch.Tag.pointwise in func.tags or raw in {"where", "threshold"}
        numbers = [self.numbers[id(item)] for item in operands]
        before = [self._seen[id(item)] for item in operands]
        arrays = list(zip(numbers, before, strict=True))
        results = list(result) if isinstance(result, list | tuple) else [result]
        place = place_of_caller()
        for position, item in enumerate(results):
            if not is_tensor(item) or not item.is_floating_point():
                continue
            several = isinstance(result, list | tuple)
            step = self._step(func, name, args, kwargs, arrays, position if several else None, elementwise, place)
            self.steps.append(step)
            self.numbers[id(item)] = len(self.inputs) + len(self.steps) - 1
            self._kept.append(item)
            self._seen[id(item)] = item.clone()

    def _step(
        self,
        func: Any,
        name: str,
        args: Any,
        kwargs: Any,
        operands: Sequence[tuple[int, Any]],
        position: int | None,
        elementwise: bool,
        place: Any,
    ) -> Step:
        torch = self._torch
        slots: list[int | None] = []
        constants: list[np.ndarray | None] = []
        count = [0]
        numbers = self.numbers

        def lift(item: Any) -> Any:
            if is_tensor(item):
                if id(item) in numbers:
                    slots.append(operands[count[0]][0])
                    constants.append(None)
                    count[0] += 1
                    return _Spot(len(slots) - 1)
                if item.is_floating_point():
                    slots.append(None)
                    constants.append(item.detach().double().cpu().numpy().copy())
                    return _Spot(len(slots) - 1)
                return item.clone()
            return torch.float64 if item in {torch.float32, torch.float16, torch.bfloat16} else item

        # Tensors are lifted in the order in which `before` found them.
        lifted = _map((args, kwargs), lift)

        def call(*arrays: np.ndarray) -> np.ndarray:
            def fill(item: Any) -> Any:
                return torch.tensor(arrays[item.number]) if isinstance(item, _Spot) else item

            filled, options = _map(lifted, fill)
            with torch.no_grad():
                result = func(*filled, **options)
            return np.asarray((result if position is None else result[position]).numpy(), dtype=np.float64).copy()

        return Step(name, tuple(slots), tuple(constants), call, elementwise, place)


class _Spot:
    """The place of a tensor in the arguments of a call."""

    def __init__(self, number: int) -> None:
        self.number = number


def _walk(item: Any, visit: Callable[[Any], None]) -> None:
    if isinstance(item, dict):
        for part in item.values():
            _walk(part, visit)
    elif isinstance(item, list | tuple):
        for part in item:
            _walk(part, visit)
    elif is_tensor(item):
        visit(item)


def _map(item: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(item, dict):
        return {key: _map(part, change) for key, part in item.items()}
    if isinstance(item, list | tuple):
        return type(item)(_map(part, change) for part in item)
    return change(item)
