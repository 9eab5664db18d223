"""Traces and reports of errors to services of the operator's. Both are off, and what they need
(requirements-observability.txt) is not imported, unless their address is set."""
