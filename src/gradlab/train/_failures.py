"""Why the runs of a sweep failed: the causes counted for every setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradlab._model import Network
from gradlab.train._errors import whole_number
from gradlab.train._sweep import require_xarray
from gradlab.train._train import train
from gradlab.train._why import Why

if TYPE_CHECKING:
    import xarray

CAUSE = "cause"


def diagnose(
    grid: xarray.Dataset, *, restarts: int = 20, target: float | None = None, more: int = 10
) -> xarray.Dataset:
    """Finds out why runs of a sweep failed: `Runs.diagnose` for the first runs of every setting, counted.

    Each setting is trained again from the same starts; a run that fails then costs about `more` times what it did.

    Args:
        grid: what `gl.sweep` returned, whole.
        restarts: how many runs of each setting, the first of them.
        target: the loss that a run should have reached; by default a run failed that diverged or has a point wrong.
        more: how many times its steps a failed run goes on for.

    Returns:
        The same with a variable ``why``: for each setting and ``cause``, how many of the runs failed of it.

    Raises:
        TrainError: if it is no sweep's result, if an argument cannot be used, or if there is no right and wrong and no
            target.
        GradlabError: if xarray is not installed.

    >>> import gradlab as gl
    >>> grid = gl.sweep(gl.mlp([2, 2, 1]), gl.datasets.xor(), learning_rate=[1, 30], restarts=5, steps=200)
    >>> gl.diagnose(grid, restarts=5)["why"].sel(cause="diverged").values.tolist()
    [0, 5]
    """
    require_xarray()
    from gradlab.train._dataset import data_of, grid_of, settings_of

    names, data = settings_of(grid), data_of(grid)
    count = min(whole_number("restarts", restarts, least=1, example=20), grid.sizes["restart"])
    causes = [why.name.lower() for why in Why]
    counts = np.zeros((*(grid.sizes[name] for name in names), len(causes)), dtype=np.int64)
    for place in np.ndindex(counts.shape[:-1]):
        setting = grid.isel(dict(zip(names, place, strict=True)))
        one = grid_of(setting, restarts=count, seed=int(grid.attrs["seed"]))
        architecture, steps, batches = one.sheet(0)
        runs = train(
            Network(architecture.graph),
            data,
            rule=one.rule,
            batches=batches,
            steps=steps,
            restarts=count,
            seed=one.seed,
            initialisation=str(one.initialisation.values[0]),
            init_scale=float(one.init_scale.values[0]),
            dtype=one.dtype,
        )
        for why, failed in runs.diagnose(target, more=more).counts.items():
            counts[(*place, causes.index(why.name.lower()))] = failed
    made = grid.assign(why=((*names, CAUSE), counts)).assign_coords({CAUSE: causes})
    made["why"].attrs = {"long_name": "failed runs by cause", "units": "run", "restarts": count}
    made[CAUSE].attrs = {"long_name": "why a run failed", "units": "1"}
    return made
