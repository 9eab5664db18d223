"""How Hypothesis looks for examples here, loaded with `-p s3project.testing.properties`.

The same ones each time, so that a run says the same as the one before; and no clock, by which a
busy machine would fail what is right. `--hypothesis-profile explore` looks for others.
"""

from hypothesis import HealthCheck, settings

NO_CLOCK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("suite", NO_CLOCK, derandomize=True, database=None)
settings.register_profile("explore", NO_CLOCK, max_examples=1000)
settings.load_profile("suite")
