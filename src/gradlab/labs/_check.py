"""What can be said about a template without running it: its tags, its LaTeX and names, and what leaks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gradlab.labs._audit import audit_text
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._lint import lint
from gradlab.labs._template import read_template
from gradlab.labs._versions import make_versions


@dataclass(frozen=True, slots=True)
class CheckedTemplate:
    """What was found in a template.

    Attributes:
        path: the template.
        text: its text, line by line as the file has it.
        graph: what its answer key is about, as its header says; None if it does not.
        remarks: about its tags, its LaTeX, and names that only homework defines.
        leaks: solution lines that stand again where the students read them.
        secrets: how many solution lines were looked for.
    """

    path: Path
    text: str
    graph: str | None
    remarks: tuple[Diagnostic, ...]
    leaks: tuple[Diagnostic, ...]
    secrets: int


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
    versions = make_versions(template)
    audit = audit_text(template, versions)
    return CheckedTemplate(
        path=template.path,
        text=template.path.read_text(encoding="utf-8-sig"),
        graph=template.settings.graph,
        remarks=tuple(sorted({*template.warnings, *versions.warnings, *lint(template)})),
        leaks=audit.warnings,
        secrets=len(audit.secrets.lines) + len(audit.warnings),
    )
