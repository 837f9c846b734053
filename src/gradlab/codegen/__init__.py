"""Derivation -> callable: the same derivation printed for NumPy, for PyTorch and for exact fractions."""

from gradlab.codegen._exact import evaluate_exactly as evaluate_exactly
from gradlab.codegen._numba import NumbaTrainer as NumbaTrainer
from gradlab.codegen._numpy import NumpyFunction as NumpyFunction
from gradlab.codegen._numpy import NumpyNetwork as NumpyNetwork
from gradlab.codegen._torch import TorchNetwork as TorchNetwork
from gradlab.codegen._torch import function_to_torch as function_to_torch
from gradlab.codegen._training import NEVER as NEVER
from gradlab.codegen._training import TrainResult as TrainResult
from gradlab.codegen._training import layer_of_parameters as layer_of_parameters
