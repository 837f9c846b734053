"""The leak audit of a template: which lines are secret, and do they stand again where the students read them?"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import inf

from gradlab.labs._audit_files import allow_line
from gradlab.labs._blocks import Block, Line, Role
from gradlab.labs._diagnostics import Diagnostic
from gradlab.labs._image_files import ImageFile
from gradlab.labs._search import Haystack, Needles, strict_form
from gradlab.labs._secrets import SecretImage, SecretLine, Secrets, is_telling, not_allowed, secret_line, tokens
from gradlab.labs._template import Cell, Template
from gradlab.labs._versions import Versions
from gradlab.tex import find_math

_RELATION = re.compile(
    r"[=<>]|\\(?:approx|leq?|geq?|equiv|propto|sim|to|in|Rightarrow|Leftrightarrow|implies|iff)(?![A-Za-z])"
)
_NO_WORDS = re.compile(r"!\[[^\]]*\]\([^)]*\)|<[^>]*>")  # pictures, and other HTML


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the audit of a template found.

    Args:
        warnings: one for each solution line that stands again outside any block, with both line numbers.
        secrets: what the files written for the students are to be searched for.
    """

    warnings: tuple[Diagnostic, ...]
    secrets: Secrets


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A line that students may not see, and the first line from which on it may not stand again outside a block."""

    secret: SecretLine
    block: Block
    after: float


def audit_text(template: Template, versions: Versions, images: Mapping[str, ImageFile]) -> AuditReport:
    r"""Find solution lines that stand again where the students read them.

    What the text says before a block is its task, and a solution may repeat it, unless that is all that an answer in
    words says; of a formula only the whole is an answer, for its sides are what the task and the proof share. What the
    students read anyway is no secret.

    Args:
        template: the template.
        versions: what was made of it.
        images: the image for each path as the template writes it.

    Returns:
        A warning for each such line, and the secrets that are left to look for in the written files.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from gradlab.labs._template import read_template
    >>> from gradlab.labs._versions import make_versions
    >>> path = Path(tempfile.mkdtemp()) / "lab.md"
    >>> block = "#!TAG HWBEGIN\ny = slope * x + offset\n#!TAG HWEND\n"
    >>> _ = path.write_text(f"```python\n{block}```\n\n```python\ny = slope*x + offset\n```\n")
    >>> template = read_template(path)
    >>> [warning.line for warning in audit_text(template, make_versions(template), {}).warnings]
    [8]
    """
    question = Haystack((line.text, line.number) for cell in template.cells for line in cell.lines if _is_shown(line))
    candidates = _candidates(template)
    strict = Needles(candidate.secret.strict for candidate in candidates).find(question.strict)
    loose = Needles(candidate.secret.loose for candidate in candidates).find(question.loose)
    tests = {line.number for cell in template.cells for line in cell.lines if line.role is Role.CHECK}
    warnings: dict[int, dict[str, Diagnostic]] = {}
    kept: dict[str, SecretLine] = {}
    told = _told(candidates, strict)
    for candidate in candidates:
        secret = candidate.secret
        if secret.strict not in strict:
            kept.setdefault(secret.strict, replace(secret, loose="") if secret.loose in loose else secret)
            continue
        lines = [question.number(start) for start, _ in strict[secret.strict]]
        if candidate.block.check is not None:  # a hidden check may repeat what a check that is shown asks
            lines = [line for line in lines if line not in tests]
        again = [line for line in lines if line >= candidate.after or candidate.block.line in told]
        if again:
            warnings.setdefault(again[0], {}).setdefault(secret.strict, _warning(template, secret, again))
    # Of what lies within another that the same line repeats, that one is enough.
    found = tuple(
        sorted(
            warning
            for own in warnings.values()
            for text, warning in own.items()
            if not any(text != other and text in other for other in own)
        )
    )
    return AuditReport(found, Secrets(tuple(kept.values()), _secret_images(versions, images)))


def _told(candidates: Sequence[_Candidate], shown: Container[str]) -> set[int]:
    """The first lines of the answers in words of which the text says everything, be it before them."""
    blocks: dict[int, bool] = {}
    for candidate in candidates:
        text = _NO_WORDS.sub("", candidate.secret.text)
        if is_telling(text):
            in_words = candidate.after == candidate.block.line and "$" not in text and "\\" not in text
            known = blocks.get(candidate.block.line, True)
            blocks[candidate.block.line] = known and in_words and candidate.secret.strict in shown
    return {line for line, known in blocks.items() if known}


def _is_shown(line: Line) -> bool:
    """Whether students read a line: what is in both versions, and the checks that are not hidden."""
    return line.role is Role.CONTENT or (line.role is Role.CHECK and not _is_hidden(line))


def _is_hidden(line: Line) -> bool:
    return line.block is None or line.block.check is None or line.block.check.hidden


def _warning(template: Template, secret: SecretLine, lines: list[int]) -> Diagnostic:
    again = f" (and in {len(lines) - 1} more places)" if len(lines) > 1 else ""
    message = (
        f"this repeats line {secret.line}, which is homework{again}: {secret.text}; "
        f"take it out here, or allow it with: {allow_line(secret.text)}."
    )
    return Diagnostic(template.path, lines[0], "warning", message, "leak")


def _candidates(template: Template) -> list[_Candidate]:
    """The lines of homework, notes and hidden checks that say something and that no message tells anyway."""
    messages: dict[int, list[str]] = {}
    for cell in template.cells:
        for line in cell.lines:
            if line.role is Role.MESSAGE and line.block is not None:
                messages.setdefault(line.block.line, []).append(line.text)
    words = {line: frozenset(tokens(" ".join(own))) for line, own in messages.items()}
    said = strict_form("\n".join(text for own in messages.values() for text in own))
    found = [
        candidate
        for cell in template.cells
        for candidate in _of_cell(cell)
        if not words.get(candidate.block.line, frozenset()) >= frozenset(tokens(candidate.secret.text))
    ]
    told = Needles(candidate.secret.strict for candidate in found).find(said)
    passing = {*not_allowed((candidate.secret for candidate in found), template.allowed)}
    return [candidate for candidate in found if candidate.secret.strict not in told and candidate.secret in passing]


def _of_cell(cell: Cell) -> Iterator[_Candidate]:
    # The cells of a hidden check, and notes to the instructor, are as secret as a solution.
    own = [
        line
        for line in cell.lines
        if line.role in (Role.HOMEWORK, Role.NOTE) or (line.role is Role.CHECK and _is_hidden(line))
    ]
    parts = _formula_parts(cell) if own and cell.kind == "markdown" else frozenset()
    for line in own:
        if line.block is None or not is_telling(line.text):
            continue
        after = line.block.line if cell.kind == "markdown" else 0
        if line.role is Role.NOTE or line.number in parts:
            after = inf
        yield _Candidate(secret_line(line.text, line.number), line.block, after)


def _formula_parts(cell: Cell) -> frozenset[int]:
    """The lines of a prose cell that hold a part of a formula: one side of an equation, and nothing else."""
    lines = [line for line in cell.lines if line.role in (Role.CONTENT, Role.HOMEWORK)]
    text = "\n".join(line.text for line in lines)
    starts = list(accumulate((len(line.text) + 1 for line in lines), initial=0))
    parts = set()
    row = 0
    for formula in find_math(text).formulas:
        first, last = formula.offset, formula.offset + len(formula.source)
        while row < len(lines) and starts[row] < last:
            bare = lines[row].text
            begin = starts[row] + len(bare) - len(bare.lstrip())
            if begin >= first and starts[row] + len(bare.rstrip()) <= last and not _is_equation(bare):
                parts.add(lines[row].number)
            if starts[row + 1] > last:
                break
            row += 1
    return frozenset(parts)


def _is_equation(text: str) -> bool:
    """Whether a relation in a line of TeX has something on either side."""
    bare = text.replace("&", " ").replace("\\\\", " ").strip(" $.,;")
    found = _RELATION.search(bare)
    return found is not None and bool(bare[: found.start()].strip()) and bool(bare[found.end() :].strip())


def _secret_images(versions: Versions, images: Mapping[str, ImageFile]) -> tuple[SecretImage, ...]:
    shown = {image.file for image in versions.question.images}
    known = {images[image.path].data for image in versions.question.images if image.path in images}
    secret = {image.file: image for image in reversed(versions.solution.images) if image.file not in shown}
    made = []
    for image in secret.values():
        # The build warns of an image that is missing; its name is looked for all the same.
        content = images[image.path].data if image.path in images else None
        made.append(SecretImage(image.path, None if content in known else content, image.line))
    return tuple(made)
