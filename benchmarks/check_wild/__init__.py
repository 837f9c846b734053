"""Gradients after public bug reports, and random programs: right ones and wrong ones that nobody here thought of."""

from __future__ import annotations

from check_wild import _jax_reports, _numpy_reports, _readers, _strangers, _torch_reports, _torch_rules
from check_wild._large import COUNT as COUNT
from check_wild._large import large as large
from check_wild._programs import Program as Program
from check_wild._programs import programs as programs
from check_wild._report import Report as Report

REPORTS: tuple[Report, ...] = (
    *_torch_reports.REPORTS.all,
    *_torch_rules.REPORTS.all,
    *_jax_reports.REPORTS.all,
    *_numpy_reports.REPORTS.all,
    *_strangers.REPORTS.all,
    *_readers.REPORTS.all,
)
