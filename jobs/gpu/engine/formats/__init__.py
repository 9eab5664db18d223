"""The kinds of files that are read: one module each, from bytes to `Stored`."""
