from __future__ import annotations

import numpy as np
import pytest
import xarray

from gradlab.plot import PlotError, failure_map
from gradlab.train import Why

CAUSES = [why.name.lower() for why in Why]


def grid(*cells):
    """Two rates by two scales, each with so many failures of 10 by cause."""
    counts = np.array([[cell.get(cause, 0) for cause in CAUSES] for cell in cells]).reshape(2, 2, -1)
    axes = {"learning_rate": [0.1, 1.0], "init_scale": [0.5, 2.0], "cause": CAUSES}
    return xarray.Dataset({"why": ((*axes,), counts, {"restarts": 10})}, axes)


def test_a_cell_has_its_commonest_cause_and_the_share_that_failed():
    figure = failure_map(grid({"diverged": 9, "saddle": 1}, {}, {"plateau": 3}, {"plateau": 2, "unclear": 3}))
    (ax,) = figure.axes
    assert sorted(text.get_text() for text in ax.texts) == ["0", "100", "30", "50"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["diverged", "plateau", "unclear"]
    cells = np.asarray(ax.images[0].get_array())
    np.testing.assert_array_equal(cells[1, 0], [1, 1, 1])
    keys = [patch.get_facecolor()[:3] for patch in ax.get_legend().get_patches()]
    np.testing.assert_allclose(cells[0, 0], keys[0])
    np.testing.assert_allclose(cells[0, 1], 0.475 * np.array(keys[1]) + 0.525)
    assert len(set(keys)) == 3


def test_what_cannot_be_drawn_is_told():
    with pytest.raises(PlotError, match=r"failure_map\(gl\.diagnose\(grid\)\)"):
        failure_map(grid({}, {}, {}, {}).drop_vars("why"))
    with pytest.raises(PlotError, match="this sweep varies learning_rate"):
        failure_map(grid({}, {}, {}, {}).isel(init_scale=0))
