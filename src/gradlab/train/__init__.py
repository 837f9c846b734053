"""Trains many copies of a small network at once, with the gradient that gradlab derived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradlab._lazy import lazy_names, make_callable

if TYPE_CHECKING:
    from gradlab.train import datasets as datasets
    from gradlab.train._data import Data as Data
    from gradlab.train._data_sets import data_set as data_set
    from gradlab.train._data_sets import data_sets as data_sets
    from gradlab.train._errors import DataError as DataError
    from gradlab.train._errors import NoBestRunError as NoBestRunError
    from gradlab.train._errors import TrainError as TrainError
    from gradlab.train._experiment import Experiment as Experiment
    from gradlab.train._failures import diagnose as diagnose
    from gradlab.train._initialise import Glorot as Glorot
    from gradlab.train._initialise import He as He
    from gradlab.train._initialise import Normal as Normal
    from gradlab.train._initialise import Uniform as Uniform
    from gradlab.train._progress import Progress as Progress
    from gradlab.train._recommend import Recommendation as Recommendation
    from gradlab.train._recommend import recommend as recommend
    from gradlab.train._runs import Model as Model
    from gradlab.train._runs import Outcome as Outcome
    from gradlab.train._runs import Run as Run
    from gradlab.train._runs import Runs as Runs
    from gradlab.train._sweep import sweep as sweep
    from gradlab.train._train import train as train
    from gradlab.train._why import Diagnoses as Diagnoses
    from gradlab.train._why import Diagnosis as Diagnosis
    from gradlab.train._why import Why as Why
    from gradlab.train._wilson import Share as Share
    from gradlab.train._wilson import wilson_interval as wilson_interval
    from gradlab.train.maps import PANELS as PANELS
    from gradlab.train.maps import Dimension as Dimension
    from gradlab.train.maps import boundary_dimension as boundary_dimension
    from gradlab.train.maps import trainability as trainability
    from gradlab.train.store import StoreError as StoreError
    from gradlab.train.store import open as open
else:
    # What trains needs NumPy; what judges counted shares does not, and is asked in the browser too.
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "gradlab.train.datasets": "datasets",
            "gradlab.train._data": "Data",
            "gradlab.train._data_sets": "data_set data_sets",
            "gradlab.train._errors": "DataError NoBestRunError TrainError",
            "gradlab.train._experiment": "Experiment",
            "gradlab.train._failures": "diagnose",
            "gradlab.train._initialise": "Glorot He Normal Uniform",
            "gradlab.train._progress": "Progress",
            "gradlab.train._recommend": "Recommendation recommend",
            "gradlab.train._runs": "Model Outcome Run Runs",
            "gradlab.train._sweep": "sweep",
            "gradlab.train._train": "train",
            "gradlab.train._why": "Diagnoses Diagnosis Why",
            "gradlab.train._wilson": "Share wilson_interval",
            "gradlab.train.maps": "Dimension PANELS boundary_dimension trainability",
            "gradlab.train.store": "StoreError open",
        },
    )

make_callable(__name__)  # gl.train(...) calls the function, import gradlab.train gives the package
