"""The judge of gradients: any loss with any gradient, compared numerically; it shares no code with gradlab."""

from __future__ import annotations

from gradlab.check._check import check_function as check_function
from gradlab.check._check import check_gradient as check_gradient
from gradlab.check._errors import CheckError as CheckError
from gradlab.check._errors import GradientError as GradientError
from gradlab.check._outcomes import Cause as Cause
from gradlab.check._outcomes import Entry as Entry
from gradlab.check._outcomes import Precision as Precision
from gradlab.check._outcomes import PrecisionVerdict as PrecisionVerdict
from gradlab.check._outcomes import Verdict as Verdict
from gradlab.check._watch import Checks as Checks
from gradlab.check._watch import check_all as check_all
from gradlab.check.report._report import Report as Report
