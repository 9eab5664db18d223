"""The bucket for a worker that makes a package and holds no key to it."""

from collections.abc import Mapping
from typing import Any

from jobs import keys
from jobs.gpu.engine.packages.message import PackageMessage
from jobs.gpu.reporter import Claim, Reporter
from jobs.gpu.url_store import USED_FOR, UrlStore, Wish


class PackageStore(UrlStore):
    """As UrlStore, but results are read, and an archive and a board are written."""

    results = "GET"

    def __init__(
        self, message: PackageMessage, reporter: Reporter, *, endpoint: str, bucket: str
    ) -> None:
        super().__init__(message.work, reporter, endpoint=endpoint, bucket=bucket)
        self._package = message
        place = (self._user_id, self._job_id, message.template, message.edition)
        self._made = {"archive": keys.package_key(*place), "board": keys.board_key(*place)}
        first = message.work.items[0].idx
        for key in self._made.values():
            self._wishes[key] = Wish(first)

    def note(self, claim: Claim) -> None:
        super().note(claim)
        until = claim.asked_at + claim.lease_seconds * USED_FOR
        for name, key in self._made.items():
            self._keep("PUT", key, claim.made.get(name), until)

    def _claim(self, idx: int, *, patient: bool, asks: Mapping[str, Any]) -> Claim:
        return self._reporter.claim_package(self._package, [idx], patient=patient, asks=asks)
