r"""Sums that nobody writes: ``y_j z_a`` beside a side that knows no j may be one over j."""

from __future__ import annotations

from gradlab.graph import Expression, is_apply
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove.judge._doubts import every
from gradlab.prove.read._nodes import Derivative, Index, Total


def implied_sum(pair: tuple[Expression | NotUnderstoodError, ...]) -> str:
    """Which index of a product on one side the other side neither has nor adds up; empty if none."""
    sides = [side for side in pair if isinstance(side, Expression)]
    for side, other in zip(sides, sides[::-1], strict=True):
        known = {node.letter for node in every(other) if isinstance(node, Index | Total)}
        bound = {node.letter for node in every(side) if isinstance(node, Total)}
        slopes = [node for node in every(side) if isinstance(node, Derivative)]
        fixed = {node.letter for slope in slopes for node in every(slope) if isinstance(node, Index)}
        products = [node for node in every(side) if is_apply(node, "mul")]
        letters = {node.letter for product in products for node in every(product) if isinstance(node, Index)}
        for letter in sorted(letters - known - bound - fixed):
            return f"the index {letter} stands on one side alone: write the sum, if one over it is meant"
    return ""
