"""Where submissions run: a warm process inside bubblewrap, and a fork of it with walls of its own for each."""

from __future__ import annotations

from gradlab.labs.grade.sandbox._command import THREADS as THREADS
from gradlab.labs.grade.sandbox._command import IsolationError as IsolationError
from gradlab.labs.grade.sandbox._command import isolated_command as isolated_command
from gradlab.labs.grade.sandbox._engine import try_isolation as try_isolation
from gradlab.labs.grade.sandbox._host import OUTSIDE as OUTSIDE
from gradlab.labs.grade.sandbox._host import TOO_MUCH as TOO_MUCH
from gradlab.labs.grade.sandbox._host import Cage as Cage
from gradlab.labs.grade.sandbox._host import Limits as Limits
from gradlab.labs.grade.sandbox._host import Sandbox as Sandbox
from gradlab.labs.grade.sandbox._student import Shell as Shell
from gradlab.labs.grade.sandbox._student import run_statement as run_statement
from gradlab.labs.grade.sandbox._walls import kept_waiting as kept_waiting
