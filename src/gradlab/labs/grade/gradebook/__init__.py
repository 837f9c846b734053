"""What a grading leaves behind for the instructor: the table, the queue of what a human has to judge, the overview."""

from __future__ import annotations

from gradlab.labs.grade.gradebook._platforms import FilledGradebook as FilledGradebook
from gradlab.labs.grade.gradebook._platforms import GradebookError as GradebookError
from gradlab.labs.grade.gradebook._platforms import fill_gradebook as fill_gradebook
from gradlab.labs.grade.gradebook._queue import QueueError as QueueError
from gradlab.labs.grade.gradebook._queue import apply_decisions as apply_decisions
from gradlab.labs.grade.gradebook._queue import read_queue as read_queue
from gradlab.labs.grade.gradebook._queue import write_queue as write_queue
from gradlab.labs.grade.gradebook._table import harmless as harmless
from gradlab.labs.grade.gradebook._table import points as points
from gradlab.labs.grade.gradebook._table import write_table as write_table
