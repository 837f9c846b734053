"""Gradient descent on one function: rates, stopping rules, exact rational runs and the trace of a run."""

from __future__ import annotations

from gradlab.descent._descend import DescentInterrupted as DescentInterrupted
from gradlab.descent._descend import descend as descend
from gradlab.descent._errors import DescentError as DescentError
from gradlab.descent._outcome import Outcome as Outcome
from gradlab.descent._trace import Trace as Trace
