"""What all figures share: colours, text, how a figure is made, shown and saved."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import AbstractPathEffect, withStroke

from gradlab._errors import GradlabError
from gradlab._files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colorbar import Colorbar
    from numpy.typing import ArrayLike

# Okabe and Ito 2008, "Color universal design": told apart with every common form of colour vision.
BLUE = "#0072B2"
SKY = "#56B4E9"
VERMILLION = "#D55E00"
GREY = "#767676"
# Nuñez, Anderton and Renslow 2018: lightness rises evenly, so the order survives grey printing.
COLOUR_MAP = "cividis"
FONT_SIZE = 10.0
MATHS = "dejavuserif"  # its glyphs are Unicode, so maths stays readable text in an SVG, unlike Computer Modern's

_FORMATS: dict[str, dict[str, Any]] = {
    # No dates and no version numbers, so that the same figure gives the same bytes.
    ".png": {"metadata": {"Software": None}},
    ".svg": {"metadata": {"Date": None, "Creator": None}},
    ".pdf": {"metadata": {"CreationDate": None, "Producer": None, "Creator": None}},
}
_TEXT_STAYS_TEXT: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "gradlab", "pdf.fonttype": 42}


class PlotError(GradlabError):
    """What was given cannot be drawn."""


class ShownFigure(Figure):
    """A figure that a notebook shows without pyplot, and therefore only once."""

    def _repr_png_(self) -> bytes:
        return to_bytes(self, ".png", dpi=120)


def check_kind(given: object, has: str, example: str) -> None:
    """Refuses with a PlotError what has not the attribute of what a picture draws, and says how that is written."""
    if not hasattr(given, has):
        kind = type(given).__name__
        raise PlotError(f"this draws no {kind}; write {example}.")


def figure_and_axes(ax: Axes | None, size: tuple[float, float]) -> tuple[Figure, Axes]:
    """Makes a new figure of one pair of axes, its size in inches, or takes the axes given."""
    if ax is None:
        figure = ShownFigure(figsize=size, layout="constrained")
        return figure, figure.add_subplot()
    figure = ax.figure
    while not isinstance(figure, Figure):  # a subfigure lies in a figure
        figure = figure.figure
    return figure, ax


def outlined(width: float, colour: str = "white") -> list[AbstractPathEffect]:
    """Returns an effect that outlines a line or text, so that it shows on any background; the width is that of both."""
    return [withStroke(linewidth=width, foreground=colour)]


def colour_bar(ax: Axes, mapped: ScalarMappable, ticks: ArrayLike, label: str) -> Colorbar:
    """Draws a colour bar as high as the axes, whatever their aspect."""
    bar = ax.figure.colorbar(mapped, cax=ax.inset_axes((1.04, 0.0, 0.05, 1.0)))
    bar.set_ticks(np.asarray(ticks).tolist(), labels=told_apart(ticks))
    bar.set_label(label)
    bar.ax.yaxis.label.set(fontsize=FONT_SIZE, math_fontfamily=MATHS)
    bar.ax.tick_params(labelsize=FONT_SIZE - 1)
    return bar


# Shapes that are told apart where they are small and grey; no two classes look alike.
_SHAPES = ("o", "^", "s", "D", "v", "P", "<", "*", "X", ">", "p", "h")


def marker_of(number: int) -> tuple[str, str, str]:
    """Returns a class's marker, its colour and its edge's: shape and brightness both tell the classes apart."""
    shape = _SHAPES[number] if number < len(_SHAPES) else f"${number}$"
    return (shape, "white", "black") if number % 2 == 0 else (shape, "black", "white")


def told_apart(values: ArrayLike) -> list[str]:
    """Writes different numbers with as few digits as tell them apart, three at least.

    >>> told_apart([0.6, 2.25, 1263.0]), told_apart([1000.1, 1000.2])
    (['0.6', '2.25', '1260'], ['1000.1', '1000.2'])
    """
    numbers = np.asarray(values, dtype=np.float64).tolist()
    digits = 3
    while len({f"{number:.{digits}g}" for number in numbers}) < len(set(numbers)):
        digits += 1  # 17 tell all numbers apart
    return [f"{float(f'{number:.{digits}g}'):.15g}" for number in numbers]


def plain_axes(ax: Axes) -> None:
    """Takes the frame's top and right lines away, and makes all its text one size."""
    ax.spines[["top", "right"]].set_visible(False)
    same_text(ax)


def same_text(ax: Axes) -> None:
    """Sets the size of labels and ticks and the font of maths, whatever the person's settings are."""
    for text in (ax.xaxis.label, ax.yaxis.label, ax.title):
        text.set(fontsize=FONT_SIZE, math_fontfamily=MATHS)
    ax.tick_params(labelsize=FONT_SIZE - 1)


def maths(name: str) -> str:
    """Returns a name such as x1 or x_1 as maths text; other names stay as they are."""
    letter, digits = name.rstrip("0123456789").rstrip("_"), name[len(name.rstrip("0123456789")) :]
    if len(letter) != 1 or not letter.isalpha():
        return name
    return f"${letter}_{{{digits}}}$" if digits else f"${letter}$"


def save(figure: Figure, path: str | os.PathLike[str], *, dpi: float = 200.0) -> Path:
    """Writes a figure to a PNG, SVG or PDF file, as its name ends.

    The same figure gives the same bytes. Text in SVG and PDF stays text (in PDF: TrueType, type 42),
    so that it can be searched and copied. An existing file is replaced as a whole or not at all.

    Args:
        figure: what to write.
        path: where to; ends in .png, .svg or .pdf.
        dpi: dots per inch of a PNG.

    Returns:
        The path.

    Raises:
        PlotError: if the file's ending is another one, or its folder does not exist.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(ShownFigure(), f"{folder}/empty.svg").name
    'empty.svg'
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _FORMATS:
        raise PlotError(
            f"{target.name!r} ends in none of .png, .svg and .pdf; write {target.name.rstrip('.') + '.png'!r}."
        )
    with written(target) as unfinished:
        unfinished.write_bytes(to_bytes(figure, suffix, dpi=dpi))
    return target


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """As `replacing`; raises a PlotError if the folder does not exist, or the file cannot be written."""
    if not target.parent.is_dir():
        raise PlotError(f"the folder {str(target.parent)!r} does not exist; make it first or write another path.")
    try:
        with replacing(target) as unfinished:
            yield unfinished
    except OSError as problem:
        raise PlotError(f"{str(target)!r} cannot be written: {problem.strerror or problem}.") from None


def to_bytes(figure: Figure, suffix: str, *, dpi: float) -> bytes:
    """Returns the content of the file that `save` writes; the suffix is ".png", ".svg" or ".pdf"."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(_TEXT_STAYS_TEXT):
        figure.savefig(buffer, format=suffix[1:], dpi=dpi, bbox_inches="tight", **_FORMATS[suffix])
    return buffer.getvalue()
