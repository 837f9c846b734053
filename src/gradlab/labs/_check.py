"""What can be said about a template without running it: its tags, its LaTeX and names, and what leaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gradlab._errors import GradlabError
from gradlab.labs._audit import audit_text
from gradlab.labs._diagnostics import Diagnostic, TemplateError
from gradlab.labs._formulas import all_formulas
from gradlab.labs._idle import idle_checks
from gradlab.labs._image_files import ImageFile, read_images
from gradlab.labs._lint import lint
from gradlab.labs._secrets import Secrets
from gradlab.labs._template import Template, read_template
from gradlab.labs._versions import Versions, make_versions
from gradlab.tex import Formula


@dataclass(frozen=True, slots=True)
class CheckedTemplate:
    """What was found in a template.

    Attributes:
        template: the template.
        versions: what is made of it.
        images: what they show, by relative path.
        remarks: about its tags, its LaTeX, and names that only homework defines.
        leaks: solution lines that stand again where the students read them.
        secrets: what only the solution may show.
    """

    template: Template
    versions: Versions
    images: Mapping[str, ImageFile]
    remarks: tuple[Diagnostic, ...]
    leaks: tuple[Diagnostic, ...]
    secrets: Secrets

    @property
    def path(self) -> Path:
        """The template's file."""
        return self.template.path

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """What both versions show of mathematics, in the template's order."""
        return all_formulas(self.template, self.versions)

    @property
    def graph(self) -> str | None:
        """What its answer key is about, as its header says; None if it does not."""
        return self.template.settings.graph

    @property
    def looked_for(self) -> int:
        """How many solution lines were looked for."""
        return len(self.secrets.lines) + len(self.leaks)

    @property
    def faults(self) -> tuple[Diagnostic, ...]:
        """The remarks that ask for a change."""
        return tuple(remark for remark in self.remarks if remark.severity != "note")


def check_template(path: Path) -> CheckedTemplate:
    r"""Check a template without running it.

    Args:
        path: a Jupytext Markdown file with tags, UTF-8.

    Raises:
        TemplateError: if no versions can be made of it, or the header's graph is none; it names everything that is in
            the way.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "lab.md"
    >>> _ = path.write_text("#!TAG HWBEGIN\nThe slope is $x_1 + 2 x_2$.\n#!TAG HWEND\n")
    >>> check_template(path).remarks
    ()
    """
    template = read_template(path)
    check_graph(template)
    return look_over(template)


def look_over(template: Template) -> CheckedTemplate:
    """Find what there is to be said about a template that was read.

    Raises:
        TemplateError: if no versions can be made of it.
    """
    versions = make_versions(template)
    images = read_images(template, versions)
    audit = audit_text(template, versions, images.files)
    remarks = {
        *template.notes, *template.warnings, *versions.warnings, *images.warnings, *lint(template, versions),
        *idle_checks(template, versions),
    }  # fmt: skip
    return CheckedTemplate(template, versions, images.files, tuple(sorted(remarks)), audit.warnings, audit.secrets)


def check_graph(template: Template) -> None:
    """Make sure that the header's graph is one.

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
