"""How Hypothesis looks for examples here, loaded with `-p s3project.testing.properties`.

The same ones each time, so that a run says the same as the one before; and no clock, by which a
busy machine would fail what is right.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("suite")
