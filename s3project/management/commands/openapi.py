"""`manage.py openapi`: writes docs/openapi.yaml and docs/openapi-workers.yaml from the code."""

from typing import Any

from django.core.management.base import BaseCommand

from s3project.docs.schema import SCHEMA_FILE, WORKERS_SCHEMA_FILE
from s3project.openapi.generate import generate, render


class Command(BaseCommand):
    help = "Write docs/openapi*.yaml from the routes, the serializers and the schema modules."

    def handle(self, *args: Any, **options: Any) -> None:
        documents = generate()
        for file, document in (
            (SCHEMA_FILE, documents.customers),
            (WORKERS_SCHEMA_FILE, documents.workers),
        ):
            file.write_text(render(document), encoding="utf-8")
            operations = sum(len(methods) for methods in document["paths"].values())
            self.stdout.write(f"docs/{file.name}: {operations} operations")
