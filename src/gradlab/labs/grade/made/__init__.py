"""Checks for a template that has none: made from the answer key, by comparing with it on inputs like those it meets."""

from __future__ import annotations

from gradlab.labs.grade.made._compare import DoubtError as DoubtError
from gradlab.labs.grade.made._compare import PartialError as PartialError
from gradlab.labs.grade.made._compare import compared as compared
from gradlab.labs.grade.made._compare import in_text as in_text
from gradlab.labs.grade.made._compare import shortened as shortened
from gradlab.labs.grade.made._inputs import Call as Call
from gradlab.labs.grade.made._inputs import further_inputs as further_inputs
from gradlab.labs.grade.made._inputs import inputs_like as inputs_like
from gradlab.labs.grade.made._inputs import recorder as recorder
from gradlab.labs.grade.made._lives import Life as Life
from gradlab.labs.grade.made._lives import LifeRecorder as LifeRecorder
from gradlab.labs.grade.made._lives import lives_like as lives_like
from gradlab.labs.grade.made._tasks import COMPARE as COMPARE
from gradlab.labs.grade.made._tasks import made_tasks as made_tasks
