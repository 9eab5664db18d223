"""The client's own version; the API has none in its addresses."""

__version__ = "0.1.0"
