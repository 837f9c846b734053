"""Letters in the faces mathematics has characters for: bold, script, double-struck and so on."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from gradlab.tex._tree import Variant

_FACES: dict[Variant, tuple[str, ...]] = {
    "bold": ("MATHEMATICAL BOLD",),
    "bold-italic": ("MATHEMATICAL BOLD ITALIC", "MATHEMATICAL BOLD"),
    "double-struck": ("MATHEMATICAL DOUBLE-STRUCK", "DOUBLE-STRUCK"),
    "script": ("MATHEMATICAL SCRIPT", "SCRIPT"),
    "bold-script": ("MATHEMATICAL BOLD SCRIPT",),
    "fraktur": ("MATHEMATICAL FRAKTUR", "BLACK-LETTER"),
    "sans-serif": ("MATHEMATICAL SANS-SERIF",),
    "monospace": ("MATHEMATICAL MONOSPACE",),
}
_DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")


@lru_cache(maxsize=4096)
def styled(character: str, variant: Variant) -> str:
    """Return the character in a face, or itself where Unicode has none.

    Args:
        character: One character.
        variant: The face.

    Returns:
        One character.

    >>> styled("R", "double-struck"), styled("L", "script"), styled("x", "bold"), styled("=", "bold")
    ('ℝ', 'ℒ', '𝐱', '=')
    """
    for face in _FACES.get(variant, ()):
        name = _name(character)
        try:
            return unicodedata.lookup(f"{face} {name}")
        except KeyError:
            continue
    return character


def _name(character: str) -> str:
    if character in "0123456789" and character:
        return f"DIGIT {_DIGITS[int(character)]}"
    special = {"∇": "NABLA", "∂": "PARTIAL DIFFERENTIAL", "ϵ": "EPSILON SYMBOL", "ϕ": "PHI SYMBOL"}
    if character in special:
        return special[character]
    name = unicodedata.name(character, "")
    for prefix in ("LATIN ", "GREEK "):
        name = name.removeprefix(prefix)
    return name.replace("SMALL LETTER", "SMALL").replace("CAPITAL LETTER", "CAPITAL")
