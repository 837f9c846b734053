"""The rules of diagnosis, each a kind of mistake in a file of its own, from the simplest explanation on."""

from __future__ import annotations

from gradlab.check.names._array_forgotten import array_forgotten
from gradlab.check.names._conventions import by_logarithm, of_grad_output, symmetrised, truncated
from gradlab.check.names._convolution import convolution
from gradlab.check.names._cut_off import cut_off
from gradlab.check.names._derivative_left_out import derivative_left_out, straight_through
from gradlab.check.names._evidence import Evidence as Evidence
from gradlab.check.names._evidence import Hypothesis as Hypothesis
from gradlab.check.names._evidence import Rule as Rule
from gradlab.check.names._evidence import View as View
from gradlab.check.names._factor import factor
from gradlab.check.names._last_sample import last_sample, overwritten
from gradlab.check.names._left_out import passed_on
from gradlab.check.names._mistakes import Diagnosis as Diagnosis
from gradlab.check.names._mistakes import Mistake as Mistake
from gradlab.check.names._negated import negated
from gradlab.check.names._on_the_way import on_the_way
from gradlab.check.names._one_off import one_off
from gradlab.check.names._operand_forgotten import operand_forgotten
from gradlab.check.names._other_way import product, softmax
from gradlab.check.names._path_dropped import path_dropped, sign_within, statistics
from gradlab.check.names._stale import after_a_step, stale
from gradlab.check.names._sum_for_mean import sum_for_mean
from gradlab.check.names._swapped import swapped
from gradlab.check.names._transposed import transposed
from gradlab.check.names._wrong_derivative import wrong_derivative
from gradlab.check.names._zeroed import zeroed

RULES: tuple[Rule, ...] = (
    negated,
    zeroed,
    truncated,
    sum_for_mean,
    transposed,
    symmetrised,
    of_grad_output,
    swapped,
    factor,
    by_logarithm,
    straight_through,
    cut_off,
    stale,
    path_dropped,
    statistics,
    sign_within,
    derivative_left_out,
    passed_on,
    last_sample,
    overwritten,
    wrong_derivative,
    operand_forgotten,
    convolution,
    product,
    softmax,
    array_forgotten,
    one_off,
    on_the_way,
)

# Rules that have to search for a number; asked only if no other one explains the gradient.
LAST_RESORTS: tuple[Rule, ...] = (after_a_step,)
