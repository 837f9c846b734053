"""Draws results as matplotlib figures.

Every function returns its figure and leaves matplotlib's settings alone. A figure made here shows once where
it is the last expression of a notebook cell, and `save` writes it to a file. With `ax=` a function draws into
axes of one's own instead, and returns their figure.
"""

from __future__ import annotations

try:
    import matplotlib as _matplotlib  # noqa: F401  # asked for here so that its absence gets a message of its own
except ModuleNotFoundError as _error:
    if _error.name != "matplotlib":
        raise
    raise ModuleNotFoundError(
        "gradlab.plot draws with matplotlib, which is not installed; run: pip install 'gradlab[plot]'", name=_error.name
    ) from _error

from gradlab.plot._boundary import decision_boundary as decision_boundary
from gradlab.plot._contours import contours as contours
from gradlab.plot._curves import loss_curves as loss_curves
from gradlab.plot._failure_map import failure_map as failure_map
from gradlab.plot._network import network as network
from gradlab.plot._regression import regression as regression
from gradlab.plot._savings import savings as savings
from gradlab.plot._style import PlotError as PlotError
from gradlab.plot._style import save as save
from gradlab.plot._success_map import success_map as success_map
from gradlab.plot._trainability import trainability as trainability
from gradlab.plot._zoom import zoom as zoom
