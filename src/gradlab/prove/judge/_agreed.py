"""What was found out about a step, and one finding of those in several layouts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gradlab.graph import Expression
from gradlab.prove._verdict import Method, Repair, Truth, Witness
from gradlab.prove.judge._axes import Setting
from gradlab.prove.read._nodes import Condition, Index
from gradlab.prove.read._statements import Layout

_IN_SHAPE = "with the derivative by a matrix in the shape of that matrix; in numerator layout it is transposed"


@dataclass
class Finding:
    """What was found out about one step.

    Attributes:
        truth: the verdict.
        method: how it was found to be true.
        witness: where the sides differ.
        reason: how it was found, or why it is not understood.
        repair: what makes it true.
        at: where in the text the reason is, if that is known.
        firm: whether nothing that a text may leave unsaid could make a false step hold.
    """

    truth: Truth
    method: Method | None = None
    witness: Witness | None = None
    reason: str = ""
    repair: Repair | None = None
    at: int | None = None
    firm: bool = False


def agreed(found: list[tuple[Layout | None, Finding]]) -> Finding:
    """One verdict of those in several layouts."""
    true = [(layout, each) for layout, each in found if each.truth is Truth.TRUE]
    false = [(layout, each) for layout, each in found if each.truth is Truth.FALSE]
    if true and false and {layout for layout, _ in false} == {Layout.NUMERATOR} and true[0][0] is None:
        layout, finding = true[0]
        return replace(finding, reason=f"{finding.reason}, {_IN_SHAPE}")
    if true and false:
        yes, no = (", ".join(_layout(layout) for layout, _ in part) for part in (true, false))
        reason = f"this is true for {yes}, and false for {no}: say which layout is meant"
        return Finding(Truth.NOT_UNDERSTOOD, reason=reason)
    if true:
        layout, finding = true[0]
        if layout is not None:
            finding = replace(finding, reason=f"{finding.reason}, for {_layout(layout)}")
        return finding
    return (false or found)[0][1]


def _layout(layout: Layout | None) -> str:
    if layout is None:
        return "gradients as columns and Jacobians with a row for each entry of what is differentiated"
    return f"derivatives with {layout.value}"


def open_finding(reason: str) -> Finding:
    """A step that is not understood, and why."""
    return Finding(Truth.NOT_UNDERSTOOD, reason=reason)


def pattern(setting: Setting) -> tuple[int, ...]:
    """Which indices are equal."""
    values = list(setting.indices.values())
    return tuple(values.index(value) for value in values)


def shown(equal: tuple[int, ...], letters: list[str]) -> str:
    """Which letters of indices are equal, in signs."""
    parts = [
        f"{a} {'=' if equal[i] == equal[j] else '≠'} {b}"
        for i, a in enumerate(letters)
        for j, b in enumerate(letters)
        if i < j
    ]
    return ", ".join(parts)


def in_settings(found: list[Setting]) -> str:
    """For which sizes or indices something was tried."""
    if len(found) == 1:
        return ""
    sizes = {number for each in found for number in each.sizes.values() if number > 1}
    return f", for sizes of {', '.join(map(str, sorted(sizes)))}" if sizes else f", for {len(found)} values of indices"


def is_of_indices(condition: Condition) -> bool:
    """Whether a condition is one on indices alone."""

    def plain(part: Expression) -> bool:
        return isinstance(part, Index) or (not part.names and all(map(plain, part.args)))

    has = any(isinstance(node, Index) for side in condition.args for node in (side, *side.args))
    return has and all(map(plain, condition.args))
