"""What ends before its time: the machine is not charged to a student, and the first cause is named."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from gradlab.labs._deadline import Deadline
from gradlab.labs.grade.protocol import Channel, ChannelError, CheckTimeoutError
from gradlab.labs.grade.sandbox import Limits, Sandbox
from gradlab.labs.grade.verdicts import _clock
from gradlab.labs.grade.verdicts._clock import Clock, alarm
from gradlab.labs.grade.verdicts._session import Session

from . import submissions as made

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")

QUESTION = """
```python
#!TAG HWBEGIN
#!MSG TODO
{}
#!TAG HWEND
#!TAG CHECK {}
{}
#!TAG CHECKEND
```
"""
LOSSES = "losses = [1 / (k + 1) for k in range(50)]"
BEST, THREE = "best = min(losses)", "def three():\n    return 3"
CHECKS = (
    (LOSSES, "trained", "assert len(losses) == 50"),
    (BEST, "best", "assert best == 0.02"),
    (THREE, "three", "assert three() == 3"),
)


def lab(head: str, *questions: tuple[str, str, str]) -> str:
    return f"---\ngradlab:\n{head}\n---\n\n# Lab\n\n```python\nimport time\n```\n" + "".join(
        QUESTION.format(*question) for question in questions
    )


ENDS = {
    "right": ((LOSSES,), "111", ""),
    "a loop without an end": (
        ("losses = []\nwhile True:\n    losses[:] = [1.0]",),
        "011",
        "line 2: this code ran longer than 1 s and was stopped, so that what the check asks for was not made; is there "
        "a loop that does not end?",
    ),
    "waits without an end": (("losses = []\nwhile True:\n    time.sleep(1)",), "011", "was stopped, so that"),
    "ends itself": (("import os\nlosses = os._exit(3)",), "011", "ended its own process with the status 3, so that"),
    "an error": (("losses = [1 / k for k in range(50)]",), "011", "ZeroDivisionError: division by zero, so that what"),
    "an error before": (("rates = [1 / k for k in range(50)]\nlosses = rates",), "011", "cell 1, line 1: ZeroDivision"),
}


def test_the_first_cause_is_named_and_costs_one_question(tmp_path):
    submissions = {name: (*answers, BEST, THREE) for name, (answers, _, _) in ENDS.items()}
    found, grading = made.marks(tmp_path, lab("  timeout: 1", *CHECKS), submissions)
    assert found == {name: points for name, (_, points, _) in ENDS.items()}
    reasons = {one.student: one.questions[0].reason for one in grading.results}
    assert all(said in reasons[name] for name, (_, _, said) in ENDS.items()), reasons


STOPPED = "cell {}, line {}: this code ran longer than 1 s and was stopped"
LEFT_OUT = "; what the check asks for is right with that left out"
LOOPS = {  # in a cell with an answer, or in one that answers nothing and that no check needs
    "before the answer": ((f"while True:\n    pass\n{LOSSES}", BEST, THREE), "?11", STOPPED.format(1, 1)),
    "behind it": ((f"{LOSSES}\nk = 0\nwhile k < 5:\n    print(k)", BEST, THREE), "?11", STOPPED.format(1, 3)),
    "of another answer's": ((LOSSES, f"{BEST}\nwhile best:\n    k = 1", THREE), "1?1", STOPPED.format(2, 2)),
    "in a cell of its own": ((LOSSES, "k = 0\nwhile k < 5:\n    print(k)", BEST, THREE), "111", STOPPED.format(2, 2)),
    "that ends": ((f"{LOSSES}\nk = 0\nwhile k < 5:\n    k += 1", BEST, "while True:\n    break", THREE), "111", ""),
}


def test_a_loop_without_an_end_is_named_wherever_it_stands(tmp_path):
    submissions = {name: answers for name, (answers, _, _) in LOOPS.items()}
    found, grading = made.marks(tmp_path, lab("  timeout: 1", *CHECKS), submissions)
    assert found == {name: points for name, (_, points, _) in LOOPS.items()}
    for one in grading.results:
        said = LOOPS[one.student][2]
        assert [remark for remark in one.repairs if "longer" in remark] == [said] * bool(said)
        waiting = [asked.reason for asked in one.questions if asked.status == "human"]
        assert waiting == [said + LEFT_OUT] * len(waiting)


def test_what_cannot_be_read_is_the_reason(tmp_path):
    cells = (LOSSES, BEST, "shown = 3\ndef three()\n    return shown")
    found, grading = made.marks(tmp_path, lab("  timeout: 1", *CHECKS), {"no colon": cells})
    assert found == {"no colon": "110"}
    said = "cell 3 cannot be read (line 2: expected ':'), so that three is not defined"
    three = grading.results[0].questions[2]
    assert (three.reason, three.status) == (said, "wrong")  # which is not the same as not answered


STEP, WALK = "def step(x):\n    return x / 2", "def walk(x):\n    for _ in range(3):\n        x = step(x)\n    return x"
STAND_IN = (
    (STEP, "step", "assert step(4.0) == 2.0"),
    (WALK, "walk timeout=1", "assert walk(8.0) == 1.0"),
    (THREE, "three", "assert three() == 3"),
)
# It comes to an end with its own step, and with no other.
LATE = "def walk(x):\n    while step(x) < x:\n        x = x + 0.0\n    return step(x)"


def test_what_takes_too_long_with_the_keys_version_of_something_else_is_for_a_human(tmp_path):
    answers = ("def step(x):\n    return x + 1", LATE, THREE)
    found, grading = made.marks(tmp_path, lab("  timeout: 1", *STAND_IN), {"late": answers})
    assert found == {"late": "0?1"}
    assert (
        "it could not be judged with the key's step in its place: walk ran longer than"
        in grading.results[0].questions[1].reason
    )


SLOW = "begun = time.perf_counter()\nwhile time.perf_counter() < begun + 0.3:\n    pass\nslow = 1"


def test_what_may_only_be_slow_is_for_a_human(tmp_path):
    questions = ((SLOW, "slow", "assert slow == 1"), (THREE, "three", "assert three() == 3"))
    endless = ("while True:\n    slow = 2", THREE)
    found, grading = made.marks(tmp_path, lab("  timeout: 1", *questions), {"endless": endless})
    assert found == {"endless": "?1"}
    assert "ran longer than 1 s and was stopped" in grading.results[0].questions[0].reason
    assert "it may only be slow: the solution's takes 0." in grading.results[0].questions[0].reason


@pytest.fixture(scope="module")
def sandbox():
    made_one = Sandbox([{"source": "import os, time", "cell": 0, "line": 1}], Path("/tmp"), {}, [])
    made_one.wait()
    yield made_one
    made_one.close()


def _run(sandbox: Sandbox, source: str, limits: Limits) -> str:
    """What ended a process, "" where it came to the end of its code."""
    cage = sandbox.start(limits, 0)
    channel = Channel(cage.channel)
    channel.send({"q": 1, "do": "run", "source": source, "cell": 1, "line": 1})
    try:
        assert "x" not in channel.receive(Deadline(60))
    except ChannelError:
        return cage.end()
    cage.end()
    return ""


FORKS = """
for _ in range(3):
    if os.fork() == 0:
        {}
        time.sleep(60)
for _ in range(20):
    time.sleep(0.1)
"""


def test_memory_of_all_processes_counts_together_and_what_forks_share_once(sandbox):
    limits = Limits(memory=150_000_000)
    assert _run(sandbox, FORKS.format("held = bytearray(60_000_000)"), limits) == "took more memory than it may"
    assert _run(sandbox, "held = bytearray(60_000_000)\n" + FORKS.format("pass"), limits) == ""


def test_a_process_is_asked_how_long_it_waited_for_a_processor(sandbox):
    cage = sandbox.start(Limits(), 0)
    Channel(cage.channel).send({"q": 1, "do": "run", "source": "while True: pass", "cell": 1, "line": 1})
    first, second = cage.waited(), cage.waited()
    assert first is not None
    assert second is not None
    assert 0 <= first <= second
    assert cage.end() == ""


class Busy:
    """A machine that let something wait for some seconds in all, as it tells when it is asked."""

    def __init__(self, *waited: float) -> None:
        self.known, self.is_cut, self._waited = 0.0, False, list(waited)

    def ask(self) -> float:
        self.known = self._waited.pop(0) if self._waited else self.known
        return self.known


def test_time_in_which_no_processor_was_free_does_not_count():
    busy = Busy(500.0, 500.0)
    deadline = Deadline(0.01, busy)
    time.sleep(0.02)
    assert 499 < deadline.left() < 500
    other = Deadline(0.01, busy)  # what had been waited before it was set is no time of its own
    time.sleep(0.02)
    assert other.left() == 0


def test_what_is_kept_waiting_all_the_time_is_over_after_a_few_times_its_seconds(monkeypatch):
    began = time.monotonic()
    monkeypatch.setattr(_clock, "kept_waiting", lambda _: time.monotonic() - began)  # none of the time counts
    monkeypatch.setattr(_clock, "SPARE", 0.0)
    clock = Clock()
    with pytest.raises(CheckTimeoutError), alarm(0.1, clock):
        time.sleep(30.0)
    assert time.monotonic() - began >= 0.4
    assert clock.is_cut
    deadline = clock.deadline(0.05)  # the patience has an end
    time.sleep(0.06)
    assert deadline.left() == 0
    stopped = "ran longer than 30 s and was stopped"
    assert "so busy" in Session.doubt(SimpleNamespace(clock=clock), stopped, 30.0, 0.1)
    assert Session.doubt(SimpleNamespace(clock=Clock()), stopped, 30.0, 0.1) == ""


@pytest.mark.parametrize("told", [(0.0, 1e9), (None, 1e9), (1e9, 0.0)])
def test_no_time_is_less_than_what_had_a_processor(monkeypatch, told):
    waited = iter(told)
    monkeypatch.setattr(_clock, "kept_waiting", lambda _: next(waited))
    taken, used = _clock.stopwatch(), time.process_time()
    sum(range(100_000))
    spent = time.process_time() - used
    assert taken() >= spent > 0


def test_an_alarm_rings_behind_another_one_within_it():
    def waited():
        with alarm(0.3):
            with alarm(60.0):
                time.sleep(0.1)
            time.sleep(30.0)

    with pytest.raises(CheckTimeoutError, match=r"longer than 0\.3 s"):
        waited()
