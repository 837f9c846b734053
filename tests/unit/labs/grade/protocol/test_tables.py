"""Tables go across as they are, and what only says that it is one makes none."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gradlab.labs.grade.protocol import ValueRefusedError
from gradlab.labs.grade.protocol._values import Decoder, Encoder

pandas = pytest.importorskip("pandas")
TABLE = pandas.DataFrame(
    {
        "name": ["a", None],
        "month": [1, 2],
        "rain": [0.5, np.nan],
        "day": pandas.to_datetime(["2020-01-01", "2021-01-01"]),
    }
)
VALUES = [
    TABLE,
    TABLE.T.index,
    TABLE["rain"].astype("float32"),
    TABLE["day"],
    TABLE.groupby(["name", "month"])["rain"].sum(),
    TABLE.set_index("day"),
    pandas.Series([1, "a", None, 2.5]),
    pandas.Series({3: 1.5, "x": 2.0}, name="of both"),
    pandas.DataFrame({("a", "b"): [True]}),
]


def across(value):
    sent = Encoder(lambda one: {"r": 1, "n": type(one).__name__}).encode(value)
    return Decoder(lambda data: data["n"], {}).decode(json.loads(json.dumps(sent)))


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_it_comes_as_it_was(value):
    check = getattr(pandas.testing, f"assert_{'frame' if value.ndim > 1 else 'series'}_equal")
    if isinstance(value, pandas.Index):
        check = pandas.testing.assert_index_equal
    check(across(value), value)


def test_what_holds_anything_but_data_stays():
    assert across(pandas.Series([object()])) == "Series"
    assert across(pandas.Series(["x"], dtype="category")) == "Series"


COLUMN = ["float64", {"a": ["float64", [1], "AAAAAAAA8D8="]}]
INDEX = {"from": [0, 1, 1], "n": [None]}


@pytest.mark.parametrize(
    "sent",
    [
        {"of": COLUMN, "i": {"from": [0, 10**15, 1], "n": [None]}, "n": None},
        {"of": COLUMN, "i": {"from": [0, 2, 1], "n": [None]}, "n": None},
        {"of": ["object", [{"r": 1, "n": "x"}]], "i": INDEX, "n": None},
        {"of": ["category", ["x"]], "i": INDEX, "n": {"r": 1}},
        {"of": ["object", [[1]]], "i": INDEX, "n": None},
        {},
    ],
)
def test_what_only_says_so_is_refused(sent):
    with pytest.raises(ValueRefusedError):
        Decoder(lambda data: data["n"], {}).decode({"pd": "series", **sent})
