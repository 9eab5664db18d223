"""Who may do what in the broker: a Valkey user for each kind of process, and none for the rest.

A GPU host that is in other hands cannot send work to maintenance, which has the database, nor read
what is waiting there; whoever has the rate limiter's password cannot see a message. Names of keys
are Kombu's and those that `s3project/celery.py` gives it.

`python -m s3project.provision.broker_roles FILE` writes them for docker-compose.yml.
"""

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

ADMIN, WEB, WORKER, MAINTENANCE, LIMITER, EVENTS = (
    *("admin", "web", "worker", "maintenance", "limiter", "events"),
)
# The variables that the passwords come in.
PASSWORDS = {
    ADMIN: "VALKEY_PASSWORD",
    WEB: "VALKEY_WEB_PASSWORD",
    WORKER: "VALKEY_WORKER_PASSWORD",
    MAINTENANCE: "VALKEY_MAINTENANCE_PASSWORD",
    LIMITER: "VALKEY_LIMITER_PASSWORD",
    EVENTS: "VALKEY_EVENTS_PASSWORD",
}

# What every client says before its first command.
CONNECT = "+ping +hello +auth +select +client|setinfo +client|setname"
PUBLISH = "+lpush +llen +sadd +smembers +multi +exec +discard"
CONSUME = (
    "+brpop +rpop +rpush +srem +exists +del +pexpire +get +set +time +watch +unwatch "
    "+zadd +zrem +zrange +zrangebyscore +zrevrangebyscore +hset +hget +hdel "
    "+eval +evalsha +script|load +script|exists +psubscribe +punsubscribe +publish"
)
COUNT = "+eval +evalsha +get +set +time"
# How the server is: its memory and whether it keeps what it has, for `manage.py doctor`. Nothing of
# a message, and no right to change it.
WATCH = "+info"
# Where it is said that a job has changed (jobs/delivery/hints.py).
HINTS = "&s3:jobs:changed"


def _queue(name: str) -> str:
    """A list for each level, and how messages find it. The separator is two control characters."""
    return f"~{name} ~{name}??[0-9] ~_kombu.binding.{name} ~_kombu.binding_permanent.{name}"


def _worker(role: str) -> str:
    """What a worker has in hand, and how it is asked how it is: see `s3project/celery.py`."""
    return (
        f"~unacked.{role} ~unacked_index.{role} ~unacked_mutex.{role} "
        f"~*.celery-{role}.pidbox* &/0.celery-{role}.pidbox "
        # Which control queues there are. Whoever looks clears away those that ended, of any role.
        "~_kombu.binding*.pidbox ~_kombu.binding_deadlines"
    )


WORK = f"{_queue('gpu')} {_queue('packages')}"
RULES = {
    ADMIN: "~* &* +@all",
    WEB: f"{WORK} {_queue('maintenance')} {HINTS} {CONNECT} {PUBLISH} +publish {WATCH}",
    WORKER: f"{WORK} {_worker('gpu')} {CONNECT} {PUBLISH} {CONSUME}",
    MAINTENANCE: (
        f"{WORK} {_queue('maintenance')} {_worker('maintenance')} {HINTS} "
        f"{CONNECT} {PUBLISH} {CONSUME} {WATCH}"
    ),
    LIMITER: f"~s3:rate:* {CONNECT} {COUNT}",
    EVENTS: f"{HINTS} {CONNECT} +subscribe +unsubscribe",
}


def acl(passwords: Mapping[str, str]) -> str:
    """The lines of an ACL file for role → password. Of the passwords it holds digests: they are
    random, so that nobody finds one from its digest."""
    lines = ["user default off resetpass resetkeys resetchannels -@all"]
    for role, rules in RULES.items():
        digest = hashlib.sha256(passwords[role].encode()).hexdigest()
        lines.append(f"user {role} on #{digest} resetkeys resetchannels -@all {rules}")
    return "\n".join(lines) + "\n"


def main() -> None:
    passwords = {role: os.environ[name] for role, name in PASSWORDS.items()}
    # Readable for the user that the server becomes.
    Path(sys.argv[1]).write_text(acl(passwords), encoding="utf-8")


if __name__ == "__main__":
    main()
