"""Tests of the client: against a small server that does as it is told, and against the real one."""
