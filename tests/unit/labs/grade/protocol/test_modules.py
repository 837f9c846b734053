"""A network of the judge's trains in the sandbox as it would here, to the bit, and tells nothing that it may not."""

from __future__ import annotations

import copy
import os
import socket

import pytest

from gradlab.labs._deadline import Deadline
from gradlab.labs.grade.protocol import Channel, Peer, RemoteCallError, ValueRefusedError

# Whatever other tests have loaded: the child uses torch alone.
pytestmark = pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
torch = pytest.importorskip("torch")
X = torch.linspace(-2, 2, 12).reshape(-1, 1)


class Net(torch.nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden
        self.first = torch.nn.Linear(1, hidden)
        self.norm = torch.nn.BatchNorm1d(hidden)
        self.second = torch.nn.Linear(hidden, 1)

    def forward(self, x):
        return self.second(torch.tanh(self.norm(self.first(x))))


def train(model, x):
    losses = []
    for _ in range(4):
        model.zero_grad()
        loss = ((model(x) - torch.sin(x)) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            for part in model.parameters():
                part -= 0.1 * part.grad
        losses.append(loss.item())
    again = copy.deepcopy(model)(x)
    return [*losses, *again.flatten().tolist(), model.hidden, model.first.weight.numel()]


def made_and_trained(kind, x):
    torch.manual_seed(2)
    return train(kind(3), x)


def loss_of(model, x):
    return (model(x) ** 2).mean()


def cleared(rows):
    rows[-1] = 0


@pytest.fixture
def sides():
    ours, theirs = socket.socketpair()
    judge = Peer(
        Channel(ours), named=lambda _: None, resolve=dict, classes={}, is_judge=True,
        on_request={"get": lambda message: getattr(judge.own(message["on"]), message["name"])},
    )  # fmt: skip
    pid = os.fork()
    if pid == 0:
        functions = {"train": train, "make": made_and_trained, "loss": loss_of, "cleared": cleared}
        student = Peer(
            Channel(theirs), named=lambda _: None, resolve=dict, classes={},
            on_request={"value": lambda message: functions[message["name"]]},
        )  # fmt: skip
        try:
            ours.close()
            student.serve()
        finally:  # when the judge hangs up
            os._exit(0)
    theirs.close()
    judge.deadline = Deadline(60)
    yield lambda name: judge.request({"do": "value", "name": name}), judge
    ours.close()
    os.waitpid(pid, 0)


def test_a_network_that_is_handed_over_is_trained_and_differentiated(sides):
    get, judge = sides
    torch.manual_seed(5)
    mine, theirs = (copy.deepcopy(made) for made in [Net(3)] * 2)
    changes = []
    judge.on_change = lambda key, args, named, changed: changes.extend(changed)
    assert get("train")(theirs, X) == train(mine, X)
    assert all(
        torch.equal(changes[0][1][name], value) for name, value in mine.state_dict().items() if "num" not in name
    )
    get("loss")(theirs, X).backward()
    again = copy.deepcopy(theirs)
    again.zero_grad()
    loss_of(again, X).backward()
    assert torch.equal(theirs.first.weight.grad, again.first.weight.grad)


@pytest.mark.parametrize("rows", [[1, 2], torch.ones(3).numpy(), torch.ones(2_500_000, dtype=torch.uint8).numpy()])
def test_what_is_changed_in_place_is_told_whatever_its_size(sides, rows):
    get, judge = sides
    told = []
    judge.on_change = lambda key, args, named, changes: told.extend(changes)
    get("cleared")(rows)
    assert [(index, value[-1]) for index, value in told] == [(0, 0)]


def test_what_the_sandbox_makes_here_comes_from_its_own_random_numbers(sides):
    get, _ = sides
    torch.manual_seed(7)
    found = get("make")(Net, X)
    drawn = torch.rand(3)
    torch.manual_seed(7)
    assert torch.equal(drawn, torch.rand(3))
    assert found == made_and_trained(Net, X)


@pytest.mark.parametrize("sent", [{"mod": 1, "r": 1, "n": "x"}, {"m": 1, "state": {"d": [["first.weight", 1]]}}])
def test_what_only_says_that_it_is_one_is_refused(sides, sent):
    _, judge = sides
    judge.export(Net(3))
    with pytest.raises((ValueRefusedError, RemoteCallError)):
        judge.decode(sent)
