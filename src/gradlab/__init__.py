"""gradlab: a laboratory for gradients.

Say once what is computed; gradlab derives the gradient by the chain rule, compiles it, descends and trains with it.

>>> import gradlab as gl
>>> bowl = gl.function("(x1 - 6)**2 + x2**2 - x1*x2")
>>> bowl.gradient()
{x1: 2*x1 - x2 - 12, x2: 2*x2 - x1}
"""

from typing import TYPE_CHECKING

from gradlab._lazy import lazy_names
from gradlab._version import __version__ as __version__

if TYPE_CHECKING:
    # What editors and type checkers see; the table below says the same to Python, and a test compares the two.
    from gradlab import play as play
    from gradlab import plot as plot
    from gradlab import rules as rules
    from gradlab import testing as testing
    from gradlab._errors import GradlabError as GradlabError
    from gradlab._model import Function as Function
    from gradlab._model import Gradient as Gradient
    from gradlab._model import Network as Network
    from gradlab._model import function as function
    from gradlab._model import mlp as mlp
    from gradlab.check import CheckError as CheckError
    from gradlab.check import GradientError as GradientError
    from gradlab.check import Report as Report
    from gradlab.check import Verdict as Verdict
    from gradlab.check import check_all as check_all
    from gradlab.check import check_function as check_function
    from gradlab.check import check_gradient as check_gradient
    from gradlab.derive import NoArraysError as NoArraysError
    from gradlab.derive import derive_rule as derive_rule
    from gradlab.descent import DescentError as DescentError
    from gradlab.descent import DescentInterrupted as DescentInterrupted
    from gradlab.descent import Trace as Trace
    from gradlab.descent import descend as descend
    from gradlab.graph import GraphError as GraphError
    from gradlab.graph import NotRationalError as NotRationalError
    from gradlab.graph import ParseError as ParseError
    from gradlab.prove import answer as answer
    from gradlab.prove import prove as prove
    from gradlab.train import DataError as DataError
    from gradlab.train import Glorot as Glorot
    from gradlab.train import He as He
    from gradlab.train import NoBestRunError as NoBestRunError
    from gradlab.train import Normal as Normal
    from gradlab.train import Progress as Progress
    from gradlab.train import StoreError as StoreError
    from gradlab.train import TrainError as TrainError
    from gradlab.train import Uniform as Uniform
    from gradlab.train import boundary_dimension as boundary_dimension
    from gradlab.train import datasets as datasets
    from gradlab.train import diagnose as diagnose
    from gradlab.train import open as open
    from gradlab.train import recommend as recommend
    from gradlab.train import sweep as sweep
    from gradlab.train import train as train
    from gradlab.train import trainability as trainability
else:
    # Loaded when first used: the mathematics needs no NumPy, and no one waits for what they do not use.
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "gradlab._errors": "GradlabError",
            "gradlab._model": "Function Gradient Network function mlp",
            "gradlab.check": "CheckError GradientError Report Verdict check_all check_function check_gradient",
            "gradlab.derive": "NoArraysError derive_rule",
            "gradlab.descent": "DescentError DescentInterrupted Trace descend",
            "gradlab.graph": "GraphError NotRationalError ParseError",
            "gradlab.play": "play",
            "gradlab.plot": "plot",
            "gradlab.prove": "answer prove",
            "gradlab.rules": "rules",
            "gradlab.testing": "testing",
            "gradlab.train": "DataError Glorot He NoBestRunError Normal Progress TrainError Uniform "
            "StoreError boundary_dimension diagnose open recommend sweep train trainability",
            "gradlab.train.datasets": "datasets",
        },
        here="__version__",
    )
