"""Backups of an installation: all rows of one moment, and the objects of the storage if wanted.

Rows are copied by PostgreSQL's COPY, not by pg_dump: the image has no client programs, a backup is
then independent of PostgreSQL's version, and its schema is what our migrations make.
"""
