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


def css_colour(name: str, model: str = "") -> str:
    """Return a colour as #rrggbb; the names are darkened to be legible on white.

    Args:
        name: a name, #rrggbb, or numbers in a model.
        model: how to read numbers: rgb (0 to 1), RGB (0 to 255), HTML (six digits), gray; by default it is a name.

    Raises:
        TexError: The colour is not known.

    >>> css_colour("red"), css_colour("#abc"), css_colour("1,0,.5", "rgb"), css_colour("00FF00", "HTML")
    ('#d00000', '#aabbcc', '#ff0080', '#00ff00')
    """
    name = name.strip()
    if model and model != "named":
        return _of_model(name, model.strip())
    if re.fullmatch(r"#[0-9A-Fa-f]{6}", name):
        return name
    if re.fullmatch(r"#[0-9A-Fa-f]{3}", name):
        return "#" + "".join(2 * digit for digit in name[1:])
    plain = _SHADE.sub("", name.lower())
    if plain not in _NAMES:
        raise TexError(f"the colour {name!r} is not known: write a name such as blue or #rrggbb")
    return _NAMES[plain]


def _of_model(text: str, model: str) -> str:
    if model == "HTML" and re.fullmatch(r"[0-9A-Fa-f]{6}", text):
        return f"#{text.lower()}"
    parts = text.split(",") if model != "gray" else [text] * 3
    scale = 1 if model == "RGB" else 255
    if model in ("rgb", "RGB", "gray") and len(parts) == 3 and all(_NUMBER.fullmatch(part) for part in parts):
        return "#" + "".join(f"{min(255, max(0, round(scale * float(part)))):02x}" for part in parts)
    raise TexError(f"{text!r} is no colour in the model {model!r}: write [rgb]{{1,0,0}}, [HTML]{{FF0000}} or a name")


_SHADE = re.compile(r"^(?:dark|light|medium|deep|pale)(?=[a-z])")  # all are shown in the one that is legible
_NUMBER = re.compile(r"\s*\d*\.?\d+\s*")
