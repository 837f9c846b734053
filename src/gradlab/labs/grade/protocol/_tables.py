"""Series, tables and indices of pandas as JSON and back, column by column; what holds anything but data stays."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

_LONGEST: Final = 200_000  # rows, and entries in all
_TIMES: Final = re.compile(r"(?:datetime64|timedelta64)\[(?:s|ms|us|ns)\]")
_PLAIN: Final = str | int | float | None


def encode_table(value: Any, encode: Callable[[Any], Any]) -> dict[str, Any] | None:
    """Encode a value of pandas.

    Returns:
        What JSON can hold; None of all else, of columns of other things, and of what is very long.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(value, pandas.Series | pandas.DataFrame | pandas.Index):
        return None
    if value.size > _LONGEST or len(value) > _LONGEST:
        return None
    try:
        if isinstance(value, pandas.Index):
            return {"pd": "index", **_index(value, encode)}
        if isinstance(value, pandas.Series):
            return {"pd": "series", "of": _column(value, encode), "i": _index(value.index, encode), "n": _name(value)}
        columns = [_column(value.iloc[:, place], encode) for place in range(value.shape[1])]
        return {"pd": "frame", "of": columns, "k": _index(value.columns, encode), "i": _index(value.index, encode)}
    except TypeError:
        return None


def decode_table(data: Mapping[str, Any], decode: Callable[[Any], Any]) -> Any:
    """Make a value of pandas of what `encode_table` returned, or of anything; raises any error if it is none."""
    pandas = importlib.import_module("pandas")
    if data["pd"] == "index":
        return _made_index(pandas, data, decode)
    index = _made_index(pandas, data["i"], decode)
    if data["pd"] == "series":
        return pandas.Series(_made(pandas, data["of"], decode), index=index, name=_plain(data["n"]))
    table = pandas.DataFrame(dict(enumerate(_made(pandas, one, decode) for one in data["of"])), index=index)
    table.columns = _made_index(pandas, data["k"], decode)
    return table


def _index(index: Any, encode: Callable[[Any], Any]) -> dict[str, Any]:
    names = [_plain(name) for name in index.names]
    if hasattr(index, "levels"):
        return {"at": [_column(index.get_level_values(level), encode) for level in range(index.nlevels)], "n": names}
    if hasattr(index, "start"):
        return {"from": [index.start, index.stop, index.step], "n": names}
    return {"at": [_column(index, encode)], "n": names}


def _made_index(pandas: Any, data: Mapping[str, Any], decode: Callable[[Any], Any]) -> Any:
    names = [_plain(name) for name in data["n"]]
    if "from" in data:
        steps = range(*map(int, data["from"]))
        if len(steps) > _LONGEST:
            raise ValueError("an index is too long")
        return pandas.RangeIndex(steps, name=names[0])
    levels = [_made(pandas, one, decode) for one in data["at"]]
    if len(levels) == 1:
        return pandas.Index(levels[0], name=names[0])
    return pandas.MultiIndex.from_arrays(levels, names=names)


def _column(values: Any, encode: Callable[[Any], Any]) -> list[Any]:
    """The kind of a column, and its entries; raises TypeError where they are anything but data."""
    kind = str(values.dtype)
    if _TIMES.fullmatch(kind):
        return [kind, encode(values.to_numpy().astype("int64"))]
    if kind in ("object", "str"):
        return [kind, [_plain(entry) for entry in values.to_numpy(dtype=object).tolist()]]
    found = encode(values.to_numpy())
    if not isinstance(found, dict) or "a" not in found or found["a"][0] != kind:
        raise TypeError(kind)
    return [kind, found]


def _made(pandas: Any, data: Any, decode: Callable[[Any], Any]) -> Any:
    kind, entries = data
    if kind in ("object", "str"):
        return pandas.array([_plain(entry) for entry in entries], dtype=kind)
    made = decode(entries)
    return made.view(kind) if _TIMES.fullmatch(kind) and made.dtype == "int64" else made


def _name(value: Any) -> Any:
    return _plain(value.name)


def _plain(value: Any) -> Any:
    value = value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value
    if not isinstance(value, _PLAIN):
        raise TypeError(type(value).__name__)
    return value
