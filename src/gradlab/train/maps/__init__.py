"""Maps of trainability: the same network trained with the settings of every pixel, and what its boundary is like."""

from __future__ import annotations

from gradlab.train.maps._dimension import Dimension as Dimension
from gradlab.train.maps._dimension import boundary_dimension as boundary_dimension
from gradlab.train.maps._panels import PANELS as PANELS
from gradlab.train.maps._trainability import trainability as trainability
