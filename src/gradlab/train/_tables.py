"""Data from tables: files of comma-separated values or Parquet, DataFrames, and arrays with named columns."""

from __future__ import annotations

import codecs
import csv
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from os import PathLike
from pathlib import Path
from reprlib import repr as shortened
from typing import Any

import numpy as np

from gradlab._errors import GradlabError
from gradlab._words import counted, listed, meant
from gradlab.train._columns import NO_TIMES, column_names
from gradlab.train._data import Data
from gradlab.train._errors import DataError, whole_number

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": None}
_INDEX = re.compile(r"unnamed: \d+|index|id|rownames", re.I)  # what columns are called that number the rows
_TIMES = (date, timedelta, np.datetime64, np.timedelta64)
_MISSING = ("None", "nan", "<NA>", "NaT")
_GAPS = ("", "NA", "N/A", "NaN", "nan", "<NA>", "NaT", "NULL", "null", "?")  # "None" may be a class
_SHOWN = 4
_LONGEST = 2**28  # bytes of a table of text, and of one unpacked: entries take many times as much in memory
Columns = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read: the columns by name, how a message names the table, and of a file the line of each point."""

    columns: Columns
    where: str
    lines: tuple[int, ...] = ()

    def place(self, column: str, row: int) -> str:
        line = f":{self.lines[row]}" if self.lines else ""
        return f"{self.where}{line}, column {column!r}: the entry of point {row}, counted from 0,"


def table(
    source: str | PathLike[str] | Mapping[str, Iterable[Any]] | Any,
    *,
    label: str | Sequence[str] | int | None = None,
    columns: str | Sequence[str] | None = None,
    weights: str | None = None,
    standardise: bool | str | Sequence[str] = False,
    missing: str = "refuse",
    name: str | None = None,
) -> Data:
    """Makes data of a table with named columns.

    Args:
        source: a file of comma-separated values (.csv, .tsv, or .txt with blanks between) or a Parquet file (.parquet);
            or a pandas or Polars DataFrame, a NumPy array with named fields, or a mapping from names to columns. A
            file's first line holds the names, unless it is all numbers.
        label: the column of the labels, or several for several outputs, or how many of the last columns they are,
            where no column has that number for a name; default: the last one. Text names classes.
        columns: the columns of the points' coordinates, in this order, or the only one; others may have gaps.
            Default: all others but one that only numbers the rows, as pandas' index does: a warning says that it is
            left out.
        weights: the column of what each point counts in the loss; default: none, so that all count 1.
        standardise: True to give the network coordinates with the mean 0 and the standard deviation 1, or the columns
            of which it gets them so, as `Data.standardised` does. The points stay in their units.
        missing: "refuse" a row with a gap (nothing, NA, NaN, NULL or ?) in a column that is used, or "skip" it: a
            warning says how many rows are left out.
        name: what the set is called in summaries; default: that of the file.

    Returns:
        The data, with the columns' names as those of the coordinates.

    Raises:
        DataError: if the file cannot be read, a column is not there, or an entry is missing or no number; says where.

    >>> iris = {"length": [5.1, 7.0, 6.3], "width": [3.5, 3.2, 3.3], "species": ["a", "b", "a"]}
    >>> data = table(iris, label="species")
    >>> data.names, data.classes, data.y.tolist()
    (('length', 'width'), ('a', 'b'), [0.0, 1.0, 0.0])
    """
    read = _columns(source)
    found, where = read.columns, read.where
    counts = [] if weights is None else [weights]
    wanted = _wanted(label, [each for each in found if each not in counts], source, where)
    named = [columns] if isinstance(columns, str) else columns
    used = _others(found, (*wanted, *counts), where) if named is None else [*map(str, named)]
    for each in (*wanted, *used, *counts):
        if each not in found:
            near = meant(each, found)
            offer = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(map(repr, found))}."
            raise DataError(f"{where} has no column {each!r}; {offer}")
    if not used:
        raise DataError(f"{where} has no column but that of the labels; points need coordinates.")
    read = _without_gaps(read, [*used, *wanted, *counts], missing)
    _refuse_gaps_and_times(read, used, [*wanted, *counts])
    x = np.array([_numbers(read, each) for each in used]).T
    y = [_label(read, each) for each in wanted]
    title = name or (Path(source).stem if isinstance(source, str | PathLike) else "table")
    own: Any = {"name": title, "names": tuple(used)}
    for each in counts:
        own["weights"] = _numbers(read, each)
    text = [name for name, values in zip(wanted, y, strict=True) if isinstance(values[0], str)]
    if len(y) > 1 and text:
        taken = f"label={label!r} takes {listed(map(repr, wanted), 'and')} as labels" + (
            f", the last {len(wanted)} of {len(found)} columns" if isinstance(label, int) else ""
        )
        raise DataError(f"{where}: {taken}, and {text[-1]!r} holds text; for it alone write label={text[-1]!r}.")
    made = Data(x, y[0] if len(y) == 1 else np.array(y).T, **own)  # type: ignore[arg-type]  # Data converts the labels
    return made.standardised(standardise) if standardise is not False else made


def _wanted(label: object, names: list[str], source: Any, where: str) -> list[str]:
    """The columns that hold labels."""
    if label is None:
        return names[-1:]
    if isinstance(label, str):
        return [label]
    keys = source if isinstance(source, Mapping) else getattr(source, "columns", ())
    if (
        isinstance(label, int | np.integer) and not isinstance(label, bool) and label in [*keys]
    ):  # pandas' own names are 0, 1, 2
        return [str(label)]
    if isinstance(label, Sequence):
        return [*map(str, label)]
    count = whole_number("label", label, least=1, example=1)
    if count >= len(names):
        raise DataError(
            f"label={count} takes the last {counted(count, 'column')} as labels, and {where} has {len(names)}: "
            f"{', '.join(map(repr, names))}; name the one that is meant, as label={names[-1]!r}."
        )
    return names[-count:]


def _others(found: Columns, taken: tuple[str, ...], where: str) -> list[str]:
    """The columns of coordinates where nobody names them: a column that only numbers the rows gives classes away."""
    used = [each for each in found if each not in taken]
    counts = [each for each in used if _INDEX.fullmatch(each) and _numbers_rows(found[each])]
    if not counts or len(counts) == len(used):
        return used
    warnings.warn(
        f"{where}: the column {counts[0]!r} only numbers the rows and is left out; to train on it name all columns, "
        f"as columns={used!r}.",
        stacklevel=3,
    )
    return [each for each in used if each not in counts]


def _numbers_rows(values: Sequence[Any]) -> bool:
    """Whether values count 0, 1, 2 ... or 1, 2, 3 ..."""
    return [*map(str, values)] in [[*map(str, range(one, one + len(values)))] for one in (0, 1)]


def _columns(source: Any) -> _Found:
    if isinstance(source, str | PathLike):
        path = Path(source)
        return _parquet(path) if path.suffix == ".parquet" else _separated(path)
    names = column_names(source) or (tuple(map(str, source)) if isinstance(source, Mapping) else ())
    if not names:
        raise DataError(
            f"a table is a file, a DataFrame, an array with named fields or a mapping from names to columns, not "
            f"{type(source).__name__!r}; for plain arrays write gl.datasets.dataset(x, y, names=[...])."
        )
    keys = getattr(source, "columns", names)
    given = {name: source[key] for name, key in zip(names, keys, strict=True)}  # lists as they are: NaN is no text
    arrays = {
        name: np.asarray(each, object if isinstance(each, list | tuple) else None) for name, each in given.items()
    }
    made = {name: [*each] if each.dtype.kind in "mM" else each.tolist() for name, each in arrays.items()}
    if len({len(column) for column in made.values()}) > 1:
        raise DataError("the columns of the table have different lengths; give each one entry for each point.")
    if not next(iter(made.values())):
        raise DataError("the table has no points: give each column an entry for each point.")
    return _Found(made, "the table")


def _parquet(path: Path) -> _Found:
    try:
        import pandas
    except ModuleNotFoundError:
        raise GradlabError("Parquet files need pandas and Arrow: pip install 'gradlab[tables]'") from None
    try:
        from pyarrow import parquet

        about = parquet.read_metadata(path)
        size = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
        size = max(size, 8 * about.num_rows * about.num_columns)
        if size > _LONGEST:
            raise DataError(f"{path} takes {size:,} bytes unpacked, and the limit is {_LONGEST:,}; give a part of it.")
        leaves = [about.schema.column(number) for number in range(about.num_columns)]
        texts = [leaf.path for leaf in leaves if leaf.logical_type.type == "STRING"]  # equal ones are kept once
        read = pandas.read_parquet(path, engine="pyarrow", read_dictionary=texts)
        made = {str(name): _entries(column) for name, column in read.items()}
    except ImportError:
        raise GradlabError("Parquet files need pandas and Arrow: pip install 'gradlab[tables]'") from None
    except DataError:
        raise
    except (OSError, ValueError) as problem:
        raise DataError(f"{path} cannot be read: {problem}") from None
    if not any(made.values()):
        raise DataError(f"{path} has no points: a row for each is wanted, its coordinates and its label.")
    return _Found(made, str(path))


def _entries(column: Any) -> list[Any]:
    """What a column of a DataFrame has for each point: equal categories are one, and none is NaN."""
    if not hasattr(column, "cat"):
        return column.tolist()
    kept = [*column.cat.categories.tolist(), float("nan")]
    return [kept[code] for code in column.cat.codes]  # -1 for none


def _separated(path: Path) -> _Found:
    """A file of text: a line for each point."""
    rows = _rows(_text(path), _SEPARATORS.get(path.suffix.lower(), ","))
    if rows and all(not cells[-1] for _, cells in rows):  # each line ends with a separator
        rows = [(number, cells[:-1]) for number, cells in rows]
    if rows and (rows[0][1][0].startswith("#") or not all(map(_is_number, rows[0][1]))):
        names = [cell.lstrip("# ") for cell in rows.pop(0)[1]]
        if rows and _reads_as_a_point(names, rows[0][1]):
            usual = ",".join([*(f"x_{i}" for i in range(1, len(names))), "y"])
            raise DataError(
                f"{path}: the first line, {', '.join(names)}, reads as a point and not as names; write a line of names "
                f"above it, such as {usual}."
            )
    else:
        names = [f"x_{i}" for i in range(1, len(rows[0][1]))] + ["y"] if rows else []
    rows = [(number, cells) for number, cells in rows if not cells[0].startswith("#")]
    if not rows:
        raise DataError(f"{path} has no points: a line for each is wanted, its coordinates and its label.")
    if len(names) == 1:
        raise DataError(f"{path} has one column; write a comma between the coordinates and the label of each point.")
    if len(set(names)) < len(names):
        raise DataError(f"{path} has two columns of the same name among {', '.join(map(repr, names))}.")
    for number, cells in rows:
        if len(cells) != len(names):
            raise DataError(f"{path}:{number} has {len(cells)} entries, but there are {len(names)} columns.")
    columns = {name: [cells[place] for _, cells in rows] for place, name in enumerate(names)}
    if "" in columns and not _numbers_rows(columns.pop("")):
        raise DataError(f"{path} has a column without a name, number {names.index('') + 1}; name it in the first line.")
    return _Found(columns, str(path), tuple(number for number, _ in rows))


def _without_gaps(read: _Found, used: list[str], missing: str) -> _Found:
    """The rows that have something in every column that is used, where others are to be skipped."""
    if missing == "refuse":
        return read
    if missing != "skip":
        raise DataError(f"missing is {missing!r}; write 'skip' to leave out rows with a gap, or 'refuse'.")
    rows = list(zip(*(read.columns[name] for name in used), strict=True))
    kept = [number for number, row in enumerate(rows) if not any(map(_is_gap, row))]
    if not kept:
        raise DataError(f"{read.where}: each of the {len(rows):,} rows has a gap in {listed(map(repr, used), 'or')}.")
    if len(kept) < len(rows):
        warnings.warn(
            f"{read.where}: {len(rows) - len(kept):,} of {len(rows):,} rows left out, for a gap in "
            f"{listed(map(repr, used), 'or')}.",
            stacklevel=3,
        )
    columns = {name: [values[number] for number in kept] for name, values in read.columns.items()}
    return _Found(columns, read.where, tuple(read.lines[number] for number in kept) if read.lines else ())


def _is_gap(value: Any) -> bool:
    return value in _GAPS if isinstance(value, str) else str(value) in _MISSING


def _refuse_gaps_and_times(read: _Found, used: list[str], beside: list[str]) -> None:
    """Says at which lines of a file a column that is used has nothing, and which one holds dates or spans of time."""
    for name in (*used, *beside):
        if any(isinstance(value, _TIMES) for value in read.columns[name]):
            raise DataError(NO_TIMES.format(f"the column {name!r} of {read.where}"))
    if not read.lines:
        return
    empty = {name: [row for row, cell in enumerate(read.columns[name]) if not cell] for name in (*used, *beside)}
    gaps = {name: [read.lines[row] for row in rows] for name, rows in empty.items() if rows}
    if gaps:
        name = min(gaps, key=lambda each: gaps[each][0])
        first, *others = gaps[name]
        more = [f"{len(others) - _SHOWN} more"] if len(others) > _SHOWN else []
        so = f", nor have the lines {listed([*map(str, others[:_SHOWN]), *more], 'and')}" if others else ""
        whole = [each for each in used if each not in gaps]
        offer = f", or name columns without gaps, as columns={whole!r}" if whole and name in used else ""
        raise DataError(
            f"{read.where}:{first} has nothing in the column {name!r}{so}; fill it in, leave such rows out by "
            f"missing='skip'{offer}."
        )


def _reads_as_a_point(first: list[str], second: list[str]) -> bool:
    """Whether a line has numbers where the next one has, and they do not just count the columns."""
    numbers = [cell for cell in first if _is_number(cell)]
    return [*map(_is_number, first)] == [*map(_is_number, second)] and bool(numbers) and not _numbers_rows(numbers)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as opened:  # which may have no end, as /dev/zero
            raw = opened.read(_LONGEST + 1)
    except OSError as problem:
        raise DataError(f"{path} cannot be read: {problem}") from None
    if len(raw) > _LONGEST:
        raise DataError(f"{path} has more than {_LONGEST:,} bytes, the limit for a table of text; give a part of it.")
    try:
        return raw.decode("utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        read = "excel(...)" if raw.startswith(b"PK") else "csv(..., encoding='latin-1')"
        message = f"{path}:{line} is not UTF-8; save the file as CSV in UTF-8, or give table(pandas.read_{read})."
        raise DataError(message) from None


def _rows(text: str, usual: str | None) -> list[tuple[int, list[str]]]:
    """The number and the entries of each line that is not empty, parted by what parts all lines alike."""
    first = text.lstrip().partition("\n")[0]
    others = () if usual != "," else (";",) if "," in first else (";", "\t", "|", None)
    for separator in others:
        rows = _parted(text, separator)
        if len({len(cells) for _, cells in rows}) == 1 < len(rows[0][1]):
            return _with_points(rows) if separator == ";" else rows
    return _parted(text, usual)


def _parted(text: str, separator: str | None) -> list[tuple[int, list[str]]]:
    lines = text.splitlines(keepends=True)
    if separator is None:
        return [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    try:
        return [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as problem:
        raise DataError(f"line {reader.line_num} of the table cannot be read: {problem}") from None


def _with_points(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Numbers with a decimal comma as Python writes them, where no comma can part thousands."""
    numbers = [cell for _, cells in rows for cell in cells if re.fullmatch(r"[+-]?\d*[.,]\d+(?:[eE][+-]?\d+)?", cell)]
    if any("." in cell for cell in numbers) or all(re.fullmatch(r"[+-]?\d{1,3},\d{3}", cell) for cell in numbers):
        return rows
    meant = {cell: cell.replace(",", ".") for cell in numbers}
    return [(number, [meant.get(cell, cell) for cell in cells]) for number, cells in rows]


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return not isinstance(cell, str) or "_" not in cell  # 1_000 is a number in Python's programs alone


def _numbers(read: _Found, column: str) -> list[float]:
    return [_number(value, read, column, row) for row, value in enumerate(read.columns[column])]


def _number(value: Any, read: _Found, column: str, row: int) -> float:
    if isinstance(value, complex) or not _is_number(value):
        raise DataError(
            f"{read.place(column, row)} is {value!r}, which is no number; "
            + ("leave such rows out by missing='skip', or " if _is_gap(value) else "")
            + "name the columns to use, as columns=[...]."
        )
    number = float(value)
    if not np.isfinite(number):
        gap = "missing; leave such rows out by missing='skip'." if np.isnan(number) else "infinite."
        raise DataError(f"{read.place(column, row)} is {gap}")
    return number


def _label(read: _Found, column: str) -> list[Any]:
    """Numbers where all are, else the text of each, empty where one is missing."""
    values = read.columns[column]
    if all(map(_is_number, values)):
        return _numbers(read, column)
    for row, value in enumerate(values):
        if not (isinstance(value, str) or str(value) in _MISSING or _is_number(value)):
            raise DataError(
                f"{read.place(column, row)} is {shortened(value)}, neither a number nor the name of a class; name the "
                "column of the labels, as label=..., or write numbers or names into it."
            )
    return [value if isinstance(value, str) else "" if str(value) in _MISSING else str(value) for value in values]
