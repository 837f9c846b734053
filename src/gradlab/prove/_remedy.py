"""What every step that is not judged says: its place, why, and what to write."""

from __future__ import annotations

import re
from dataclasses import replace

from gradlab.prove._verdict import Step, Truth
from gradlab.prove.read._statements import Kind

_REMEDY = re.compile(
    r"\b(?:write|written|say|define|mean|put|split|give|judge|leave|read as|close|add|name|report|docs/)\b"
)
_PLACE = re.compile(r"(?:cell \d+, )?line \d")


def with_remedy(step: Step) -> Step:
    """A step; where its reason does not say the place, or what to write, with that."""
    if step.truth is not Truth.NOT_UNDERSTOOD or step.kind is not Kind.CLAIM or not step.reason:
        return step
    reason = step.reason if _PLACE.match(step.reason) else f"{step.place}: {step.reason}"
    if not _REMEDY.search(reason):
        unsaid = re.search(r"\bnothing says\b|\bdefined\b|\bholds (?:if|where|for)\b", reason)
        advice = "write beside this step what is meant" if unsaid else "write it in another way, as docs/latex.md shows"
        reason = f"{reason}; {advice}"
    return replace(step, reason=reason)
