"""What operators did and what looked like an attack: the audit log of people's acts.

(`jobs/watch/audit.py` is the other audit: whether credits and jobs add up.)
"""
