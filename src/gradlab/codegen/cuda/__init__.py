"""Derivation -> CUDA C, compiled by NVRTC and run on a GPU of NVIDIA's."""

from gradlab.codegen.cuda._compile import compiled as compiled
from gradlab.codegen.cuda._compile import import_cuda as import_cuda
from gradlab.codegen.cuda._gpu import gpu as gpu
from gradlab.codegen.cuda._gpu import gpus as gpus
from gradlab.codegen.cuda._gpu import has_gpu as has_gpu
from gradlab.codegen.cuda._source import cuda_source as cuda_source
from gradlab.codegen.cuda._trainer import CudaTrainer as CudaTrainer
