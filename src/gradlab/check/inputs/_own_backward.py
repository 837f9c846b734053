"""Functions that bring their own backward pass: which of their arguments are checked, and how they are called."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradlab.check._errors import CheckError
from gradlab.check.inputs import _torch
from gradlab.check.inputs._functions import ByMode
from gradlab.check.inputs._point import Mode
from gradlab.check.inputs._trees import is_jax, is_module, is_tensor


def point_of(function: Any, inputs: Any) -> tuple[ByMode, dict[str, Any]]:
    """Turn a function with its own backward pass into one of a dict of its real inputs and parameters.

    Args:
        function: A subclass of `torch.autograd.Function`, a `torch.nn.Module`, a `jax.custom_vjp`, or a callable.
        inputs: Its argument, or a tuple or list of its arguments.

    Returns:
        The function of the point, and the point.

    Raises:
        CheckError: It cannot be called, or no input has real numbers.
    """
    arguments = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    is_own = isinstance(function, type) and hasattr(function, "apply") and hasattr(function, "backward")
    if not (is_own or callable(function)) or (isinstance(function, type) and not is_own):
        raise CheckError(
            f"{function!r} has no backward pass to check; give a subclass of torch.autograd.Function, a "
            "torch.nn.Module, or a function of torch or jax."
        )
    if type(function).__module__.startswith("jax"):
        arguments = [_as_jax(argument) for argument in arguments]
    forward = getattr(function, "forward", function) if is_own or is_module(function) else function
    run = getattr(function, "apply", function) if is_own else function
    names = _names(forward, len(arguments), skip=is_own)
    inside = _torch.parameters_of(function) if is_module(function) else {}
    names = [f"input {name}" if name in inside else name for name in names]
    checked = [place for place, argument in enumerate(arguments) if _is_real(argument)]
    if not checked and not inside:
        raise CheckError("none of the inputs is a tensor or an array of real numbers; give at least one.")

    def make(mode: Mode) -> Callable[[dict[str, Any]], Any]:
        bound = _torch.ModuleAt(function, mode is not Mode.NATIVE) if is_module(function) else None

        def call(point: dict[str, Any]) -> Any:
            given = list(arguments)
            for place in checked:
                given[place] = point[names[place]]
            if bound is not None:
                return bound({name: point[name] for name in inside})(*given)
            return run(*given)

        return call

    return ByMode(make), {**{names[place]: arguments[place] for place in checked}, **inside}


def _names(function: Any, count: int, skip: bool) -> list[str]:
    """The names of the arguments; those of autograd Functions come after ctx."""
    fallback = [f"input {place}" for place in range(count)]
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return fallback
    if skip and parameters and parameters[0].name.startswith(("ctx", "context")):
        parameters = parameters[1:]
    positional = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return [*positional, *fallback[len(positional) :]][:count]


def _is_real(argument: Any) -> bool:
    if is_tensor(argument):
        return argument.is_floating_point() or argument.is_complex()
    if is_jax(argument):
        return argument.dtype.kind in "fVc"
    return isinstance(argument, np.ndarray) and argument.dtype.kind in "fc"


def _as_jax(argument: Any) -> Any:
    return sys.modules["jax"].numpy.asarray(argument) if isinstance(argument, np.ndarray) else argument
