from __future__ import annotations

import re

import gradlab as gl
from gradlab import plot


def test_both_curves_of_both_panels_are_the_counts():
    growth = gl.mlp([2, 3, 1]).savings()
    figure = plot.savings(growth)
    left, right = figure.axes
    for axes, counts in ((left, growth.by_depth), (right, growth.by_width)):
        expanded, shared = (line.get_xydata().tolist() for line in axes.lines)
        assert expanded == [[size, savings.expanded] for size, savings in counts]
        assert shared == [[size, savings.shared] for size, savings in counts]
        assert axes.get_yscale() == "log"
        named = [text.get_text() for text in axes.texts]
        assert named == [f"path by path: {counts[-1][1].expanded:,}", f"shared: {counts[-1][1].shared:,}"]
    assert left.get_xlabel() == "hidden layers of 3 neurons"
    assert left.get_ylabel() == "multiplications"
    assert left.get_ylim()[1] > growth.by_width[-1][1].expanded


def test_the_labels_are_inside_and_do_not_touch(tmp_path):
    for sizes in ([2, 2, 1], [5, 16, 16, 16, 3], [1, 1]):
        figure = plot.savings(gl.mlp(sizes, loss="squared_error").savings())
        figure.draw_without_rendering()
        for axes in figure.axes:
            upper, lower = (text.get_window_extent() for text in axes.texts)
            assert not upper.overlaps(lower)
            assert axes.get_window_extent().ymax + 2 >= upper.ymax
    saved = plot.save(figure, tmp_path / "savings.svg").read_text()
    assert re.search(r"path by path: [\d,]+", saved)
