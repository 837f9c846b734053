"""The set: right gradients and realistic wrong ones, drawn from a seed."""

from __future__ import annotations

from check_cases._case import Case as Case
from check_cases._case import Point as Point
from check_cases._case import cast as cast
from check_cases._case import flatten as flatten
from check_cases._case import unflatten as unflatten
from check_cases._mutants import Wrong as Wrong
from check_cases._set import KINDS as KINDS
from check_cases._set import draw as draw
from check_cases._truth import derivative as derivative
