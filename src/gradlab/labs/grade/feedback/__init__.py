"""Pages for people: what each student is told, and what the class did."""

from __future__ import annotations

from gradlab.labs.grade.feedback._overview import overview_page as overview_page
from gradlab.labs.grade.feedback._similar import similar_page as similar_page
from gradlab.labs.grade.feedback._similar import similar_table as similar_table
from gradlab.labs.grade.feedback._student import student_page as student_page
