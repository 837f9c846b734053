"""The experiments of the paper, each as what it sets beside a width and how fine its map is."""

from __future__ import annotations

from typing import Any

_BOTH = {"x": ("learning_rate[0]", 0.1, 1e4), "y": ("learning_rate[1]", 0.1, 1e4)}
# Source: Sohl-Dickstein, "The boundary of neural network trainability is fractal", 2024.
PANELS: dict[str, dict[str, Any]] = {
    "tanh": {"activation": "tanh", **_BOTH},
    "relu": {"activation": "relu", **_BOTH},
    "identity": {"activation": "identity", **_BOTH},
    "mini-batch": {"activation": "tanh", "batches": 16, **_BOTH},
    "single-point": {"activation": "tanh", "points": 1, **_BOTH},
    "offset": {"activation": "tanh", "x": ("init_offset[0]", 0.1, 1e3), "y": ("learning_rate", 0.1, 1e4)},
}
