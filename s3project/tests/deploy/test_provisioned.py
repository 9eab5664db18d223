"""What is made once for the engines of docker-compose.yml, and its front before the storage."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import requests

from s3project.bucket import storage_client
from s3project.embedded.front import CADDYFILE, front_argv, front_environment
from s3project.embedded.ports import free_ports, is_free
from s3project.embedded.readiness import wait_until_ready
from s3project.embedded.stack import PROJECT, EmbeddedStack
from s3project.embedded.supervisor import Supervisor
from s3project.provision.broker_roles import PASSWORDS


def test_what_is_provisioned_once_is_kept_and_readable_for_whom_it_is(tmp_path: Path) -> None:
    environment = {
        "PATH": os.defpath,
        **{name: f"secret of {role}" for role, name in PASSWORDS.items()},
        **dict.fromkeys(("STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY"), "service"),
        **dict.fromkeys(("STORAGE_ADMIN_ACCESS_KEY", "STORAGE_ADMIN_SECRET_KEY"), "admin"),
    }

    def provision(*argv: str) -> None:
        subprocess.run(
            [sys.executable, "-m", *argv], cwd=PROJECT, env=environment, check=True, umask=0o022
        )

    provision("s3project.provision.storage_doors", str(tmp_path), "seaweedfs")
    first = (tmp_path / "security.toml").read_text()
    provision("s3project.provision.storage_doors", str(tmp_path), "seaweedfs")
    assert (tmp_path / "security.toml").read_text() == first
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}

    provision("s3project.provision.broker_roles", str(tmp_path / "users.acl"))
    written = (tmp_path / "users.acl").read_text()
    assert "secret of" not in written
    assert (tmp_path / "users.acl").stat().st_mode & 0o777 == 0o644


def test_photos_go_through_the_front_as_well_and_large_ones_do_not(
    engines: EmbeddedStack, tmp_path: Path
) -> None:
    api, photos = free_ports(2)
    environment = {
        **front_environment(tmp_path, str(api), {}),
        "FRONT_STORAGE_ADDRESSES": f"http://:{photos}",
        "FRONT_STORAGE": urlsplit(engines.environment["STORAGE_S3_ENDPOINT"]).netloc,
    }
    keys = [engines.environment[name] for name in ("STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY")]
    client = storage_client(f"http://localhost:{photos}", *keys)
    place = {"Bucket": "s3-images", "Key": "through/the front"}
    upload, download = (
        client.generate_presigned_url(method, place) for method in ("put_object", "get_object")
    )
    supervisor = Supervisor(tmp_path)
    try:
        argv = [*front_argv()[:3], str(CADDYFILE.with_name("compose.Caddyfile")), *front_argv()[4:]]
        child = supervisor.start("front", argv, env=environment, cwd=tmp_path)
        wait_until_ready(child, lambda: not is_free(photos))
        photo = os.urandom(2_000_000)
        assert requests.put(upload, data=photo, timeout=20).status_code == 200
        assert requests.get(download, timeout=20).content == photo
        assert requests.get(download + "x", timeout=20).status_code == 403
        with contextlib.suppress(requests.ConnectionError):  # it may not listen to the end
            large = requests.put(upload, data=bytes(27 * 1024 * 1024), timeout=20)
            assert large.status_code == 413
        assert requests.get(download, timeout=20).content == photo
        client.delete_object(**place)
    finally:
        supervisor.close(gently=False)
