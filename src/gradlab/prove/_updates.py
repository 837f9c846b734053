"""Update rules: whether what is taken off is a rate times the gradient of the loss."""

from __future__ import annotations

from collections.abc import Callable

from gradlab.graph import Apply, Expression, Ref, is_apply
from gradlab.prove._names import FREE
from gradlab.prove.read._nodes import Derivative

_RATES = frozenset((r"\eta", r"\alpha", r"\gamma", r"\epsilon", r"\mu", r"\mathrm{lr}", r"\lambda", "h"))
_LOSSES = ("L", "J", "C", "E", r"\ell", r"E_{total}", r"\mathrm{loss}")


def gradient_in(left: Expression, right: Expression) -> Expression | None:
    r"""What a rate stands before in ``w - \eta (...)``; None if the right side is not of that form."""
    if not is_apply(right, "add") or len(right.args) != 2 or right.args[0] != left:
        return None
    step = right.args[1]
    if is_apply(step, "neg"):
        step = step.args[0]
    if not is_apply(step, "mul"):
        return None
    factors = list(step.args)
    rate = next((f for f in factors if isinstance(f, Ref) and f.name.removeprefix(FREE) in _RATES), None)
    if rate is None:
        return None
    factors.remove(rate)
    return factors[0] if len(factors) == 1 else Apply("mul", tuple(factors))


def loss_of(names: tuple[str, ...], computed: Callable[[str], Expression | None]) -> str | None:
    """The name of the loss: what the graph computes last, if that is one quantity, or a loss that the text defines."""
    if len(names) == 1:
        return names[0]
    return next((FREE + name for name in _LOSSES if computed(FREE + name) is not None), None)


def is_descent(
    left: Expression, right: Expression, loss: str | None, equal: Callable[[Expression, Expression], bool]
) -> str:
    """What is said about an update rule: that its gradient is right; empty if nothing can be said."""
    gradient = gradient_in(left, right)
    if gradient is None or loss is None or isinstance(gradient, Derivative):
        return ""
    if equal(gradient, Derivative(Ref(loss), (left,))):
        return f"an update rule, and what its rate stands before is the gradient of {loss.removeprefix(FREE)}"
    return ""
