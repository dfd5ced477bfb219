"""Profiles of hypothesis.

`ci` is the one that counts and the default: every run sees the same examples, so a failure is never a matter of luck.
`quick` is for the work on one test; `explore` looks for what the fixed examples miss (`pytest --hypothesis-profile=explore`).
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A deadline measures the machine, not the code: tests/test_hostile.py holds the growth instead.
COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("ci", COMMON, max_examples=2_000, derandomize=True, database=None)
settings.register_profile("quick", COMMON, max_examples=100)
settings.register_profile("explore", COMMON, max_examples=20_000)
settings.load_profile("ci")
