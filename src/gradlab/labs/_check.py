"""What can be said about a template without running it: its tags, its LaTeX and names, and what leaks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gradlab._errors import GradlabError
from gradlab.labs._audit import audit_text
from gradlab.labs._diagnostics import Diagnostic, TemplateError
from gradlab.labs._formulas import all_formulas
from gradlab.labs._idle import idle_checks
from gradlab.labs._image_files import read_images
from gradlab.labs._lint import lint
from gradlab.labs._template import Template, read_template
from gradlab.labs._versions import make_versions
from gradlab.tex import Formula


@dataclass(frozen=True, slots=True)
class CheckedTemplate:
    """What was found in a template.

    Attributes:
        template: the template.
        formulas: what both versions show of mathematics, in the template's order.
        graph: what its answer key is about, as its header says; None if it does not.
        remarks: about its tags, its LaTeX, and names that only homework defines.
        leaks: solution lines that stand again where the students read them.
        secrets: how many solution lines were looked for.
    """

    template: Template
    formulas: tuple[Formula, ...]
    graph: str | None
    remarks: tuple[Diagnostic, ...]
    leaks: tuple[Diagnostic, ...]
    secrets: int

    @property
    def path(self) -> Path:
        """The template's file."""
        return self.template.path

    @property
    def faults(self) -> tuple[Diagnostic, ...]:
        """The remarks that ask for a change."""
        return tuple(remark for remark in self.remarks if remark.severity != "note")


def check_template(path: Path) -> CheckedTemplate:
    r"""Check a template without running it.

    Args:
        path: a Jupytext Markdown file with tags, UTF-8.

    Returns:
        What was found.

    Raises:
        TemplateError: if no versions can be made of it; it names everything that is in the way.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "lab.md"
    >>> _ = path.write_text("#!TAG HWBEGIN\nThe slope is $x_1 + 2 x_2$.\n#!TAG HWEND\n")
    >>> check_template(path).remarks
    ()
    """
    template = read_template(path)
    check_graph(template)
    versions = make_versions(template)
    images = read_images(template, versions)
    audit = audit_text(template, versions, images.files)
    return CheckedTemplate(
        template=template,
        formulas=all_formulas(template, versions),
        graph=template.settings.graph,
        remarks=tuple(
            sorted(
                {
                    *template.notes,
                    *template.warnings,
                    *versions.warnings,
                    *images.warnings,
                    *lint(template, versions),
                    *idle_checks(template, versions),
                }
            )
        ),
        leaks=audit.warnings,
        secrets=len(audit.secrets.lines) + len(audit.warnings),
    )


def check_graph(template: Template) -> None:
    """Make sure that the header's graph is one.

    Args:
        template: the template.

    Raises:
        TemplateError: if the prover cannot read it, with the header's line.
    """
    from gradlab.prove import graph_of

    settings = template.settings
    try:
        graph_of(settings.graph)
    except GradlabError as problem:
        said = " ".join(str(problem).split())
        message = f"graph: {said}; write for example 'graph: \"mlp 2,2,1\"' or 'graph: \"x1**2 + x1*x2\"'."
        raise TemplateError([Diagnostic(template.path, settings.graph_line, "error", message)]) from problem
