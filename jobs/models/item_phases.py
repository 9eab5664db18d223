"""The phases of a pending item in SQL, for statements that are written out.

`JobItemQuerySet` says the same in the ORM, and what each means; a test holds the two equal. The
table goes by the name `item`.
"""

PENDING = "item.status = 'pending'"
LEASE_OVER = "(item.lease_expires_at IS NULL OR item.lease_expires_at <= statement_timestamp())"
LEASED = "item.lease_expires_at > statement_timestamp()"

DUE = f"({PENDING} AND {LEASE_OVER})"
AT_WORK = f"({PENDING} AND (item.attempt > 0 OR {LEASED}))"
UNSENT = f"({DUE} AND item.attempt = 0)"
IN_HAND = f"({PENDING} AND {LEASED} AND item.claimed_by <> '')"
