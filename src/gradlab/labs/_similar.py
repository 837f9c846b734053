"""Which submissions share unusual code: fingerprints by copydetect, the lab's own text and what many wrote taken out.

copydetect reads code as tokens, so that other names, comments and blanks make no difference, and picks fingerprints by
winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003). A report is where a person looks, and no verdict.
"""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gradlab.labs._template import read_template
from gradlab.labs._versions import Versions, make_versions

if TYPE_CHECKING:
    from copydetect import CodeFingerprint

_TOKENS: Final = 20
"""Characters of a fingerprint, a name being one."""
_WINDOW: Final = 1
_FEWEST: Final = 15
"""Shared fingerprints that a pair has to have: fewer are a line that two people write alike."""
_USUAL: Final = 0.2
"""What more than this share of the class wrote is usual, if it is more than three people."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two submissions that share unusual code.

    Args:
        first: who handed in one.
        second: who handed in the other.
        share: how much of the unusual code of the one that has less of it is shared, from 0 to 1.
        shared: how many fingerprints are shared.
        passages: what is shared, as the first wrote it and as the second did, the longest first.
    """

    first: str
    second: str
    share: float
    shared: int
    passages: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Similarity:
    """What was found among submissions.

    Args:
        pairs: those that share most first.
        compared: how many submissions were compared.
        unreadable: who handed in what cannot be read, each with the reason.
    """

    pairs: tuple[Pair, ...]
    compared: int
    unreadable: tuple[tuple[str, str], ...]


def find_similar(template: Path, submissions: Path, *, least: float = 0.3) -> Similarity:
    """Find submissions that share unusual code.

    Args:
        template: the lab's template: its text, both versions and all checks, is nobody's own.
        submissions: a folder or zip as `gradlab lab grade` takes it.
        least: the share of their unusual code that two have to have in common, from 0 to 1.

    Raises:
        TemplateError: if no versions can be made of the template.
        GradlabError: if there are no submissions.
    """
    import numpy as np

    from gradlab.labs.grade.reading import UnreadableError, find_submissions, read_cells

    lab = _lab_texts(make_versions(read_template(template)))
    given = _fingerprint("\n\n".join(lab), window=1)
    handed_out = {" ".join(text.split()) for text in lab}
    own = np.array(sorted(given.hashes))
    prints: dict[str, CodeFingerprint] = {}
    unreadable: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory(prefix="gradlab-similar-") as scratch:
        for one in find_submissions(submissions, Path(scratch), template.stem.removesuffix("-template")):
            name = one.student if one.student not in prints else one.name
            try:
                if one.path is None:
                    raise UnreadableError(one.problem)
                cells, _ = read_cells(one.path.read_bytes(), one.path.suffix.lower())
            except (UnreadableError, OSError) as problem:
                unreadable.append((name, str(problem)))
                continue
            # Cells that are the lab's own, letter for letter, need not be read a second time for each of a class.
            own_cells = [c.source for c in cells if c.kind == "code" and " ".join(c.source.split()) not in handed_out]
            code = "\n\n".join(own_cells)
            prints[name] = _fingerprint(code, window=_WINDOW, known=own)
    _forget_usual(list(prints.values()))
    pairs = [pair for both in combinations(prints.items(), 2) if (pair := _pair(both, least)) is not None]
    pairs.sort(key=lambda pair: (-pair.share, -pair.shared, pair.first, pair.second))
    return Similarity(tuple(pairs), len(prints), tuple(unreadable))


def _lab_texts(versions: Versions) -> list[str]:
    both = (versions.question, versions.solution)
    cells = [cell.source for version in both for cell in version.notebook.cells if cell.cell_type == "code"]
    return [*cells, *(check.source for check in versions.solution.checks)]


def _fingerprint(code: str, *, window: int, known: Any = None) -> CodeFingerprint:
    from copydetect import CodeFingerprint

    return CodeFingerprint("code.py", _TOKENS, window, boilerplate=known, fp=io.StringIO(code))


def _forget_usual(prints: Sequence[CodeFingerprint]) -> None:
    """Take out what many wrote: there are few ways to write a short answer."""
    counts = Counter(number for one in prints for number in one.hashes)
    most = max(3, _USUAL * len(prints))
    for one in prints:
        one.hashes = {number for number in one.hashes if counts[number] <= most}


def _pair(both: tuple[tuple[str, CodeFingerprint], tuple[str, CodeFingerprint]], least: float) -> Pair | None:
    (first, one), (second, other) = both
    shared = one.hashes & other.hashes
    if len(shared) < _FEWEST:
        return None
    share = len(shared) / min(len(one.hashes), len(other.hashes))
    return Pair(first, second, share, len(shared), tuple(_passages(one, other))) if share >= least else None


def _passages(one: CodeFingerprint, other: CodeFingerprint) -> Iterable[tuple[str, str]]:
    from copydetect import compare_files

    _, _, (mine, theirs) = compare_files(one, other)
    texts = [_texts(one.raw_code, mine), _texts(other.raw_code, theirs)]
    # The stretches are found in each file by itself: as many, and in the same order only where nothing was moved.
    return zip(*(sorted(text, key=len, reverse=True) for text in texts), strict=False)


def _texts(code: str, spans: Any) -> list[str]:
    """The whole lines that stretches of code lie in."""
    found: dict[str, None] = {}
    for start, stop in zip(*spans, strict=True):
        first = code.rfind("\n", 0, int(start)) + 1
        last = code.find("\n", int(stop))
        found[code[first : last if last >= 0 else len(code)].strip("\n")] = None
    return list(found)
