"""float64 in jax, for as long as a check lasts."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Any


def double() -> AbstractContextManager[Any]:
    """Let jax make arrays of float64; jax is never imported here: whoever has its arrays has loaded it."""
    return sys.modules["jax"].enable_x64(True)
