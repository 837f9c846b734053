"""The errors of the judge."""

from __future__ import annotations

from gradlab._errors import GradlabError


class CheckError(GradlabError):
    """A check was asked for with arguments it cannot use; the message says what to write instead."""


class GradientError(GradlabError):
    """A gradient is wrong; the message is the report."""
