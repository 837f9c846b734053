"""What a converter must not touch: formulas and pictures, kept aside while prose is converted around them.

Each is replaced by a mark made of private-use characters, which Markdown, HTML and Typst all pass through
as plain text, and put back in the language of the file that is written.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import Literal

from gradlab.tex import FoundMath, Macro, TexError, parse, to_mathml

from ._typst_math import to_typst

IMAGES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}
_OPEN, _CLOSE = "\ue000", "\ue001"
BETWEEN = "\ue002"
"""Stands between pieces that a converter is given at once."""
UNSET = "the formula is shown as it is written"
"""What a warning about a formula that cannot be typeset says."""
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_CODE = re.compile(r"<(code|pre|script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)
_MIME = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "svg": "image/svg+xml", "webp": "image/webp"}


@dataclass(frozen=True, slots=True)
class Atom:
    """One formula or picture, ready for both kinds of file.

    Args:
        kind: what it is.
        source: as it was written.
        html: how HTML shows it.
        typst: how Typst shows it; a picture's file is named `{file}`.
        failed: why it could not be shown as meant, empty where it could.
        at: where in a formula's TeX that is.
        data: a picture's bytes.
        suffix: a picture's kind.
        line: the template line that it comes from, 0 where that is not known.
    """

    kind: Literal["formula", "picture"]
    source: str
    html: str
    typst: str
    failed: str = ""
    at: int = 0
    data: bytes = b""
    suffix: str = ""
    line: int = 0

    @property
    def typst_if_broken(self) -> str:
        """How Typst shows it where it refuses it otherwise: a picture's description, a formula's TeX."""
        if self.kind == "picture":
            return f"#missing-image({typst_string(self.source or 'picture')})"
        return f"#unset-math({typst_string(self.source.strip())})"


def mark(index: int) -> str:
    """Return the mark of the atom with an index."""
    return f"{_OPEN}{index}{_CLOSE}"


def close_marks(text: str) -> str:
    """Return text in which nothing can be taken for a mark."""
    return re.sub(f"[{_OPEN}{_CLOSE}{BETWEEN}]", "\ufffd", text)


def put_back(text: str, shown: Callable[[int], str]) -> str:
    """Replace each mark by what stands for its atom."""
    return _MARK.sub(lambda match: shown(int(match[1])), text)


def restore_source(text: str, atoms: Sequence[Atom], *, inside_code: bool = False) -> str:
    """Replace marks by what was written, everywhere or only inside HTML's code and tags, where nothing is set."""
    if not inside_code:
        return put_back(text, lambda index: atoms[index].source)
    return _CODE.sub(lambda match: put_back(match[0], lambda index: escape(atoms[index].source)), text)


def formula_atom(found: FoundMath, macros: dict[str, Macro], numbers: Mapping[str, str]) -> Atom:
    """Set a formula; one that cannot be set becomes its TeX in a visible box, with the reason."""
    try:
        formula = parse(found.tex, macros, numbers if found.display or "ref" in found.tex else {})
        typst = to_typst(formula, found.tex, display=found.display)
        return Atom(
            "formula",
            found.source,
            to_mathml(formula, found.tex, display=found.display),
            f"#fitted{typst[1:]}" if found.display else typst,
        )
    except TexError as problem:
        return _unset(found, str(problem), problem.offset or 0)
    except RecursionError:
        return _unset(found, "the formula is nested too deep")


def _unset(found: FoundMath, why: str, at: int = 0) -> Atom:
    source = found.source.strip()
    told = f"{why}; {UNSET}: {' '.join(source.split()):.70}"
    box = f'<code class="unset-math" title="{escape(why)}">{escape(source)}</code>'
    return Atom("formula", found.source, box, f"#unset-math({typst_string(source)})", told, at)


def picture_atom(data: bytes, suffix: str, alternative: str, width: str) -> Atom:
    """Keep a picture; a width in pixels is kept too."""
    pixels = re.fullmatch(r"\s*([0-9]{1,5})(?:px)?\s*", width)
    percent = re.fullmatch(r"\s*([0-9]{1,3})%\s*", width)
    size = f' width="{pixels[1]}"' if pixels else f' style="width:{percent[1]}%"' if percent else ""
    if not size and suffix == "png" and (natural := _png_width(data)):
        size = f' width="{natural}"'
    encoded = base64.b64encode(data).decode()
    html = f'<img src="data:{_MIME[suffix]};base64,{encoded}" alt="{escape(alternative)}"{size}>'
    typst_width = f"{int(pixels[1]) * 0.75:g}pt" if pixels else f"{percent[1]}%" if percent else "auto"
    typst = f"#picture({{file}}, {typst_string(alternative or 'picture')}, width: {typst_width})"
    return Atom("picture", alternative, html, typst, data=data, suffix=suffix)


def drawing_atom(svg: str) -> Atom:
    """Keep a drawing in SVG that stands in HTML: there as it is, for Typst as a picture of its own.

    Args:
        svg: the element, well-formed, inert, its names in small letters as HTML has them.

    Returns:
        The drawing; one that draws nothing, such as a store of symbols, leaves nothing in Typst.
    """
    label = re.search(r'<svg[^>]*?\saria-label="([^"]*)"', svg)
    words = unescape(label[1]) if label else "drawing"
    if not _DRAWS.search(re.sub(r"<(defs|symbol)\b.*?</\1>", "", svg, flags=re.DOTALL)):
        return Atom("picture", words, svg, "")
    named = _SVG_NAME.sub(lambda match: match[1] + _SVG_NAMES[match[2]], svg)
    if "xmlns=" not in named.partition(">")[0]:
        named = named.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    if "xlink:" in named and "xmlns:xlink" not in named:
        named = named.replace("<svg", '<svg xmlns:xlink="http://www.w3.org/1999/xlink"', 1)
    typst = f"#picture({{file}}, {typst_string(words)}, width: auto)"
    return Atom("picture", words, svg, typst, data=named.encode(), suffix="svg")


_DRAWS = re.compile(r"<(?:path|rect|circle|ellipse|line|polyline|polygon|text|image)\b")
_SVG_NAMES = {
    name.lower(): name
    for name in (
        "viewBox preserveAspectRatio gradientUnits gradientTransform spreadMethod patternUnits patternTransform "
        "patternContentUnits clipPathUnits maskUnits maskContentUnits markerWidth markerHeight markerUnits refX refY "
        "textLength lengthAdjust startOffset stdDeviation baseFrequency pathLength linearGradient radialGradient "
        "clipPath textPath feGaussianBlur feOffset feMerge feMergeNode feBlend feFlood feComposite feColorMatrix"
    ).split()
}
_SVG_NAME = re.compile(rf"((?:\s|</?))({'|'.join(_SVG_NAMES)})(?=[\s=>/])")


def missing_atom(path: str, alternative: str) -> Atom:
    """Stand in for a picture that is not there: its alternative text in a box."""
    text = alternative or path
    html = f'<span class="missing-image" role="img" aria-label="{escape(text)}">{escape(text)}</span>'
    return Atom("picture", alternative, html, f"#missing-image({typst_string(text)})", failed=f"{path} is missing")


def typst_string(text: str) -> str:
    """Return a Typst string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "").replace("\t", "\\t")
    return f'"{escaped}"'


def _png_width(data: bytes) -> int | None:
    """Return a PNG's own width in pixels, so that a page does not jump while it loads; None where there is none."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 24:
        return None
    (width,) = struct.unpack(">I", data[16:20])
    return width if width < 20_000 else None


def decode(text: str) -> bytes:
    """Decode base64; what is none gives no bytes, and the picture counts as missing."""
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


def data_uri(path: str) -> tuple[str, bytes] | None:
    """The kind and the bytes of a picture that stands in its own address."""
    match = re.match(r"data:(image/[a-z+]+);base64,(.*)", path, re.DOTALL)
    if match is None or match[1] not in IMAGES:
        return None
    return IMAGES[match[1]], decode(match[2])
