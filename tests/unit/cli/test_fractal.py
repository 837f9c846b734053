from __future__ import annotations

import pytest

import gradlab as gl
from gradlab.cli import main

SMALL = ["fractal", "--width", "3", "--resolution", "20", "--steps", "20"]


def test_a_map_is_kept_drawn_and_gone_on_with(tmp_path, capsys):
    call = [*SMALL, "--out", str(tmp_path / "map.zarr"), "--picture", str(tmp_path / "map.png")]
    assert main(call) == 0
    said = capsys.readouterr()
    assert "of the settings converge" in said.out
    assert "dimension of the boundary, by counting boxes: 1." in said.out
    assert "400 of 400 pixels to train in a chunk, 4.4 kB of the disk" in said.err
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert bool(gl.open(tmp_path / "map.zarr")["done"].all())
    assert main(call) == 1
    assert "is there already; go on with it by --resume" in capsys.readouterr().err
    assert main([*call, "--resume"]) == 0


def test_a_film_of_a_zoom_is_written(tmp_path, capsys):
    assert main([*SMALL, "--windows", "1", "--film", str(tmp_path / "zoom.gif")]) == 0
    assert (tmp_path / "zoom.gif").read_bytes().startswith(b"GIF89a")


def test_ctrl_c_keeps_what_is_done_and_draws_it(tmp_path, capsys, monkeypatch):
    from gradlab.train.maps import _layout

    monkeypatch.setattr(_layout, "_SIDE", 10)
    whole = gl.trainability

    def stopped(progress, **settings):
        def stop(said):
            progress(said)
            if said.done == 200:
                raise KeyboardInterrupt

        return whole(progress=stop, **settings)

    monkeypatch.setattr(gl, "trainability", stopped)
    assert main([*SMALL, "--picture", str(tmp_path / "map.png")]) == 130
    assert "stopped after 50 % of the map" in capsys.readouterr().err
    assert (tmp_path / "map.png").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--panel", "sigmoid"], "is none of tanh, relu, identity"),
        (["--x", "learning_rate"], "write learning_rate[0],0.1,10000"),
        (["--film", "zoom.gif"], "--windows 6"),
        (["--resume"], "--out STORE.zarr"),
    ],
)
def test_wrong_usage_is_said(options, message, capsys):
    assert main([*SMALL, *options]) == 2
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_the_help_names_all_panels(capsys):
    from gradlab.cli._fractal import _PANELS
    from gradlab.train import PANELS

    assert ", ".join(PANELS) == _PANELS
