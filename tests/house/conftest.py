from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """More time for each proof than a person would wait: what is tested here is what is proved, on any machine."""
    for name, module in list(sys.modules.items()):
        if name.startswith("gradlab.prove") and hasattr(module, "SECONDS_FOR_CHAIN"):
            monkeypatch.setattr(module, "SECONDS_FOR_CHAIN", 30.0)
