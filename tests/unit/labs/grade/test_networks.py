"""A check may set, train, differentiate and look into a student's network as it does with one of its own."""

from __future__ import annotations

import shutil

import pytest

from . import submissions as made

pytest.importorskip("torch")
NET = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 2)
        self.out = nn.Linear(2, 1)
        self.scale = 1.0
    def forward(self, x):
        return self.scale * self.out(torch.tanh(self.hidden(x)))
    def loss(self, x, y):
        return ((self(x) - y) ** 2).mean()
    def fit(self, x, y):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        for _ in range(20):
            optimizer.zero_grad()
            self.loss(x, y).backward()
            optimizer.step()"""
MODEL = "model = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))"
STEP = """def step(net, rate):
    with torch.no_grad():
        for p in net.parameters():
            p -= rate * p.grad"""
TABLE = """class Table:
    def __init__(self):
        self.rows = np.zeros(2)
    def total(self):
        return self.rows.sum()"""
XY = "x, y = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([[1.0], [0.0]])\nnet = Net()\n"
FILL = "with torch.no_grad():\n    for p in {}.parameters():\n        p.{}\n"
QUESTIONS = {
    "net": (NET, {
        "fill": XY + FILL.format("net", "fill_(1.0)") +
        "assert abs(net(0 * x)[0].item() - 1 - 2 * math.tanh(1.0)) < 1e-5",
        "load": XY + "net.load_state_dict({k: 0 * v for k, v in net.state_dict().items()})\n"
        "assert net(x).abs().sum() == 0",
        "data": XY + "net.out.weight.data = torch.zeros(1, 2)\n"
        "assert torch.allclose(net(x), net.out.bias.expand(2, 1))",
        "train": XY + "optimizer = torch.optim.SGD(net.parameters(), lr=0.1)\nbefore = net.loss(x, y).item()\n"
        "for _ in range(20):\n    optimizer.zero_grad()\n    net.loss(x, y).backward()\n    optimizer.step()\n"
        "assert ((net(x) - y) ** 2).mean() < before",
        "fit": XY + "before = net.loss(x, y).item()\nnet.fit(x, y)\nassert net.loss(x, y) < before",
        "parts": XY + "assert isinstance(net, nn.Module) and isinstance(net.out, nn.Linear)\n"
        "assert [name for name, _ in net.named_parameters()][0] == 'hidden.weight'",
        "attribute": XY + "before = net(x).detach()\nnet.scale = 3.0\nassert torch.allclose(net(x), 3 * before)",
        "slopes": XY + "found = torch.autograd.grad(net(x).sum(), list(net.parameters()))\nnet(x).sum().backward()\n"
        "assert all(torch.allclose(one, p.grad) for one, p in zip(found, net.parameters()))",
        "copies": XY + "other = copy.deepcopy(net)\n" + FILL.format("other", "zero_()")
        + "assert other(x).abs().sum() == 0 and net(x).abs().sum() > 0",
    }),
    "model": (MODEL, {
        "layers": "assert len(model) == 3 and isinstance(model[1], nn.Tanh) and model[0].in_features == 2",
        "filled": FILL.format("model", "zero_()") + "assert model(torch.ones(1, 2)).item() == 0",
    }),
    "step": (STEP, {
        "step": XY + "before = net.loss(x, y)\nbefore.backward()\nstep(net, 0.1)\nassert net.loss(x, y) < before",
    }),
    "table": (TABLE, {"table": "table = Table()\ntable.rows = np.ones(3)\nassert table.total() == 3"}),
}  # fmt: skip
GIVEN = "import copy\nimport math\nimport numpy as np\nimport torch\nfrom torch import nn"
LAB = f"# Lab\n\n```python\n{GIVEN}\n```\n\n" + "\n".join(
    f"```python\n#!TAG SKIPQUESTEXEC\n#!TAG HWBEGIN\n#!MSG TODO\n{answer}\n#!TAG HWEND\n"
    + "".join(f"#!TAG CHECK {name} points=1\n{code}\n#!TAG CHECKEND\n" for name, code in checks.items())
    + "```\n"
    for answer, checks in QUESTIONS.values()
)
KEY = {name: answer for name, (answer, _) in QUESTIONS.items()}
SUBMISSIONS = {
    "as the key": ({}, "1" * 13),
    "another layout": (
        {"net": NET.replace("hidden", "first").replace("self.out(", "self.last(").replace("self.out ", "self.last "),
         "model": "class Small(nn.Sequential):\n    pass\nmodel = Small(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))"},
        "11?11?1111111",
    ),
    "without tanh": ({"net": NET.replace("torch.tanh(self.hidden(x))", "self.hidden(x)")}, "0111111111111"),
    "a step up": ({"step": STEP.replace("-=", "+=")}, "1111111111101"),
}  # fmt: skip


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_a_students_network_is_one_for_the_checks_too(tmp_path):
    submissions = {name: (GIVEN, *(KEY | changed).values()) for name, (changed, _) in SUBMISSIONS.items()}
    found, result = made.marks(tmp_path, LAB, submissions)
    assert not result.remarks
    assert found == {name: points for name, (_, points) in SUBMISSIONS.items()}
