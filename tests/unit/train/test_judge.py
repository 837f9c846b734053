from __future__ import annotations

import numpy as np
import pytest

from gradlab.train._judge import all_right, class_values, have_diverged


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([0, 1, 0], (0, 1)),
        ([1, 1], (0, 1)),
        ([-1, 3, 3], (-1, 3)),
        ([0.5, 0.7, 2.0], None),
        ([0.5, 0.5], None),
        ([[0, 1], [1, 0]], (0, 1)),
    ],
)
def test_two_labels_are_classes_and_others_measurements(labels, classes):
    assert class_values(np.array(labels, dtype=float)) == classes


def test_one_hot_labels_are_right_where_their_output_is_largest():
    clear, tie, wrong = (
        [[first, 0.4, 0.2], [third, 0.2, last]] for first, third, last in ((0.5, 0.1, 0.7), (0.4, 0, 1), (0.5, 1, 0))
    )
    right = all_right(np.array([clear, tie, wrong]), np.eye(3)[[0, 2]], categorical=True)
    assert right.tolist() == [True, False, False]


def test_an_output_is_right_nearer_to_its_label_than_to_the_other():
    outputs = np.array([[-0.9, 0.1], [0.1, 0.9], [0.0, 1.0], [np.nan, 1.0]])
    assert all_right(outputs, np.array([-1.0, 1.0]), categorical=False).tolist() == [True, False, False, False]
    assert all_right(outputs, np.array([-1.0, 1.5]), categorical=False) is not None
    assert all_right(np.zeros((2, 3)), np.array([0.1, 0.2, 0.3]), categorical=False) is None


def test_a_run_diverges_where_it_is_not_finite_or_ends_above_its_start():
    first, last = np.array([1.0, 1.0, 1.0, 1.0]), np.array([1.0 + 1e-12, 1.1, 0.5, np.nan])
    finite = np.array([True, True, False, True])
    assert have_diverged(first, last, finite).tolist() == [False, True, True, True]
