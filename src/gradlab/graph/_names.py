"""Names of quantities: which are allowed, how they look in LaTeX, and what a person may have meant."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from gradlab._errors import GradlabError
from gradlab._words import meant

GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)


def check_name(name: str, taken: Iterable[str] = ()) -> str:
    """The name itself, in Python's normal form, if a quantity can be called that.

    Raises:
        GradlabError: if it is no identifier, is a word of Python's, or is the name of a function.
    """
    given, name = name, unicodedata.normalize("NFKC", name)  # as Python does with every identifier
    if not given.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise GradlabError(
            f"{name!r} cannot be the name of a quantity: write a letter, then letters, digits and _, as in w_12"
        )
    if name in taken:
        raise GradlabError(f"{name!r} is the name of a function: call the quantity something else, such as {name}_1")
    return name


@lru_cache(maxsize=4096)
def latex_of_name(name: str) -> str:
    r"""The usual LaTeX of a name: digits at the end and what follows an underscore become an index.

    >>> latex_of_name("x1"), latex_of_name("w_12"), latex_of_name("alpha"), latex_of_name("z_2in")
    ('x_1', 'w_{12}', '\\alpha', 'z_{2,in}')
    """
    match = re.fullmatch(r"([^\W\d_]+?)_?(\d.*|(?<=_).+)?", name)
    if match is None:
        return r"\mathrm{" + name.replace("_", r"\_") + "}"
    letters, index = match.group(1), match.group(2) or ""
    head = "\\" + letters if letters in GREEK else letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"
    if not index:
        return head
    parts = [part for chunk in index.split("_") for part in re.findall(r"\d+|\D+", chunk)]
    joined = ",".join(parts)
    return f"{head}_{joined}" if len(joined) == 1 else f"{head}_{{{joined}}}"


def spelled(name: str) -> str:
    """A name with an underscore for each comma and without its braces: ``w_{1,12}`` is ``w_1_12``."""
    return re.sub(r"[\s{}^()\\]", "", unicodedata.normalize("NFKC", name)).replace(",", "_")


def plain(name: str) -> str:
    """A name without its braces, commas, spaces and underscores: ``z_{2,in}``, ``z_2,in`` and ``z_2in`` are one."""
    return spelled(name).replace("_", "")


def find_name(wanted: str, known: Iterable[str], what: str) -> str:
    """The known name that a person wrote, in whichever notation.

    Args:
        wanted: what was written.
        known: the names there are, or a mapping from them to rows that say what other libraries call it.
        what: what kind of thing is looked for, for the message.

    Raises:
        GradlabError: if there is no such name, or if it could be two; offers the nearest.
    """
    rows = known if isinstance(known, Mapping) else ()
    known = tuple(known)
    if wanted in known:
        return wanted
    if not isinstance(wanted, str):
        raise GradlabError(f"a {what} is named by its name, a string such as {known[0]!r}, not {wanted!r}")
    matches = [name for name in known if name == spelled(wanted)] or [
        name for name in known if plain(name) == plain(wanted)
    ]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise GradlabError(f"{wanted!r} could be {' or '.join(matches)}: write one of them")
    near = meant(wanted, rows or known, 3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {_some(known)}"
    raise GradlabError(f"there is no {what} {wanted!r}: {hint}")


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
