"""A derivation: the written steps from a derivative to its result, and the result itself, which is a program."""

from __future__ import annotations

from dataclasses import dataclass

from gradlab.graph import Expression, Graph


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of differentiation, as text and, where it is a formula, in LaTeX."""

    text: str
    latex: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Step:
    """One equality of a derivation.

    Attributes:
        left: what is worked out; the same for consecutive steps that go on with it.
        right: what it is equal to.
        because: why, in pieces: words, LaTeX rules and formulas.
        conditional: whether it holds only under the graph's relations; such a step is shown and never compiled.
    """

    left: Expression
    right: Expression
    because: tuple[str | Rule | Expression, ...]
    conditional: bool = False

    @property
    def reason(self) -> str:
        """Why, as plain text."""
        return "".join(map(str, self.because))

    def __str__(self) -> str:
        return f"{self.left} = {self.right}"


@dataclass(frozen=True, slots=True, repr=False)
class Derivation:
    """One quantity of a graph differentiated by another, as written steps.

    Attributes:
        graph: the graph.
        output: the name of the quantity that is differentiated.
        wrt: the name of the quantity by which it is differentiated.
        paths: the paths of names from one to the other; none where there are too many to be written out.
        steps: the written steps.
        result: the derivative, written with quantities of the graph, to which shared deltas belong where there are
            any; true without conditions.
    """

    graph: Graph
    output: str
    wrt: str
    paths: tuple[tuple[str, ...], ...]
    steps: tuple[Step, ...]
    result: Expression

    def latex(self, *, factors: bool = True, reasons: bool = True) -> str:
        r"""The derivation as one ``align*`` block.

        Args:
            factors: whether the local factors are worked out too.
            reasons: whether each row ends with its reason.
        """
        from gradlab.derive._latex import derivation_to_latex

        return derivation_to_latex(self, factors, reasons)

    def text(self) -> str:
        """The derivation as plain text, a step a line, its reason behind it."""
        from gradlab.derive._latex import derivation_to_text

        return derivation_to_text(self)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<derivation: d{self.output}/d{self.wrt} = {self.result}>"

    def _repr_latex_(self) -> str:
        return self.latex()
