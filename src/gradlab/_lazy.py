"""Names that are loaded when they are first used, and packages that are called like the function of their name."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str], here: str = ""
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and the ``__dir__`` of a package whose names are loaded when they are first used (PEP 562).

    Args:
        package: the package's name.
        homes: the module in which names live, with the names, separated by blanks; a name that is the last part of
            its module's name is that module.
        here: the public names that are there already, separated by blanks.

    Returns:
        The two functions; the first raises AttributeError for another name.
    """
    home_of = {name: module for module, names in homes.items() for name in names.split()}

    def get(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(home_of[name])
        found = module if module.__name__.endswith(f".{name}") else getattr(module, name)
        setattr(sys.modules[package], name, found)
        return found

    return get, lambda: sorted((*home_of, *here.split()))


class CallablePackage(ModuleType):
    """A package that is called like the function of its name in it.

    Python puts `gradlab.train` where the package is as soon as anything of it is imported, so a function of that name
    would come and go. Other names for the packages were the alternative; then the function and its package, which
    people know by one name, would have two.
    """

    @property
    def _function(self) -> Callable[..., Any]:
        return getattr(self, self.__name__.rpartition(".")[2])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self._function(*args, **kwargs)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        # What `gl.train?` and `help(gl.train)` show: the arguments, as the signature does.
        return self._function.__doc__

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._function)

    def __reduce__(self) -> tuple[Callable[[str], ModuleType], tuple[str]]:
        return importlib.import_module, (self.__name__,)


def make_callable(package: str) -> None:
    """Let a package be called like the function of its name in it."""
    sys.modules[package].__class__ = CallablePackage
