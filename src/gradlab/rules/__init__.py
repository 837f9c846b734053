"""Update rules, schedules and batches: `gl.rules`. One small file each, from whose statements everything is printed."""

from __future__ import annotations

from gradlab.rules._adam import Adam as Adam
from gradlab.rules._adamw import AdamW as AdamW
from gradlab.rules._described import Described as Described
from gradlab.rules._described import snake as snake
from gradlab.rules._gradient_descent import GradientDescent as GradientDescent
from gradlab.rules._momentum import Momentum as Momentum
from gradlab.rules._nesterov import Nesterov as Nesterov
from gradlab.rules._numbers import Kind as Kind
from gradlab.rules._numbers import Number as Number
from gradlab.rules._numbers import RuleError as RuleError
from gradlab.rules._numbers import number as number
from gradlab.rules._numbers import numbers_of as numbers_of
from gradlab.rules._read import read as read
from gradlab.rules._rmsprop import RMSProp as RMSProp
from gradlab.rules._rule import COUNT as COUNT
from gradlab.rules._rule import GRADIENT as GRADIENT
from gradlab.rules._rule import PARAMETER as PARAMETER
from gradlab.rules._rule import RATE as RATE
from gradlab.rules._rule import Rule as Rule
from gradlab.rules._rule import Update as Update
from gradlab.rules.batches import Batches as Batches
from gradlab.rules.batches import Full as Full
from gradlab.rules.batches import MiniBatch as MiniBatch
from gradlab.rules.schedules import Constant as Constant
from gradlab.rules.schedules import Cosine as Cosine
from gradlab.rules.schedules import Own as Own
from gradlab.rules.schedules import Schedule as Schedule
from gradlab.rules.schedules import Steps as Steps
from gradlab.rules.schedules import WarmUp as WarmUp
