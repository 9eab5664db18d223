"""The wiring: settings, addresses, the kit of the HTTP API, the one-machine stack."""

__version__ = "0.2.0"
