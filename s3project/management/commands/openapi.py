"""`manage.py openapi`: writes docs/openapi.yaml from the code."""

from typing import Any

from django.core.management.base import BaseCommand

from s3project.api.docs import SCHEMA_FILE
from s3project.openapi.generate import generate, render


class Command(BaseCommand):
    help = "Write docs/openapi.yaml from the routes, the serializers and the schema modules."

    def handle(self, *args: Any, **options: Any) -> None:
        document = generate()
        SCHEMA_FILE.write_text(render(document), encoding="utf-8")
        operations = sum(len(methods) for methods in document["paths"].values())
        self.stdout.write(f"docs/{SCHEMA_FILE.name}: {operations} operations")
