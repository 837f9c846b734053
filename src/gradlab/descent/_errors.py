"""The error of a descent that cannot be started or continued."""

from __future__ import annotations

from gradlab._errors import GradlabError


class DescentError(GradlabError):
    """A descent was asked for with arguments it cannot use; the message says what to write instead."""
