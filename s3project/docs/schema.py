"""`GET /openapi.json`: the committed description of the API, for everybody and without a token.

Nothing is generated or fetched from elsewhere: the document is docs/openapi.yaml. What GPU workers
call is described in docs/openapi-workers.yaml, which is not served.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from s3project.docs.served import Served, ServedView

SCHEMA_FILE: Path = settings.BASE_DIR / "docs" / "openapi.yaml"
WORKERS_SCHEMA_FILE: Path = settings.BASE_DIR / "docs" / "openapi-workers.yaml"


@cache
def schema_document() -> dict[str, Any]:
    """The customers' document; read once for each process."""
    return read_document(SCHEMA_FILE)


def read_document(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    return document


@cache
def schema_json() -> Served:
    text = json.dumps(schema_document(), ensure_ascii=False, separators=(",", ":"))
    return Served(text.encode(), "application/json")


class SchemaView(ServedView):
    """GET /openapi.json"""

    make = staticmethod(schema_json)
