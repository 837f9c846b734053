"""What a template asks for, statement by statement, and what of it a submission holds."""

from __future__ import annotations

from gradlab.labs.grade.matching._answers import Asked as Asked
from gradlab.labs.grade.matching._answers import asked_answers as asked_answers
from gradlab.labs.grade.matching._answers import given_answers as given_answers
from gradlab.labs.grade.matching._keys import LabKeys as LabKeys
from gradlab.labs.grade.matching._keys import beside_files as beside_files
from gradlab.labs.grade.matching._keys import lab_keys as lab_keys
from gradlab.labs.grade.matching._match import Own as Own
from gradlab.labs.grade.matching._match import Program as Program
from gradlab.labs.grade.matching._match import match as match
from gradlab.labs.grade.matching._order import order_of as order_of
from gradlab.labs.grade.matching._plan import Part as Part
from gradlab.labs.grade.matching._plan import Plan as Plan
from gradlab.labs.grade.matching._plan import Task as Task
from gradlab.labs.grade.matching._plan import make_plan as make_plan
from gradlab.labs.grade.matching._plan import needed as needed
from gradlab.labs.grade.matching._statements import Statement as Statement
from gradlab.labs.grade.matching._statements import linked as linked
from gradlab.labs.grade.matching._statements import root_of as root_of
from gradlab.labs.grade.matching._statements import statements_of as statements_of
