"""How printed kernels are compiled: by those of Numba's passes that straight code of numbers, loops and calls needs.

The others look for closures, branches that types decide, arrays' expressions and variables of several types, none of
which is ever printed: they would take a third of the time until a kernel is there.
"""

from __future__ import annotations

from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import PassManager
from numba.core.typed_passes import (
    AnnotateTypes,
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NopythonTypeInference,
)
from numba.core.untyped_passes import FixupArgs, IRProcessing, TranslateByteCode

READING = (TranslateByteCode, FixupArgs, IRProcessing)
# Among other things `IRLegalization` says where a variable ends: without it a kernel would keep its arrays for ever.
WRITING = (NopythonTypeInference, IRLegalization, AnnotateTypes, NativeLowering, NoPythonBackend)


class KernelCompiler(CompilerBase):
    """Numba's compiler with these passes alone."""

    def define_pipelines(self) -> list[PassManager]:
        """The one list of passes."""
        passes = PassManager("kernel")
        for each in (*READING, *WRITING):
            passes.add_pass(each, each.__name__)
        passes.finalize()
        return [passes]
