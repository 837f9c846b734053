"""Why settings fail: the commonest cause of every setting of a sweep, the paler, the fewer runs fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from gradlab.plot._style import PlotError, check_kind, figure_and_axes, same_text
from gradlab.plot._success_map import axes_of_map, number_in_cells, order_of, size_of_map

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# In the order of the causes, as far apart as nine colours can be for any sight.
COLOURS = ("#7f0000", "#d55e00", "#0072b2", "#7a7a7a", "#b8860b", "#e69f00", "#009e73", "#8a3fa0", "#000000")


def failure_map(grid: xarray.Dataset, *, ax: Axes | None = None) -> Figure:
    """Draws why runs failed for every setting of a sweep of two settings.

    A cell has the colour of its commonest cause, the paler, the fewer of its runs failed; the number in it is the share
    that did, in %.

    Args:
        grid: what `gl.diagnose` returned.
        ax: axes to draw into; default: a new figure.

    Returns:
        The figure.

    Raises:
        PlotError: if the grid was not diagnosed, or has not two swept settings.

    >>> import gradlab as gl
    >>> net, data = gl.mlp([2, 2, 1]), gl.datasets.five_points()
    >>> grid = gl.sweep(net, data, learning_rate=[1, 50], init_scale=[0.5, 1], restarts=3, steps=20)
    >>> failure_map(gl.diagnose(grid)).axes[0].get_xlabel()
    'learning rate'
    """
    check_kind(grid, "data_vars", "failure_map(gl.diagnose(grid)), with grid = gl.sweep(...)")
    if "why" not in grid:
        raise PlotError(
            "nobody has looked yet why the runs of this sweep failed; write failure_map(gl.diagnose(grid))."
        )
    dims = sorted((str(name) for name in grid["why"].dims if name != "cause"), key=order_of)
    if len(dims) != 2:
        raise PlotError(f"a map has two settings, and this sweep varies {', '.join(dims) or 'none'}.")
    counts = np.asarray(grid["why"].transpose(*dims, "cause").values)
    failed = counts.sum(-1) / int(grid["why"].attrs["restarts"])
    commonest, causes = counts.argmax(-1), [str(cause) for cause in grid["cause"].values]
    colours = np.array([to_rgb(colour) for colour in COLOURS])[commonest]
    strength = np.where(failed > 0, 0.25 + 0.75 * failed, 0.0)[..., None]
    figure, ax = figure_and_axes(ax, size_of_map(dict(zip(dims, failed.shape, strict=True)), dims))
    cells = strength * colours + (1 - strength)
    ax.imshow(cells, origin="lower", aspect="auto", interpolation="nearest")
    axes_of_map(ax, grid, dims)
    number_in_cells(ax, failed, cells.mean(-1))
    shown = [index for index in range(len(causes)) if ((commonest == index) & (failed > 0)).any()]
    handles = [Patch(facecolor=COLOURS[index], label=causes[index].replace("_", " ")) for index in shown]
    ax.legend(handles=handles, title="commonest cause", loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    ax.set_title("failed runs in %")
    same_text(ax)
    return figure
