"""Maps of trainability: the same network trained with the settings of every pixel, and what its boundary is like."""

from __future__ import annotations

from gradlab.train.maps._trainability import trainability as trainability
