"""The one door: a question's name and its data come in, an answer or a message for the person goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from gradlab._errors import GradlabError
from gradlab.play._boundary import trainability
from gradlab.play._derive import chain, judged, matrices, numbers
from gradlab.play._descend import bent, derived, exact, surface, way
from gradlab.play._recommend import recommendation
from gradlab.play._train import drawing, looking, network, why

Answer = dict[str, Any]
QUESTIONS: Mapping[str, Callable[[Mapping[str, Any]], Answer]] = MappingProxyType(
    {
        "bent": bent,
        "chain": chain,
        "derived": derived,
        "drawing": drawing,
        "exact": exact,
        "judged": judged,
        "looking": looking,
        "matrices": matrices,
        "network": network,
        "numbers": numbers,
        "recommendation": recommendation,
        "surface": surface,
        "trainability": trainability,
        "way": way,
        "why": why,
    }
)


def answer(question: str, given: Mapping[str, Any]) -> Answer:
    """The answer to a question of the page.

    Args:
        question: one of ``QUESTIONS``.
        given: what it is about, plain data.

    Returns:
        Plain data and bytes by name; what a person did wrong is told under ``error``.

    Raises:
        KeyError: if there is no such question, which is a mistake in the page and not in what was typed.

    >>> answer("surface", {"text": "x**2"})["error"]
    'the page draws functions of two variables; this one has 1: x. Write for example (x - 6)**2 + y**2 - x*y'
    """
    try:
        return QUESTIONS[question](given)
    except GradlabError as error:
        return {"error": str(error)}
    except RecursionError:
        return {"error": "this is nested too deeply: write it with fewer brackets inside of each other"}


def checked(question: str, given: Mapping[str, Any]) -> Answer:
    """The answer to a question that Python itself asks.

    Raises:
        GradlabError: with what the page would tell the person.
    """
    made = answer(question, given)
    if "error" in made:
        raise GradlabError(made["error"])
    return made
