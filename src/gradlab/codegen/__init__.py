"""Derivation -> callable: the same derivation printed for NumPy, for PyTorch and for exact fractions."""

from typing import TYPE_CHECKING

from gradlab._lazy import lazy_names
from gradlab.codegen._exact import evaluate_exactly as evaluate_exactly
from gradlab.codegen._exact import update_exactly as update_exactly
from gradlab.codegen._normal import numpy_transforms as numpy_transforms
from gradlab.codegen._printer import numpy_source as numpy_source
from gradlab.codegen._schedule import Programs as Programs
from gradlab.codegen._schedule import network_programs as network_programs
from gradlab.codegen._schedule import programs_for as programs_for
from gradlab.codegen._starts import DEVIATIONS as DEVIATIONS
from gradlab.codegen._starts import deviations as deviations
from gradlab.codegen._torch import TorchNetwork as TorchNetwork
from gradlab.codegen._torch import function_to_torch as function_to_torch

if TYPE_CHECKING:
    from gradlab.codegen import cuda as cuda
    from gradlab.codegen import wasm as wasm
    from gradlab.codegen._crew import one_thread as one_thread
    from gradlab.codegen._kernel_trainer import KernelTrainer as KernelTrainer
    from gradlab.codegen._numba import NumbaTrainer as NumbaTrainer
    from gradlab.codegen._numba_cache import cache_folder as cache_folder
    from gradlab.codegen._numba_cache import processor as processor
    from gradlab.codegen._numpy import NumpyFunction as NumpyFunction
    from gradlab.codegen._numpy import NumpyNetwork as NumpyNetwork
    from gradlab.codegen._numpy import margins_of as margins_of
    from gradlab.codegen._training import KINDS as KINDS
    from gradlab.codegen._training import MOST_STEPS as MOST_STEPS
    from gradlab.codegen._training import NEVER as NEVER
    from gradlab.codegen._training import Drawn as Drawn
    from gradlab.codegen._training import Notify as Notify
    from gradlab.codegen._training import Plan as Plan
    from gradlab.codegen._training import TrainResult as TrainResult
    from gradlab.codegen._training import gap_of as gap_of
    from gradlab.codegen._training import layer_of_parameters as layer_of_parameters
    from gradlab.codegen._update import numpy_update as numpy_update
else:
    # What computes needs NumPy; what prints does not.
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "gradlab.codegen._crew": "one_thread",
            "gradlab.codegen._kernel_trainer": "KernelTrainer",
            "gradlab.codegen._numba": "NumbaTrainer",
            "gradlab.codegen._numba_cache": "cache_folder processor",
            "gradlab.codegen._numpy": "NumpyFunction NumpyNetwork margins_of",
            "gradlab.codegen._training": "Drawn KINDS MOST_STEPS NEVER Notify Plan TrainResult gap_of "
            "layer_of_parameters",
            "gradlab.codegen._update": "numpy_update",
            "gradlab.codegen.cuda": "cuda",
            "gradlab.codegen.wasm": "wasm",
        },
        here="DEVIATIONS Programs TorchNetwork deviations evaluate_exactly function_to_torch network_programs "
        "numpy_source numpy_transforms programs_for update_exactly",
    )
