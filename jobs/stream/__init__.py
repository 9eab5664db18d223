"""The events process (contract §3.6): streams of what happens to jobs, to many at once.

An event loop holds the streams; threads ask the database. Nothing is kept that a restart could
lose: whoever comes again says what was heard last, and is told what is so now.
"""
