"""How the learning rate changes from step to step: one small file a schedule."""

from __future__ import annotations

from gradlab.rules.schedules._constant import Constant as Constant
from gradlab.rules.schedules._cosine import Cosine as Cosine
from gradlab.rules.schedules._own import Own as Own
from gradlab.rules.schedules._schedule import Schedule as Schedule
from gradlab.rules.schedules._steps import Steps as Steps
from gradlab.rules.schedules._warm_up import WarmUp as WarmUp
