"""The secrets of a stack: generated once, kept in its folder, readable by its owner only."""

import json
import secrets
from pathlib import Path

from s3project.embedded.errors import StackError
from s3project.provision.broker_roles import PASSWORDS as BROKER_PASSWORDS
from s3project.provision.private_file import write_private

FILE = "secrets.json"
NAMES = (
    "POSTGRES_PASSWORD",
    "POSTGRES_SERVICE_PASSWORD",
    "POSTGRES_EVENTS_PASSWORD",
    *BROKER_PASSWORDS.values(),
    "STORAGE_ACCESS_KEY",
    "STORAGE_SECRET_KEY",
    "STORAGE_ADMIN_ACCESS_KEY",
    "STORAGE_ADMIN_SECRET_KEY",
    "JWT_SECRET",
    "GPU_CALLBACK_SECRET",
    "DJANGO_SECRET_KEY",
    "OPERATOR_PASSWORD",
)


def load_credentials(folder: Path) -> dict[str, str]:
    """The secrets kept in `folder`; missing ones are generated and written first."""
    path = folder / FILE
    kept = _read(path)
    missing = [name for name in NAMES if name not in kept]
    if missing:
        kept.update({name: _generated(name) for name in missing})
        _write(path, kept)
    return kept


def _generated(name: str) -> str:
    # The operator's is typed by a person; 12 bytes are still beyond guessing.
    return secrets.token_urlsafe(12 if name == "OPERATOR_PASSWORD" else 32)


def _read(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise StackError(f"{path} is not JSON: repair it, or remove its folder.") from None
    return {str(name): str(value) for name, value in dict(kept).items()}


def _write(path: Path, kept: dict[str, str]) -> None:
    write_private(path, json.dumps(kept, indent=2))
