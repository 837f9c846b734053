"""Course labs: one tagged template in, a question and a solution out, as Markdown, notebook, HTML and PDF."""

from __future__ import annotations

from gradlab.labs._build import BuildOptions as BuildOptions
from gradlab.labs._build import BuiltLab as BuiltLab
from gradlab.labs._build import FailedLab as FailedLab
from gradlab.labs._build import Step as Step
from gradlab.labs._build import build_labs as build_labs
from gradlab.labs._check import CheckedTemplate as CheckedTemplate
from gradlab.labs._check import check_template as check_template
from gradlab.labs._diagnostics import Diagnostic as Diagnostic
from gradlab.labs._diagnostics import TemplateError as TemplateError
from gradlab.labs._diagnostics import fault as fault
from gradlab.labs._gate import false_elsewhere as false_elsewhere
from gradlab.labs._gate import false_equations as false_equations
from gradlab.labs._gate import judged as judged
from gradlab.labs._sheet import Page as Page
from gradlab.labs._sheet import make_page as make_page
from gradlab.labs._similar import Pair as Pair
from gradlab.labs._similar import Similarity as Similarity
from gradlab.labs._similar import find_similar as find_similar
from gradlab.labs._views import is_page as is_page
from gradlab.labs._write import FORMATS as FORMATS
from gradlab.labs._write import WrittenFile as WrittenFile
