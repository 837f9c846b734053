"""A student's line: right, wrong with a hint, not finished, or not understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gradlab._errors import GradlabError
from gradlab.graph import ZERO, Expression, Graph, ParseError, Partial, Quantity, Ref, Role, parse, transform, walk
from gradlab.prove._errors import NotUnderstoodError
from gradlab.prove._subject import DEFAULT, graph_of
from gradlab.prove._text import Text
from gradlab.prove._verdict import Fault, Place, Step, Truth
from gradlab.prove.judge._compare import is_analytic
from gradlab.prove.read._define import Line
from gradlab.prove.read._nodes import Condition
from gradlab.prove.read._part import Part
from gradlab.prove.read._pieces import Piece, pieces_of
from gradlab.prove.read._rows import Row
from gradlab.prove.read._source import Source, blocks_of, rows_of

_DERIVATIVE = re.compile(r"\s*d\s*(?P<of>[A-Za-z]\w*)\s*/\s*d\s*(?P<wrt>[A-Za-z]\w*)\s*")


class Outcome(Enum):
    """What is said about an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    UNFINISHED = "not finished: derivatives are left in it"
    NOT_UNDERSTOOD = "not understood"
    NOT_JUDGED = "not judged"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return {
            Outcome.RIGHT: "nothing",
            Outcome.WRONG: "follow the hint, and go through your derivation again",
            Outcome.UNFINISHED: "work out the derivatives that are left and write the result",
            Outcome.NOT_UNDERSTOOD: "write the place that is named in another way",
            Outcome.NOT_JUDGED: "go on until what was asked for stands there",
        }[self]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said about an answer.

    Attributes:
        outcome: right, wrong, unfinished, not understood, or not judged, as it is true of something else.
        hint: where to look, without what stands there; or what was not understood, or not judged.
    """

    outcome: Outcome
    hint: str = ""

    def __bool__(self) -> bool:
        return self.outcome is Outcome.RIGHT

    def __str__(self) -> str:
        return f"{self.outcome.value}: {self.hint}" if self.hint else self.outcome.value


_ON_SIGNS = Answer(
    Outcome.NOT_UNDERSTOOD,
    "this holds where everything is positive, and not everywhere: write it so that no sign matters",
)


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
    subject = graph_of(DEFAULT if graph is None else graph)
    question = _question(name, subject)
    if isinstance(written, str):
        plain = _plain(written, subject)
        if plain is None:
            return _judged(question, written, subject)
    else:
        plain = _from_sympy(written, subject)
    return plain if isinstance(plain, Answer) else _compared(question, plain, subject)


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
    if re.search(r"[\\{}$=]|_\(", text):
        return None
    typed, origin = _in_our_spelling(text)
    try:
        expression = parse(typed)
    except ParseError as error:
        return Answer(Outcome.NOT_UNDERSTOOD, _at_typed(str(error), text, origin))
    for name in sorted(expression.names):
        try:
            graph.find(name)
        except GradlabError as error:
            place = re.search(rf"\b{re.escape(name)}\b", text)
            where = f"line 1, column {place.start() + 1}: " if place else ""
            return Answer(Outcome.NOT_UNDERSTOOD, f"{where}{error}")
    return _named(expression, graph)


def _in_our_spelling(text: str) -> tuple[str, list[int]]:
    """The text with ** for ^ and sigmoid for sigma, and for each of its characters where it stood."""
    typed, origin, end = "", list[int](), 0
    for match in re.finditer(r"\^|\b(?:sigma|σ)(?=\s*\()", text):
        new = "**" if match.group() == "^" else "sigmoid"
        typed += text[end : match.start()] + new
        origin += [*range(end, match.start()), *[match.start()] * len(new)]
        end = match.end()
    return typed + text[end:], [*origin, *range(end, len(text) + 1)]


def _at_typed(message: str, text: str, origin: list[int]) -> str:
    """A message with the place in what was typed."""
    first, *shown = message.split("\n")
    if not shown:
        return first
    column = origin[min(len(shown[-1].rstrip()) - 5, len(origin) - 1)]
    return f"line 1, column {column + 1}: {first}\n    {text}\n    {' ' * column}^"


def _named(expression: Expression, graph: Graph) -> Expression | Answer:
    """An expression with the graph's own names in it."""
    try:
        return transform(expression, lambda node: Ref(graph.find(node.name)) if isinstance(node, Ref) else None)
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


def _line(question: str, written: str) -> Line | Answer:
    """What was asked for and what was written as one line, or the chain that was written."""
    found = [line for source in blocks_of(written) for line in _lines(source)]
    if len(found) != 1:
        return Answer(Outcome.NOT_UNDERSTOOD, "one formula, or one chain of equations, is expected")
    line = found[0]
    if line.error is not None:
        return Answer(Outcome.NOT_UNDERSTOOD, f"{line.source.place(line.error.at)}: {line.error}")
    if not line.piece.relations:
        line.piece.sides.insert(0, _row(question))
        line.piece.relations.append(Part("relation", 0, 0, "="))
    return line


def _lines(source: Source) -> list[Line]:
    try:
        rows = rows_of(source, {})
    except NotUnderstoodError as error:
        return [Line(source, Piece([()]), error=error)]
    return [Line(source, piece) for row in rows for piece in pieces_of(row)]


def _row(latex: str) -> Row:
    """One side that is read by itself."""
    rows = [row for source in blocks_of(latex) for row in rows_of(source, {})]
    if len(rows) != 1:
        raise GradlabError(f"what is asked for is one derivative or quantity, such as 'dL/dw_12', not {latex!r}")
    return rows[0]


def _judged(question: str, latex: str, graph: Graph) -> Answer:
    line = _line(question, latex)
    if isinstance(line, Answer):
        return line
    chain = len(line.piece.sides) > 2 or line.piece.relations[0].end > 0
    steps = Text([line], graph, False).judge(line)
    verdict = _verdict(steps, graph)
    if verdict is not None and verdict.outcome is Outcome.WRONG and _is_smooth(graph):
        for source in (source for quantity in _given(graph) for source in blocks_of(f"{quantity.latex} > 0")):
            line.conditions += [piece for row in rows_of(source, {}) for piece in pieces_of(row)]
        verdict = _ON_SIGNS if _verdict(Text([line], graph, False).judge(line), graph) is None else verdict
    if verdict is not None:
        return verdict
    last = line.piece.sides[-1]
    if chain and not _answers(question, line, graph):
        return Answer(
            Outcome.NOT_JUDGED, "each step is right, but this is about something else than what was asked for"
        )
    return Answer(Outcome.UNFINISHED if _is_open(last) else Outcome.RIGHT)


def _compared(question: str, expression: Expression, graph: Graph) -> Answer:
    """The verdict on an expression that needs no reading."""
    piece = Piece([_row(question), ()], [Part("relation", 0, 0, "=")])
    line = Line(Source.inside(question, question, 0), piece)
    finding = Text([line], graph, False).compared(line, expression)
    if finding.truth is Truth.FALSE and _is_smooth(graph):
        positive = tuple(Condition(Ref(quantity.name), ">", ZERO) for quantity in _given(graph))
        if Text([line], graph, False).compared(line, expression, positive).truth is Truth.TRUE:
            return _ON_SIGNS
    step = Step(finding.truth, "", "", Place(1, 1), repair=finding.repair, reason=finding.reason)
    verdict = _verdict([step], graph)
    return Answer(Outcome.RIGHT) if verdict is None else verdict  # a wrong one is not truthy


def _given(graph: Graph) -> list[Quantity]:
    return [quantity for quantity in graph if quantity.expression is None]


def _is_smooth(graph: Graph) -> bool:
    """Whether a root or an absolute value in an answer is its writer's own, and no kink of what was asked about."""
    formulas = [quantity.expression for quantity in graph if quantity.expression is not None]
    return all(is_analytic(node) for formula in formulas for node in walk(formula))


def _verdict(steps: list[Step], graph: Graph) -> Answer | None:
    """What is said about an answer with these steps; None if all are true."""
    for step in steps:
        if step.truth is Truth.NOT_UNDERSTOOD:
            return Answer(Outcome.NOT_UNDERSTOOD, step.reason)
    for number, step in enumerate(steps, 1):
        if step.truth is Truth.FALSE:
            where = f"step {number}: " if len(steps) > 1 else ""
            return Answer(Outcome.WRONG, where + _hint(step, graph))
    return None


def _answers(question: str, line: Line, graph: Graph) -> bool:
    """Whether the end of a chain is what was asked for."""
    piece = Piece([_row(question), line.piece.sides[-1]], [Part("relation", 0, 0, "=")])
    asked = Line(line.source, piece)
    return all(step.truth is Truth.TRUE for step in Text([asked], graph, False).judge(asked))


def _is_open(row: Row) -> bool:
    """Whether a derivative is left in what was written."""
    return any(
        part.kind in ("partial", "nabla") or any(map(_is_open, part.inside)) or _is_differential(part) for part in row
    )


def _is_differential(part: Part) -> bool:
    if part.kind != "fraction":
        return False
    return all(row and row[0].text.startswith("d") and row[0].kind in ("letter", "run", "word") for row in part.inside)


def _hint(step: Step, graph: Graph) -> str:
    """Where to look; never what stands there."""
    if step.repair is None:
        return "the value is another one; compare your formula with the chain rule, factor by factor"
    fault = step.repair.fault
    # A formula has no neurons.
    is_network = any(quantity.role is Role.PARAMETER for quantity in graph)
    return f"{fault.value}{_NEARER.get(fault, '') if is_network or fault is not Fault.WRONG_FUNCTION else ''}"


_NEARER = {
    Fault.MISSING_FACTOR: ": go along the path once more, factor by factor",
    Fault.MISSING_PATH: ": look for every way from one quantity to the other",
    Fault.WRONG_FUNCTION: ": look up which activation this neuron has",
}
