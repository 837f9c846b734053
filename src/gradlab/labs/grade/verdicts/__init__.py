"""What a submission's answers are worth: judged outside its sandbox, by calling what is in there."""

from __future__ import annotations

from gradlab.labs.grade.verdicts._evaluate import in_words as in_words
from gradlab.labs.grade.verdicts._evaluate import prepare as prepare
from gradlab.labs.grade.verdicts._evaluate import run_check as run_check
from gradlab.labs.grade.verdicts._judge import judge as judge
from gradlab.labs.grade.verdicts._key import Key as Key
from gradlab.labs.grade.verdicts._results import QuestionResult as QuestionResult
from gradlab.labs.grade.verdicts._results import SubmissionResult as SubmissionResult
from gradlab.labs.grade.verdicts._results import from_json as from_json
