"""Whoever brings nothing gets nothing, at whatever port or socket of the stack they knock."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from s3project.bucket import CORS, storage_client
from s3project.embedded import storage as storage_module
from s3project.embedded.stack import EmbeddedStack
from s3project.embedded.storage import Storage
from s3project.embedded.supervisor import Supervisor
from s3project.tests.embedded.process_table import (
    datagram_addresses,
    is_only_for_its_owner,
    listening_addresses,
    unix_sockets,
)
from s3project.tests.embedded.stranger import ANYBODYS_AT_THE_STORAGE, HOST, names, served_at

KEYS = ("an-access-key", "a-secret-key")


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    own = Supervisor(tmp_path)
    yield own
    own.close(gently=False)


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


def test_every_port_of_the_engines_is_shut(engines: EmbeddedStack) -> None:
    public = {port_of(engines.environment["STORAGE_S3_ENDPOINT"]): ANYBODYS_AT_THE_STORAGE}
    for name, pid in engines.pids.items():
        doors = listening_addresses(pid)
        assert doors, name
        for host, port in doors:
            assert host == HOST
            assert names(served_at(port)) == public.get(port, set()), (name, port)
        assert datagram_addresses(pid) == set(), name
    assert len(listening_addresses(engines.pids["storage"])) == 10


def test_every_unix_socket_of_the_engines_is_its_owners(engines: EmbeddedStack) -> None:
    sockets = {path for pid in engines.pids.values() for path in unix_sockets(pid)}
    assert len(sockets) >= 5
    assert [path for path in sockets if not is_only_for_its_owner(path)] == []


def test_the_shell_of_the_storage_tells_a_stranger_no_key(
    engines: EmbeddedStack, tmp_path: Path
) -> None:
    told = shell(engines.pids["storage"], tmp_path, "s3.configure\nfs.ls /\nvolume.list\n")
    assert engines.environment["STORAGE_SECRET_KEY"] not in told
    assert "s3-images" not in told


def test_without_its_locks_the_storage_serves_everybody(
    tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the stranger of these tests knows how to come in."""
    monkeypatch.setattr(storage_module, "close_doors", lambda *_: None)
    storage = Storage(tmp_path, admin=("a", "b"), keys=KEYS, buckets=["s3-images"], durable=False)
    storage.launch(supervisor)
    storage.wait_until_ready()
    try:
        pid = supervisor.pids["storage"]
        served = {port: names(served_at(port)) for _, port in listening_addresses(pid)}
        everywhere = set.union(*served.values())
        assert "http: GET /buckets/ 200" in everywhere
        assert "http: GET /dir/assign 200" in everywhere
        assert "gRPC: its settings" in everywhere
        (tmp_path / "elsewhere").mkdir()
        assert KEYS[1] in shell(pid, tmp_path / "elsewhere", "s3.configure\n", seconds=60)
    finally:
        supervisor.kill("storage")
        storage.clear_up()


def shell(pid: int, home: Path, commands: str, *, seconds: float = 5) -> str:
    """What SeaweedFS's own administration shell says, started by somebody without its files. Where
    it is let in nowhere it never ends by itself."""
    argv = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    ports = {
        part: option.rpartition("=")[2]
        for option in argv
        for part in ("master", "filer")
        if option.startswith(f"-{part}.port=")
    }
    command = [
        argv[0],
        "shell",
        f"-master={HOST}:{ports['master']}",
        f"-filer={HOST}:{ports['filer']}",
    ]
    try:
        done = subprocess.run(
            command,
            input=commands,
            env={"HOME": str(home)},
            cwd=home,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        return f"{error.stdout!r}{error.stderr!r}"
    return done.stdout + done.stderr


# --- The application's own key -----------------------------------------------------------------

POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
    '"Action":"s3:GetObject","Resource":"arn:aws:s3:::s3-images/*"}]}'
)
FORBIDDEN: dict[str, dict[str, Any]] = {
    "create_bucket": {"Bucket": "another"},
    "delete_bucket": {},
    "put_bucket_policy": {"Policy": POLICY},
    "put_bucket_acl": {"ACL": "public-read"},
    "put_object_acl": {"Key": "a", "ACL": "public-read"},
    "put_bucket_ownership_controls": {
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    },
}


@pytest.fixture(scope="module")
def application(engines: EmbeddedStack) -> Any:
    """An S3 client with the keys that the processes of the service have."""
    environment = engines.environment
    return storage_client(
        environment["STORAGE_S3_ENDPOINT"],
        environment["STORAGE_ACCESS_KEY"],
        environment["STORAGE_SECRET_KEY"],
    )


@pytest.mark.parametrize("call", FORBIDDEN)
def test_the_applications_key_administers_nothing(application: Any, call: str) -> None:
    application.put_object(Bucket="s3-images", Key="a", Body=b"1")
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(application, call)(**{"Bucket": "s3-images", **FORBIDDEN[call]})


def test_the_applications_key_sees_its_own_bucket_only(
    application: Any, engines: EmbeddedStack
) -> None:
    admin = engines.storage_admin()
    admin.create_bucket(Bucket="somebody-elses")
    admin.put_object(Bucket="somebody-elses", Key="a", Body=b"1")
    try:
        listed = {bucket["Name"] for bucket in application.list_buckets()["Buckets"]}
        assert "somebody-elses" not in listed
        source = {"Bucket": "somebody-elses", "Key": "a"}
        calls: dict[str, dict[str, Any]] = {
            "get_object": dict(source),
            "list_objects_v2": {"Bucket": "somebody-elses"},
            "put_object": {**source, "Body": b"2"},
            "delete_object": dict(source),
            "copy_object": {"Bucket": "s3-images", "Key": "b", "CopySource": source},
        }
        for call, arguments in calls.items():
            with pytest.raises(ClientError, match="AccessDenied"):
                getattr(application, call)(**arguments)
    finally:
        admin.delete_object(Bucket="somebody-elses", Key="a")
        admin.delete_bucket(Bucket="somebody-elses")


def test_only_the_supervisor_knows_the_administrators_key(engines: EmbeddedStack) -> None:
    admin = engines.storage_admin()
    assert admin.get_bucket_cors(Bucket="s3-images")["CORSRules"] == CORS["CORSRules"]
    secret = admin._request_signer._credentials.secret_key
    assert secret not in engines.environment.values()
