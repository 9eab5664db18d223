"""The schema of jobs, rules, presets and of what the workers call."""

# They register themselves.
from jobs.api.openapi import bodies, jobs, presets, rules, worker  # noqa: F401
