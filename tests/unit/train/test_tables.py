"""Data from tables: what is read, with which names, and what is said of a table that cannot be used."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas
import pytest

import gradlab as gl
from gradlab.train import DataError, TrainError, _tables
from gradlab.train.datasets import dataset, table

FRAME = pandas.DataFrame(
    {
        "length": [5.1, 7.0, 6.3, 5.0],
        "width": [0.2, 1.4, 2.5, 0.3],
        "species": ["setosa", "other", "virginica", "setosa"],
    }
)


@pytest.fixture(params=["csv", "tsv", "parquet", "frame", "mapping", "record"])
def iris(request, tmp_path):
    path = tmp_path / f"iris.{request.param}"
    if request.param in ("csv", "tsv"):
        FRAME.to_csv(path, index=False, sep="," if request.param == "csv" else "\t")
    elif request.param == "parquet":
        FRAME.to_parquet(path)
    else:
        return {"frame": FRAME, "mapping": FRAME.to_dict("list"), "record": FRAME.to_records(index=False)}[
            request.param
        ]
    return path


def test_every_kind_of_table_gives_the_same_data(iris):
    data = table(iris, label="species", name="iris")
    assert data.x.tolist() == FRAME[["length", "width"]].to_numpy().tolist()
    assert data.classes == ("other", "setosa", "virginica")
    assert data.y.tolist() == [1, 0, 2, 1]
    assert data.names == ("length", "width")
    assert data.name == "iris"
    other = table(iris, label="length", columns=["width"])
    assert (other.names, other.y.tolist(), other.classes) == (("width",), FRAME["length"].tolist(), ())


def test_several_columns_of_labels_are_several_outputs(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("# a, b, p, q\n1, 2, 0, 1\n\n3, 4, 1, 0\n", encoding="utf-8")
    data = table(path, label=["p", "q"])
    assert data.names == ("a", "b")
    assert data.y.tolist() == [[0, 1], [1, 0]]
    assert data.name == "points"
    np.testing.assert_array_equal(table(path, label=2).y, data.y)


def test_a_file_of_numbers_alone_needs_no_names(tmp_path):
    (tmp_path / "bare.txt").write_text("1 2 0\n3 4 1\n", encoding="utf-8")
    data = table(tmp_path / "bare.txt")
    assert data.names == ("x_1", "x_2")
    assert data.y.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,y\n1,2,0\n1,,1\n", r"t.csv:3 has nothing in the column 'b'"),
        ("a,b,y\n1,2,0\n1,NA,1\n", r"column 'b': the entry of point 1.*'NA'"),
        ("a,b,y\n1,2,0\n1,inf,1\n", r"column 'b'.*infinite"),
        ("a,b,y\n1,2,0\n1,2\n", r"t.csv:3 has 2 entries, but there are 3 columns"),
        ("a,a,y\n1,2,0\n", "two columns of the same name"),
        ("a,b,y\n", "no points"),
        ("", "no points"),
        ("y\n1\n", "has one column; write a comma"),
        ("a,b,y\n1_000,2,0\n", "'1_000', which is no number"),
        ("a;b;y\n1,234;2;0\n", "'1,234', which is no number"),
        ("a;b;y\n1,5;2.5;0\n", "'1,5', which is no number"),
        ("a,,y\n7,2,0\n8,5,1\n", "a column without a name, number 2"),
        ('a,b,y\n1,2,0\n"' + "x" * 200_000, "line 3 of the table cannot be read"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    "text",
    [
        "a;b;y\n1,5;2;0\n2,25;3;1\n",
        "a\tb\ty\n1.5\t2\t0\n2.25\t3\t1\n",
        "a|b|y\n1.5|2|0\n2.25|3|1\n",
        "a b y\n1.5 2 0\n2.25 3 1\n",
        '"a","b","y"\n"1.5","2","0"\n"2.25","3","1"\n',
        "a,b,y,\n1.5,2,0,\n2.25,3,1,\n",
        ",a,b,y\n0,1.5,2,0\n1,2.25,3,1\n",
        "a,b,y\r1.5,2,0\r2.25,3,1\r",
        "\ufeffa,b,y\r\n1.5,2,0\r\n2.25,3,1\r\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_other_programs_write_is_read(tmp_path, text, encoding):
    (tmp_path / "t.csv").write_bytes(text.removeprefix("\ufeff" * (encoding == "utf-16")).encode(encoding))
    data = table(tmp_path / "t.csv")
    assert (data.names, data.x.tolist(), data.y.tolist()) == (("a", "b"), [[1.5, 2], [2.25, 3]], [0, 1])


def test_a_file_in_another_encoding_is_refused_with_the_way_to_read_it(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("Größe,b,y\n1,2,0\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"t.csv:1 is not UTF-8; .* encoding='latin-1'"):
        table(path)
    path.write_bytes(b"PK\x03\x04\xff")
    with pytest.raises(DataError, match=r"table\(pandas.read_excel"):
        table(path)


def test_a_parquet_file_that_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("gradlab.train._tables._LONGEST", 10**6)
    packed = pandas.DataFrame({"x": np.zeros(10**5), "y": np.zeros(10**5)})
    packed.to_parquet(tmp_path / "p.parquet", compression="zstd")
    assert (tmp_path / "p.parquet").stat().st_size < 10**4
    with pytest.raises(DataError, match=r"p.parquet takes 1,600,000 bytes unpacked, and the limit is 1,000,000"):
        table(tmp_path / "p.parquet")


def test_equal_texts_of_a_parquet_file_are_kept_once(tmp_path):
    long = [kind * 1000 for kind in "ab"]
    pandas.DataFrame({"x": [1.0, 2.0, 3.0] * 10, "y": [*long, None] * 10}).to_parquet(tmp_path / "t.parquet")
    found = _tables._parquet(tmp_path / "t.parquet").columns["y"]
    assert found[:2] == long
    assert len({id(each) for each in found if isinstance(each, str)}) == 2


def test_tables_that_cannot_be_used(tmp_path):
    with pytest.raises(DataError, match="did you mean 'species'"):
        table(FRAME, label="specie")
    with pytest.raises(DataError, match="there are 'length', 'width', 'species'"):
        table(FRAME, columns=["zzz"])
    with pytest.raises(DataError, match=r"none.csv cannot be read"):
        table(tmp_path / "none.csv")
    (tmp_path / "no.parquet").write_bytes(b"no")
    with pytest.raises(DataError, match=r"no.parquet cannot be read"):
        table(tmp_path / "no.parquet")
    with pytest.raises(DataError, match=r"dataset\(x, y, names"):
        table([[1, 2], [3, 4]])
    with pytest.raises(DataError, match="different lengths"):
        table({"a": [1, 2], "y": [1]})
    with pytest.raises(DataError, match="'species' holds text; for it alone write label='species'"):
        table(FRAME, label=["width", "species"])
    with pytest.raises(TrainError, match="label must be at least 1"):
        table(FRAME, label=0)
    with pytest.raises(DataError, match=r"column 'a': the entry of point 1.*None"):
        table({"a": [1, None], "y": [0, 1]})


BODIES = pandas.DataFrame(
    {"height": [150.0, 190.0, 160.0, 180.0], "smokes": [0, 1, 1, 0], "label": ["b", "a", "b", "a"]}
)


@pytest.mark.parametrize(("standardise", "second"), [(True, -1.0), ("height", 0.0), (["height"], 0.0)])
def test_columns_are_standardised_for_the_network_and_stay_in_their_units_for_people(standardise, second):
    data = table(BODIES, label="label", standardise=standardise)
    np.testing.assert_allclose(data.x[0], [150, 0])
    np.testing.assert_allclose(data.inputs[0], [-20 / np.sqrt(250), second])
    assert str(data).endswith("height, smokes, standardised)")


def test_results_of_standardised_data_take_points_in_their_units(tmp_path):
    raw, net = table(BODIES, label="label"), gl.mlp([2, 2, 1])
    data = raw.standardised()
    scaled = replace(raw, x=data.inputs)
    runs, other = (gl.train(net, each, restarts=3, steps=30) for each in (data, scaled))
    np.testing.assert_array_equal(runs.losses, other.losses)
    np.testing.assert_array_equal(runs.best.predict(data.x), other.best.predict(scaled.x))
    np.testing.assert_array_equal(runs.initial(1).predict(data.x), other.initial(1).predict(scaled.x))
    np.testing.assert_array_equal(runs.outputs, other.outputs)
    grid = gl.sweep(net, data, learning_rate=[1, 2], restarts=20, steps=60)
    np.testing.assert_array_equal(grid["loss"], gl.sweep(net, scaled, learning_rate=[1, 2], restarts=20, steps=60).loss)
    assert grid["x"].values.tolist() == BODIES[["height", "smokes"]].to_numpy().tolist()
    assert gl.recommend(grid, restarts=20).fresh.successes > 0  # trained again on the same inputs
    kept = gl.sweep(net, data, learning_rate=[1, 2], restarts=20, steps=60, out=tmp_path / "kept.zarr")
    np.testing.assert_array_equal(kept["input_mean"], [170, 0.5])
    assert str(gl.recommend(kept, restarts=20)) == str(gl.recommend(grid, restarts=20))


def test_columns_far_from_the_size_1_are_named_where_nothing_succeeds():
    data, words = (
        table(BODIES, label="label"),
        r"'height' reaches from 150 to 190: .* by standardise=True of .*\.standardised\(\)",
    )
    assert re.search(words, str(gl.train(gl.mlp([2, 2, 1]), data, restarts=3, steps=5, learning_rate=1e-9)))
    far, near = ((data.standardised().x / 100, labels) for labels in ([150.0, 190, 160, 180], [1.5, 1.9, 1.6, 1.8]))
    net = gl.mlp([2, 2, 1], loss="squared_error")
    assert "labels reach from 150 to 190: train on (y - y.mean" in str(gl.train(net, far, restarts=3, steps=5))
    assert "labels reach" not in str(gl.train(net, near, restarts=3, steps=5))
    grid = gl.sweep(gl.mlp([2, 2, 1]), data, restarts=3, steps=1, learning_rate=1e-9, init_scale=0)
    with pytest.raises(TrainError, match=words):
        gl.recommend(grid)


@pytest.mark.parametrize(
    ("standardise", "message"),
    [
        ("hight", "'hight', which is no coordinate; did you mean 'height'"),
        (["weight", "label"], "'weight', which is no coordinate; did you mean 'height'"),
        (2, "standardise is 2; write True"),
    ],
)
def test_what_cannot_be_standardised(standardise, message):
    with pytest.raises(DataError, match=message):
        table(BODIES, label="label", standardise=standardise)


def test_a_column_that_is_the_same_for_all_points_has_no_deviation():
    with pytest.raises(DataError, match="'x_1' is the same for all points"):
        dataset([[0.1, 1], [0.1, 2], [0.1, 3]], [0, 1, 0]).standardised()


@pytest.mark.parametrize("name", ["Unnamed: 0", "index", "Id"])
@pytest.mark.parametrize("first", [0, 1])
def test_a_column_that_only_numbers_the_rows_is_said_and_left_out(name, first):
    frame = BODIES.copy()
    frame.insert(0, name, range(first, first + 4))
    with pytest.warns(UserWarning, match=f"the column '{name}' only numbers the rows and is left out"):
        assert table(frame, label="label").names == ("height", "smokes")
    named = table(frame, label="label", columns=[name, "height"])
    assert named.names == (name, "height")
    assert table({name: range(4), "y": [0, 1, 0, 1]}, label="y").names == (name,)  # nothing else is there
    frame[name] = [5, 7, 6, 8]
    assert table(frame, label="label").names == (name, "height", "smokes")


@pytest.mark.parametrize(
    ("first", "names"),
    [("5.1,3.5,virginica", None), ("5,3,virginica", None), ("0,1,y", ("0", "1")), ("a,1999,y", ("a", "1999"))],
)
def test_a_first_line_that_reads_as_a_point_is_not_taken_for_names(tmp_path, first, names):
    path = tmp_path / "iris.data"
    path.write_text(f"{first}\n5.1,3.5,setosa\n7.0,3.2,versicolor\n", encoding="utf-8")
    if names is not None:
        assert table(path).names == names
        return
    with pytest.raises(DataError, match=r"reads as a point and not as names; .* above it, such as x_1,x_2,y"):
        table(path, label=4)


def test_a_number_of_labels_is_not_a_columns_place(tmp_path):
    path = tmp_path / "iris.csv"
    path.write_text("a,b,c,d,y\n5.1,3.5,1.4,0.2,setosa\n7.0,3.2,4.7,1.4,versicolor\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"label=4 takes .*the last 4 of 5 columns, and 'y' holds text; .* label='y'"):
        table(path, label=4)
    with pytest.raises(DataError, match=r"label=5 takes the last 5 columns .* has 5: .*as label='y'"):
        table(path, label=5)


GAPS = "a,b,c,y\n1,2,,0\n3,4,5,1\n6,7,,0\n8,,9,\n"


def test_only_columns_that_are_used_may_have_no_gaps(tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text(GAPS, encoding="utf-8")
    assert table(path, label="a", columns="a").x.tolist() == [[1], [3], [6], [8]]
    with pytest.raises(DataError, match=r"csv:2 .* column 'c', nor have the lines 4; .* columns=\['a'\]"):
        table(path)
    with pytest.raises(
        DataError, match=r"csv:5 has nothing in the column 'y'; fill it in, leave such .* by missing='skip'\.$"
    ):
        table(path, columns=["a"])
    path.write_text("a,y\n1,0\n\nnan,1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"csv:4, column 'a': the entry of point 1, .* is missing"):
        table(path)


def test_rows_with_gaps_are_skipped_where_that_is_said_and_counted(tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text("a,b,y\n1,x,no\n2,,yes\nNA,x,no\n4,x,?\n5,NA,yes\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"csv:4, column 'a': .* is 'NA', which is no number; leave .*missing='skip'"):
        table(path, columns="a")
    with pytest.warns(UserWarning, match=r"csv: 2 of 5 rows left out, for a gap in 'a' or 'y'\.$"):
        kept = table(path, columns="a", missing="skip")
    assert (kept.x.tolist(), kept.y.tolist(), kept.classes) == ([[1], [2], [5]], [0, 1, 1], ("no", "yes"))
    frame = pandas.DataFrame({"a": [1.0, float("nan"), 3.0], "y": pandas.array([0, 1, None], dtype="Int64")})
    with pytest.warns(UserWarning, match="2 of 3 rows"):
        assert table(frame, missing="skip").x.tolist() == [[1]]
    with pytest.raises(DataError, match="each of the 1 rows has a gap in 'a' or 'y'"):
        table({"a": [None], "y": [1]}, missing="skip")
    with pytest.raises(DataError, match="write 'skip' to leave out rows"):
        table(path, missing="drop")


def test_a_number_that_is_a_columns_name_is_that_column():
    frame = pandas.DataFrame([[1, 2, 0], [3, 4, 1]])
    for label in (2, np.int64(2)):
        data = table(frame, label=label, columns=[1, 0])
        assert (data.names, data.x.tolist(), data.y.tolist()) == (("1", "0"), [[2, 1], [4, 3]], [0, 1])
    assert table(frame).names == ("0", "1")
    assert table(frame.add_prefix("c"), label=2).names == ("c0",)


@pytest.mark.parametrize("times", ["timedelta64[ns]", "datetime64[ns]", "datetime64[s]"])
def test_times_are_refused_where_they_are_used(times):
    frame = FRAME.assign(when=np.arange(4).astype(times))
    assert table(frame, label="species", columns=["length"]).names == ("length",)
    with pytest.raises(DataError, match="column 'when' of the table holds dates or spans of time"):
        table(frame, label="species")
    with pytest.raises(DataError, match="column 'when' of the table holds dates or spans of time"):
        table(frame, label="when", columns="width")


def test_a_table_without_points_and_a_label_that_is_missing(tmp_path):
    empty = FRAME.iloc[:0]
    empty.to_parquet(tmp_path / "e.parquet")
    for source in (empty, tmp_path / "e.parquet", {"a": [], "y": []}):
        with pytest.raises(DataError, match="has no points"):
            table(source)
    with pytest.raises(DataError, match=r"y\[1\] is an empty text"):
        table({"a": [1, 2], "y": ["p", float("nan")]})


@pytest.mark.parametrize("size", [1e-200, 1e200, 5e307, 3e-308])
def test_columns_of_any_size_are_standardised(size):
    data = table({"a": [size, 2 * size, 3 * size], "y": [0, 1, 0]}, standardise=True)
    np.testing.assert_allclose(data.inputs[:, 0], np.array([-1, 0, 1]) * 1.5**0.5, atol=1e-12)


@pytest.mark.parametrize("values", [[1e17, 1e17 + 16], [5e-324, 1e-323], [-1.7e308, 1.7e308, 1.7e308]])
def test_what_float64_cannot_standardise_is_refused(values):
    with pytest.raises(DataError, match="'a' cannot be brought to the mean 0"):
        table({"a": values, "y": range(len(values))}, standardise=True)


@pytest.mark.parametrize("labels", [[[0], [1]], [["a"], ["b"]], [{"a": 1}, {"a": 2}], [b"a", b"b"], [1j, 2j]])
def test_labels_that_are_neither_numbers_nor_names_are_no_classes(tmp_path, labels):
    sources = [{"a": [1, 2], "y": labels}, pandas.DataFrame({"a": [1, 2], "y": labels})]
    if labels[0] != 1j:  # which Parquet does not hold
        sources[1].to_parquet(tmp_path / "labels.parquet")
        sources.append(tmp_path / "labels.parquet")
    for source in sources:
        with pytest.raises(DataError, match=r"column 'y': the entry of point 0, .* neither a number nor the name of a"):
            table(source)
