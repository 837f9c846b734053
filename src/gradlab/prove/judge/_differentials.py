r"""Differentials: linear in those of the names that change, which is decided by the claim they stand in."""

from __future__ import annotations

from dataclasses import replace

from gradlab.graph import Expression, Ref
from gradlab.prove.judge._doubts import every, reached
from gradlab.prove.read._infinitesimals import Differential
from gradlab.prove.read._nodes import Call, Derivative, Tensor, letter_of, mapped
from gradlab.prove.read._slopes import CONSTANTS
from gradlab.prove.read._statements import Chain, Known


def has_differential(expression: Expression) -> bool:
    """Whether a differential stands in an expression."""
    return any(isinstance(node, Differential) for node in every(expression))


def changing_in(sides: tuple[Expression, ...], known: Known) -> tuple[tuple[Expression, ...], tuple[Expression, ...]]:
    """The names whose differentials stand in some sides, and the others that are differentiated in them.

    Letters that are usual for constants are none of the others.
    """
    bodies = tuple(node.body for side in sides for node in every(side) if isinstance(node, Differential))
    changing = dict.fromkeys(
        body for body in bodies if isinstance(body, Ref | Tensor) and not _is_computed(body, known)
    )
    made = dict.fromkeys(node for node in reached(bodies, known) if isinstance(node, Ref | Tensor))
    own = {node.name: node for node in changing}
    others = [node for node in made if node.name not in own and not _is_computed(node, known)]
    parameters = {name for function in known.functions.values() for name in function.parameters}
    free = {node.name: node for node in others if not _is_constant(node.name) and node.name not in parameters}
    return tuple(changing), tuple(free.values())


def _is_computed(node: Expression, known: Known) -> bool:
    name = getattr(node, "name", "")
    return name in known.quantities or (name in known.graph and known.graph[name].expression is not None)


def _is_constant(name: str) -> bool:
    return name[1:] in CONSTANTS or letter_of(name) in CONSTANTS


def with_functions(sides: tuple[Expression, ...], known: Known) -> Known:
    r"""What is known, with any function of their variables for names with a differential and with derivatives.

    So ``df = \frac{\partial f}{\partial x} dx + \frac{\partial f}{\partial y} dy`` is judged for every f.
    """
    slopes = [node for side in sides for node in every(side) if isinstance(node, Derivative) and len(node.wrt) == 1]
    quantities = dict(known.quantities)
    for name in changing_in(sides, known)[0]:
        by = dict.fromkeys(node.wrt[0] for node in slopes if node.body == name and isinstance(node.wrt[0], Ref))
        if by and isinstance(name, Ref):
            quantities[name.name] = Call(f"{name.name}_{{{len(by)}}}", tuple(by), (0,) * len(by))
    return replace(known, quantities=quantities)


def with_changing(chain: Chain, names: tuple[Expression, ...]) -> Chain:
    """A chain whose differentials know which names change."""

    def rule(node: Expression) -> Expression | None:
        return Differential(mapped(node.body, rule), names) if isinstance(node, Differential) else None

    sides = tuple(mapped(side, rule) if isinstance(side, Expression) else side for side in chain.sides)
    return replace(chain, sides=sides)
