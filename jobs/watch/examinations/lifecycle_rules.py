"""Whether the bucket's own lifecycle rules leave photos as long as they are promised."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from django.conf import settings
from django.db import connection

from jobs.keys import KINDS
from jobs.storage.bucket import photo_storage
from jobs.watch.examinations.diagnosis import Diagnosis, State
from s3project.wording import counted

PART = "lifecycle"
NONE = "NoSuchLifecycleConfiguration"
# What storages say to whom they tell nothing of their rules, or have none.
NOT_TOLD = frozenset({"AccessDenied", "NotImplemented", "MethodNotAllowed", "NotSupported"})
NO_DAY = timedelta(0)
LONGEST_KEPT = """
    SELECT max(job.kept_until - upload.created_at)
      FROM jobs_jobcoordinator job
      JOIN jobs_jobcoordinator upload ON upload.id = coalesce(job.photos_job_id, job.id)
     WHERE job.kept_until > now() AND job.storage_deleted_at IS NULL
"""


def examine_lifecycle() -> Iterator[Diagnosis]:
    storage = photo_storage()
    try:
        answer = storage.client.get_bucket_lifecycle_configuration(Bucket=storage.bucket_name)
        rules = answer.get("Rules", [])
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == NONE:
            rules = []
        elif code in NOT_TOLD:
            found = "the bucket's rules could not be looked at: this key pair may not"
            hint = "aws s3api get-bucket-lifecycle-configuration, as who made the bucket"
            yield Diagnosis(PART, State.UNKNOWN, found, hint)
            return
        else:
            raise
    yield from judge_rules(rules, needed=longest_life(), kept=longest_kept())


def longest_life() -> timedelta | None:
    """From the upload to the end of the retention, by the settings; None for ever."""
    parts = (
        *(settings.CREATED_EXPIRES_AFTER, settings.UPLOADED_EXPIRES_AFTER, settings.STALLED_AFTER),
        settings.STORAGE_RETENTION,
    )
    total = timedelta(seconds=settings.PRESIGNED_URL_SECONDS)
    for part in parts:
        if part is None:
            return None
        total += part
    return total + (settings.STALLED_AFTER or NO_DAY)


def longest_kept() -> timedelta:
    """From the upload until when an operator keeps a photo, at most."""
    with connection.cursor() as cursor:
        cursor.execute(LONGEST_KEPT)
        [longest] = cursor.fetchone()
    return longest or NO_DAY


def judge_rules(
    rules: Sequence[Mapping[str, Any]], *, needed: timedelta | None, kept: timedelta
) -> Iterator[Diagnosis]:
    """`rules` are S3's, `needed` is the longest life by the settings, None for ever, and `kept`
    the longest that an operator has promised."""
    wrong = False
    least = max(needed or NO_DAY, kept)
    for rule in rules:
        days = _days(rule)
        if days is None:
            continue
        name = rule.get("ID") or "without a name"
        if needed is None:
            hint = "take it away: STORAGE_RETENTION_DAYS=0, or work without an end, keeps for ever"
            found = f"rule {name} deletes photos after {days} days"
        elif timedelta(days=days) < least:
            why = "an operator keeps photos for so long" if kept > needed else "the settings say so"
            hint = f"{_whole_days(least)} days or more, counted from the upload: {why}"
            found = f"rule {name} deletes photos after {days} days, before their time"
        else:
            continue
        wrong = True
        yield Diagnosis(PART, State.ERROR, found, hint)
    if not wrong:
        what = counted(len(rules), "rule") if rules else "no rule"
        yield Diagnosis(PART, State.OK, f"{what} of the bucket, none that deletes too early")


def _days(rule: Mapping[str, Any]) -> int | None:
    """After how many days a rule deletes photos of ours; None where it deletes none."""
    found = rule.get("Filter") or {}
    found = found.get("And") or found
    prefix = found.get("Prefix") or rule.get("Prefix") or ""
    ours = any(f"{kind}/".startswith(prefix) or prefix.startswith(f"{kind}/") for kind in KINDS)
    # Our objects have no tags.
    if rule.get("Status") != "Enabled" or not ours or "Tag" in found or found.get("Tags"):
        return None
    expiration = rule.get("Expiration") or {}
    if "Date" in expiration:
        # From that day on it deletes what is there, however new.
        left: timedelta = expiration["Date"] - datetime.now(UTC)
        return max(left.days, 0)
    days: int | None = expiration.get("Days")
    return days


def _whole_days(time: timedelta) -> int:
    return -(-time // timedelta(days=1))
