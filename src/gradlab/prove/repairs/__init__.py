"""Ways to repair a side, one file for each kind, from the simplest on."""

from gradlab.prove.repairs._arrays import layers, transposes
from gradlab.prove.repairs._factors import extra_factors, factors, in_arguments, term_factors, under_sums
from gradlab.prove.repairs._names import indices, names, throughout
from gradlab.prove.repairs._nearest import nearest
from gradlab.prove.repairs._parts import functions, powers, signs
from gradlab.prove.repairs._search import Change as Change
from gradlab.prove.repairs._search import Search as Search
from gradlab.prove.repairs._terms import paths, terms
from gradlab.prove.repairs._two import two as two
from gradlab.prove.repairs._variables import other_variables, variables
from gradlab.prove.repairs._whole import whole

# In this order: the first repair that holds is the one that is named.
ALL = (
    whole, variables, signs, indices, functions, transposes, layers, powers, names, paths, factors, extra_factors,
    term_factors, in_arguments, under_sums, terms, nearest, other_variables, throughout,
)  # fmt: skip
