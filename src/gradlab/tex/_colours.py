"""Colour names that TeX users write, as CSS and Typst both read them."""

from __future__ import annotations

import re

from gradlab.tex._errors import TexError

_NAMES = {
    "black": "#000000", "white": "#ffffff", "red": "#d00000", "green": "#007a00", "blue": "#0000d0", "cyan": "#007f7f",
    "magenta": "#a000a0", "yellow": "#8a7000", "orange": "#b35900", "purple": "#7a00a0", "violet": "#7a00a0",
    "brown": "#7a4a1e", "gray": "#6b6b6b", "grey": "#6b6b6b", "teal": "#007070", "olive": "#6b6b00", "pink": "#c2417c",
    "lime": "#4a8000",
}  # fmt: skip


def css_colour(name: str) -> str:
    """Return a colour as #rrggbb; the names are darkened to be legible on white.

    Raises:
        TexError: The colour is not known.

    >>> css_colour("red"), css_colour("#abc")
    ('#d00000', '#aabbcc')
    """
    name = name.strip()
    if re.fullmatch(r"#[0-9A-Fa-f]{6}", name):
        return name
    if re.fullmatch(r"#[0-9A-Fa-f]{3}", name):
        return "#" + "".join(2 * digit for digit in name[1:])
    if name.lower() not in _NAMES:
        raise TexError(f"the colour {name!r} is not known: write a name such as blue or #rrggbb")
    return _NAMES[name.lower()]
