"""Masks kept in the bucket, beside what they were found for (contract §5).

masks/{user}/{job}/{idx}_{concept}.png      a mask at the size of the engine's view
masks/{user}/{job}/{idx}_instances.json     photo and model, what was found, boxes and scores
masks/{user}/by_photo/{sha256}.json         where the masks of a photo lie, so that the same file
                                            in another set finds them

A user's masks are found by that user only.
"""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from jobs.gpu import transfer
from jobs.gpu.engine.memory import Finding
from jobs.gpu.engine.segmenters.instance import Instance

logger = logging.getLogger(__name__)

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 60


class BucketMaskStore:
    """The masks of one item. Trouble with the storage is logged and costs a segmentation."""

    def __init__(self, user_id: str, job_id: str, idx: int) -> None:
        self._user = f"masks/{user_id}"
        self._prefix = f"{self._user}/{job_id}/{idx}"

    def load(self, digest: str, model: str, concepts: Sequence[str]) -> Mapping[str, Finding]:
        """See `MaskStore.load`."""
        try:
            prefix, entries = self._entries(digest, model)
            found: dict[str, Finding] = {}
            for name in concepts:
                entry = entries.get(name)
                if entry is None:
                    continue
                png = transfer.fetch_mask(_mask_key(prefix, name)) if entry["found"] else None
                if png is not None or not entry["found"]:
                    found[name] = Finding(png, _instances(entry["instances"]))
        except transfer.TransferFailed:
            logger.warning("masks of %s could not be read", self._prefix)
            return {}
        except (ValueError, KeyError, TypeError, AttributeError):
            logger.warning("the masks of %s are not as we write them", self._prefix)
            return {}
        return found

    def save(self, digest: str, model: str, findings: Mapping[str, Finding]) -> None:
        """See `MaskStore.save`."""
        entries = {
            name: {
                "found": finding.png is not None,
                "instances": [
                    {"box": [round(side, 5) for side in one.box], "score": round(one.score, 4)}
                    for one in finding.instances
                ],
            }
            for name, finding in findings.items()
        }
        try:
            for name, finding in findings.items():
                if finding.png is not None:
                    key = _mask_key(self._prefix, name)
                    transfer.store_result(key, finding.png, "image/png")
            known = self._read(f"{self._prefix}_instances.json")
            if known and (known.get("photo"), known.get("model")) == (digest, model):
                entries = {**known["concepts"], **entries}
            body = {"photo": digest, "model": model, "concepts": entries}
            self._write(f"{self._prefix}_instances.json", body)
            self._write(self._pointer(digest), {"prefix": self._prefix})
        except (transfer.TransferFailed, ValueError, KeyError, TypeError):
            logger.warning("the masks of %s could not be kept", self._prefix)

    def _entries(self, digest: str, model: str) -> tuple[str, dict[str, Any]]:
        """Where the masks of this photo by this model lie, and what is said of each concept."""
        pointer = self._read(self._pointer(digest))
        prefix = pointer["prefix"] if pointer else self._prefix
        if not prefix.startswith(f"{self._user}/"):
            raise ValueError("the pointer leads to another user")
        known = self._read(f"{prefix}_instances.json")
        if not known or (known["photo"], known["model"]) != (digest, model):
            return prefix, {}
        return prefix, known["concepts"]

    def _pointer(self, digest: str) -> str:
        return f"{self._user}/by_photo/{digest}.json"

    def _read(self, key: str) -> dict[str, Any] | None:
        data = transfer.fetch_mask(key)
        if data is None:
            return None
        body = json.loads(data)
        if not isinstance(body, dict):
            raise ValueError("not an object")
        return body

    def _write(self, key: str, body: Mapping[str, Any]) -> None:
        data = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
        transfer.store_result(key, data, "application/json")


def _mask_key(prefix: str, concept: str) -> str:
    """Concepts are named by clients: what is unfit for a key is replaced, and told apart."""
    name = _UNSAFE.sub("_", concept)[:_LONGEST_NAME]
    if name != concept:
        name += "-" + sha256(concept.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{prefix}_{name}.png"


def _instances(raw: Sequence[Mapping[str, Any]]) -> tuple[Instance, ...]:
    instances = []
    for one in raw:
        left, top, right, bottom = (float(side) for side in one["box"])
        instances.append(Instance((left, top, right, bottom), float(one["score"])))
    return tuple(instances)
