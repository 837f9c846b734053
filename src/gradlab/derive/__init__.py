"""HOW it is differentiated: from a graph to written derivations and to shared deltas."""

from gradlab.derive._backprop import Backprop as Backprop
from gradlab.derive._backprop import backprop as backprop
from gradlab.derive._chain_rule import derive as derive
from gradlab.derive._derivation import Derivation as Derivation
from gradlab.derive._derivation import Rule as Rule
from gradlab.derive._derivation import Step as Step
from gradlab.derive._lift import NoArraysError as NoArraysError
from gradlab.derive._local import local_gradient as local_gradient
from gradlab.derive._rules import derive_rule as derive_rule
from gradlab.derive._savings import Growth as Growth
from gradlab.derive._savings import Savings as Savings
from gradlab.derive._savings import count_multiplications as count_multiplications
from gradlab.derive._savings import growth_of as growth_of
from gradlab.derive._second import derive_second as derive_second
from gradlab.derive._second import hessian as hessian
from gradlab.derive._second import tangents as tangents
from gradlab.derive._sheet import function_sheet as function_sheet
from gradlab.derive._sheet import network_sheet as network_sheet
from gradlab.derive._simplify import tidy as tidy
from gradlab.derive._stable import stabilise as stabilise
from gradlab.derive._vector import VectorForm as VectorForm
from gradlab.derive._vector import vector_form as vector_form
