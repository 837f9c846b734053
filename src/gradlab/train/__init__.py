"""Trains many copies of a small network at once, with the gradient that gradlab derived."""

from __future__ import annotations

from gradlab._lazy import make_callable
from gradlab.train import datasets as datasets
from gradlab.train._data import Data as Data
from gradlab.train._data_sets import data_set as data_set
from gradlab.train._data_sets import data_sets as data_sets
from gradlab.train._errors import DataError as DataError
from gradlab.train._errors import NoBestRunError as NoBestRunError
from gradlab.train._errors import TrainError as TrainError
from gradlab.train._experiment import Experiment as Experiment
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
from gradlab.train.maps import trainability as trainability
from gradlab.train.store import StoreError as StoreError
from gradlab.train.store import open as open

make_callable(__name__)  # gl.train(...) calls the function, import gradlab.train gives the package
