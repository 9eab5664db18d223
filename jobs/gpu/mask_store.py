"""Masks kept in the bucket, beside what they were found for (`jobs/keys.py`).

A user's masks are found by that user only.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from jobs import keys
from jobs.gpu import transfer
from jobs.gpu.engine.errors import MessageError
from jobs.gpu.engine.memory import Finding
from jobs.gpu.engine.segmenters.instance import Instance
from s3project import ids

logger = logging.getLogger(__name__)


class BucketMaskStore:
    """The masks of one item. Trouble with the storage is logged and costs a segmentation."""

    def __init__(self, store: transfer.ObjectStore, user_id: str, job_id: str, idx: int) -> None:
        """Public ids, as in a message. Raises MessageError for what is none."""
        self._store = store
        self._idx = idx
        self._user_id = _key_of(ids.USER, user_id)
        self._stem = keys.mask_stem(self._user_id, _key_of(ids.JOB, job_id), idx)

    def load(self, digest: str, model: str, concepts: Sequence[str]) -> Mapping[str, Finding]:
        """See `MaskStore.load`."""
        try:
            self._store.open_masks(self._idx, concepts, digest)
            stem, entries = self._entries(digest, model, concepts)
            found: dict[str, Finding] = {}
            for name in concepts:
                entry = entries.get(name)
                if entry is None:
                    continue
                png = self._fetch(stem, name) if entry["found"] else None
                if png is not None or not entry["found"]:
                    instances = _instances(entry["instances"])
                    found[name] = Finding(png, instances, entry.get("doubtful", False) is True)
        except transfer.TransferFailed:
            logger.warning("masks of %s could not be read", self._stem)
            return {}
        except (ValueError, KeyError, TypeError, AttributeError):
            logger.warning("the masks of %s are not as we write them", self._stem)
            return {}
        return found

    def save(self, digest: str, model: str, findings: Mapping[str, Finding]) -> None:
        """See `MaskStore.save`."""
        entries = {
            name: {
                "found": finding.png is not None,
                "doubtful": finding.doubtful,
                "instances": [
                    {"box": [round(side, 5) for side in one.box], "score": round(one.score, 4)}
                    for one in finding.instances
                ],
            }
            for name, finding in findings.items()
        }
        try:
            self._store.open_masks(self._idx, list(findings), digest)
            for name, finding in findings.items():
                if finding.png is not None:
                    key = keys.mask_key(self._stem, name)
                    self._store.write(key, finding.png, "image/png")
            known = self._read(keys.instances_key(self._stem))
            if known and (known.get("photo"), known.get("model")) == (digest, model):
                entries = {**known["concepts"], **entries}
            body = {"photo": digest, "model": model, "concepts": entries}
            self._write(keys.instances_key(self._stem), body)
            self._write(keys.by_photo_key(self._user_id, digest), {"prefix": self._stem})
        except (transfer.TransferFailed, ValueError, KeyError, TypeError):
            logger.warning("the masks of %s could not be kept", self._stem)

    def _entries(
        self, digest: str, model: str, concepts: Sequence[str]
    ) -> tuple[str, dict[str, Any]]:
        """Where the masks of this photo by this model lie, and what is said of each concept."""
        pointer = self._read(keys.by_photo_key(self._user_id, digest))
        stem = pointer["prefix"] if pointer else self._stem
        if not stem.startswith(keys.masks_prefix(self._user_id)):
            raise ValueError("the pointer leads to another user")
        if stem != self._stem:
            self._store.open_masks(self._idx, concepts, digest, stem)
        known = self._read(keys.instances_key(stem))
        if not known or (known["photo"], known["model"]) != (digest, model):
            return stem, {}
        return stem, known["concepts"]

    def _fetch(self, stem: str, name: str) -> bytes | None:
        return transfer.fetch(self._store, keys.mask_key(stem, name))

    def _read(self, key: str) -> dict[str, Any] | None:
        data = transfer.fetch(self._store, key)
        if data is None:
            return None
        body = json.loads(data)
        if not isinstance(body, dict):
            raise ValueError("not an object")
        return body

    def _write(self, key: str, body: Mapping[str, Any]) -> None:
        data = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
        self._store.write(key, data, "application/json")


def _key_of(prefix: str, public_id: str) -> UUID:
    key = ids.parse_public_id(prefix, public_id)
    if key is None:
        raise MessageError(f"{public_id!r} is no id of ours")
    return key


def _instances(raw: Sequence[Mapping[str, Any]]) -> tuple[Instance, ...]:
    instances = []
    for one in raw:
        left, top, right, bottom = (float(side) for side in one["box"])
        instances.append(Instance((left, top, right, bottom), float(one["score"])))
    return tuple(instances)
