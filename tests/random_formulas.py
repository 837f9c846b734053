"""Hypothesis strategies for formulas, as text: what the property tests of graph, derive and codegen draw from."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

NUMBERS = st.sampled_from(["1", "2", "3", "1/2", "0.25", "7"])
SMOOTH = ["sin({0})", "cos({0})", "tanh({0})", "sigmoid({0})", "softplus({0})", "exp(tanh({0}))", "-({0})", "({0})**2",
          "log(2 + sin({0}))", "sqrt(1 + ({0})**2)", "(2 + cos({0}))**-1",
          "2**sin({0})", "(2 + sin({0}))**0.5"]  # fmt: skip
KINKED = ["abs({0})", "relu({0})", "max({0}, 1/3)"]
PAIRS = ["{0} + {1}", "({0}) - ({1})", "({0})*({1})", "({0})/(3 + sin({1}))", "softmax(1, {0}, {1})",
         "log_softmax(2, {0}, {1})", "(3 + sin({0}))**cos({1})"]  # fmt: skip
RATIONAL = ["{0} + {1}", "({0}) - ({1})", "({0})*({1})", "({0})/(1 + ({1})**2)"]


def formulas(names: list[str], *, kinks: bool = True, leaves: int = 6) -> st.SearchStrategy[str]:
    """Texts of formulas that are defined for all values of the names, with values of modest size."""
    one = st.sampled_from(SMOOTH + (KINKED if kinks else []))
    return st.recursive(
        st.sampled_from(names) | NUMBERS,
        lambda inner: st.builds(str.format, one, inner) | st.builds(str.format, st.sampled_from(PAIRS), inner, inner),
        max_leaves=leaves,
    )


def rational_formulas(names: list[str], leaves: int = 8) -> st.SearchStrategy[str]:
    """Texts of rational functions without poles."""
    return st.recursive(
        st.sampled_from(names) | NUMBERS,
        lambda inner: (
            st.builds(str.format, st.sampled_from(RATIONAL), inner, inner)
            | st.builds("({0})**{1}".format, inner, st.integers(0, 3))
            | st.builds("-({0})".format, inner)
        ),
        max_leaves=leaves,
    )


@st.composite
def graphs(draw, *, kinks: bool = True, most: int = 4) -> dict[str, str]:
    """Formulas of several named quantities that use each other: shared, fanned out, direct and through others."""
    names = ["x", "y", "w_1"]
    definitions: dict[str, str] = {}
    for i in range(draw(st.integers(1, most))):
        # Squashed, so that a chain of them keeps to values of modest size.
        body = draw(formulas(names, kinks=kinks, leaves=4))
        link = draw(st.sampled_from(["sin({0})", "({0})/4", "sigmoid({0})", "{0}"]))
        definitions[f"q{i}"] = link.format(body) + f" + {draw(st.sampled_from(names))}/8"
        names.append(f"q{i}")
    text = " ".join(definitions.values())
    unused = [name for name in definitions if name not in text.replace("(", " ").replace(")", " ").split()]
    ends = " + ".join(dict.fromkeys([*definitions, *unused]))
    definitions["L"] = f"{draw(formulas(names, kinks=kinks, leaves=4))} + {ends} + x*y*w_1/16"
    return definitions


def points(count: int) -> st.SearchStrategy[tuple[float, ...]]:
    """Points whose coordinates are odd multiples of 1/37, so that kinks are met by accident only."""
    return st.tuples(*itertools.repeat(st.integers(-60, 60).map(lambda k: (2 * k + 1) / 37), count))
