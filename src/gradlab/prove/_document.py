"""All equations of a document, judged in the order in which they are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gradlab._errors import GradlabError
from gradlab._words import counted
from gradlab.graph import Graph
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._in_words import said_in_words
from gradlab.prove._subject import DEFAULT, graph_of
from gradlab.prove._text import Text
from gradlab.prove._verdict import Kind, Place, Proof, Step, Truth
from gradlab.prove.read._define import Line, lines_of
from gradlab.prove.read._label import INDEX_LETTERS
from gradlab.prove.read._part import Part, moved
from gradlab.prove.read._pieces import JUDGED, Piece, pieces_of
from gradlab.prove.read._source import Source, rows_of
from gradlab.tex import Formula, Macro, TexError, formulas

LONGEST_DOCUMENT = 2_000_000
STEPS_FOR_DOCUMENT = 16_000_000
STEPS_FOR_EQUATION = 100_000  # more for each of its equations, on the average
_HEADER = re.compile(r"\A---\n.*?^---$", re.S | re.M)
_GRAPH = re.compile(r"^[ \t]+graph:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.M)
_CASE = re.compile(
    r"(?!.*\b(?:fails?|not|except|never|wrong)\b)(?:.*\W)?(?:if|for|when|where|case|assume|suppose|let)\W*", re.I | re.S
)
_IF = re.compile(r"\W*(?:if|for|when|whenever|where|on|provided)(?:\s+that)?\W*", re.I)
_BOUND = re.compile(r"[<>]|\\(?:leq?|geq?|ne|neq)(?![A-Za-z])")
_CELL_ENDS = re.compile(r"(?:(?<!\\)&|\\\\|\|)\s*\Z")  # what stands behind it is another cell of a table
_FORMULA = re.compile(r"\$|\\\[|\\\(|\\begin")
# The words between a condition on indices and what it is said of.
_LEADS = re.compile(
    r"(?:\W|(?:we|get|have|find|obtain|then|this|it|is|the|derivative|becomes?|gives|reads|follows|that|thus|so)\b)*",
    re.I,
)
# Names that nobody uses by chance: those of the network with the lab's names that are computed.
_OF_DEFAULT = re.compile(
    r"\bf_\{?\s*(?:\\(?:text|mathrm)\{)?(?:in|out)\b|z_\{\s*[12]\s*,?\s*(?:\\(?:text|mathrm)\{)?(?:in|out)\b"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One chain of a document.

    Attributes:
        place: where it begins.
        question: the heading above it.
        in_key: whether it belongs to the solution, which students do not get.
        proof: the verdicts.
    """

    place: Place
    question: str
    in_key: bool
    proof: Proof

    def count(self, truth: Truth) -> int:
        """How many of its claims have a verdict; what defines a name or states a condition is no claim."""
        return sum(step.truth is truth and step.kind is Kind.CLAIM for step in self.proof.steps)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is no claim, and for each step that is not true the repair, else where its sides differ, else why."""
        found: dict[str, None] = {}
        for step in self.proof.steps:
            if step.kind is not Kind.CLAIM and step.truth is Truth.TRUE:
                found[step.kind.value] = None
            if step.repair is not None:
                found[str(step.repair)] = None
            elif step.witness is not None:
                found[f"no simple repair; {step.witness}"] = None
            elif step.truth is not Truth.TRUE:
                found[step.reason] = None
            found.update((f"{slip.place}: {slip.message}", None) for slip in step.slips)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class DocumentProof:
    """The verdicts on all equations of a document.

    Attributes:
        rows: one for each chain that claims or defines something, in the order of the document.
        others: one for each that does not: conditions, values put in, update rules.
    """

    rows: tuple[Row, ...]
    others: tuple[Row, ...] = ()

    def count(self, truth: Truth) -> int:
        """How many claims have a verdict; definitions, conditions and the like count apart."""
        return sum(step.truth is truth and step.kind is Kind.CLAIM for step in self.steps)

    def count_kind(self, kind: Kind) -> int:
        """How many steps do this: define a name, state a condition, put in a value."""
        rows = (*self.rows, *self.others)
        return sum(step.kind is kind for row in rows for step in row.proof.steps)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all chains that claim or define something."""
        return tuple(step for row in self.rows for step in row.proof.steps)

    @property
    def summary(self) -> str:
        """All counts in one line."""
        said = ", ".join(f"{self.count(truth)} {truth.value}" for truth in Truth)
        kinds = [(kind, self.count_kind(kind)) for kind in Kind if kind is not Kind.CLAIM]
        apart = ", ".join(counted(count, kind.value) for kind, count in kinds if count)
        total = sum(step.kind is Kind.CLAIM for step in self.steps)
        return f"{counted(total, 'step')}: {said}" + (f"; apart from them {apart}" if apart else "")

    def explained(self) -> str:
        """How each line was read: what it is taken for and why, and both of its sides."""
        rows = sorted((*self.rows, *self.others), key=lambda row: (row.place.line, row.place.column))
        lines = [f"{row.place.line:>5}  {step.explained}" for row in rows for step in row.proof.steps]
        return "\n".join([*(line.replace("\n", "\n       ") for line in lines), self.summary])

    def __bool__(self) -> bool:
        return self.count(Truth.FALSE) == 0

    def __str__(self) -> str:
        lines = [f"{'line':>5}  {'question':<28} {'TRUE':>4} {'FALSE':>5} {'?':>3}  repair"]
        for row in self.rows:
            first, *more = row.notes or ("",)
            numbers = f"{row.count(Truth.TRUE):>4} {row.count(Truth.FALSE):>5} {row.count(Truth.NOT_UNDERSTOOD):>3}"
            lines.append(f"{row.place.line:>5}  {row.question[:28]:<28} {numbers}  {first}".rstrip())
            lines += [" " * 50 + note for note in more]
        return "\n".join([*lines, self.summary])


def prove_document(document: str | Sequence[Formula], graph: Any = None, name: str = "") -> DocumentProof:
    r"""Judge every equation of a document: a lab template, a page of notes.

    What the document defines (``\delta_f = ...``, ``f(x_1, x_2) = ...``) holds everywhere in it, in whatever order.

    Args:
        document: Markdown with LaTeX, LaTeX, or a notebook; or the formulas of one, where they were found already.
        graph: what the names mean: a graph, a network, a function, or these in words as in ``mlp 2,2,1``. By default
            what the header of the document says; else the network 2-2-1 where the document uses its names; else what
            the document itself defines.
        name: the document's file name, whose suffix tells what it is: `.tex`, `.ipynb`, `.rst`, else Markdown.

    Returns:
        The verdicts as a table; its ``str()`` prints it.

    Raises:
        GradlabError: if the document is longer than two million characters, or the graph is none.

    >>> table = prove_document("We have $\\frac{\\partial f_{in}}{\\partial u_1} = z_{2,out}$.")
    >>> table.rows[0].proof.steps[0].repair.message
    'write z_{1,out} for z_{2,out}'
    """
    if isinstance(document, str):
        if len(document) > LONGEST_DOCUMENT:
            raise GradlabError(f"the document has {len(document):,} characters; {LONGEST_DOCUMENT:,} are the most")
        if graph is None:
            header = _HEADER.match(document)
            named = _GRAPH.search(header.group()) if header else None
            graph = named.group(1) if named else None
        try:
            document = formulas(document, name)
        except TexError as problem:
            raise GradlabError(f"{name or 'the document'}: {problem}") from problem
    elif not isinstance(document, Sequence):
        raise GradlabError(f"a document is given as text or as its formulas, not as {type(document).__name__}")
    return _judged(document, _default(document) if graph is None else graph_of(graph))


def _hidden(source: Source) -> list[Line]:
    r"""A formula that claims nothing though an equals sign stands in it: ``P(y = 1 \mid x)``, the cases of an array."""
    depth = 0
    for sign in source.tex:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "=" and depth == 0:
            break
    else:
        return []
    reason = "the equals sign stands within brackets or an array: if it is a claim, write it as an equation by itself"
    return [Line(source, Piece([()]), error=NotUnderstoodError(reason, source.tex.index("=")))]


@dataclass
class _Before:
    """The formula that the next one may go on with, if that begins with its equals sign.

    Attributes:
        source: the last formula.
        display: the last one on a line of its own, of its section.
        section: that section.
        between: the words since then.
    """

    source: Source | None = None
    display: Source | None = None
    section: int = 0
    between: str = ""

    def pass_on_to(self, formula: Formula, section: int) -> str:
        """Choose what a formula would go on with: display with display. Returns the words between."""
        aside = formula.display and self.display is not None and self.section == section
        if aside and self.display is not self.source:
            self.source = self.display
            return f"{self.between} {formula.before} words"
        return formula.before

    def note(self, formula: Formula, source: Source, section: int) -> None:
        """Go past a formula."""
        self.source = source
        self.between = "" if formula.display else f"{self.between} {formula.before}"
        if formula.display:
            self.display, self.section = source, section


def _go_on(before: Source, macros: dict[str, Macro], line: Line) -> None:
    """A line that begins with its equals sign goes on with the last side of the formula before it."""
    try:
        rows = rows_of(before, macros)
    except NotUnderstoodError:
        rows = []
    pieces = pieces_of(rows[-1]) if rows else []
    side = pieces[-1].sides[-1] if pieces else ()
    at = line.piece.relations[0].at
    line.piece.sides[0] = tuple(moved(part, at) for part in side)
    line.begins = before.slice(side[0].at, side[-1].end) if side else ""
    if pieces and all(any(sign.text not in JUDGED for sign in each.relations) for each in (pieces[-1], line.piece)):
        both = "an inequality goes on with both of its sides: write here which side this is"
        line.piece.sides[0] = (Part("error", at, at, both),)


def _case_of(formula: Formula, line: Line) -> list[Piece]:
    """What a formula says of the indices of the next one: "if $i = k$:"; nothing for any other formula."""
    rows, signs = line.piece.sides, [sign.text for sign in line.piece.relations]
    letters = all(len(row) == 1 and row[0].kind == "letter" and row[0].bare for row in rows)
    said = letters and signs in (["="], ["!="]) and _CASE.fullmatch(formula.before)
    said = said and _LEADS.fullmatch(_FORMULA.split(formula.after)[0])
    return [line.piece] if said and all(row[0].text in INDEX_LETTERS for row in rows) else []


def _pieces_in_words(document: list[Formula], macros: dict[str, Macro]) -> dict[int, list[Piece]]:
    """The bounds that words put on each of several definitions of one name: "f(x) = x if $x > 0$"."""
    found: dict[str, list[tuple[Formula, Formula]]] = {}
    for formula, bound in pairwise(document):
        if _IF.fullmatch(bound.before) and _BOUND.search(bound.tex) and "=" in formula.tex:
            found.setdefault(formula.tex.partition("=")[0].strip(), []).append((formula, bound))
    several = [pair for pairs in found.values() if len(pairs) > 1 for pair in pairs]
    return {
        id(formula): [line.piece for line in lines_of(Source.of(bound), dict(macros))] for formula, bound in several
    }


def _default(document: Sequence[Formula]) -> Graph:
    """The network with the lab's names where they are used; nothing where they are not."""
    used = any(_OF_DEFAULT.search(formula.tex) for formula in document)
    return graph_of(DEFAULT if used else None)


def _judged(document: Sequence[Formula], graph: Graph) -> DocumentProof:
    lines: list[Line] = []
    macros: dict[str, Macro] = {}
    section, heading, heard = 0, "", list[tuple[Formula, int]]()
    before = _Before()
    said: list[Piece] = []  # what the formula before says of the indices of the next one
    every = list(said_in_words(document))
    bounds = _pieces_in_words([formula for formula, _ in every], macros)
    for formula, problem in every:
        section, heading = section + (formula.heading != heading), formula.heading
        heard.append((formula, section))
        source = Source.of(formula)
        between = before.pass_on_to(formula, section)
        for line in lines_of(source, macros) or _hidden(source):
            if problem:
                at = line.piece.relations[0].end
                line.piece.sides[1] = (Part("error", at, at, f"{problem}: write {source.tex.partition('=')[0]}= ..."),)
            words = formula.before
            bare = line.error is None and not line.piece.sides[0] and len(line.piece.sides) > 1
            own = bool(lines) and lines[-1].source is source
            if bare and before.source is not None and (own or formula.display or not _CELL_ENDS.search(between)):
                _go_on(lines[-1].source if own else before.source, macros, line)
                words = words if own else between
            line.question, line.in_key, line.section, line.words = heading, formula.in_key, section, words
            line.sentence, line.items = f"{formula.sentence} {formula.after}", formula.items
            line.conditions += bounds.get(id(formula), []) if line.reported else []
            line.conditions += said if formula.display and _LEADS.fullmatch(formula.before) else []
            lines.append(line)
        said = _case_of(formula, lines[-1]) if lines and lines[-1].source is source else []
        before.note(formula, source, section)
    text = Text(lines, graph, True)
    for formula, section in heard:
        text.words.hear(formula, section)
    whole = Deadline(STEPS_FOR_DOCUMENT + STEPS_FOR_EQUATION * len(lines))
    rows: list[Row] = []
    others: list[Row] = []
    for line in lines:
        steps = tuple(text.judge(line, whole))
        place = line.source.place(line.piece.at if line.error is None else line.error.at)
        row = Row(place, line.question, line.in_key, Proof(steps, place))
        claims = any(step.kind in (Kind.CLAIM, Kind.DEFINITION) or step.truth is Truth.TRUE for step in steps)
        (rows if claims and line.reported else others).append(row)
    return DocumentProof(tuple(rows), tuple(others))
