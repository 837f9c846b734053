"""What a rule is: checked numbers, statements that are read, one learning rate or several, text that is read back."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from gradlab.rules import (
    Adam,
    Batches,
    Cosine,
    GradientDescent,
    MiniBatch,
    Momentum,
    Own,
    Rule,
    RuleError,
    Schedule,
    Steps,
    WarmUp,
    read,
    snake,
)  # fmt: skip

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")


# Tests make kinds of their own, which are known as soon as their module is loaded; the page is about gradlab's.
KINDS = [kind for kind in (*Rule.all(), *Schedule.all(), *Batches.all()) if kind.__module__.startswith("gradlab.")]


def of_torch(name):
    return type(name, (), {"__module__": "torch.optim"})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_page_names_every_kind_and_its_numbers(kind):
    assert f"`{kind.__name__}" in PAGE or f"`batches=gl.rules.{kind.__name__}" in PAGE
    assert all(f"{name}" in PAGE for name in kind().settings)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam(beta1=1), "beta1 must be below 1"),
        (lambda: Adam(epsilon=0), "epsilon must be greater than 0"),
        (lambda: Momentum(momentum=[0.5, -1]), r"momentum\[1\] must be 0 or greater"),
        (lambda: Momentum(momentum=[]), "momentum is empty"),
        (lambda: GradientDescent({1: 0.1, 3: 0.2}), "counted from 1"),
        (lambda: GradientDescent(0.1, schedule="cosine"), r"Cosine\(steps=100\)"),
        (lambda: GradientDescent(True), "must be a number, but it is True"),
        (lambda: Cosine(steps=0), "steps must be at least 1"),
        (lambda: MiniBatch(size=2.5), "size must be a whole number"),
        (lambda: WarmUp(then=3), "then is 3"),
        (lambda: Own("1/(1 + t)"), "has t in it; write it with k alone"),
        (lambda: Own("1/("), "cannot be read"),
        (lambda: Own("-1").factor(0), "0 or greater"),
        (lambda: Own(lambda k: None).factor(2), "no number for step 2"),
        (lambda: Own(lambda k: 1).latex(), "write it as text"),
        (lambda: read(Rule, "adam(beta=0.1)"), "Adam takes learning_rate, schedule, beta1, beta2, epsilon"),
        (lambda: read(Rule, "adam(beta1=open)"), "there is no schedule 'open'"),
        (lambda: read(Rule, "adam + sgd"), "is no update rule"),
        (lambda: read(Rule, "SGD"), r"did you mean GradientDescent, Momentum or Nesterov\?"),
        (lambda: read(Rule, "rms-prop(0.1, beta=1)"), "RMSProp takes learning_rate"),
        (lambda: read(Rule, "muon"), r"no update rule 'muon'; there are Adam, .*RMSProp"),
        (lambda: read(Schedule, "StepLR"), r"did you mean Steps\?"),
        (lambda: read(Rule, of_torch("Adagrad")), "is no update rule; write one such as"),
        (lambda: read(Rule, 3), "3 is no update rule"),
        (lambda: read(Rule, Adam), r"^Adam is no update rule; write gl.rules.Adam\(\)"),
        (lambda: read(Rule, of_torch("Adam")), r"Adam of torch is no update rule; write gl.rules.Adam\(\)"),
        (lambda: read(Rule, of_torch("RMSprop")()), r"write gl.rules.RMSProp\(\), with its numbers"),
        (
            lambda: read(Rule, of_torch("SGD")),
            r"gl.rules.GradientDescent\(\) or gl.rules.Momentum\(\) or gl.rules.Nest",
        ),
        (
            lambda: read(Batches, "8"),
            r"'8' is no way to make batches; write how many points a step uses, as batches=32",
        ),
        (lambda: read(Batches, [4]), r"\[4\] is no way to make batches; write how many"),
        (Rule, "Rule is no update rule yet; write one such as"),
        (lambda: Adam(0.1).with_rate(0.2), "in one of the two places"),
    ],
)
def test_what_cannot_be_used_is_said(make, message):
    with pytest.raises(RuleError, match=message):
        make()


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (("w = w - eta*h",), "uses h; there are eta, g, t, w"),
        (("w = w - eta*g", "w = w"), "assign to w and to each state once"),
        (("g = w",), "assigns to no state and not to w"),
        (("v = g",), "must assign to w"),
    ],
)
def test_statements_that_make_no_rule_are_refused(statements, message):
    made = dataclass(frozen=True)(type("Broken", (Rule,), {"statements": statements, "title": "broken"}))
    try:
        with pytest.raises(RuleError, match=message):
            made.update()
    finally:
        Rule.kinds.pop("broken")


def test_numbers_written_exactly_stay_exact_and_several_are_sorted():
    assert Momentum("1/2", Fraction(1, 3)).settings == {"learning_rate": Fraction(1, 2), "momentum": Fraction(1, 3)}
    rule = Momentum([2, 1], momentum=(0.9, 0.1))
    assert (rule.learning_rate, rule.momentum) == ((1.0, 2.0), (0.1, 0.9))
    assert rule.several == ("learning_rate", "momentum")
    assert GradientDescent({2: 0.2, 1: 0.1}).by_layer == {1: 0.1, 2: 0.2}
    assert str(GradientDescent({1: 0.1, 2: 0.2}).words) == "learning rates 0.1, 0.2"


def test_names_are_read_in_every_spelling():
    for name in ("GradientDescent", "gradient_descent", "gradient-descent", "gradientdescent()"):
        assert read(Rule, name) == GradientDescent()
    assert [snake(kind.__name__) for kind in (GradientDescent, MiniBatch, WarmUp, Steps)] == [
        "gradient_descent", "mini_batch", "warm_up", "steps",
    ]  # fmt: skip
    assert read(Schedule, str(WarmUp(steps=3, then=Cosine(steps=9)))) == WarmUp(steps=3, then=Cosine(steps=9))
