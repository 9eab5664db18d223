"""Fault experiments: real processes are killed, frozen and cut off, and nothing may be lost."""
