"""The client with threads. But for `io.py` it is made of `_async`: `make client`."""
