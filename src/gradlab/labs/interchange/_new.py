"""A template to start from."""

from __future__ import annotations

import json
from typing import Final

_TEMPLATE: Final = r'''---
gradlab:
  title: %s
  graph: "(x1 - 6)**2 + x2**2 - x1*x2"
  timeout: 60
  seed: 0
jupyter:
  jupytext:
    text_representation:
      extension: .md
      format_name: markdown
      format_version: '1.3'
  kernelspec:
    display_name: Python 3
    language: python
    name: python3
---

# %s

What this lab is about, what is needed for it, and how long it takes.

#!TAG NOTE
What you tell yourself and your colleagues; no student sees it.
#!TAG NOTEEND

```python
import math
```

## 1. On paper

Write down the derivative by $x_1$ of

$$
f(x_1, x_2) = (x_1 - 6)^2 + x_2^2 - x_1 x_2 .
$$

#!TAG ANSWER points=2

#!TAG HWBEGIN

#### Solution

$$
\frac{\partial f}{\partial x_1} = 2 (x_1 - 6) - x_2 = 2 x_1 - x_2 - 12
$$

#!TAG HWEND

## 2. In code

```python
#!TAG SKIPQUESTEXEC
def slope(x_1: float, x_2: float) -> float:
    """The derivative of f by x_1."""
    #!TAG HWBEGIN
    #!MSG TODO return the derivative.
    return 2 * x_1 - x_2 - 12
    #!TAG HWEND
#!TAG CHECK slope_at_start points=1
mine = slope(6.0, 6.0)
assert mine is not None, "slope returns nothing: is the return missing?"
assert math.isclose(mine, -6), f"at (6, 6) the derivative is -6, but yours is {mine}"
#!TAG CHECKEND
#!TAG CHECK slope_elsewhere points=1 hidden
for x_1, x_2 in [(0.0, 1.0), (3.0, -2.0)]:
    wanted = 2 * (x_1 - 6) - x_2
    assert math.isclose(slope(x_1, x_2), wanted), "the derivative is wrong elsewhere"
#!TAG CHECKEND
```

```python
#!TAG SKIPQUESTEXEC
print("slope at (6, 6):", slope(6.0, 6.0))
```
'''


def new_template(title: str) -> str:
    """Write a small lab that shows the tags and passes the release gate.

    Args:
        title: the lab's title, one line.

    Returns:
        The template, Jupytext Markdown.

    >>> print(new_template("Slopes").splitlines()[2])
      title: Slopes
    """
    line = " ".join(title.split()) or "A new lab"
    quoted = line if line.replace(" ", "").isalnum() else json.dumps(line, ensure_ascii=False)
    return _TEMPLATE % (quoted, line)
