"""A report as JSON, and back.

The schema follows the dataclasses field by field: enums by their names, tuples as lists, and the three numbers that
JSON does not have as the strings "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from gradlab.check._errors import CheckError
from gradlab.check._outcomes import (
    Cause,
    Entry,
    Precision,
    PrecisionFinding,
    PrecisionLoss,
    PrecisionVerdict,
    Verdict,
)
from gradlab.check.names import Diagnosis, Mistake

if TYPE_CHECKING:
    from gradlab.check.report._report import Report

SCHEMA = "gradlab.check.report/1"
_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def as_json(report: Report, indent: int | None) -> str:
    """The report as text."""
    body = {"schema": SCHEMA, "verdict": report.verdict.name, "summary": report.headline, **_plain(report)}
    return json.dumps(body, indent=indent, ensure_ascii=False, allow_nan=False)


def read_json(text: str) -> dict[str, Any]:
    """The arguments that make the report anew.

    Raises:
        CheckError: The text is no such report.
    """
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise CheckError(f"this is no JSON: {error}; give the text that report.to_json() returned.") from None
    if not isinstance(body, dict) or body.get("schema") != SCHEMA:
        found = body.get("schema") if isinstance(body, dict) else type(body).__name__
        raise CheckError(f"the schema is {found!r}, not {SCHEMA!r}; give the text that report.to_json() returned.")
    precision = body["precision"]
    return {
        "entries": tuple(_entry(each) for each in body["entries"]),
        "evaluations": body["evaluations"],
        "diagnoses": tuple(_diagnosis(each) for each in body["diagnoses"]),
        "precision": None if precision is None else _precision(precision),
        "notes": tuple(body["notes"]),
        "miss_probability": _number(body["miss_probability"]),
        "relevance": _number(body.get("relevance", 1e-8)),
    }


def _plain(item: Any) -> Any:
    if isinstance(item, Enum):
        return item.name
    if is_dataclass(item) and not isinstance(item, type):
        return {each.name: _plain(getattr(item, each.name)) for each in fields(item)}
    if isinstance(item, tuple):
        return [_plain(part) for part in item]
    if isinstance(item, float) and not math.isfinite(item):
        return next(name for name, value in _NUMBERS.items() if value == item or (name == "NaN" and math.isnan(item)))
    return item


def _number(item: Any) -> float:
    return _NUMBERS[item] if isinstance(item, str) else float(item)


def _entry(body: dict[str, Any]) -> Entry:
    numbers = {name: _number(body[name]) for name in ("claimed", "numeric", "error_bar", "relative_difference", "step")}
    return Entry(
        **numbers,
        name=body["name"],
        verdict=Verdict[body["verdict"]],
        reason=body["reason"],
        cause=None if body["cause"] is None else Cause[body["cause"]],
        scales=tuple((_number(step), _number(value), _number(bar)) for step, value, bar in body["scales"]),
        index=body["index"],
    )


def _diagnosis(body: dict[str, Any]) -> Diagnosis:
    typed: dict[str, Any] = {**body, "kind": Mistake[body["kind"]], "entries": tuple(body["entries"])}
    return Diagnosis(**typed)


def _precision(body: dict[str, Any]) -> Precision:
    findings = tuple(map(_precision_finding, body["findings"]))
    return Precision(PrecisionVerdict[body["verdict"]], body["dtype"], findings, body["reason"])


def _precision_finding(body: dict[str, Any]) -> PrecisionFinding:
    numbers = {name: _number(body[name]) for name in ("low", "high", "forced", "error")}
    typed: dict[str, Any] = {**body, **numbers, "kind": PrecisionLoss[body["kind"]]}
    return PrecisionFinding(**typed)
