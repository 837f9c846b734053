"""Written answers: derivations are judged by the prover, and everything else is left to a human."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradlab.labs.grade.matching import Asked
from gradlab.labs.grade.protocol import CheckTimeoutError
from gradlab.labs.grade.verdicts._evaluate import alarm
from gradlab.labs.grade.verdicts._results import QuestionResult
from gradlab.tex import find_math

_SECONDS = 60.0  # for all formulas of a derivative: far above what the prover may work for some
_SYMBOL = r"(?:\\mathcal\s*\{?\s*[A-Za-z]\s*\}?|[A-Za-z](?:_(?:\{[^{}]*\}|\w))?)"
_D = r"(?:\\partial(?![A-Za-z])|\\(?:mathrm|operatorname|text)\s*\{\s*d\s*\}|d(?![A-Za-z]{2}))"
_AT = r"(?:\s*\\?[(]\s*[^()=]*[)])?"  # an argument, as in f(x)
_DERIVATIVES = (
    rf"\\[dt]?frac\s*\{{\s*{_D}\s*(?P<of>{_SYMBOL}){_AT}\s*\}}\s*\{{\s*{_D}\s*(?P<by>{_SYMBOL})\s*\}}",
    rf"\\[dt]?frac\s*\{{\s*{_D}\s*\}}\s*\{{\s*{_D}\s*(?P<by>{_SYMBOL})\s*\}}\s*(?P<of>{_SYMBOL}){_AT}(?=\s*(?:&?\s*=|[.,;$]|$))",
    rf"(?<![A-Za-z\\]){_D}\s*(?P<of>{_SYMBOL}){_AT}\s*/\s*{_D}\s*(?P<by>{_SYMBOL})",
    rf"(?<![A-Za-z\\])(?P<of>{_SYMBOL})'\s*\(\s*(?P<by>{_SYMBOL})\s*\)",
)
_DERIVATIVE = tuple(re.compile(each) for each in _DERIVATIVES)
_HEAD = tuple(re.compile(rf"\s*{each}\s*&?\s*=") for each in _DERIVATIVES)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{(?:align|aligned|equation|gather|split)\*?\}")
# A second derivative, one of what has no name, or a value at a point.
_MORE = re.compile(rf"{_D}\s*\^|''|\\ddot|\\[dt]?frac\s*\{{\s*{_D}\s*\}}|\bat\b|=\s*-?[\d./]+\s*(?:[$,.;)]|$)")
_NOT_COMPUTED = re.compile(r"\\(?:lim|int)(?![A-Za-z])")
_ASKED = re.compile(r"^\s*(?:\d+[.)]|\*\*(?:Question|Frage|Aufgabe)\s*\d+\.?\*\*)\s+(?P<text>.*)$", re.MULTILINE)
_ONLY_COMPUTE = re.compile(r"\s*(?:compute|calculate|derive|differentiate|determine|berechne)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Chain:
    """A derivation: what is derived, and its whole text."""

    head: tuple[str, str]
    text: str


def judge_answers(
    asked: Sequence[Asked], given: Mapping[str, str], graph: str | None, only: Sequence[Asked] | None = None
) -> list[QuestionResult]:
    """Judge the written answers of a submission.

    Args:
        asked: the ANSWER tags.
        given: what was written, by name.
        graph: what the derivations are about, as the template's header says.
        only: which of them are judged. Default all.

    Returns:
        A result for each; whatever the prover does not decide waits for a human.
    """
    results = []
    for one in asked if only is None else only:
        # Who writes everything into one cell has answered the questions beside it too.
        beside = [given[other.name] for other in asked if other.heading == one.heading and other.name in given]
        said = "\n\n".join(other.text for other in asked if other.heading == one.heading)
        results.append(_judged(one, given.get(one.name) or "\n\n".join(beside), graph, said))
    return results


def _judged(asked: Asked, text: str, graph: str | None, context: str) -> QuestionResult:
    said = asked.own or asked.text
    result = QuestionResult(asked.name, "answer", asked.points, line=asked.line, asked=said, given=text)
    result.expected = asked.key
    if not text.strip():
        result.reason = "not answered: nothing was written here"
        return result
    items = [found["text"] for found in _ASKED.finditer(asked.text)]
    wanted = [_wanted(item) for item in items]
    heads = [head for head in wanted if head is not None]
    said = {head: _outcome(head, text, graph, context) for head in heads}
    result.notes = [f"∂{of}/∂{by}: {words}" for (of, by), (_, words) in said.items() if words]
    decided = [said[head][0] for head in heads]
    # Two items that ask for the same derivative, as factored or by another way, ask for more than the prover sees.
    if not heads or len(said) < len(items) or None in decided:
        result.status = "human"
        result.reason = "a human has to judge this answer"
        return result
    right = sum(bool(one) for one in decided)
    part = round(100 * asked.points * right / len(decided)) / 100
    result.points = asked.points if right == len(decided) else part
    result.status = "right" if right == len(decided) else "partly" if right else "wrong"
    result.reason = "" if right == len(decided) else f"{right} of {len(decided)} derivatives are right"
    return result


def _wanted(item: str) -> tuple[str, str] | None:
    """What an item asks for, where it asks for one derivative and nothing else."""
    found = [match for each in _DERIVATIVE for match in each.finditer(item)]
    rest = item
    for match in found:
        rest = rest.replace(match[0], "")
    if len(found) != 1 or not _ONLY_COMPUTE.match(item) or _MORE.search(rest):
        return None
    return _name(found[0]["of"]), _name(found[0]["by"])


def _means_other(name: str, text: str, graph: str | None) -> bool:
    """Whether a question says of a name what the graph does not: then the graph is not what is asked about."""
    from gradlab.prove import DEFAULT, Truth, prove

    begins = re.compile(rf"(?:^|[,;\n]|\\\\)\s*(?P<of>{_SYMBOL}){_AT}\s*&?\s*=")
    for formula in find_math(text).formulas:
        body = _ENVIRONMENT.sub("", formula.tex)
        if any(_name(head["of"]) == name for head in begins.finditer(body)):
            proof = prove(formula.tex, DEFAULT if graph is None else graph)
            if not proof.steps or any(step.truth is not Truth.TRUE for step in proof.steps):
                return True
        if "\\mapsto" in body:
            return True
    return False


def _outcome(head: tuple[str, str], text: str, graph: str | None, asked: str) -> tuple[bool | None, str]:
    """Whether a derivative is right, None where that is not decided; and what is said about it."""
    from gradlab.prove import Outcome, answer

    try:
        with alarm(_SECONDS):
            if _means_other(head[0], asked, graph):
                return None, f"the question says of {head[0]} what the template's graph does not"
            chains = [chain for chain in _chains(text) if chain.head == head]
            verdicts = [answer(f"d{head[0]}/d{head[1]}", chain.text, graph) for chain in chains]
    except (Exception, CheckTimeoutError) as problem:  # whatever a formula makes of the prover: a human looks at it
        return None, f"not understood: {str(problem) or type(problem).__name__}"
    if not verdicts:
        return None, "not found among the formulas"
    if any(_NOT_COMPUTED.search(chain.text) for chain in chains):
        return None, "written by a limit or an integral"
    decided = [{Outcome.RIGHT: True, Outcome.WRONG: False}.get(verdict.outcome) for verdict in verdicts]
    # Who writes a derivative twice, once right and once wrong, is for a human.
    return (decided[0], str(verdicts[0])) if len({*decided}) == 1 else (None, "written more than once, and differently")


def _chains(text: str) -> list[_Chain]:
    """The derivations in a text: each begins where the left side is a derivative."""
    chains: list[_Chain] = []
    for piece in find_math(text).pieces:
        if isinstance(piece, str):
            continue
        body = _ENVIRONMENT.sub("", piece.tex)
        rows: list[str] = []
        for row in [*re.split(r"\\\\(?:\[[^\]]*\])?", body), ""]:
            if rows and (not row.strip() or not row.lstrip(" &\n\t").startswith("=")):
                whole = r" \\ ".join(rows)
                if head := next(filter(None, (each.match(whole) for each in _HEAD)), None):
                    chains.append(_Chain((_name(head["of"]), _name(head["by"])), whole))
                rows = []
            if row.strip():
                rows.append(row.strip())
    return chains


def _name(symbol: str) -> str:
    """A symbol as the graph spells it: `w_{12}` is w_12, `z_{1,out}` is z_1out, and a script L is L."""
    return re.sub(r"\\(?:mathcal|mathrm|text|operatorname)|[\s{}\\,]", "", symbol)
