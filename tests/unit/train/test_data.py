from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import gradlab as gl
from gradlab.cli._sweep_spec import SpecError, read_spec
from gradlab.train import DataError, TrainError, _data_sets, data_set, data_sets, datasets, sweep, train

DOCS = Path(__file__).parents[3] / "docs"


def test_five_points_are_those_of_the_lab():
    x, y = datasets.five_points()
    assert x.tolist() == [[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]]
    assert y.tolist() == [1, 0, 0, 0, 0]


def test_xor_is_the_exclusive_or():
    x, y = datasets.xor()
    assert y.tolist() == [a != b for a, b in x.tolist()]


@pytest.mark.parametrize("make", [datasets.two_moons, datasets.circles, datasets.spirals])
@given(n=st.integers(2, 60), seed=st.integers(0, 2**64))
def test_random_sets_have_n_points_of_two_classes_and_obey_the_seed(make, n, seed):
    data, again = make(n, 0.1, seed), make(n, 0.1, seed)
    np.testing.assert_array_equal(data.x, again.x)
    assert data.x.shape == (n, 2)
    assert int(data.y.sum()) == n // 2
    assert not np.array_equal(data.x, make(n, 0.1, seed + 1).x)


def test_without_noise_the_points_lie_on_their_outlines():
    x, y = datasets.circles(40, noise=0, inner=0.3)
    np.testing.assert_allclose(np.hypot(*x.T), np.where(y == 1, 0.3, 1.0))
    x, y = datasets.two_moons(40, noise=0)
    centre = np.where(y[:, None] == 1, [1.0, 0.5], [0.0, 0.0])
    np.testing.assert_allclose(np.hypot(*(x - centre).T), 1.0)
    x, y = datasets.spirals(40, noise=0)
    np.testing.assert_allclose(x[y == 0], -x[y == 1], atol=1e-12)


def test_data_keeps_its_own_copy_that_cannot_be_changed():
    x = np.zeros((2, 2))
    data = datasets.dataset(x, [0, 1], name="mine", names=("length", "width"))
    x[0, 0] = 9
    assert data.x[0, 0] == 0
    assert data.names == ("length", "width")
    assert "mine" in repr(data)
    with pytest.raises(ValueError, match="read-only"):
        data.x[0, 0] = 1


def test_a_column_of_labels_is_taken_as_labels():
    assert datasets.dataset([[1, 2], [3, 4]], [[0], [1]]).y.shape == (2,)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2, 3], [0, 1, 0], r"x.reshape\(-1, 1\)"),
        (np.zeros((0, 2)), [], "at least one point"),
        ([[1, 2], [3, 4]], [0, 1, 1], r"each of the 2 points.*shape \(2,\)"),
        ([[1, 2], [3, 4]], 1.0, "one label for each"),
        ([[1, float("nan")], [3, 4]], [0, 1], r"1 entries that are NaN.*x\[0, 1\]"),
        ([[1, 2], [3, 4]], [0, float("inf")], r"y\[1\]"),
        ([[1, 2], [3]], [0, 1], "rows of the same length"),
        ([["a", "b"]], [0], "numbers only"),
        ([[1j, 0]], [0], "real numbers"),
    ],
)
def test_arrays_that_are_no_data(x, y, message):
    with pytest.raises(DataError, match=message):
        datasets.dataset(x, y)


def test_names_must_match_the_coordinates():
    with pytest.raises(DataError, match="1 entries for 2 coordinates"):
        datasets.dataset([[1, 2]], [0], names=("a",))


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (datasets.two_moons, {"n": 1}, "n must be at least 2"),
        (datasets.two_moons, {"noise": -0.1}, "noise must be 0 or greater"),
        (datasets.circles, {"inner": 1.0}, "inner must be less than 1"),
        (datasets.circles, {"inner": 0}, "inner must be greater than 0"),
        (datasets.spirals, {"turns": float("inf")}, "turns must be finite"),
        (datasets.spirals, {"seed": 0.5}, "seed must be a whole number"),
    ],
)
def test_settings_of_the_sets(make, settings, message):
    with pytest.raises(TrainError, match=message):
        make(**settings)


def test_masked_and_complex_arrays_are_refused():
    masked = np.ma.masked_equal([[1.0, 2.0], [3.0, 4.0]], 2)
    with pytest.raises(DataError, match=r"1 entry is masked.*x\[~x.mask.any\(axis=1\)\]"):
        datasets.dataset(masked, [0, 1])
    assert datasets.dataset(np.ma.array([[1.0], [2.0]]), [0, 1]).x.tolist() == [[1.0], [2.0]]
    for values in (np.array([[1j, 0]]), torch.tensor([[1j, 0]]), pandas.DataFrame({"a": [1j]})):
        with pytest.raises(DataError, match=r"complex numbers.*two columns"):
            datasets.dataset(values, [0])
    with pytest.raises(DataError, match="y holds complex"):
        datasets.dataset([[1.0]], np.array([1j]))


def test_dates_and_numbers_that_numpy_lacks_are_refused():
    days = np.array([["2020-01-01"], ["2020-01-02"]], dtype="M8[D]")
    for values in (days, days - days.min(), pandas.DataFrame({"day": days[:, 0]})):
        with pytest.raises(DataError, match=r"x holds dates or spans of time.*timedelta64"):
            datasets.dataset(values, [0, 1])
    with pytest.raises(DataError, match=r"bfloat16, which NumPy lacks; give x.float\(\)"):
        datasets.dataset(torch.ones(2, 1, dtype=torch.bfloat16), [0, 1])
    with pytest.raises(DataError, match=r"x is a sparse tensor; give x.to_dense\(\)"):
        datasets.dataset(torch.ones(2, 1).to_sparse(), [0, 1])


def test_tensors_and_tables_are_data_and_keep_their_names():
    tensor = torch.ones(2, 2, requires_grad=True)
    assert datasets.dataset(tensor, torch.tensor([0, 1])).x.tolist() == [[1, 1], [1, 1]]
    frame = pandas.DataFrame({"length": [1, 2], "width": [3, 4]})
    assert datasets.dataset(frame, pandas.Series([0, 1])).names == ("length", "width")
    named = np.array([(1.0, 2.0)], dtype=[("u", float), ("v", float)])
    assert datasets.dataset(named, [1]).names == ("u", "v")
    with pytest.raises(DataError, match=r"column 'species'.*table\(table, label='species'\)"):
        datasets.dataset(pandas.DataFrame({"length": [1], "species": ["a"]}), [0])


def test_labels_that_are_text_are_the_numbers_of_their_classes():
    data = datasets.dataset([[1], [2], [3]], ["b", "a", "b"])
    assert data.y.tolist() == [1, 0, 1]
    assert data.classes == ("a", "b")
    with pytest.raises(DataError, match=r"y\[1\] is an empty text"):
        datasets.dataset([[1], [2]], ["b", " "])


def test_class_numbers_are_labels_for_softmax():
    net, x = gl.mlp([1, 2, 3], loss="softmax_cross_entropy"), [[0.0], [1.0], [2.0], [3.0]]
    by_number = train(net, (x, [0, 2, 1, 2]), steps=5, restarts=3)
    by_text = train(net, (x, ["i", "k", "j", "k"]), steps=5, restarts=3)
    by_row = train(net, (x, np.eye(3)[[0, 2, 1, 2]]), steps=5, restarts=3)
    np.testing.assert_array_equal(by_number.curves, by_row.curves)
    np.testing.assert_array_equal(by_text.curves, by_row.curves)
    grid = sweep(net, (x, ["i", "k", "j", "k"]), steps=5, restarts=3, dtype="float64")
    np.testing.assert_array_equal(grid.loss, by_row.losses)
    assert grid["class"].values.tolist() == ["i", "j", "k"]
    for wrong, advice in (
        ([1, 2, 3, 3], "write y - 1"),
        ([0.5, 1, 2, 0], "a whole number from 0 to 2"),
        ([-1, 0, 1, 2], "make the network with 4 outputs"),
    ):
        with pytest.raises(DataError, match=advice):
            train(net, (x, wrong))


def test_a_made_up_set_is_where_data_sets_are(tmp_path):
    known = {*data_sets()}

    @data_set
    def two_rows(gap=1.0):
        """Returns two points."""
        return datasets.dataset([[0.0], [gap]], [0, 1], name="two rows")

    try:
        assert datasets.two_rows is two_rows
        spec = tmp_path / "spec.toml"
        spec.write_text('[network]\nsizes = [1, 1]\n[data]\nset = "two_rows"\ngap = 3\n')
        assert read_spec(spec).data.x.tolist() == [[0], [3]]
        spec.write_text('[network]\nsizes = [1, 1]\n[data]\nset = "wide"\n')
        with pytest.raises(SpecError, match="two_rows"):
            read_spec(spec)
    finally:
        _data_sets._ROWS.pop("two_rows")
    with pytest.raises(AttributeError, match="there are five_points, xor"):
        datasets.two_rows  # noqa: B018  # it is gone
    assert {*data_sets()} == known


@pytest.mark.parametrize("name", data_sets())
def test_every_set_has_defaults_an_example_and_a_place_in_the_docs(name):
    make = data_sets()[name]
    data = make()
    assert set(np.unique(data.y)) == {0, 1}
    assert ">>>" in make.__doc__
    assert vars(datasets)[name] is make
    assert f"`{name}`" in (DOCS / "data.md").read_text(encoding="utf-8")


def test_equal_points_with_different_labels_are_told():
    net, data = gl.mlp([2, 2, 1]), ([[1, 2], [0, 1], [1, 2]], [0, 1, 1])
    said = "points 0 and 2 are equal and have different labels"
    runs = gl.train(net, data, learning_rate=1.0, steps=5, restarts=3)
    assert said in str(runs)
    assert said in str(runs.diagnose())
    with pytest.raises(TrainError, match=said):
        gl.recommend(gl.sweep(net, data, learning_rate=[1.0], restarts=3, steps=5))
