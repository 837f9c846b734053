"""Points with labels to train on: `gl.datasets`."""

from __future__ import annotations

from gradlab.train._data import Data as Data
from gradlab.train._data import circles as circles
from gradlab.train._data import dataset as dataset
from gradlab.train._data import five_points as five_points
from gradlab.train._data import spirals as spirals
from gradlab.train._data import two_moons as two_moons
from gradlab.train._data import xor as xor
