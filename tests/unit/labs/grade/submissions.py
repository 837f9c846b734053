"""Submissions for the tiny lab: each with the points that it deserves, question by question."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradlab.labs.grade import GradeOptions, Grading, grade

SIGMOID = "def sigmoid(t):\n    return 1 / (1 + math.exp(-t))"
LOSS = "def loss(w, x, y):\n    return (sigmoid(w * x) - y) ** 2"
DESCEND = (
    "def descend(slope, start, rate, steps):\n"
    "    places = [start]\n"
    "    for _ in range(steps):\n"
    "        places.append(places[-1] - rate * slope(places[-1]))\n"
    "    return places"
)
RATE = "rate = 0.3"
RIGHT = (SIGMOID, LOSS, DESCEND, RATE)
FULL = (1, 2, 2, 3, 1)
NAMES = ("sigmoid_at_zero", "sigmoid_elsewhere", "loss_values", "descent", "good_rate")


@dataclass(frozen=True)
class Case:
    """A submission.

    Args:
        cells: its code cells, or the bytes of the file.
        points: what each question is worth, None where the row says why nothing could be read.
        says: what the reasons, notes or repairs have to contain.
        suffix: of the file.
    """

    cells: tuple[str, ...] | bytes
    points: tuple[float, ...] | None = FULL
    says: tuple[str, ...] = ()
    suffix: str = ".ipynb"
    prose: tuple[str, ...] = field(default=())


def notebook(cells, prose=(), **more):
    made = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": c} for c in cells]
    made += [{"cell_type": "markdown", "metadata": {}, "source": text} for text in prose]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def write(folder: Path, name: str, case: Case) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}{case.suffix}"
    path.write_bytes(case.cells if isinstance(case.cells, bytes) else notebook(case.cells, case.prose))
    return path


def marks(place: Path, lab: str, submissions: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], Grading]:
    """Grade code cells: for each submission a sign for each question, its points or ? where a human has to look."""
    place.joinpath("lab.md").write_text(lab, encoding="utf-8")
    for name, cells in submissions.items():
        write(place / "in", name, Case(tuple(cells)))
    result = grade(place / "lab.md", place / "in", GradeOptions(place / "out", jobs=2, limit=120))
    return {
        one.student: "".join("?" if asked.status == "human" else f"{asked.points:g}" for asked in one.questions)
        for one in result.results
    }, result


def having(**changed: str) -> tuple[str, ...]:
    """The right answers but for some."""
    parts = {"sigmoid": SIGMOID, "loss": LOSS, "descend": DESCEND, "rate": RATE, **changed}
    return ("import math", *parts.values())


def cells_with(*extra: str) -> tuple[str, ...]:
    return ("import math", *extra, *RIGHT)


GOOD = {
    "as the key": Case(having()),
    "numerator": Case(having(sigmoid=("def sigmoid(t):\n    e = math.exp(t)\n    return e / (e + 1)"))),
    "tanh": Case(having(sigmoid=("def sigmoid(t):\n    return 0.5 * (1 + math.tanh(t / 2))"))),
    "lambda": Case(having(sigmoid="sigmoid = lambda t: 1 / (1 + math.exp(-t))")),
    "helper": Case(
        having(sigmoid=("def e(t):\n    return math.exp(-t)\n\n\ndef sigmoid(t):\n    return 1 / (1 + e(t))"))
    ),
    "numpy": Case(having(sigmoid=("import numpy as np\ndef sigmoid(t):\n    return 1 / (1 + np.exp(-t))"))),
    "written out": Case(
        having(loss=("def loss(w, x, y):\n    s = sigmoid(w * x)\n    return s * s - 2 * s * y + y * y"))
    ),
    "while": Case(
        having(
            descend=(
                "def descend(slope, start, rate, steps):\n    out, x = [start], start\n    while len(out) <= steps:\n"
                "        x = x - rate * slope(x)\n        out.append(x)\n    return out"
            )
        )
    ),
    "class that calls": Case(
        having(
            sigmoid=("class S:\n    def __call__(self, t):\n        return 1 / (1 + math.exp(-t))\n\n\nsigmoid = S()")
        )
    ),
    "one cell": Case((("\n\n").join(("import math", *RIGHT)),)),
    "reordered": Case(("import math", RATE, DESCEND, LOSS, SIGMOID)),
    "warns": Case(
        having(
            sigmoid="import warnings, sys\n"
            + SIGMOID.replace("    return", ("    warnings.warn('old')\n    print('x', file=sys.stderr)\n    return"))
        )
    ),
    "prints a lot": Case(having(sigmoid=SIGMOID.replace("    return", ("    print('x' * 10**6)\n    return")))),
    "magic": Case((("%matplotlib inline\nimport math"), "!ls", *RIGHT)),
    "scratch that fails": Case(cells_with("1 / 0", "undefined_name")),
    "scratch that loops": Case(cells_with("import time\nwhile True:\n    time.sleep(0.1)")),
    "copied cells": Case(("import math", SIGMOID, SIGMOID, *RIGHT)),
    "given cell edited": Case((("import math\n\nlimit = 7"), *RIGHT), says=("limit, which is given",)),
    "own check cells": Case((*having(), "assert False", ("def sigmoid_test():\n    assert sigmoid(0) == 0.5"))),
    "no import": Case(RIGHT),
    "syntax elsewhere": Case(cells_with("for in x:"), says=("cannot be read",)),
    "syntax in the same cell": Case(
        ("import math", SIGMOID + ("\n\ndef (:\n"), LOSS, DESCEND, RATE), says=("cannot be read",)
    ),
    "misnamed": Case(
        having(sigmoid=SIGMOID.replace("sigmoid", "Sigmoid"), loss=LOSS.replace("sigmoid", "Sigmoid")),
        says=("taken for sigmoid",),
    ),
    "rate used again": Case(
        (*having(), "for rate in (0.1, 5.0):\n    print(rate)"),
    ),
    "python file": Case(
        ("\n\n").join((("# %%\nimport math"), *(f"# %%\n{part}" for part in RIGHT))).encode(), suffix=".py"
    ),
    "markdown file": Case(
        "\n".join(f"```python\n{part}\n```\n" for part in ("import math", *RIGHT)).encode(), suffix=".md"
    ),
    "blanks of a PDF": Case(having(sigmoid=SIGMOID.replace("    ", "\u00a0" * 4)), says=("holds blanks",)),
    "no code cell any more": Case(
        notebook(("import math", LOSS, DESCEND, RATE), ("```python\n" + SIGMOID + "\n```",)),
        says=("is no code cell",),
    ),
    "fractions": Case(
        having(
            sigmoid="from fractions import Fraction\n"
            + SIGMOID.replace("1 /", "Fraction(1) /").replace("(1 + math.exp(-t))", "Fraction(1 + math.exp(-t))")
        ),
    ),
    "version 3": Case(
        json.dumps(
            {"worksheets": [{"cells": [{"cell_type": "code", "input": part} for part in having()]}], "nbformat": 3}
        ).encode()
    ),
    "lists of lines": Case(
        json.dumps(
            {"cells": [{"cell_type": "code", "source": part.splitlines(keepends=True)} for part in having()]}
        ).encode()
    ),
    "utf-16": Case(notebook(having()).decode().encode("utf-16"), says=("UTF-16",)),
    "bom": Case(b"\xef\xbb\xbf" + notebook(having())),
    "windows-1252": Case(
        notebook(having()).replace(b"return places", b"return places  # h\xfcbsch"), says=("Windows-1252",)
    ),
}

MISTAKES = {
    "sign": Case(
        having(sigmoid=("def sigmoid(t):\n    return 1 / (1 + math.exp(t))")),
        (1, 0, 2, 3, 1),
        ("mind the sign", "in the place of yours"),
    ),
    "constant": Case(having(sigmoid=("def sigmoid(t):\n    return 0.5")), (1, 0, 2, 3, 1)),
    "not squared": Case(
        having(loss=("def loss(w, x, y):\n    return sigmoid(w * x) - y")),
        (1, 2, 0, 3, 1),
        ("at w = 0 the loss is 1/4",),
    ),
    "one step too few": Case(having(descend=DESCEND.replace("range(steps)", "range(steps - 1)")), (1, 2, 2, 0, 1)),
    "uphill": Case(having(descend=DESCEND.replace("- rate", "+ rate")), (1, 2, 2, 0, 1)),
    "own slope": Case(
        having(descend=DESCEND.replace("slope(places[-1])", "2 * places[-1]")), (1, 2, 2, 1.5, 1), ("50 %",)
    ),
    "prints, returns nothing": Case(
        having(loss=("def loss(w, x, y):\n    print((sigmoid(w * x) - y) ** 2)")), (1, 2, 0, 3, 1)
    ),
    "raises": Case(
        having(loss=("def loss(w, x, y):\n    return undefined")), (1, 2, 0, 3, 1), ("NameError", "cell 3, line 2")
    ),
    "rate too large": Case(having(rate="rate = 1.5"), (1, 2, 2, 3, 0), ("does not converge",)),
    "rate is text": Case(having(rate="rate = '0.3'"), (1, 2, 2, 3, 0)),
    "missing helper": Case(having(sigmoid="x = 1"), (0, 0, 2, 3, 1), ("not answered",)),
    "nothing": Case(("import math",), (0, 0, 0, 0, 0)),
    "half": Case(("import math", SIGMOID, LOSS), (1, 2, 2, 0, 0)),
    "endless loop in one": Case(
        having(descend=("def descend(slope, start, rate, steps):\n    while True:\n        pass")),
        (1, 2, 2, 0, 1),
        ("descend ran longer than",),
    ),
    "deaf to interrupts": Case(
        having(
            loss=(
                "def loss(w, x, y):\n"
                "    while True:\n"
                "        try:\n"
                "            pass\n"
                "        except BaseException:\n"
                "            pass"
            )
        ),
        (1, 2, 0, 3, 1),
        ("loss ran longer than",),
    ),
    "recursion": Case(
        having(loss=("def loss(w, x, y):\n    return loss(w, x, y)")), (1, 2, 0, 3, 1), ("RecursionError",)
    ),
}

ASKS_THE_KERNEL = """def loss(w, x, y):
    import ctypes, errno, socket
    libc = ctypes.CDLL(None, use_errno=True)
    for call in (lambda: libc.ptrace(0, 0, 0, 0), lambda: libc.unshare(0x10000000), lambda: libc.syscall(425, 1, 0)):
        assert call() == -1 and ctypes.get_errno() == errno.EPERM, ctypes.get_errno()
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
    except OSError:
        return (sigmoid(w * x) - y) ** 2"""
HOSTILE = {
    "asks the kernel": Case(having(loss=ASKS_THE_KERNEL)),
    "exits": Case(
        having(loss=("def loss(w, x, y):\n    import os\n    os._exit(0)")), (1, 2, 0, 3, 1), ("ended its own process",)
    ),
    "exits at once": Case(cells_with("import os\nlimit2 = os._exit(0)\nrate = limit2"), (1, 2, 2, 3, 1)),
    "raises SystemExit": Case(having(loss=("def loss(w, x, y):\n    raise SystemExit(0)")), (1, 2, 0, 3, 1)),
    "agrees with all": Case(
        having(
            sigmoid=(
                "class A(float):\n"
                "    def __eq__(self, o): return True\n"
                "    def __lt__(self, o): return True\n"
                "    def __sub__(self, o): return self\n"
                "    def __rsub__(self, o): return self\n"
                "    def __abs__(self): return self\n"
                "    __hash__ = None\n"
                "\n"
                "\n"
                "def sigmoid(t):\n"
                "    return A(0.0)"
            )
        ),
        (0, 0, 2, 3, 1),
    ),
    "object that agrees": Case(
        having(
            sigmoid=(
                "class A:\n"
                "    def __getattr__(self, n): return lambda *a: True\n"
                "    def __eq__(self, o): return True\n"
                "    def __sub__(self, o): return self\n"
                "    def __abs__(self): return self\n"
                "    def __lt__(self, o): return True\n"
                "\n"
                "\n"
                "def sigmoid(t):\n"
                "    return A()"
            )
        ),
        (0, 0, 2, 3, 1),
    ),
    "replaces abs": Case(
        (
            ("import math, builtins\nbuiltins.abs = lambda x: 0.0\nmath.exp = lambda x: 1.0"),
            ("def sigmoid(t):\n    return abs(7)"),
            LOSS,
            DESCEND,
            RATE,
        ),
        (0, 0, 2, 3, 1),
    ),
    "frames": Case(
        having(
            sigmoid=(
                "def sigmoid(t):\n"
                "    import sys, gc\n"
                "    f = sys._getframe()\n"
                "    while f:\n"
                "        if 'wanted' in f.f_locals: return f.f_locals['wanted']\n"
                "        f = f.f_back\n"
                "    for o in gc.get_objects():\n"
                "        if isinstance(o, dict) and 'wanted' in o: return o['wanted']\n"
                "    return -1"
            )
        ),
        (0, 0, 2, 3, 1),
    ),
    "reads the disk": Case(
        having(
            sigmoid=(
                "def sigmoid(t):\n"
                "    import os\n"
                "    for d, inner, fs in os.walk('/'):\n"
                "        inner[:] = [n for n in inner if n not in ('lib', 'usr', 'proc', 'sys', 'dev')]\n"
                "        for f in fs:\n"
                "            text = open(os.path.join(d, f), errors='ignore').read()\n"
                "            if f.endswith('.md') and 'HWBEGIN' in text: return 0.5\n"
                "    return -1"
            )
        ),
        (0, 0, 2, 3, 1),
    ),
    "writes to every descriptor": Case(
        having(
            sigmoid=(
                "def sigmoid(t):\n"
                "    import os\n"
                "    for n in range(200):\n"
                '        try: os.write(n, b\'{"r": 1, "v": true}\' * 50)\n'
                "        except OSError: pass\n"
                "    return 0.5"
            )
        ),
        (0, 0, 2, 3, 1),
    ),
    "forged answer": Case(
        having(sigmoid=("def sigmoid(t):\n    print('{\"points\": 100}')\n    return None")), (0, 0, 2, 3, 1)
    ),
    "closes everything": Case(
        having(loss=("def loss(w, x, y):\n    import os\n    os.closerange(0, 1000)\n    return 0.25")), (1, 2, 0, 3, 1)
    ),
    "endless list": Case(
        having(descend=("def descend(slope, start, rate, steps):\n    a = []\n    a.append(a)\n    return a")),
        (1, 2, 2, 0, 1),
    ),
    "too much": Case(
        having(descend=("def descend(slope, start, rate, steps):\n    return [0.0] * 10**7")), (1, 2, 2, 0, 1)
    ),
    "huge number": Case(having(sigmoid=("def sigmoid(t):\n    return 10 ** 100000")), (0, 0, 2, 3, 1)),
    "memory": Case(
        having(loss=("def loss(w, x, y):\n    a = [bytearray(10**8) for _ in range(1000)]\n    return 0.25")),
        (1, 2, 0, 3, 1),
    ),
    "fork bomb": Case(
        having(loss=("def loss(w, x, y):\n    import os\n    while True:\n        os.fork()")), (1, 2, 0, 3, 1)
    ),
    "socket": Case(
        having(
            loss=(
                "def loss(w, x, y):\n"
                "    import socket\n"
                "    socket.create_connection(('127.0.0.1', 22), timeout=1)\n"
                "    return 0.25"
            )
        ),
        (1, 2, 0, 3, 1),
        ("Error",),
    ),
    "threads": Case(
        having(
            loss=(
                "def loss(w, x, y):\n"
                "    import threading\n"
                "    def f():\n"
                "        while True: pass\n"
                "    threading.Thread(target=f).start()\n"
                "    return (sigmoid(w * x) - y) ** 2"
            )
        )
    ),
    "atexit": Case(cells_with("import atexit, time\nlimit3 = atexit.register(lambda: time.sleep(1000))")),
    "fills the disk": Case(
        having(loss=("def loss(w, x, y):\n    open('/tmp/x', 'wb').write(b'x' * 10**8)\n    return 0.25")),
        (1, 2, 0, 3, 1),
        ("Error",),
    ),
    "half a pair": Case(
        having(loss="def loss(w, x, y):\n    raise ValueError('\\ud800 \x1b[2J </pre><script>')"),
        (1, 2, 0, 3, 1),
        ("ValueError: ? ",),
    ),
    "nested too deeply": Case(cells_with("z = " + "-" * 100_000 + "1"), says=("nested too deeply",)),
    "a message without end": Case(having(rate="rate = 'x' * 20_000_000"), (1, 2, 2, 3, 0)),
    "patches the grader": Case(
        having(
            sigmoid=(
                "import sys\n"
                "for m in list(sys.modules.values()):\n"
                "    if 'gradlab' in getattr(m, '__name__', ''):\n"
                "        for n in list(vars(m)):\n"
                "            try: setattr(m, n, lambda *a, **k: True)\n"
                "            except Exception: pass\n"
                "\n"
                "\n"
                "def sigmoid(t):\n"
                "    return None"
            )
        ),
        (0, 0, 2, 3, 1),
    ),
}

UNREADABLE = {
    "broken": (notebook(having())[:-40], "damaged"),
    "login page": (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
    "empty": (b"", "empty"),
    "blank": (b"  \n", "empty"),
    "no cells": (b'{"metadata": {}, "nbformat": 5}', "version that is not known"),
    "a list": (b"[1, 2]", "no notebook"),
    "deep": (b"[" * 100000, "damaged"),
    "binary": (b"\x00\xff\xfe\x80" * 1000, "no text"),
    "many cells": (json.dumps({"cells": [{"cell_type": "code", "source": "1"}] * 100_000}).encode(), "100,000 cells"),
    "too large": (b'{"cells": [' + b" " * 21_000_000, "larger than"),
    "no content": (notebook([""]), "no cell"),
}
