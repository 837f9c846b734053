"""What rules, schedules and batches have in common: they are frozen, known by name, and read back from their text."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any, ClassVar, Self, TypeVar

from gradlab._words import bare, listed, meant
from gradlab.rules._numbers import RuleError, numbers_of

Made = TypeVar("Made", bound="Described")


def snake(name: str) -> str:
    """A class's name as one writes it in a file or on a command line: gradient_descent for GradientDescent.

    >>> snake("GradientDescent"), snake("RMSProp"), snake("AdamW")
    ('gradient_descent', 'rmsprop', 'adamw')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", name).lower()


class Described:
    """A frozen dataclass of checked numbers, with a formula and its source.

    `elsewhere` is what other libraries call it.
    """

    kinds: ClassVar[dict[str, Any]]
    noun: ClassVar[str]
    example: ClassVar[str]
    elsewhere: ClassVar[tuple[str, ...]] = ()
    title: ClassVar[str]
    source: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        # A kind of thing has a table of its own; everything below it is a row of that.
        if "noun" in vars(cls):
            cls.kinds = {}
        else:
            cls.kinds[bare(cls.__name__)] = cls

    def __new__(cls, *_: Any, **__: Any) -> Self:
        """Refuse to make what all of a kind have in common, which has no formula."""
        if "noun" in vars(cls):
            raise RuleError(f"{cls.__name__} is no {cls.noun} yet; write {cls.example}.")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for each in numbers_of(type(self)):
            object.__setattr__(self, each.name, each.check(getattr(self, each.name), each.name))

    @classmethod
    def all(cls) -> tuple[Any, ...]:
        """Every kind there is, in the order in which they were made."""
        return tuple(cls.kinds.values())

    @classmethod
    def named(cls: type[Made], name: str) -> type[Made]:
        """The kind of a name, in whichever spelling.

        Raises:
            RuleError: if there is none; offers the nearest.
        """
        found = cls.kinds.get(bare(name))
        if found is not None:
            return found
        near = [cls.kinds[each].__name__ for each in meant(name, cls.kinds, 3)]
        known = ", ".join(kind.__name__ for kind in cls.all())
        offer = f"did you mean {listed(near)}?" if near else f"there are {known}."
        raise RuleError(f"there is no {cls.noun} {name!r}; {offer}")

    @property
    def settings(self) -> dict[str, Any]:
        """Its numbers by name."""
        return {each.name: getattr(self, each.name) for each in numbers_of(type(self))}

    @property
    def words(self) -> str:
        """What it is, with its numbers, in words."""
        return in_words(self.title, self.settings)

    def __str__(self) -> str:
        """As it is written in Python; what has its default value is left out."""
        given = [
            f"{each.name}={_text(getattr(self, each.name))}"
            for each in fields(self)  # type: ignore[arg-type]  # every subclass is a dataclass
            if getattr(self, each.name) != each.default
        ]
        return f"{type(self).__name__}({', '.join(given)})"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def latex(self) -> str:
        """Its formula in LaTeX, without dollar signs."""
        raise NotImplementedError


def in_words(title: str, settings: dict[str, Any]) -> str:
    """A title with numbers in brackets."""
    parts = [f"{name.replace('_', ' ')} {_short(value)}" for name, value in settings.items()]
    return f"{title} ({', '.join(parts)})" if parts else title


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _text(value: Any) -> str:
    if isinstance(value, Described):
        return str(value)
    if isinstance(value, tuple):
        inner = ", ".join(map(_text, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(str(value)) if hasattr(value, "denominator") and not isinstance(value, int) else repr(value)
