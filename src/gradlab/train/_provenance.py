"""By what, where and when results are made."""

from __future__ import annotations

import datetime
import platform
from functools import cache
from typing import Any

import numpy as np

from gradlab._version import __version__
from gradlab.train._device import CPU, Device
from gradlab.train._trainers import has_kernels, instruction_set


def maker(device: Device = CPU) -> dict[str, str]:
    """Returns what this process trains with: its machine, its versions, its device."""
    return {**_versions(), "device": device.here}


def provenance() -> dict[str, Any]:
    """Returns by what results are kept, and since when; who trains them is added as they come."""
    return {"begun": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), **_versions(), "engines": []}


@cache
def _versions() -> dict[str, str]:
    made = {
        "host": platform.node(),
        "gradlab": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "engine": "NumPy",
    }
    if has_kernels():
        import importlib.metadata

        version = importlib.metadata.version("numba")
        made |= {"engine": f"Numba {version}", "instruction_set": instruction_set()}
    return made
