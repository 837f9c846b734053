"""The set that one seed draws: every kind three times, and for each three wrong gradients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from check_cases import _algebra, _networks, _rough
from check_cases._case import Case, cast, flatten
from check_cases._mutants import Wrong, mutants
from check_cases._truth import derivative

KINDS = (*_algebra.KINDS, *_networks.KINDS, *_rough.KINDS)
_EACH, _WRONG_EACH, _OWN = 3, 3, 2
_TRIES = 10


def draw(seed: int, kinds: Sequence = KINDS, each: int = _EACH) -> tuple[list[Case], list[Wrong]]:
    """Draw the points, the data and the mistakes.

    Args:
        seed: Determines everything.
        kinds: The kinds to draw. Default all.
        each: How many of each kind. Default 3.

    Returns:
        The cases, whose gradients are confirmed to be right, and the wrong gradients.

    Raises:
        AssertionError: A gradient of the set is not right: the set itself has a mistake.
    """
    cases: list[Case] = []
    wrong: list[Wrong] = []
    for kind in kinds:
        random = np.random.default_rng([seed, *kind.__name__.encode()])
        for _ in range(each):
            case, truth = _draw_confirmed(kind, random)
            cases.append(case)
            found = [mutant for mutant in mutants(case, random) if _is_wrong(mutant, truth)]
            # Two from the case's own formulas, where it has that many: those are the mistakes that people make.
            order = [found[index] for index in random.permutation(len(found))]
            own = [mutant for mutant in order if mutant.name in case.mistakes][:_OWN]
            others = [mutant for mutant in order if mutant.name not in case.mistakes]
            wrong += [*own, *others][:_WRONG_EACH]
    return cases, wrong


def _draw_confirmed(kind, random: np.random.Generator) -> tuple[Case, np.ndarray]:
    for _ in range(_TRIES):
        case = kind(random)
        # The point is one that float32 holds, so that both precisions are asked about the same one.
        case = Case(**{**vars(case), "point": cast(cast(case.point, np.float32), np.float64)})
        truth = derivative(case)
        claimed = flatten(case.gradient(case.point, ""))
        if case.slopes is not None:
            low, high = np.minimum(*case.slopes), np.maximum(*case.slopes)
            assert np.all((claimed >= low - 1e-9) & (claimed <= high + 1e-9)), case.kind
            return case, truth
        scale = np.abs(truth) + 1e-9 * np.abs(truth).max()
        if np.all(np.abs(claimed - truth) <= 1e-7 * scale) and _holds_in_float32(case, truth):
            return case, truth
    raise AssertionError(f"the gradient of {case.kind} is not the derivative of its loss at any drawn point")


def _holds_in_float32(case: Case, truth: np.ndarray) -> bool:
    """Whether the formula keeps its precision: if it does not, it is not a right one in float32."""
    with np.errstate(all="ignore"):
        narrow = flatten(case.gradient(cast(case.point, np.float32), "")).astype(float)
    return bool(np.all(np.abs(narrow - truth) <= 2e-5 * np.abs(truth) + 1e-12))


def _is_wrong(mutant: Wrong, truth: np.ndarray) -> bool:
    """Whether the mistake shows at this point: a mutant may happen to be right."""
    case = mutant.case
    with np.errstate(all="ignore"):
        claimed = flatten(mutant.gradient(case.point)).astype(float)
    if not np.all(np.isfinite(claimed)):
        return False
    low, high = (truth, truth) if case.slopes is None else (np.minimum(*case.slopes), np.maximum(*case.slopes))
    outside = np.maximum(low - claimed, claimed - high)
    size = np.maximum(np.abs(truth), np.abs(claimed))
    return bool(np.any((outside > 5e-3 * size) & (outside > 1e-6 * np.abs(truth).max(initial=0.0)) & (outside > 0)))
