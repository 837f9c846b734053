r"""Where mathematics stands in a LaTeX document: comments, verbatim text and the preamble have none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradlab.tex._errors import TexError
from gradlab.tex._markdown import FoundMath, MathText, Scanner
from gradlab.tex._protected import Interval
from gradlab.tex._tokens import Tokens, tokenise

_NO_PROSE = re.compile(
    r"(?P<escape>\\\\|\\%)|(?P<comment>%[^\n]*)|\\(?:verb|lstinline)\*?(?P<mark>[^A-Za-z\s*{]).*?(?P=mark)"
    r"|\\begin\{(?P<name>verbatim\*?|lstlisting|minted|comment|filecontents\*?)\}.*?(?:\\end\{(?P=name)\}|\Z)"
    r"|\\end\{document\}.*",
    re.DOTALL,
)
_DEFINITION = re.compile(r"\\(?:(?:re)?newcommand|providecommand|DeclareMathOperator|def|let)(?![A-Za-z])")
_LONGEST_DEFINITION = 5000
_DISPLAYS = frozenset(
    name + star
    for name in "align alignat eqnarray equation flalign gather multline displaymath math dmath".split()
    for star in ("", "*")
)


class _LatexScanner(Scanner):
    def opens(self, mark: str) -> bool:
        if mark.startswith("\\begin"):
            return mark[7:-1] in _DISPLAYS
        return super().opens(mark) and not mark.startswith(("\\\\", "\\ref", "\\eqref"))


def find_in_latex(text: str) -> MathText:
    r"""Part a LaTeX document into formulas and the rest.

    Args:
        text: a LaTeX document, or a part of one.

    Returns:
        The pieces in order; definitions of macros outside mathematics are formulas that show nothing.

    >>> [piece.tex for piece in find_in_latex("\\def\\a{1} % $no$\n\\[\\a = x\\]").formulas]
    ['\\def\\a{1}', '\\a = x']
    """
    skipped = list(_skipped(text))
    body = text.find("\\begin{document}")
    if body >= 0:
        skipped = [(0, body), *((start, end) for start, end in skipped if start >= body)]
    found = _LatexScanner(text, skipped, brackets=True).scan()
    pieces: list[str | FoundMath] = []
    at = 0
    for piece in found.pieces:
        if isinstance(piece, str):
            pieces += _with_definitions(piece, at)
            at += len(piece)
        else:
            pieces.append(piece)
            at += len(piece.source)
    return MathText(tuple(pieces), found.remarks)


def _skipped(text: str) -> Iterator[Interval]:
    for match in _NO_PROSE.finditer(text):
        if match["escape"] is None:
            yield match.span()


def _with_definitions(text: str, offset: int) -> Iterator[str | FoundMath]:
    """Part text without formulas into definitions of macros and the rest."""
    comments = [match.span() for match in _NO_PROSE.finditer(text) if match["comment"] is not None]
    done = at = 0
    while (match := _DEFINITION.search(text, at)) is not None:
        at = match.end()
        if any(start <= match.start() < end for start, end in comments):
            continue
        tokens = Tokens(tokenise(text[match.start() : match.start() + _LONGEST_DEFINITION]), {})
        command = tokens.take()
        try:
            tokens.define(command[1:])
        except TexError:
            continue
        end = match.start() + tokens.end
        if match.start() > done:
            yield text[done : match.start()]
        source = text[match.start() : end]
        yield FoundMath(source, False, source, offset + match.start())
        done = at = end
    if done < len(text):
        yield text[done:]
