"""What a template's YAML header sets under `gradlab:`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gradlab._errors import GradlabError
from gradlab.labs._tags import nearest
from gradlab.labs._views import is_page


@dataclass(frozen=True, slots=True)
class LabSettings:
    """The settings of one lab.

    Args:
        graph: what the answer key is about, ``mlp: 2,2,1`` written as ``mlp 2,2,1``, default None.
        timeout: seconds that one cell may run, default None: `cell_limit`; in grading by the key's time.
        seed: seed of the random numbers, default None.
        title: the lab's title, default None.
        image_folders: folders beside the template's own from which images may be published, default none.
        page: where gradlab's page is, of the web or as seen from the lab's HTML, default None.
        graph_line: the template line that says what the answer key is about, 0 without one.
    """

    graph: str | None = None
    timeout: float | None = None
    seed: int | None = None
    title: str | None = None
    image_folders: tuple[str, ...] = ()
    page: str | None = None
    graph_line: int = field(default=0, compare=False)

    @property
    def cell_limit(self) -> float:
        """Seconds that one cell of the template may run."""
        return self.timeout or 600.0


class SettingsError(GradlabError):
    """A header that cannot be read, with the header's line that is to blame.

    Args:
        line: counted from 1.
        message: what is wrong and what to write instead.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


KNOWN = ("graph", "timeout", "seed", "title", "image_folders", "page")
"""What may stand under `gradlab:`."""


def split_settings(lines: Sequence[str]) -> tuple[LabSettings, frozenset[int]]:
    """Take gradlab's settings out of a template's header.

    Returns:
        The settings, and the indices of the lines that no version shows because they set them.

    Raises:
        SettingsError: if the header is no YAML or a setting is unknown or of the wrong kind.

    >>> settings, rows = split_settings(["---", "gradlab:", "  seed: 3", "---"])
    >>> settings.seed, sorted(rows)
    (3, [0, 1, 2, 3])
    """
    import yaml

    start, end = _header(lines)
    if end == 0 or not any("gradlab" in line or line.startswith("jupyter:") for line in lines[start:end]):
        # Two rules around some text are no header of ours; Jupytext decides what they are.
        return LabSettings(), frozenset()
    header = "\n".join(lines[start:end])
    try:
        root = yaml.compose(header, Loader=yaml.SafeLoader)
        values = yaml.safe_load(header)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it is no YAML"
        raise SettingsError(start + 1 + (mark.line if mark else 0), f"the header cannot be read: {problem}.") from error
    if not isinstance(values, dict) or not isinstance(root, yaml.MappingNode):
        raise SettingsError(start + 1, "the header holds no settings; write lines of the form 'key: value'.")
    rows = {key.value: start + key.start_mark.line for key, _ in root.value}
    jupyter = values.get("jupyter")
    if "jupyter" in values and not isinstance(jupyter, dict):
        raise SettingsError(rows["jupyter"] + 1, "jupyter: has to hold settings, indented below it.")
    if isinstance(jupyter, dict) and "gradlab" in jupyter:
        raise SettingsError(rows["jupyter"] + 1, "gradlab: stands under jupyter:; move it to the start of a line.")
    if "gradlab" not in values:
        return LabSettings(), frozenset()
    first = rows["gradlab"]
    last = min((row for row in rows.values() if row > first), default=end)
    own = frozenset(range(first, last))
    if len(rows) == 1:
        own = frozenset(range(end + 1)) | ({end + 1} if lines[end + 1 : end + 2] == [""] else frozenset())
    inner = next(value for key, value in root.value if key.value == "gradlab")
    places = (
        {key.value: start + key.start_mark.line + 1 for key, _ in getattr(inner, "value", ()) or ()}
        if (isinstance(inner, yaml.MappingNode))
        else {}
    )
    return _settings(values["gradlab"], places, first + 1), own


def _header(lines: Sequence[str]) -> tuple[int, int]:
    """The rows between the two rules of a YAML header, (0, 0) without one."""
    start = 0
    if lines and lines[0].strip() == "<!--":  # Jupytext's hide_notebook_metadata
        start = next((row for row, line in enumerate(lines) if row and line.strip()), 0)
    if start >= len(lines) or lines[start].rstrip() != "---":
        return 0, 0
    end = next((row for row in range(start + 1, len(lines)) if lines[row].rstrip() == "---"), 0)
    return (start + 1, end) if end else (0, 0)


def _settings(values: Any, places: dict[str, int], line: int) -> LabSettings:
    if values is None:
        return LabSettings()
    if not isinstance(values, dict):
        raise SettingsError(line, "gradlab: has to hold settings, indented below it, such as 'seed: 0'.")
    for key in values:
        if key not in KNOWN:
            raise SettingsError(places.get(key, line), f"unknown setting {key!r}{nearest(str(key), KNOWN)}.")
    checks = {
        "graph": (lambda value: isinstance(value, str), "a text in quotes"),
        "timeout": (lambda value: _is_number(value) and value > 0, "a number of seconds above 0"),
        "seed": (lambda value: type(value) is int and value >= 0, "a whole number from 0 up"),
        "title": (lambda value: isinstance(value, str), "a text in quotes"),
        "image_folders": (_is_folders, "a list of folders, such as [../figures]"),
        "page": (
            lambda value: isinstance(value, str) and is_page(value),
            "where the page is, such as https://uni.example/gradlab or ../gradlab",
        ),
    }
    for key, value in values.items():
        accepts, wanted = checks[key]
        if value is not None and not accepts(value):
            raise SettingsError(places.get(key, line), f"{key}: {value!r} cannot be used; write {wanted}.")
    given = {key: value for key, value in values.items() if value is not None}
    if "timeout" in given:
        given["timeout"] = float(given["timeout"])
    if "image_folders" in given:
        given["image_folders"] = tuple(given["image_folders"])
    if "graph" in given:
        given["graph"] = _graph(given["graph"])
        given["graph_line"] = places.get("graph", line)
    return LabSettings(**given)


def _is_folders(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) and name and "\0" not in name for name in value)


def _graph(text: str) -> str:
    """The words for a graph in the one spelling that the prover reads."""
    found = re.match(r"\s*mlp\s*:?\s+(?=\d)", text)
    return text if found is None else "mlp " + re.sub(r"\s*,\s*", ",", text[found.end() :])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
