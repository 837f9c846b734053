"""The command line: `gradlab lab build`, `gradlab derive`, `gradlab descend`."""

from __future__ import annotations

from gradlab.cli._main import main as main
