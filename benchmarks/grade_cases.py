"""The assignment of bench_grade: six questions about a 2-2-1 network, right answers, and hostile ones."""

from __future__ import annotations

IMPORTS = "import math\n\nimport torch\n\ntorch.set_default_dtype(torch.float64)"
FORWARD = (
    "    b_1, b_2, w_11, w_12, w_21, w_22, c, u_1, u_2 = p\n"
    "    z_1 = torch.tanh(b_1 + w_11 * x[:, 0] + w_21 * x[:, 1])\n"
    "    z_2 = torch.tanh(b_2 + w_12 * x[:, 0] + w_22 * x[:, 1])\n"
)
ANSWERS = {
    "sigmoid": "def sigmoid(t):\n    return 1 / (1 + torch.exp(-t))",
    "predict": f"def predict(p, x):\n{FORWARD}    return sigmoid(c + u_1 * z_1 + u_2 * z_2)",
    "loss": (
        "def loss(p, x, y):\n    f = predict(p, x)\n    return -(y * torch.log(f) + (1 - y) * torch.log(1 - f)).mean()"
    ),
    "gradient": (
        f"def gradient(p, x, y):\n{FORWARD}"
        "    d = sigmoid(c + u_1 * z_1 + u_2 * z_2) - y\n"
        "    d_1, d_2 = d * u_1 * (1 - z_1**2), d * u_2 * (1 - z_2**2)\n"
        "    each = [d_1, d_2, d_1 * x[:, 0], d_2 * x[:, 0], d_1 * x[:, 1], d_2 * x[:, 1], d, d * z_1, d * z_2]\n"
        "    return torch.stack([part.mean() for part in each])"
    ),
    "quotient": (
        "def quotient(f, p, h=1e-5):\n"
        "    found = []\n"
        "    for i in range(len(p)):\n"
        "        above, below = p.clone(), p.clone()\n"
        "        above[i] += h\n"
        "        below[i] -= h\n"
        "        found.append((f(above) - f(below)) / (2 * h))\n"
        "    return torch.stack(found)"
    ),
    "train": (
        "def train(start, rate, steps, x, y):\n"
        "    p = start.clone()\n"
        "    for _ in range(steps):\n"
        "        p = p - rate * gradient(p, x, y)\n"
        "    return p"
    ),
}
_DATA = (
    "x = torch.tensor([[0.0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]])\n"
    "y = torch.tensor([1.0, 0, 0, 0, 0])\n"
    "torch.manual_seed(1)\np = torch.randn(9)\n"
)
CHECKS = {
    "sigmoid": (1, "assert torch.allclose(sigmoid(torch.tensor([0.0, 2.0])), torch.tensor([0.5, 0.8807970780]))"),
    "predict": (
        2,
        f"{_DATA}assert torch.allclose(predict(p, x)[:2], "
        "torch.sigmoid(torch.stack([p[6] + p[7] * torch.tanh(p[0] + p[2] * v) + p[8] * torch.tanh(p[1] + p[3] * v)\n"
        "    for v in (0.0, 1.0)])))",
    ),
    "loss": (2, f"{_DATA}assert torch.allclose(loss(torch.zeros(9), x, y), torch.tensor(math.log(2)))"),
    "gradient": (
        3,
        f"{_DATA}q = p.clone().requires_grad_(True)\nz = torch.tanh(q[:2] + x @ q[2:6].reshape(2, 2))\n"
        "torch.nn.functional.binary_cross_entropy_with_logits(q[6] + z @ q[7:], y).backward()\n"
        "assert torch.allclose(gradient(p, x, y), q.grad)",
    ),
    "quotient": (
        2, f"{_DATA}assert torch.allclose(quotient(lambda v: (v**3).sum(), p), 3 * p**2, atol=1e-6)",
    ),
    "train": (
        3,
        f"{_DATA}e = train(torch.randn(9), 1.0, 400, x, y)\nh = torch.tanh(e[:2] + x @ e[2:6].reshape(2, 2))\n"
        "assert torch.nn.functional.binary_cross_entropy_with_logits(e[6] + h @ e[7:], y) < 0.45",
    ),
}  # fmt: skip
SLOPPY = {
    "warns": {"sigmoid": "import sys, warnings\ndef sigmoid(t):\n    print('old', file=sys.stderr)\n"
              "    return 1 / (1 + torch.exp(-t))"},
    "prints": {"loss": ANSWERS["loss"].replace("    f =", "    print('x' * 10**6)\n    f =", 1)},
    "library": {"sigmoid": "def sigmoid(t):\n    return torch.sigmoid(t)"},
}  # fmt: skip
_NOTHING = {name: answer.split("\n")[0] + "\n    return None" for name, answer in ANSWERS.items()}
HOSTILE = {
    "loops-for-ever": ({"quotient": "def quotient(f, p, h=1e-5):\n    while True:\n        pass"}, 11),
    "ends-the-process": ({"quotient": "def quotient(f, p, h=1e-5):\n    import os\n    os._exit(0)"}, 11),
    "replaces-allclose": (
        {**_NOTHING, "sigmoid": "torch.allclose = lambda *a, **k: True\ndef sigmoid(t):\n    return None"}, 0,
    ),
    "an-object-that-agrees": (
        {**_NOTHING, "loss": "class A(torch.Tensor):\n    @classmethod\n    def __torch_function__(cls, *a, **k):\n"
         "        return True\ndef loss(p, x, y):\n    return torch.zeros(()).as_subclass(A)"}, 0,
    ),
    "lacks-a-helper": ({"sigmoid": "def sigmoid(t):\n    raise NotImplementedError"}, 12),
    "takes-all-memory": (
        {"quotient": "def quotient(f, p, h=1e-5):\n    return [bytearray(10**8) for _ in range(60)][0]"}, 11,
    ),
}  # fmt: skip
