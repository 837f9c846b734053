r"""Plain names beside vectors and matrices: in ``\theta^T x`` the x may be a vector, though nothing says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradlab.graph import Expression, Ref
from gradlab.prove.judge._axes import plain_of
from gradlab.prove.judge._doubts import reached
from gradlab.prove.judge.arrays._choices import holds_array
from gradlab.prove.read._nodes import COUNTED, Call, Indexed, Operation, Tensor, Total, mapped
from gradlab.prove.read._statements import Chain, Known


def loosened(chain: Chain, known: Known) -> tuple[Chain, Known, frozenset[str]]:
    """A chain in which plain names may be arrays, where arrays stand in it.

    Args:
        chain: the chain.
        known: what the text says.

    Returns:
        The chain and what is known, with a `Tensor` for every name that may be one, and these names.
    """
    sides = [side for side in chain.sides if isinstance(side, Expression)]
    reached = dict.fromkeys(_reached(sides, known))
    bodies = [known.functions[name].body for name in reached if name in known.functions]
    everything = [*sides, *(known.quantities[name] for name in reached if name in known.quantities), *bodies]
    if not any(map(holds_array, everything)):
        return chain, known, frozenset()
    fixed = {
        *known.quantities,
        *known.functions,
        *(p for f in known.functions.values() for p in f.parameters if not _in_norm(p, f.body)),
    }
    fixed |= {name for side in everything for name in _sizes(side)} | {
        f"?{text}" for s in known.shapes.values() for text in s
    }
    names = {node.name for side in everything for node in _every(side) if isinstance(node, Ref)}
    loose = frozenset(name for name in names if name.startswith("?") and name not in fixed)

    def rule(node: Expression) -> Expression | None:
        return Tensor(node.name, 0) if isinstance(node, Ref) and node.name in loose else None

    if not loose:
        return chain, known, loose
    changed = tuple(mapped(side, rule) if isinstance(side, Expression) else side for side in chain.sides)
    quantities = {
        name: mapped(formula, rule) if name in reached else formula for name, formula in known.quantities.items()
    }
    functions = {
        name: replace(own, body=mapped(own.body, rule)) if name in reached else own
        for name, own in known.functions.items()
    }
    conditions = tuple(replace(c, left=mapped(c.left, rule), right=mapped(c.right, rule)) for c in chain.conditions)
    known = replace(known, quantities=quantities, functions=functions)
    return replace(chain, sides=changed, conditions=conditions), known, loose


def _in_norm(name: str, body: Expression) -> bool:
    """Whether a variable of a function stands within a norm: then it may be a vector."""
    norms = [node for node in _every(body) if isinstance(node, Operation) and node.kind.startswith("norm")]
    return any(name in norm.names for norm in norms)


def with_plain_entries(chain: Chain, known: Known) -> tuple[Chain, Known]:
    r"""A chain in which entries of vectors that do not stand in it as a whole are a family of numbers: ``z_i``."""
    sides = tuple(side for side in chain.sides if isinstance(side, Expression))
    nodes = list(reached(sides, known)) if known.entries else []
    whole = {*known.quantities, *(node.name for node in nodes if isinstance(node, Tensor))}
    heads = {node.head for node in nodes if isinstance(node, Indexed) and node.head in known.entries - whole}
    if not heads:
        return chain, known

    def rule(node: Expression) -> Expression | None:
        plain = isinstance(node, Indexed) and node.head in heads
        return Indexed(plain_of(node.head), node.below, node.above) if plain and isinstance(node, Indexed) else None

    changed = tuple(mapped(side, rule) if isinstance(side, Expression) else side for side in chain.sides)
    conditions = tuple(replace(c, left=mapped(c.left, rule), right=mapped(c.right, rule)) for c in chain.conditions)
    families = {
        plain_of(name) if name in heads else name: replace(family, body=mapped(family.body, rule))
        for name, family in known.families.items()
    }
    return replace(chain, sides=changed, conditions=conditions), replace(
        known,
        quantities={name: mapped(formula, rule) for name, formula in known.quantities.items()},
        functions={name: replace(own, body=mapped(own.body, rule)) for name, own in known.functions.items()},
        families=families,
    )


def _every(expression: Expression) -> Iterator[Expression]:
    stack = [expression]
    while stack:
        node = stack.pop()
        yield node
        stack += node.args


def _reached(sides: list[Expression], known: Known) -> Iterator[str]:
    """The names of the text that sides are computed from, those of functions among them."""
    seen: set[str] = set()
    stack = list(sides)
    while stack:
        node = stack.pop()
        stack += node.args
        name = node.function if isinstance(node, Call) else getattr(node, "name", "") or getattr(node, "head", "")
        if name not in seen and (name in known.quantities or name in known.functions):
            seen.add(name)
            yield name
            stack += [known.quantities[name]] if name in known.quantities else [known.functions[name].body]


def _sizes(expression: Expression) -> Iterator[str]:
    """The names in which sums end."""
    for node in _every(expression):
        if isinstance(node, Operation) and node.kind in COUNTED:
            yield from node.names
        if isinstance(node, Total):
            for bound in (node.lower, node.upper):
                if bound is not None:
                    yield from (part.name for part in _every(bound) if isinstance(part, Ref))
