r"""Functions that nothing says anything about, ``\phi`` or ``h_\theta``: claims on them are tried with these.

Each has derivatives of every order that belong to it. The first are simple, so that a claim that does not hold for
every function is refuted by one that one knows; the others are mixtures of a polynomial, a sine and an exponential with
coefficients by chance, which satisfy no equation that not all functions satisfy (but for a chance of one to many
thousands, as the coefficients are drawn from that many).
"""

from __future__ import annotations

import random
from fractions import Fraction
from functools import lru_cache

from gradlab.derive import local_gradient
from gradlab.graph import ZERO, Apply, Expression, Ref, add, mul, number, power, transform

COUNT = 4  # how many functions are tried for each unknown one
VARIABLES = ("t", "s", "r", "q", "p", "o", "n", "m")


def variables(count: int) -> tuple[str, ...]:
    """Names of the variables of a function."""
    return VARIABLES[:count] if count <= len(VARIABLES) else tuple(f"t_{i}" for i in range(1, count + 1))


@lru_cache(maxsize=512)
def example(function: str, count: int, which: int) -> Expression:
    """A function of so many variables, for the name of an unknown one.

    Args:
        function: the name.
        count: how many variables it has.
        which: from 0 below `COUNT`.
    """
    refs = tuple(map(Ref, variables(count)))
    if which == 0:
        terms = [power(ref, number(2)) for ref in refs[:1]] + [mul(ref, refs[0]) for ref in refs[1:]]
        return add(*terms, *refs[1:])
    chance = random.Random(f"{function} {count} {which}")
    if which == 1:
        return Apply("exp", (_linear(refs, chance, 3, 2),))
    polynomial = [mul(_drawn(chance, 900), power(ref, number(k))) for ref in refs for k in (1, 2, 3)]
    polynomial += [mul(_drawn(chance, 900), a, b) for i, a in enumerate(refs) for b in refs[i + 1 :]]
    waves = [mul(_drawn(chance, 900), Apply("sin", (_linear(refs, chance, 700, 400),)))]
    growth = [Apply("exp", (_linear(refs, chance, 700, 900),))]
    mixed = add(_drawn(chance, 900), *polynomial, *waves, *growth)
    # Positive, for claims with logarithms and roots in them.
    return Apply("softplus", (mixed,)) if which == 3 else mixed


def _drawn(chance: random.Random, most: int, below: int = 400) -> Expression:
    return number(Fraction(chance.choice((-1, 1)) * chance.randint(most // 3, most), below))


def _linear(refs: tuple[Expression, ...], chance: random.Random, most: int, below: int) -> Expression:
    return add(_drawn(chance, most, below), *(mul(_drawn(chance, most, below), ref) for ref in refs))


@lru_cache(maxsize=2048)
def derived(function: str, orders: tuple[int, ...], which: int) -> Expression:
    """The derivative of an example, so often by each of its variables."""
    formula = example(function, len(orders), which)
    for name, order in zip(variables(len(orders)), orders, strict=True):
        for _ in range(order):
            formula = local_gradient(formula).get(name, ZERO)
    return formula


@lru_cache(maxsize=4096)
def applied(function: str, arguments: tuple[Expression, ...], orders: tuple[int, ...], which: int) -> Expression:
    """An example, or a derivative of it, at arguments."""
    given = dict(zip(variables(len(orders)), arguments, strict=True))
    formula = derived(function, orders, which)
    return transform(formula, lambda node: given.get(node.name) if isinstance(node, Ref) else None)


def shown(function: str, count: int, which: int) -> tuple[str, str]:
    """How an example is shown beside a witness: its left side and its right side, in LaTeX."""
    names = variables(count)
    return f"{function}({', '.join(names)})", example(function, count, which).latex()
