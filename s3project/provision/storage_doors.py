"""What keeps SeaweedFS closed: mutual TLS and signed tokens between its parts, identities for S3.

Left alone, its master, volume and filer servers serve everybody who reaches their ports, and the
filer tells its gRPC clients the secret S3 keys. Closed, they answer each other only: the one
certificate that they accept is made at the start (`certificates.py`).

`python -m s3project.provision.storage_doors FOLDER HOST` writes the files for docker-compose.yml.
"""

import json
import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path

from s3project.provision.certificates import make_identity
from s3project.provision.private_file import write_private

SECURITY = "security.toml"
IDENTITIES = "identities.json"
AUTHORITY, CERTIFICATE, KEY = "authority.crt", "part.crt", "part.key"
# Everything the program can start, whether it is started here or not.
HTTP_PARTS = ("master", "volume", "filer", "admin")
GRPC_PARTS = ("master", "volume", "filer", "s3", "admin", "worker", "msg_broker", "msg_agent", "mq")
# Writes and reads of the volume server, and of the filer.
TOKENS = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")

KeyPair = tuple[str, str]


def close_doors(folder: Path, *hosts: str) -> None:
    """Writes `security.toml` and what it names to `folder`, for a program reached at `hosts`.

    The program looks for it in its working folder, or in /etc/seaweedfs.
    """
    identity = make_identity(*hosts)
    write_private(folder / AUTHORITY, identity.authority)
    write_private(folder / CERTIFICATE, identity.certificate)
    write_private(folder / KEY, identity.key)
    write_private(folder / SECURITY, _security(folder.resolve()))


def write_identities(
    path: Path, *, buckets: Iterable[str], admin: KeyPair, keys: Iterable[KeyPair]
) -> None:
    """Who may use S3: `admin` everything; each pair of `keys` the objects of `buckets` only.

    The application's keys make no bucket, change no policy and see no other bucket.
    """
    actions = [f"{verb}:{one}" for one in buckets for verb in ("Read", "Write", "List", "Tagging")]
    identities = [
        _identity("admin", [admin], ["Admin", "Read", "Write", "List", "Tagging"]),
        _identity("s3", keys, actions),
    ]
    write_private(path, json.dumps({"identities": identities}, indent=2))


def _identity(name: str, keys: Iterable[KeyPair], actions: list[str]) -> dict[str, object]:
    credentials = [{"accessKey": access, "secretKey": secret} for access, secret in keys]
    return {"name": name, "credentials": credentials, "actions": actions}


def _security(folder: Path) -> str:
    # A JSON string is a TOML string.
    authority, certificate, key = (
        json.dumps(str(folder / name)) for name in (AUTHORITY, CERTIFICATE, KEY)
    )
    pair = f"cert = {certificate}\nkey = {key}\n"
    sections = [
        *(f'[{name}]\nkey = "{secrets.token_hex(32)}"\n' for name in TOKENS),
        f"[grpc]\nca = {authority}\n",
        *(f"[grpc.{part}]\n{pair}" for part in (*GRPC_PARTS, "client")),
        *(f"[https.{part}]\n{pair}ca = {authority}\n" for part in HTTP_PARTS),
        f"[https.client]\nenabled = true\n{pair}ca = {authority}\n",
    ]
    return "\n".join(sections)


def main() -> None:
    folder, host = Path(sys.argv[1]), sys.argv[2]
    env = os.environ
    # Only once: a storage that runs would meet certificates of which it knows the half.
    if not (folder / SECURITY).exists():
        close_doors(folder, host, "localhost", "127.0.0.1")
    write_identities(
        folder / IDENTITIES,
        buckets=[env.get("STORAGE_BUCKET") or "s3-images"],
        admin=(env["STORAGE_ADMIN_ACCESS_KEY"], env["STORAGE_ADMIN_SECRET_KEY"]),
        keys=[(env["STORAGE_ACCESS_KEY"], env["STORAGE_SECRET_KEY"])],
    )


if __name__ == "__main__":
    main()
