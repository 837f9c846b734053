"""The release gate: is a lab fit to be handed out and graded?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from gradlab.labs._audit_files import allow_line
from gradlab.labs._blocks import Role
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._formulas import all_formulas
from gradlab.labs._idle import idle_checks
from gradlab.labs._search import strict_form
from gradlab.labs._settings import LabSettings
from gradlab.labs._template import Template
from gradlab.labs._versions import Versions

if TYPE_CHECKING:
    from gradlab.labs.grade._run import Watch
    from gradlab.prove import DocumentProof, Step
    from gradlab.tex import Formula

_REMEMBERED = 8  # proofs: of a few templates that are checked in one call
_OURS = frozenset({Role.CHECK, Role.ANSWER, Role.NOTE})


def gate(template: Template, versions: Versions, leaks: Sequence[Diagnostic], watch: Watch) -> tuple[Diagnostic, ...]:
    """Find what keeps a lab from being released, apart from what stops any build.

    Args:
        template: the template.
        versions: what was made of it.
        leaks: solution lines that stand again where the students read them.
        watch: called with what is graded, as `grade` does.

    Returns:
        Errors: questions in which the solution loses points, checks that the empty question passes or that assert
        nothing, equations of the text and of the key that are false and not allowed by the author, those of the key
        that are by what is defined under an earlier heading, and the leaks. Warnings instead, where the template has
        none of the tags and settings that gradlab adds: those have always been built as they are.
    """
    from gradlab.labs.grade._release import grade_own

    formulas = all_formulas(template, versions)
    proof = judged(formulas, template.settings.graph)
    found = [
        *(replace(leak, severity="error", rule="leak") for leak in leaks),
        *false_equations(template, proof),
        *false_elsewhere(template, formulas, proof),
        *idle_checks(template, versions),
        *grade_own(template, versions, watch),
    ]
    if is_plain(template):
        found = [replace(one, severity="warning") if one.severity == "error" else one for one in found]
    return tuple(sorted(found))


@lru_cache(_REMEMBERED)
def judged(formulas: tuple[Formula, ...], graph: str | None) -> DocumentProof:
    """Prove a lab's equations, once for the text and the gate behind it.

    Args:
        formulas: all of its formulas.
        graph: what they are about, as the template's header says.
    """
    from gradlab.prove import prove_document

    return prove_document(formulas, graph)


def is_plain(template: Template) -> bool:
    """Say whether a template uses nothing that gradlab adds to the tags that were in use before it."""
    tags = {line.role for cell in template.cells for line in cell.lines} & _OURS
    return not tags and template.settings == LabSettings()


def false_equations(template: Template, proof: DocumentProof) -> tuple[Diagnostic, ...]:
    """Find the equations that are false and that the author does not stand by.

    Args:
        template: the template, whose ALLOW tags may acknowledge an equation.
        proof: the verdicts on its equations.

    Returns:
        An error for each false step, with the witness or the repair, and the tag that acknowledges it.
    """
    from gradlab.prove import Truth

    return tuple(
        Diagnostic(template.path, step.place.line, "error", _said(step, "this step is false", "correct it"), "equation")
        for step in proof.steps
        if step.truth is Truth.FALSE and not _is_allowed(template, step)
    )


def false_elsewhere(template: Template, formulas: Sequence[Formula], proof: DocumentProof) -> tuple[Diagnostic, ...]:
    """Find the equations of the key that are not understood only as what makes them false stands under another heading.

    Args:
        template: the template, whose ALLOW tags may acknowledge an equation.
        formulas: all of its formulas.
        proof: the verdicts on them.

    Returns:
        An error for each step whose names the document defines once, before it, and that is false by that.
    """
    from gradlab.prove import Kind, Truth

    defined: dict[str, list[int]] = {}
    for row in (*proof.rows, *proof.others):
        for step in row.proof.steps:
            if step.kind is Kind.DEFINITION:
                defined.setdefault(step.left.partition("(")[0].strip(), []).append(step.place.line)

    def defined_once_before(step: Step) -> str:
        named = {name: lines for name, lines in defined.items() if name in _written(step)}
        once = all(len(lines) == 1 and lines[0] < step.place.line for lines in named.values())
        return ", ".join(f"{name} in line {lines[0]}" for name, lines in named.items()) if once else ""

    key = [step for row in proof.rows if row.in_key for step in row.proof.steps]
    unsaid = [step for step in key if step.truth is Truth.NOT_UNDERSTOOD and step.kind is Kind.CLAIM]
    by = {
        step.place: said for step in unsaid if (said := defined_once_before(step)) and not _is_allowed(template, step)
    }
    if not by:
        return ()
    again = judged(tuple(replace(formula, heading="") for formula in formulas), template.settings.graph)
    what = "this step of the key is false for what is defined under an earlier heading ({})"
    advice = "correct it, or name the graph in the header (graph:) if another one is meant"
    return tuple(
        Diagnostic(template.path, step.place.line, "error", _said(step, what.format(by[step.place]), advice), "key")
        for step in again.steps
        if step.truth is Truth.FALSE and step.place in by
    )


def _is_allowed(template: Template, step: Step) -> bool:
    return strict_form(_written(step)) in "\n".join(map(strict_form, template.allowed))


def _written(step: Step) -> str:
    return " ".join(f"{step.left} = {step.right}".split())


def _said(step: Step, what: str, advice: str) -> str:
    parts = [f"{what}: {_written(step)}"]
    parts += [f"the sides are {step.witness}"] if step.witness is not None else []
    parts += [str(step.repair)] if step.repair is not None else []
    return "; ".join([*parts, f"{advice}, or acknowledge it with: {allow_line(_written(step))}"])
