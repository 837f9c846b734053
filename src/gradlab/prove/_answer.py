"""A student's line: right, wrong with a hint, not finished, or not understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gradlab._errors import GradlabError
from gradlab.graph import Expression, Graph, Partial, parse
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._judge import SECONDS_FOR_CHAIN, ChainJudge
from gradlab.prove._layout import take_apart
from gradlab.prove._names import Names
from gradlab.prove._subject import DEFAULT, graph_of
from gradlab.prove._tree import has_derivative
from gradlab.prove._verdict import Fault, Step, Truth

_DERIVATIVE = re.compile(r"\s*d\s*(?P<of>[A-Za-z]\w*)\s*/\s*d\s*(?P<wrt>[A-Za-z]\w*)\s*")


class Outcome(Enum):
    """What is said about an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    UNFINISHED = "not finished: derivatives are left in it"
    NOT_UNDERSTOOD = "not understood"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return {
            Outcome.RIGHT: "nothing",
            Outcome.WRONG: "follow the hint, and go through your derivation again",
            Outcome.UNFINISHED: "work out the derivatives that are left and write the result",
            Outcome.NOT_UNDERSTOOD: "write the place that is named in another way",
        }[self]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said about an answer.

    Attributes:
        outcome: right, wrong, unfinished or not understood.
        hint: where to look, without what stands there; or what was not understood.
    """

    outcome: Outcome
    hint: str = ""

    def __bool__(self) -> bool:
        return self.outcome is Outcome.RIGHT

    def __str__(self) -> str:
        return f"{self.outcome.value}: {self.hint}" if self.hint else self.outcome.value


def answer(name: str, written: Any, graph: Any = None) -> Answer:
    r"""Judge what somebody gives as an answer, without giving the answer away.

    Args:
        name: what was asked for: ``dL/dw_12``, the name of a quantity, or the same in LaTeX.
        written: LaTeX (a formula, or a whole chain that ends in it), plain text such as ``(f_out - y)*x_1``, or a SymPy
            expression.
        graph: what the names mean, default: the network 2-2-1 with the lab's names.

    Raises:
        GradlabError: if the question itself is not understood.

    >>> print(answer("dL/du_1", "(f_out - y)*z_1out"))
    right
    >>> print(answer("dL/du_1", r"(y - f_{out})\, z_{1,out}"))
    wrong: a sign is wrong
    """
    names = Names(graph_of(DEFAULT if graph is None else graph))
    question = _question(name, names.graph)
    if isinstance(written, str):
        plain = _plain(written, names.graph)
        if isinstance(plain, Answer):
            return plain
    else:
        plain = _from_sympy(written, names.graph)
        if isinstance(plain, Answer):
            return plain
    latex = str(written) if plain is None else plain.latex(names.graph.symbols)
    return _judged(question, latex, names)


def _question(name: str, graph: Graph) -> str:
    """What was asked for, in LaTeX."""
    if not isinstance(name, str):
        raise GradlabError(f"what is asked for is named by text, such as 'dL/dw_12', not {name!r}")
    match = _DERIVATIVE.fullmatch(name)
    if match:
        partial = Partial(graph.find(match["of"]), graph.find(match["wrt"]))
        return partial.latex(graph.symbols)
    if "\\" in name or "{" in name:
        return name
    return graph[name].latex


def _plain(text: str, graph: Graph) -> Expression | Answer | None:
    """Plain text as an expression; None for what is to be read as LaTeX."""
    if re.search(r"[\\{}$^=]", text):
        return None
    try:
        expression = parse(text)
    except GradlabError as error:
        return Answer(Outcome.NOT_UNDERSTOOD, str(error))
    return _named(expression, graph)


def _named(expression: Expression, graph: Graph) -> Expression | Answer:
    """An expression with the graph's own names in it."""
    from gradlab.graph import Ref
    from gradlab.prove._tree import rewrite

    try:
        return rewrite(expression, lambda node: Ref(graph.find(node.name)) if isinstance(node, Ref) else None)
    except GradlabError as error:
        return Answer(Outcome.NOT_UNDERSTOOD, str(error))


def _from_sympy(written: Any, graph: Graph) -> Expression | Answer:
    """A SymPy expression by way of its text, in which only the operators that both know are left."""
    import sympy

    if not isinstance(written, sympy.Expr | int | float):
        kind = type(written).__name__
        return Answer(Outcome.NOT_UNDERSTOOD, f"an answer is text, LaTeX or a SymPy expression, not {kind}")
    text = sympy.sstr(sympy.sympify(written), full_prec=False)
    text = re.sub(r"\bAbs\b", "abs", text)
    text = re.sub(r"\bE\b", "exp(1)", text)
    plain = _plain(text.replace("{", "").replace("}", ""), graph)
    return Answer(Outcome.NOT_UNDERSTOOD, f"{text} is not understood") if plain is None else plain


def _judged(question: str, latex: str, names: Names) -> Answer:
    chain = latex if re.search(r"(?<![<>!:])=", latex) else f"{question} = {latex}"
    try:
        block = take_apart(chain)
    except NotUnderstoodError as error:
        return Answer(Outcome.NOT_UNDERSTOOD, str(error))
    if len(block.chains) != 1 or len(block.chains[0].sides) < 2:
        return Answer(Outcome.NOT_UNDERSTOOD, "one formula, or one chain of equations, is expected")
    judge = ChainJudge(block, block.chains[0], names, False, Deadline(SECONDS_FOR_CHAIN))
    steps = judge.steps()
    for step in steps:
        if step.truth is Truth.NOT_UNDERSTOOD:
            return Answer(Outcome.NOT_UNDERSTOOD, step.reason)
    for number, step in enumerate(steps, 1):
        if step.truth is Truth.FALSE:
            where = f"step {number}: " if len(steps) > 1 else ""
            return Answer(Outcome.WRONG, where + _hint(step))
    last = judge.last_side()
    if chain is latex and not _answers(question, block.text[slice(*_span(block))], names):
        return Answer(Outcome.WRONG, "each step is right, but this is about something else than what was asked for")
    if isinstance(last, Expression) and has_derivative(last):
        return Answer(Outcome.UNFINISHED)
    return Answer(Outcome.RIGHT)


def _span(block: Any) -> tuple[int, int]:
    side = block.chains[0].sides[-1]
    return side.start, side.end


def _answers(question: str, last: str, names: Names) -> bool:
    """Whether the end of a chain is what was asked for."""
    block = take_apart(f"{question} = {last}")
    judge = ChainJudge(block, block.chains[0], names, False, Deadline(SECONDS_FOR_CHAIN))
    return all(step.truth is Truth.TRUE for step in judge.steps())


def _hint(step: Step) -> str:
    """Where to look; never what stands there."""
    if step.repair is None:
        return "the value is another one; compare your formula with the chain rule, factor by factor"
    fault = step.repair.fault
    return f"{fault.value}{_NEARER.get(fault, '')}"


_NEARER = {
    Fault.MISSING_FACTOR: ": go along the path once more, factor by factor",
    Fault.MISSING_PATH: ": look for every way from one quantity to the other",
    Fault.WRONG_FUNCTION: ": look up which activation this neuron has",
}
