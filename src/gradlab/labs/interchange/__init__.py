"""Assignments of other tools: nbgrader's and Otter's sources read into templates, and templates written as theirs."""

from __future__ import annotations

from gradlab.labs.interchange._export import FORMATS as FORMATS
from gradlab.labs.interchange._export import Exported as Exported
from gradlab.labs.interchange._export import export_template as export_template
from gradlab.labs.interchange._import import Imported as Imported
from gradlab.labs.interchange._import import import_notebook as import_notebook
from gradlab.labs.interchange._new import new_template as new_template
