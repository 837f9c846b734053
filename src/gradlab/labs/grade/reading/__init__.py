"""Submissions as teaching platforms hand them over: folders, zips, notebooks, and files that are none."""

from __future__ import annotations

from gradlab.labs.grade.reading._layouts import Submission as Submission
from gradlab.labs.grade.reading._layouts import SubmissionsError as SubmissionsError
from gradlab.labs.grade.reading._layouts import find_submissions as find_submissions
from gradlab.labs.grade.reading._notebook import LARGEST as LARGEST
from gradlab.labs.grade.reading._notebook import SubmittedCell as SubmittedCell
from gradlab.labs.grade.reading._notebook import UnreadableError as UnreadableError
from gradlab.labs.grade.reading._notebook import read_cells as read_cells
from gradlab.labs.grade.reading._roster import Roster as Roster
