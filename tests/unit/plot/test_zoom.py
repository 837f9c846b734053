from __future__ import annotations

import sys

import numpy as np
import pytest
import xarray
from PIL import Image

from gradlab.plot import PlotError, _zoom, zoom
from gradlab.plot._trainability import COLOURS

ENDS = (np.array([0.1, 1000.0]), np.array([1.0, 10.0]))


def made(*ends, side=8):
    """A map of windows: the left half converges in the first, the upper half in the others."""
    rates = np.array([np.geomspace(*each, side) for each in ends])
    flags = np.zeros((len(ends), side, side))
    flags[0, :, : side // 2] = 1
    flags[1:, side // 2 :] = 1
    dims = ("window", "y", "x")
    return xarray.Dataset(
        {"loss_sum": (dims, np.ones(flags.shape)), "converged": (dims, flags)},
        {"one": (("window", "x"), rates), "two": (("window", "y"), rates)},
        {"x": "one", "y": "two"},
    )


def test_frames_go_from_a_window_into_the_next_which_lies_on_top():
    first, *_, last = _zoom.frames_of(made(*ENDS), seconds=0.5, size=40)
    half = COLOURS.N // 2
    assert (first[:, :10] < half).all(), "the left of the first window converges"
    assert (first[:, -10:] >= half).all(), "the right does not"
    assert (first[21:24, 11:19] < half).all(), "below the middle lies the next, whose upper half converges"
    assert (first[26:29, 11:19] >= half).all()
    assert (last[:20] < half).all()
    assert (last[20:] >= half).all()


def test_a_gif_has_the_colours_of_the_map(tmp_path):
    path = zoom(made(*ENDS), tmp_path / "zoom.gif", seconds=0.2, size=24)
    with Image.open(path) as film:
        assert (film.n_frames, film.size) == (5, (24, 24))
        colours = {colour for _, colour in film.convert("RGB").getcolors()}
    palette = {tuple(round(255 * part) for part in COLOURS(place)[:3]) for place in range(COLOURS.N)}
    assert colours <= palette
    assert [file.name for file in tmp_path.iterdir()] == ["zoom.gif"]


def test_an_mp4_is_what_ffmpeg_makes_of_the_frames(tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!{sys.executable}\nimport sys\nopen(sys.argv[-1], 'wb').write(sys.stdin.buffer.read())\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    path = zoom(made(*ENDS), tmp_path / "zoom.mp4", seconds=0.2, size=24)
    assert path.stat().st_size == 5 * 24 * 24 * 3
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('no such codec')\n")
    with pytest.raises(PlotError, match="could not write the film: no such codec"):
        zoom(made(*ENDS), tmp_path / "other.mp4", seconds=0.2, size=24)
    program.unlink()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(PlotError, match=r"pip install 'gradlab\[video\]', or write a .gif"):
        zoom(made(*ENDS), tmp_path / "other.mp4")


@pytest.mark.parametrize(
    ("dataset", "name", "message"),
    [
        (made(ENDS[0]), "zoom.gif", "goes through several windows"),
        (made(ENDS[1], ENDS[0]), "zoom.gif", "window 1 lies outside of window 0"),
        (made(*ENDS), "zoom.webm", "neither in .gif nor in .mp4; write 'zoom.gif'"),
        (made(*ENDS), "none/zoom.gif", "does not exist"),
        (xarray.Dataset(), "zoom.gif", "no map of trainability"),
    ],
)
def test_what_is_no_zoom_is_said(dataset, name, message, tmp_path):
    with pytest.raises(PlotError, match=message):
        zoom(dataset, tmp_path / name)
