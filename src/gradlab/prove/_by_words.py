"""What words beside equations say of matrices, symmetric, diagonal, orthogonal: by that steps may hold."""

from __future__ import annotations

import re
from collections.abc import Callable

from gradlab.graph import Expression, Ref, as_number
from gradlab.prove import _combine as combine
from gradlab.prove._definitions import Definitions
from gradlab.prove._errors import Deadline, NotUnderstoodError
from gradlab.prove._meant import OtherMeanings, Rule, made_symmetric
from gradlab.prove._names import FREE
from gradlab.prove.read._define import Line
from gradlab.prove.read._nodes import Derivative, Operation, Tensor
from gradlab.tex import Formula

_NOT = r"(?:\b(?:not|no|if|unless|when|whether|need|non|skew|anti)\b|[-\u2013])[^.;]{0,12}$"
_KINDS = {
    "symmetric": r"(?<!-)\b(?:symmetric|positive (?:semi-?)?definite|psd)\b",
    "diagonal": r"\bdiagonal\b",
    "orthogonal": r"\b(?:orthogonal|orthonormal)\b",
}


class ByWords:
    """Looks for steps that hold by what the text says of its matrices in words.

    Args:
        said: what the text defines.
        meant: tries a step with other things in the place of some.
        reached: all names that an expression is computed from.
    """

    def __init__(self, said: Definitions, meant: OtherMeanings, reached: Callable[[Expression], set[str]]) -> None:
        self.said, self.meant, self.reached = said, meant, reached
        self.texts: dict[int, set[str]] = {}  # what is said of matrices under each heading

    def hear(self, formula: Formula, section: int) -> None:
        """Keep the words around a formula, if they say something of a matrix."""
        text = f"{formula.sentence} ${formula.tex}$ {formula.after}"
        if not formula.display and any(re.search(pattern, text, re.IGNORECASE) for pattern in _KINDS.values()):
            self.texts.setdefault(section, set()).add(text)

    def is_of_constant(
        self, line: Line, left: Expression | NotUnderstoodError, right: Expression | NotUnderstoodError
    ) -> bool:
        r"""Whether a step is ``\frac{d}{dx} C = 0`` of a name that nothing computes and words call a constant."""
        zero = isinstance(right, Expression) and as_number(right) == 0
        body = left.body if isinstance(left, Derivative) and zero else None
        if not isinstance(body, Ref) or self.said.scope().computed(body.name) is not None:
            return False
        name = rf"(?<![A-Za-z]){re.escape(body.name.removeprefix(FREE))}(?![A-Za-z])"
        said = rf"\bconstants?\b[^.;]{{0,12}}{name}|{name}[^.;]{{0,25}}\bconstant"
        return re.search(said, f"{line.words} . {line.sentence} . {line.source.tex}") is not None

    def holds(self, judged: combine.Judged, i: int, deadline: Deadline) -> str:
        """By what words on its matrices a step of a line holds, or with 1 for ``x'``; empty if it does not."""
        chain = judged.first.chain
        by = self.meant.by_own_primes(chain, i, deadline) or self.meant.at_its_point(chain, i, deadline)
        if by or not self.texts:
            return by
        pair = judged.first.chain.sides[i : i + 2]
        names = {name for side in pair if isinstance(side, Expression) for name in self.reached(side)}
        sections = {judged.line.section}
        sections |= {item.line.section for name in names if (item := self.said.defined.get(name)) is not None}
        texts = {text for section in sections for text in self.texts.get(section, ())}
        capitals = sorted(
            name for name in names if re.fullmatch(r"\?(?:[A-Z]|\\(?:Sigma|Lambda)|\\mathbf\{[A-Z]\})", name)
        )
        for kind, pattern in _KINDS.items():
            own = {name for name in capitals if any(_says(text, name.removeprefix(FREE), pattern) for text in texts)}
            if own and self.meant.holds_by(_rule(kind, own), judged.first.chain, i, deadline):
                return f"for {kind} {', '.join(name.removeprefix(FREE) for name in sorted(own))}, as the text says"
        return ""


def _says(text: str, name: str, pattern: str) -> bool:
    """Whether words and a name stand together."""
    bare = re.sub(r"^\\mathbf\{(.*)\}$", r"\1", name)
    own = rf"\$\s*(?:\\(?:mathbf|boldsymbol|bm)\s*)?\{{?{re.escape(bare)}\}}?\s*\$"
    for match in re.finditer(
        rf"{own}[^.;$]{{0,25}}?{pattern}|{pattern}(?: matri(?:x|ces))?(?: and [a-z]+)?\s*{own}", text, re.I
    ):
        if (
            bare in match.group()
            and not re.search(_NOT, text[: match.start()], re.I)
            and not re.search(r"\b(?:not|n't|need|if|non|skew|anti)\b", match.group(), re.I)
        ):
            return True
    return False


def _rule(kind: str, names: set[str]) -> Rule:
    """What stands for matrices of a kind."""

    def rule(node: Expression) -> Expression | None:
        turned = isinstance(node, Operation) and node.kind == "transpose"
        if kind == "orthogonal":
            matrix = node.operands[0] if turned and isinstance(node, Operation) else None
            own = isinstance(matrix, Tensor | Ref) and matrix.name in names
            return Operation("inverse", (matrix,)) if own and matrix is not None else None
        if not isinstance(node, Tensor | Ref) or node.name not in names:
            return None
        return made_symmetric(node) if kind == "symmetric" else Operation("diag", (Operation("diag", (node,)),))

    return rule
