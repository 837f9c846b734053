"""`gradlab sweep`: what it makes of a file, and what it says of one that cannot be used."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from functools import wraps
from pathlib import Path

import numpy as np
import pandas
import pytest

import gradlab as gl
from gradlab.cli import main
from gradlab.cli._sweep import _write_table
from gradlab.cli._sweep_spec import SpecError, read_spec
from gradlab.rules import Adam, AdamW, Momentum, Nesterov, RMSProp, snake
from gradlab.train import data_sets
from gradlab.train.work import _layout

EXAMPLE = Path(__file__).parents[3] / "examples" / "sweep_five_points.toml"
SPEC = """
[network]
sizes = [2, 2, 1]

[data]
set = "five_points"

[sweep]
learning_rate = [1.0, 5.0]
init_scale = { from = 0.5, to = 1.0, count = 2 }
steps = 60
restarts = 100

[recommend]
restarts = 200
"""


@pytest.fixture
def write(tmp_path):
    def call(text: str) -> Path:
        path = tmp_path / "spec.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return call


def test_it_prints_the_best_settings_and_the_recommendation(write, capsys, tmp_path):
    picture, table = tmp_path / "map.png", tmp_path / "rates.csv"
    assert main(["sweep", str(write(SPEC)), "--map", str(picture), "--table", str(table), "--best", "3"]) == 0
    out, err = capsys.readouterr()
    grid = gl.sweep(
        gl.mlp([2, 2, 1]), gl.datasets.five_points(), learning_rate=[1, 5], init_scale=[0.5, 1], steps=60, restarts=100
    )
    ranking, _, advice = out.partition("\n\n")
    assert advice.rstrip("\n") == str(gl.recommend(grid, restarts=200))
    heads, *rows = ranking.splitlines()
    assert heads.split() == ["init", "scale", "learning", "rate", "success", "interval", "nearby"]
    assert len(rows) == 3
    assert "400 of 400 runs" in err
    assert picture.read_bytes().startswith(b"\x89PNG")
    with table.open() as lines:
        rates = {(float(row["learning_rate"]), float(row["init_scale"])): row["rate"] for row in csv.DictReader(lines)}
    assert float(rates[5.0, 0.5]) == grid.success.sel(learning_rate=5, init_scale=0.5).mean()
    assert len(rates) == 4


def test_a_sweep_of_one_setting_is_shown_too(write, capsys, tmp_path):
    text = SPEC.replace("[1.0, 5.0]", "5.0").replace("{ from = 0.5, to = 1.0, count = 2 }", "0.7")
    assert main(["sweep", str(write("\ufeff" + text)), "--table", str(tmp_path / "rates.csv")]) == 0
    assert "classify all five points right" in capsys.readouterr().out
    assert len((tmp_path / "rates.csv").read_text().splitlines()) == 2


def test_a_table_is_written_as_parquet_too(tmp_path, monkeypatch):
    frame = pandas.DataFrame({"learning_rate": [1.0, 5.0], "rate": [0.5, 0.75]})
    _write_table(frame, tmp_path / "rates.parquet")
    pandas.testing.assert_frame_equal(pandas.read_parquet(tmp_path / "rates.parquet"), frame)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "fastparquet", None)
    with pytest.raises(gl.GradlabError, match="or write a"):
        _write_table(frame, tmp_path / "rates.parquet")


def test_ctrl_c_shows_what_is_done_and_says_so_with_its_status(write, capsys, monkeypatch):
    real = gl.sweep

    def stopped(*arguments, progress, **settings):
        def stop(state):
            progress(state)
            if state.cost is None:
                raise KeyboardInterrupt

        return real(*arguments, progress=stop, **settings)

    # It has the signature that the file's keys are checked against.
    monkeypatch.setattr(gl, "sweep", wraps(real)(stopped))
    monkeypatch.setattr(_layout, "_MOST", 64)
    assert main(["sweep", str(write(SPEC.replace("[1.0, 5.0]", "5.0")))]) == 130
    out, err = capsys.readouterr()
    assert "learning rate 5" in out
    assert "of 200 runs; this is what they say" in err


def test_the_example_can_be_read_and_its_comments_are_true():
    spec = read_spec(EXAMPLE)
    assert spec.net.sizes == (2, 2, 1)
    assert len(spec.settings["learning_rate"]) == 10
    assert spec.settings["learning_rate"][0] == 0.3
    assert spec.settings["learning_rate"][-1] == 20
    assert spec.advice == {"restarts": 4000}
    text = EXAMPLE.read_text(encoding="utf-8")
    assert re.search(r'set = "five_points" +# or ([^;]*);', text)[1] == ", ".join([*data_sets()][1:])
    assert re.search(r"# or ([a-z, ]*), with numbers", text)[1] == ", ".join(
        snake(rule.__name__) for rule in (Momentum, Nesterov, RMSProp, Adam, AdamW)
    )


def test_ranges_have_three_digits_and_the_spacing_they_say(write):
    text = SPEC.replace("[1.0, 5.0]", '{ from = 1, to = 2, count = 3, spacing = "linear" }')
    assert read_spec(write(text)).settings["learning_rate"] == [1.0, 1.5, 2.0]
    assert read_spec(write(SPEC)).settings["init_scale"] == [0.5, 1.0]
    text = SPEC.replace("[1.0, 5.0]", "{ 1 = [0.1, 1.0], 2 = { from = 0.1, to = 3, count = 3 } }")
    assert read_spec(write(text)).settings["learning_rate"] == {1: [0.1, 1.0], 2: [0.1, 0.548, 3.0]}


def test_a_section_is_no_value(write):
    with pytest.raises(SpecError, match=r"recommend is a section: write \[recommend\]"):
        read_spec(write("recommend = 3\n" + SPEC.partition("[recommend]")[0]))


def test_data_can_come_from_a_file_beside_it(write, tmp_path):
    (tmp_path / "points.csv").write_text("# x, y, label\n0, 0, 1\n1, 0, 0\n0, 1, 0\n", encoding="utf-8")
    data = read_spec(write(SPEC.replace('set = "five_points"', 'file = "points.csv"'))).data
    np.testing.assert_array_equal(data.x, [[0, 0], [1, 0], [0, 1]])
    np.testing.assert_array_equal(data.y, [1, 0, 0])
    assert data.name == "points"
    scaled = SPEC.replace('set = "five_points"', 'file = "points.csv"\nstandardise = ["x"]')
    np.testing.assert_allclose(read_spec(write(scaled)).data.inputs[:, 0], [-(0.5**0.5), 2**0.5, -(0.5**0.5)])
    moons = read_spec(write(SPEC.replace('"five_points"', '"two_moons"\nn = 30\nseed = 2'))).data
    np.testing.assert_array_equal(moons.x, gl.datasets.two_moons(30, seed=2).x)


def test_a_file_without_an_end_is_not_read_to_it(monkeypatch):
    monkeypatch.setattr("gradlab.cli._sweep_spec._LONGEST", 1000)
    with pytest.raises(SpecError, match="/dev/zero has more than 1,000 bytes, the limit for a specification"):
        read_spec(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[network]", "[netwrok]", r"netwrok is unknown; did you mean network\?"),
        ("[network]", "[network", "is not a TOML file.*line 2"),
        ("sizes = [2, 2, 1]", "", r"network.sizes is missing; write for example sizes = \[2, 2, 1\]"),
        ("sizes = [2, 2, 1]", "sizes = [2, 2, 1]\nhiden = 'tanh'", r"network.hiden is unknown; did you mean hidden\?"),
        ("sizes = [2, 2, 1]", "sizes = [2]", r"\[network\]: .*two or more"),
        ("sizes = [2, 2, 1]", "sizes = [2, 2, 1]\nhidden = 'tan'", r"\[network\]: .*tan"),
        ("[data]\n", "", r"the section \[data\] is missing"),
        ('set = "five_points"', "", r"\[data\] needs either set, one of five_points.*or file"),
        ('set = "five_points"', 'set = "five_point"', r"data.set is 'five_point'; did you mean 'five_points'\?"),
        ('set = "five_points"', 'set = "five_points"\nn = 3', "data.n is unknown"),
        ('set = "five_points"', 'set = "two_moons"\nn = 1', r"\[data\]: n must be at least 2"),
        ('set = "five_points"', 'file = "none.csv"', r"\[data\]: .*none.csv cannot be read"),
        ('set = "five_points"', 'file = "none.csv"\nlabels = 2', r"data.labels is unknown; did you mean label\?"),
        (
            'set = "five_points"',
            'file = "a.csv"\nstandardize = true',
            r"data.standardize is unknown; did you mean stand",
        ),
        ("steps = 60", "step = 60", r"sweep.step is unknown; did you mean steps\?"),
        ("steps = 60", "net = 60", "sweep.net is unknown"),
        ("to = 1.0, ", "", r"sweep.init_scale.to is missing; write init_scale = \{ from"),
        ("to = 1.0", "to = 'one'", "sweep.init_scale.to must be a number, but it is 'one'"),
        ("[1.0, 5.0]", '["1/2", "0.1"]', "sweep.learning_rate has '0.1', which is text; write 0.1, without quotes"),
        ("count = 2", "count = 1", "sweep.init_scale.count must be a whole number from 2 to"),
        ("count = 2", "count = 100000000000000000000", "must be a whole number from 2 to 1,000,000"),
        ("[network]", "a = " + "[" * 3000 + "]" * 3000, "is not a TOML file"),
        ('set = "five_points"', 'file = "/dev/zero"', "has more than 1,000 bytes, the limit for a table of text"),
        ("count = 2", "number = 2", "sweep.init_scale.number is unknown; there are from, to, count, spacing"),
        ("from = 0.5", "from = 0", r'sweep.init_scale.from must be greater than 0.*spacing = "linear"'),
        ("count = 2", 'count = 2, spacing = "log"', "sweep.init_scale.spacing is 'log'"),
        (
            "[recommend]\n",
            "[recommend]\nloss_belw = 0.1\n",
            r"recommend.loss_belw is unknown; did you mean loss_below\?",
        ),
    ],
)
def test_the_key_that_cannot_be_used_is_named(write, old, new, message, monkeypatch):
    monkeypatch.setattr("gradlab.train._tables._LONGEST", 1000)
    assert old in SPEC
    with pytest.raises(SpecError, match=message) as caught:
        read_spec(write(SPEC.replace(old, new, 1)))
    assert "spec.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[1.0, 5.0]", "[1.0, -5.0]", "[sweep]: learning_rate[1] must be greater than 0, but it is -5.0"),
        ("steps = 60", "steps = 60\nseed = -1", "[sweep]: seed must be at least 0"),
        ("restarts = 200", "restarts = 0", "[recommend]: restarts must be at least 1"),
        ("sizes = [2, 2, 1]", "sizes = [3, 2, 1]", "[sweep]: the points of 'five points' have 2 coordinates"),
    ],
)
def test_what_the_sweep_refuses_is_a_message_and_no_traceback(write, capsys, old, new, message):
    assert main(["sweep", str(write(SPEC.replace(old, new, 1)))]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_a_file_that_is_not_there_is_wrong_usage(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a long path would be broken over lines in the message
    assert main(["sweep", "none.toml"]) == 2
    assert "none.toml" in capsys.readouterr().err


def test_numpy_is_not_loaded_until_a_sweep_begins():
    code = "import sys, gradlab.cli._sweep, gradlab.cli._derive; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_help_names_the_data_sets_of_the_table(capsys):
    assert main(["sweep", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in data_sets())


def test_a_sweep_goes_into_a_store_and_on_from_there(write, capsys, tmp_path):
    spec, store = str(write(SPEC)), tmp_path / "sweep.zarr"
    assert main(["sweep", spec]) == 0
    expected, _ = capsys.readouterr()
    assert main(["sweep", spec, "--out", str(store)]) == 0
    out, err = capsys.readouterr()
    assert out == expected
    assert "400 of 400 runs" in err
    assert main(["sweep", spec, "--out", str(store)]) == 1
    assert "go on with it by --resume" in capsys.readouterr().err
    assert main(["sweep", spec, "--out", str(store), "--resume"]) == 0
    assert capsys.readouterr().out == expected
    assert gl.open(store).sizes["restart"] == 100
    assert main(["sweep", spec, "--resume"]) == 2
    assert "--out STORE.zarr" in capsys.readouterr().err
