r"""What `\label` names is numbered, so that `\ref` and `\eqref` can show the number, before it or behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradlab.tex._errors import TexError
from gradlab.tex._parse import parse
from gradlab.tex._tokens import Macro
from gradlab.tex._tree import Node, Table, children

_DEFINES = ("command", "\\def", "\\let", "Operator")


def reference_numbers(formulas: Iterable[str]) -> dict[str, str]:
    r"""Number what has labels: by its `\tag` where it has one, else 1, 2, 3 in the order of the document.

    Args:
        formulas: the TeX of all displayed formulas of a document, in order.

    Returns:
        Label to number, without brackets.

    >>> reference_numbers([r"x \label{one}", r"y \tag{A} \label{two}", "z", r"w \label{three}"])
    {'one': '1', 'two': 'A', 'three': '2'}
    """
    macros: dict[str, Macro] = {}
    numbers: dict[str, str] = {}
    count = 0
    for tex in formulas:
        labelling = (f"\\{name}" for name, macro in macros.items() if "\\label" in macro.body)
        if not any(word in tex for word in ("\\label", *_DEFINES, *labelling)):
            continue
        try:
            parsed = parse(tex, macros)
        except TexError:
            continue  # it is reported where it is typeset
        for tag, labels in [(parsed.tag, parsed.labels), *_rows(parsed.body)]:
            fresh = [label for label in labels if label not in numbers]
            count += bool(fresh) and tag is None
            numbers |= dict.fromkeys(fresh, str(count) if tag is None else _bare(tag))
    return numbers


def _rows(node: Node) -> Iterator[tuple[str | None, tuple[str, ...]]]:
    if isinstance(node, Table):
        yield from zip(node.tags, node.labels, strict=True)
    for child in children(node):
        yield from _rows(child)


def _bare(tag: str) -> str:
    return tag[1:-1] if tag.startswith("(") and tag.endswith(")") else tag
