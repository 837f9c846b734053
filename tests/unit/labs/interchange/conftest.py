"""A small template with all that other tools know, and a way to run their commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TEMPLATE = '''---
gradlab:
  timeout: 30
---

# Slopes

#!TAG NOTE
For me alone.
#!TAG NOTEEND

```python
import math
```

Write the function.

```python
#!TAG SKIPQUESTEXEC
def slope(x):
    """Twice."""
    #!TAG HWBEGIN
    #!MSG TODO return twice x.
    return 2 * x
    #!TAG HWEND
#!TAG CHECK slope_shown points=0
assert slope(3) == 6, "twice 3 is 6"
#!TAG CHECKEND
#!TAG CHECK slope_shown-all points=2 hidden
assert slope(3) == 6, "twice 3 is 6"
assert slope(-1.5) == -3, "elsewhere"
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
half = (
    #!TAG HWBEGIN
    #!MSG TODO a half
    0.5
    #!TAG HWEND
)
print(slope(half))
#!TAG CHECK half_value points=1
assert math.isclose(half, 0.5), "half"
#!TAG CHECKEND
#!TAG CHECK half_type points=1.5 hidden
assert isinstance(half, float), "a float"
#!TAG CHECKEND
```

Why is that so?

#!TAG ANSWER points=2

#!TAG HWBEGIN
Because $1 + 1 = 2$, as everybody knows.
#!TAG HWEND

The end.
'''


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "ps1.md"
    path.write_text(TEMPLATE)
    return path


@pytest.fixture
def tool(tmp_path: Path) -> Callable[..., str]:
    """Runs a command of the environment that the tests run in, and returns what it says; it has to succeed."""

    def run(*command: str, folder: Path) -> str:
        binaries = Path(sys.executable).parent
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        settings = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "HOME": str(home)}
        settings.pop("PYTHONWARNINGS", None)
        done = subprocess.run(
            [str(binaries / command[0]), *command[1:]], cwd=folder, env=settings, capture_output=True, text=True,
            timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout + done.stderr

    return run
