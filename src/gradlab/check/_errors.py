"""The errors of the judge."""

from __future__ import annotations


class CheckError(ValueError):
    """A check was asked for with arguments it cannot use; the message says what to write instead."""


class GradientError(ValueError):
    """A gradient is wrong; the message is the report."""
