"""A loss taken apart into its operations, so that a mistake in its gradient can be rebuilt and compared."""

from __future__ import annotations

from gradlab.check.tracing._program import Place as Place
from gradlab.check.tracing._program import Program as Program
from gradlab.check.tracing._program import Step as Step
from gradlab.check.tracing._program import UntraceableError as UntraceableError
from gradlab.check.tracing._trace import float64 as float64
from gradlab.check.tracing._trace import trace as trace
