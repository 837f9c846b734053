"""How much work a judgement may take: the same on every machine, and whatever was judged before."""

from __future__ import annotations

import time

import pytest

from gradlab.prove import _errors as errors
from gradlab.prove import prove_document
from gradlab.prove._errors import Deadline, OutOfTimeError, share_of, spend

TEXT = r"""
Let $z = w x + b$ and $a = \sigma(z)$, with the loss $L = \frac{1}{2} (a - y)^2$. Then
$$\frac{\partial L}{\partial w} = (a - y) a (1 - a) x$$
$$\frac{\partial L}{\partial b} = (y - a) a (1 + a)$$
$$\frac{d}{dt} \left(\frac{\sin t}{1 + t^2}\right) = \frac{(1 + t^2) \cos t - 2 t \sin t}{(1 + t^2)^2}$$
$$\nabla_{\mathbf v} \|\mathbf A \mathbf v\|^2 = 2 \mathbf A^\top \mathbf A \mathbf v = 2 \mathbf A \mathbf v$$
"""


def judged(text: str) -> tuple[list[tuple[str, ...]], int]:
    """What is said of each step of a text, and how much work it took."""
    before = errors._meter.made
    proof = prove_document(text)
    said = [(s.verdict, str(s.method), str(s.repair), str(s.witness), s.reason) for s in proof.steps]
    return said, errors._meter.made - before


def test_a_verdict_depends_neither_on_the_clock_nor_on_what_was_judged_before(monkeypatch):
    said, work = judged(TEXT)
    assert [verdict for verdict, *_ in said].count("TRUE") == 3
    monkeypatch.setattr(errors, "_now", lambda: 5 * time.thread_time())
    assert judged(r"$$\frac{d}{dt} \frac{\sin t}{1 + t^2} = \cos t$$")[1] > 0
    assert judged(TEXT) == (said, work)


def test_work_ends_after_its_steps_or_those_around_it():
    whole = Deadline(1_000)
    inner = Deadline(5_000, whole)
    inner.check(900)
    spend(101)
    with pytest.raises(OutOfTimeError, match="split it into smaller steps"):
        inner.check()
    assert whole.passed
    assert share_of(whole, 3_000).left > 0  # never nothing


def test_what_is_not_counted_ends_by_the_clock_in_the_end(monkeypatch):
    deadline = Deadline(1_000)
    assert not deadline.passed
    now = errors._now()
    monkeypatch.setattr(errors, "_now", lambda: now + 3_600)
    assert deadline.left > 0
    assert any(deadline.passed for _ in range(100))  # it looks at the clock now and then
