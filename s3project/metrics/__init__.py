"""Counters and histograms of this process, and how those of several become one answer.

What is a state, or what happened, by the database's word is asked of it at each scrape
(`jobs/watch/metrics.py`). What only a process sees is counted there. Each package declares what it
counts in a module `metrics` of its own, and makes every series at the start, so that the first
event is an increase and not the first that is heard of it.
"""
