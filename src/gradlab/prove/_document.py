"""All equations of a document, judged in the order in which they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradlab._errors import GradlabError
from gradlab.graph import Graph, Quantity
from gradlab.prove._errors import Deadline, NotUnderstoodError, OutOfTimeError
from gradlab.prove._judge import SECONDS_FOR_CHAIN, ChainJudge
from gradlab.prove._layout import Block, Chain, place_of, take_apart
from gradlab.prove._meaning import Meaning
from gradlab.prove._names import DEFINED, Names, UserFunction
from gradlab.prove._subject import DEFAULT, extended, graph_of
from gradlab.prove._verdict import Place, Proof, Step, Truth
from gradlab.tex import Formula, TexError, formulas

LONGEST_DOCUMENT = 2_000_000
_HEADER = re.compile(r"\A---\n.*?^---$", re.S | re.M)
_GRAPH = re.compile(r"^[ \t]+graph:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.M)


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


@dataclass(frozen=True, slots=True)
class DocumentProof:
    """The verdicts on all equations of a document.

    Attributes:
        rows: one for each chain, in the order of the document; settings (``y = 1``), which claim nothing, are left out.
    """

    rows: tuple[Row, ...]

    def count(self, truth: Truth) -> int:
        """How many steps have a verdict."""
        return sum(step.truth is truth for step in self.steps)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of all chains."""
        return tuple(step for row in self.rows for step in row.proof.steps)

    def __bool__(self) -> bool:
        return self.count(Truth.FALSE) == 0

    def __str__(self) -> str:
        lines = [f"{'line':>5}  {'question':<28} {'TRUE':>4} {'FALSE':>5} {'?':>3}  repair"]
        for row in self.rows:
            counts = [sum(step.truth is truth for step in row.proof.steps) for truth in Truth]
            notes = [_note(step) for step in row.proof.steps if step.truth is not Truth.TRUE]
            first, *more = dict.fromkeys(notes) or [""]
            numbers = f"{counts[0]:>4} {counts[1]:>5} {counts[2]:>3}"
            lines.append(f"{row.place.line:>5}  {row.question[:28]:<28} {numbers}  {first}".rstrip())
            lines += [" " * 50 + note for note in more]
        total = ", ".join(f"{self.count(truth)} {truth.value}" for truth in Truth)
        return "\n".join([*lines, f"{len(self.steps)} steps: {total}"])


def _note(step: Step) -> str:
    if step.repair is not None:
        return str(step.repair)
    return str(step.witness) if step.witness is not None else step.reason


def prove_document(document: str | Sequence[Formula], graph: Any = None, name: str = "") -> DocumentProof:
    r"""Judge every equation of a document: a lab template, a page of notes.

    Names that the document defines (``\delta_f = ...``, ``f(x_1, x_2) = ...``) mean this from there on.

    Args:
        document: Markdown with LaTeX, LaTeX, or a notebook; or the formulas of one, where they were found already.
        graph: what the names mean: a graph, a network, a function, or these in words as in ``mlp 2,2,1``. By default
            what the header of the document says, else the network 2-2-1 with the lab's names.
        name: the document's file name, whose suffix tells what it is: `.tex`, `.ipynb`, else Markdown.

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
    return DocumentProof(tuple(_Document(document, graph_of(DEFAULT if graph is None else graph)).rows()))


class _Document:
    """Reads a document from the beginning to the end and keeps what it defines."""

    def __init__(self, formulas: Sequence[Formula], graph: Graph) -> None:
        self.formulas = formulas
        self.base = graph
        self.names = Names(graph)
        self.own: dict[str, Quantity] = {}

    def rows(self) -> Iterator[Row]:
        for formula in self.formulas:
            if not re.search(r"=|\\equiv|\\coloneqq", formula.tex):
                continue
            place = Place(formula.line, formula.column)
            try:
                block = take_apart(formula.tex, place)
            except NotUnderstoodError as error:
                yield _row(formula, Proof((_not_read(formula.tex, place, error),), place))
                continue
            for chain in block.chains:
                if len(chain.sides) > 1:
                    proof = self.judged(block, chain)
                    if proof is not None:
                        yield _row(formula, proof)

    def judged(self, block: Block, chain: Chain) -> Proof | None:
        """The verdicts on one chain; None if it claims nothing."""
        judge = ChainJudge(block, chain, self.names, True, Deadline(SECONDS_FOR_CHAIN))
        steps = judge.steps()
        again = self.defined_anew(judge, steps)
        if again is not None:
            judge = ChainJudge(block, chain, again, True, Deadline(SECONDS_FOR_CHAIN))
            steps = judge.steps()
            self.names = again
        if not judge.claims:
            return None
        self.define(judge)
        return Proof(steps, block.place(chain.sides[0].start))

    def defined_anew(self, judge: ChainJudge, steps: tuple[Step, ...]) -> Names | None:
        """The names without one of the document's own that this chain gives another meaning."""
        head = judge.first_name
        if head is None or steps[0].truth is not Truth.FALSE or head not in (*self.own, *self.names.functions):
            return None
        functions = {name: function for name, function in self.names.functions.items() if name != head}
        self.own.pop(head, None)
        graph = self.base
        for latex, quantity in self.own.items():
            graph = replace_quantity(graph, latex, quantity)
        return Names(graph, functions)

    def define(self, judge: ChainJudge) -> None:
        """Keep what a chain has defined."""
        defined = judge.defined
        if defined.written is None:
            return
        if defined.function is not None:
            functions: dict[str, UserFunction] = {**self.names.functions, defined.written.latex: defined.function}
            self.names = Names(self.names.graph, functions)
        elif defined.value is not None:
            deadline = Deadline(SECONDS_FOR_CHAIN)
            try:
                value = Meaning(self.names, None, True, deadline).of(defined.value)
                graph = extended(self.names.graph, defined.written, value)
            except (GradlabError, OutOfTimeError):
                return
            self.own[defined.written.latex] = graph[f"{DEFINED}{len(self.names.graph)}"]
            self.names = Names(graph, self.names.functions)


def replace_quantity(graph: Graph, latex: str, quantity: Quantity) -> Graph:
    """A graph with a quantity that a document has defined, where all that it is computed from is there."""
    from gradlab.prove._subject import ExtendedGraph

    if any(name not in graph for name in quantity.inputs):
        return graph
    return ExtendedGraph(graph, [replace(quantity, latex=latex)])


def _row(formula: Formula, proof: Proof) -> Row:
    return Row(proof.place, formula.heading, formula.in_key, proof)


def _not_read(text: str, place: Place, error: NotUnderstoodError) -> Step:
    found = place_of(text, error.at, place)
    return Step(Truth.NOT_UNDERSTOOD, text[:200], "", found, reason=f"{found}: {error}")
