"""What every step that is not judged says: its place, why, and what to write, where something can be written."""

from __future__ import annotations

import re
from dataclasses import replace

from gradlab.prove._verdict import Step, Truth
from gradlab.prove.read._statements import Kind

_REMEDY = re.compile(r"\b(?:write|written|say|define|mean|put|split|give|judge|leave|read as|close|add|name|report)\b")
_UNSAID = re.compile(r"\bnothing says\b|\bdefined\b|\bholds (?:if|where|for)\b")
_PLACE = re.compile(r"(?:cell \d+, )?line \d")


def with_remedy(step: Step) -> Step:
    """A step; where its reason does not say the place, or to say what is meant, with that."""
    if step.truth is not Truth.NOT_UNDERSTOOD or step.kind is not Kind.CLAIM or not step.reason:
        return step
    reason = step.reason if _PLACE.match(step.reason) else f"{step.place}: {step.reason}"
    if _UNSAID.search(reason) and not _REMEDY.search(reason):
        reason = f"{reason}; write beside this step what is meant"
    return replace(step, reason=reason)
