from __future__ import annotations

import numpy as np
import pytest

from gradlab._classes import class_values
from gradlab.train._judge import all_right, have_diverged, judged


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
    right = all_right(np.array([clear, tie, wrong]), np.eye(3)[[0, 2]], "softmax_cross_entropy")
    assert right.tolist() == [True, False, False]


def test_an_output_is_right_nearer_to_its_label_than_to_the_other():
    outputs = np.array([[-0.9, 0.1], [0.1, 0.9], [0.0, 1.0], [np.nan, 1.0]])
    assert all_right(outputs, np.array([-1.0, 1.0]), "squared_error").tolist() == [True, False, False, False]
    assert all_right(outputs, np.array([-1.0, 1.5]), "squared_error") is not None
    assert all_right(np.zeros((2, 3)), np.array([0.1, 0.2, 0.3]), "squared_error") is None


def test_a_hinge_is_right_where_the_signs_agree():
    outputs = np.array([[5.0, -0.1], [5.0, 0.0], [-1.0, -3.0]])
    assert all_right(outputs, np.array([1.0, -1.0]), "hinge").tolist() == [True, False, False]


def test_shares_of_several_classes_are_of_none():
    assert judged("softmax_cross_entropy", np.eye(3))
    assert not judged("softmax_cross_entropy", np.array([[0.7, 0.3]]))
    assert all_right(np.array([[[0.9, 0.1]]]), np.array([[0.7, 0.3]]), "softmax_cross_entropy") is None


def test_a_run_diverges_where_it_is_not_finite_or_ends_above_its_start():
    first, last = np.array([1.0, 1.0, 1.0, 1.0]), np.array([1.0 + 1e-12, 1.1, 0.5, np.nan])
    finite = np.array([True, True, False, True])
    assert have_diverged(first, last, finite).tolist() == [False, True, True, True]
