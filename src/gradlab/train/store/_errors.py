"""The error of stores."""

from __future__ import annotations

from gradlab.train._errors import TrainError


class StoreError(TrainError):
    """A store cannot be written or read; what is finished in it stays."""
