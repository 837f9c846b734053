"""Derivation -> WebAssembly: kernels as bytes, for browsers and for every other engine; printing needs no NumPy."""

from gradlab.codegen.wasm._drawing import drawing_module as drawing_module
from gradlab.codegen.wasm._modules import WasmModule as WasmModule
from gradlab.codegen.wasm._modules import WasmNetwork as WasmNetwork
from gradlab.codegen.wasm._modules import curvature_module as curvature_module
from gradlab.codegen.wasm._modules import descent_module as descent_module
from gradlab.codegen.wasm._modules import function_module as function_module
