"""Ways to repair a side, one file for each kind, from the simplest on."""

from gradlab.prove.repairs._factors import extra_factors, factors, term_factors
from gradlab.prove.repairs._names import indices, names, throughout
from gradlab.prove.repairs._nodes import functions, powers, signs
from gradlab.prove.repairs._search import Change as Change
from gradlab.prove.repairs._search import Search as Search
from gradlab.prove.repairs._terms import paths, terms
from gradlab.prove.repairs._variables import other_variables, variables
from gradlab.prove.repairs._whole import whole

# In this order: the first repair that holds is the one that is named.
ALL = (
    whole, variables, signs, indices, functions, powers, names, paths, factors, extra_factors, term_factors, terms,
    other_variables, throughout,
)  # fmt: skip
