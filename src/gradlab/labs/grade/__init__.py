"""Grading at class scale: submissions are hostile until shown otherwise, and verdicts are made out of their reach."""

from __future__ import annotations

from gradlab.labs.grade._grade import Grading as Grading
from gradlab.labs.grade._grade import grade as grade
from gradlab.labs.grade._run import GradeOptions as GradeOptions
from gradlab.labs.grade._self import grade_self as grade_self
