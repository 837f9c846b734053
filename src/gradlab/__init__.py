"""gradlab: a laboratory for gradients.

Say once what is computed; gradlab derives the gradient by the chain rule, compiles it, descends and trains with it.

>>> import gradlab as gl
>>> bowl = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
>>> bowl.gradient()
{x1: 2*x1 - x2 - 12, x2: 2*x2 - x1}
"""

import importlib
from typing import TYPE_CHECKING, Any

from gradlab._errors import GradlabError as GradlabError
from gradlab._model import Function as Function
from gradlab._model import Gradient as Gradient
from gradlab._model import Network as Network
from gradlab._model import function as function
from gradlab._model import mlp as mlp
from gradlab._version import __version__ as __version__
from gradlab.check import Report as Report
from gradlab.check import Verdict as Verdict
from gradlab.check import check_function as check_function
from gradlab.check import check_gradient as check_gradient
from gradlab.derive import derive_rule as derive_rule
from gradlab.descent import Trace as Trace
from gradlab.descent import descend as descend
from gradlab.prove import answer as answer
from gradlab.prove import prove as prove
from gradlab.train import Normal as Normal
from gradlab.train import Uniform as Uniform
from gradlab.train import datasets as datasets
from gradlab.train import recommend as recommend
from gradlab.train import sweep as sweep
from gradlab.train import train as train

if TYPE_CHECKING:
    from gradlab import plot as plot
    from gradlab import testing as testing


def __getattr__(name: str) -> Any:
    # matplotlib is an extra and slow to import, and the testing helper is for tests alone: loaded when first used.
    if name in ("plot", "testing"):
        return importlib.import_module(f"gradlab.{name}")
    raise AttributeError(f"module 'gradlab' has no attribute {name!r}")
