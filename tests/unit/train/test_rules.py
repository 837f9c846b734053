"""Every rule, schedule and batch against PyTorch's optimisers, on the same starts and the same points."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

import gradlab as gl
from gradlab.rules import (
    Adam,
    AdamW,
    Constant,
    Cosine,
    GradientDescent,
    MiniBatch,
    Momentum,
    Nesterov,
    Own,
    RMSProp,
    Steps,
    WarmUp,
)  # fmt: skip
from gradlab.train import _trainers, train

SGD, ADAM, ADAMW, RMS = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop
SCHEDULERS = torch.optim.lr_scheduler
PEERS = [
    (GradientDescent(0.7), partial(SGD, lr=0.7)),
    (Momentum(0.3, 0.8), partial(SGD, lr=0.3, momentum=0.8)),
    (Nesterov(0.3, 0.8), partial(SGD, lr=0.3, momentum=0.8, nesterov=True)),
    (RMSProp(0.05, alpha=0.9), partial(RMS, lr=0.05, alpha=0.9)),
    (Adam(0.05), partial(ADAM, lr=0.05)),
    (Adam(0.1, beta1=0.0, beta2=0.9), partial(ADAM, lr=0.1, betas=(0.0, 0.9))),
    (AdamW(0.05, decay=0.1), partial(ADAMW, lr=0.05, weight_decay=0.1)),
]
SCHEDULES = [
    (Constant(), None),
    (Steps(every=7, gamma=0.5), partial(SCHEDULERS.StepLR, step_size=7, gamma=0.5)),
    (Cosine(steps=60, floor=0.1), partial(SCHEDULERS.CosineAnnealingLR, T_max=60, eta_min=0.05 * 0.1)),
    (WarmUp(steps=9, start=0.25), partial(SCHEDULERS.LinearLR, start_factor=0.25, total_iters=9)),
    (Own("1/(1 + k/10)"), partial(SCHEDULERS.LambdaLR, lr_lambda=lambda k: 1 / (1 + k / 10))),
]
DATA = gl.datasets.two_moons(20)
# The statements of rules and schedules stand in rolled kernels as in the others: those that need most are tried there.
ROLLED = (Nesterov, AdamW, Cosine)


def each_way(*cases):
    """Cases, the first part of each a rule or a schedule, with the ways to train that each is tried in."""
    ways = [(way, case) for way in ("kernel", "rolled", "numpy") for case in cases]
    chosen = [(way, case) for way, case in ways if way != "rolled" or isinstance(case[0], ROLLED)]
    return [pytest.param(way, *case, id=f"{way}-{case[0]}") for way, case in chosen]


@pytest.fixture
def net(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr(_trainers, "has_kernels", lambda: False)
    return gl.mlp([2, 10 if request.param == "rolled" else 3, 1])


def torch_run(net, start, optimiser, steps, scheduler=None, batch=None):
    """Losses of all points and last parameters of a plain training loop in PyTorch."""
    x, y = (torch.tensor(array) for array in DATA)
    at, units = torch.tensor(start, requires_grad=True), net.sizes[1]
    made = optimiser([at])
    plan = None if scheduler is None else scheduler(made)

    def loss(x, y):
        hidden = torch.tanh(at[:units] + x @ at[units : 3 * units].reshape(2, units))
        return torch.nn.functional.binary_cross_entropy_with_logits(at[3 * units] + hidden @ at[3 * units + 1 :], y)

    losses = []
    for step in range(steps):
        losses.append(loss(x, y).item())
        made.zero_grad()
        which = slice(None) if batch is None else torch.tensor(batch(step))
        loss(x[which], y[which]).backward()
        made.step()
        if plan is not None:
            plan.step()
    return [*losses, loss(x, y).item()], at.detach().numpy()


def check(net, rule, optimiser, steps=60, scheduler=None, batches=20):
    runs = train(net, DATA, rule=rule, steps=steps, restarts=3, batches=batches, seed=4)
    batch = None if batches == len(DATA) else runs.batch
    for row in range(3):
        losses, last = torch_run(net, runs.initial_parameters[row], optimiser, steps, scheduler, batch)
        np.testing.assert_allclose(runs.curves[row], losses, rtol=0, atol=1e-10)
        np.testing.assert_allclose(runs.parameters[row], last, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("net", "rule", "optimiser"), each_way(*PEERS), indirect=["net"])
def test_rules_do_what_pytorch_does(net, rule, optimiser):
    check(net, rule, optimiser)


@pytest.mark.parametrize(("net", "schedule", "scheduler"), each_way(*SCHEDULES), indirect=["net"])
def test_schedules_do_what_pytorch_does(net, schedule, scheduler):
    check(net, Momentum(0.05, 0.8, schedule=schedule), partial(SGD, lr=0.05, momentum=0.8), scheduler=scheduler)


MINI = [
    (GradientDescent(0.05), partial(SGD, lr=0.05)),
    (AdamW(0.05, decay=0.1), partial(ADAMW, lr=0.05, weight_decay=0.1)),
]


@pytest.mark.parametrize(("net", "rule", "optimiser"), each_way(*MINI), indirect=["net"])
def test_mini_batches_use_the_points_that_the_result_names(net, rule, optimiser):
    check(net, rule, optimiser, batches=MiniBatch(size=6))
