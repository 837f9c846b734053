"""Derivations as an ``align*`` block and as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gradlab.derive._derivation import Derivation, Rule, Step
from gradlab.graph import Expression, Written, is_apply


def derivation_to_latex(derivation: Derivation, factors: bool, reasons: bool) -> str:
    """The rows of a derivation; a sum over several paths gets a row for each path."""
    main = derivation.steps[0].left
    steps = [step for step in derivation.steps if factors or step.left == main]
    return steps_to_latex(steps, derivation.graph.symbols, reasons)


def steps_to_latex(steps: Iterable[Step], symbols: Mapping[str, str], reasons: bool = True) -> str:
    """Steps as one ``align*`` block; the left side is written where it changes."""
    pieces: list[str] = []
    previous: Expression | None = None
    for step in steps:
        left = () if step.left == previous else (step.left.latex(symbols), " ")
        previous = step.left
        first, *rest = (term.latex(symbols) for term in _rows(step))
        beside = (" && ", _reason(step, symbols)) if reasons else ()
        for row in ((*left, "&= ", first, *beside), *((r"&\quad + ", term) for term in rest)):
            pieces += [" \\\\\n", *row]
    return Written("\\begin{align*}\n", *pieces[1:], "\n\\end{align*}")


def _rows(step: Step) -> tuple[Expression, ...]:
    """The right side; where it is a sum of products over paths, each product."""
    right = step.right
    products = is_apply(right, "add") and all(is_apply(term, "mul") and len(term.args) > 2 for term in right.args)
    return right.args if products else (right,)


def _reason(step: Step, symbols: Mapping[str, str]) -> str:
    pieces: list[str] = []
    for piece in step.because:
        if isinstance(piece, Expression):
            pieces.append(piece.latex(symbols))
        elif isinstance(piece, Rule) and piece.latex:
            pieces.append(Written(piece.latex))
        else:
            pieces.append(Written(rf"\text{{{piece}}}"))
    return Written(*pieces)


def derivation_to_text(derivation: Derivation) -> str:
    """A step a line: what is worked out, what it equals, why."""
    lines: list[tuple[str, str]] = []
    previous: Expression | None = None
    for step in derivation.steps:
        left = str(step.left)
        indent = " " * len(left)
        first, *rest = map(str, _rows(step))
        lines.append((f"{indent if step.left == previous else left} = {first}", f"  [{step.reason}]"))
        lines += [(f"{indent} + {row}", "") for row in rest]
        previous = step.left
    width = min(max(len(line) for line, _ in lines), 72)
    return "\n".join(f"{line:<{width}}{reason}".rstrip() for line, reason in lines)
