"""A deep zoom as a moving picture: from each window of a map into the next."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gradlab.plot._style import PlotError, written
from gradlab.plot._trainability import COLOURS, axes_of, laid_out, places_of, shades_of

if TYPE_CHECKING:
    import xarray

_FRAMES_A_SECOND = 20
_INSIDE = 1e-9  # of a window's width that the next may lie outside, for rounding
Ends = NDArray[np.float64]  # of x and of y, shape (2, 2)


def zoom(dataset: xarray.Dataset, path: str | os.PathLike[str], *, seconds: float = 2.0, size: int = 480) -> Path:
    """Writes a deep zoom to a GIF, or to an MP4, which takes ffmpeg.

    Args:
        dataset: a map of several windows, as of ``gl.trainability(..., windows=8)``, each inside the one before.
        path: where to; ends in .gif or .mp4.
        seconds: from one window to the next.
        size: pixels along each side of the picture.

    Returns:
        The path.

    Raises:
        PlotError: if it has one window only, or one lies outside of the one before, the path ends in something else,
            its folder does not exist, or there is no ffmpeg for an MP4.

    >>> import tempfile
    >>> import gradlab as gl
    >>> made = gl.trainability(width=2, resolution=16, steps=20, windows=1)
    >>> zoom(made, tempfile.mkdtemp() + "/zoom.gif", seconds=0.5, size=32).name
    'zoom.gif'
    """
    target = Path(path)
    axes_of(dataset)
    if "window" not in dataset["loss_sum"].dims or dataset.sizes["window"] < 2:
        raise PlotError("a zoom goes through several windows; make them with gl.trainability(..., windows=8).")
    writers = {".gif": _write_gif, ".mp4": _write_mp4}
    if target.suffix.lower() not in writers:
        raise PlotError(f"{target.name!r} ends neither in .gif nor in .mp4; write {target.stem + '.gif'!r}.")
    with written(target) as unfinished:
        writers[target.suffix.lower()](unfinished, frames_of(dataset, seconds, size), size)
    return target


def frames_of(dataset: xarray.Dataset, seconds: float, size: int) -> Iterator[NDArray[np.uint8]]:
    """Returns the pictures of a zoom, each as numbers of its pixels' colours, shape (size, size), the top row first.

    The seconds are from one window to the next. Raises a PlotError if a window lies outside of the one before.
    """
    windows = [laid_out(dataset.isel(window=number)) for number in range(dataset.sizes["window"])]
    ends = [_ends(window) for window in windows]
    for number, (outer, inner) in enumerate(pairwise(ends)):
        room = _INSIDE * (outer[:, 1] - outer[:, 0])
        if (inner[:, 0] < outer[:, 0] - room).any() or (inner[:, 1] > outer[:, 1] + room).any():
            raise PlotError(f"window {number + 1} lies outside of window {number}; a zoom goes deeper each time.")
    count = max(1, round(seconds * _FRAMES_A_SECOND))
    for (outer, inner), windows_ends in zip(pairwise(windows), pairwise(ends), strict=True):
        # Each picture's shades go from those of its own window to those of the next.
        shades = [[shades_of(each, reference) for reference in (outer, inner)] for each in (outer, inner)]
        for share in np.arange(count) / count:
            weight = np.sin(share * np.pi / 2) ** 2
            yield _frame([(1 - weight) * a + weight * b for a, b in shades], windows_ends, share, size)
    yield _frame([shades_of(windows[-1])], (ends[-1],), 0.0, size)


def _ends(window: xarray.Dataset) -> Ends:
    return np.array([places_of(window[name].values)[[0, -1]] for name in axes_of(window)])


def _frame(pictures: list[NDArray[np.float64]], ends: tuple[Ends, ...], share: float, size: int) -> NDArray[np.uint8]:
    """The picture a share of the way from a window to the next, which lies on top of it."""
    seen = ends[0]
    if share:
        wide, narrow = (each[:, 1] - each[:, 0] for each in ends)
        width = wide * (narrow / wide) ** share
        start = ends[0][:, 0] + (ends[1][:, 0] - ends[0][:, 0]) * (wide - width) / (wide - narrow)
        seen = np.stack([start, start + width], axis=1)
    middles = (np.arange(size) + 0.5) / size
    made = np.full((size, size), np.nan)
    for picture, (x, y) in zip(pictures, ends, strict=True):
        places = []
        for (low, high), (first, last), length in zip((y, x), seen[::-1], picture.shape, strict=True):
            at = (first + (last - first) * middles - low) / (high - low)
            inside = np.flatnonzero((at >= 0) & (at <= 1))
            places.append((inside, np.minimum((at[inside] * length).astype(int), length - 1)))
        (rows, down), (columns, across) = places
        made[np.ix_(rows, columns)] = picture[np.ix_(down, across)]
    colours = np.where(np.isnan(made), COLOURS.N, np.minimum(np.nan_to_num(made) * COLOURS.N, COLOURS.N - 1))
    return colours.astype(np.uint8)[::-1]


def _palette() -> NDArray[np.uint8]:
    """The colours of all numbers, that of what is missing last."""
    return (np.vstack([COLOURS(np.arange(COLOURS.N)), COLOURS(np.nan)])[:, :3] * 255).round().astype(np.uint8)


def _write_gif(path: Path, frames: Iterator[NDArray[np.uint8]], size: int) -> None:
    pictures = []
    for frame in frames:
        picture = Image.frombytes("P", (size, size), frame.tobytes())
        picture.putpalette(_palette().tobytes())
        pictures.append(picture)
    pictures[0].save(path, "GIF", save_all=True, append_images=pictures[1:], duration=1000 // _FRAMES_A_SECOND, loop=0)


def _write_mp4(path: Path, frames: Iterator[NDArray[np.uint8]], size: int) -> None:
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size}x{size}", "-r", str(_FRAMES_A_SECOND), "-i", "-"]
    # Players need pairs of pixels, and colours that are kept at half the resolution.
    wanted = ["-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2", "-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p"]
    call = [_ffmpeg(), "-loglevel", "error", "-y", *given, *wanted, "-f", "mp4", str(path)]
    palette = _palette()
    content = b"".join(palette[frame].tobytes() for frame in frames)
    done = subprocess.run(call, input=content, capture_output=True, check=False)
    if done.returncode:
        raise PlotError(f"ffmpeg could not write the film: {done.stderr.decode(errors='replace').strip()}")


def _ffmpeg() -> str:
    """The program: the system's, or that of a wheel."""
    found: Any = shutil.which("ffmpeg")
    if found is None:
        try:
            found = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
        except ModuleNotFoundError:
            raise PlotError("an MP4 takes ffmpeg: pip install 'gradlab[video]', or write a .gif instead.") from None
    return str(found)
