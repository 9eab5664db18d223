"""`GET /docs`: the guide for those who write a client, on one page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from jobs.api.vocabulary import VOCABULARY
from jobs.backends import Backend
from jobs.guide.refusals import REFUSALS
from jobs.guide.samples import all_samples
from jobs.lifecycle.orders import configured_backend
from jobs.limits import MAX_PHOTO_PIXELS_TEXT, MAX_PHOTO_SIZE_TEXT
from jobs.presets import LABELS, PRESETS, Preset
from s3project import __version__
from s3project.api.rates import Rate
from s3project.docs.schema import schema_document
from s3project.docs.served import Served, ServedView, page
from s3project.docs.text import json_code, line
from users.plans import DEFAULT_PLAN, PLANS

# The answers that the guide shows: `data` of the examples in docs/openapi.yaml.
ANSWERS = {"create_job": "201", "get_job": "200", "check_job": "200"}

ORDER = {
    "Wall": {"action": "recolor", "value": "#9db4a0"},
    "Floor": {"action": "texture", "value": "herringbone"},
    "Cabinet": {"action": "recolor", "value": "oak_b", "instances": [0, 2]},
    "Ceiling": {"action": "tone", "value": "bright:0.4"},
}


@dataclass(frozen=True)
class ConceptRow:
    name: str
    label: str
    is_found: bool
    several: bool


@dataclass(frozen=True)
class PresetTable:
    id: str
    description: str
    protected: list[str]
    concepts: list[ConceptRow]


def preset_table(preset: Preset, backend: Backend) -> PresetTable:
    return PresetTable(
        id=preset.id,
        description=preset.description,
        protected=list(preset.protect_defaults),
        concepts=[
            ConceptRow(each.name, LABELS[each.name].en, backend.supports(each.name), each.instances)
            for each in preset.concepts
        ],
    )


def families() -> dict[str, list[dict[str, str]]]:
    """Family → its materials, name and hex."""
    found: dict[str, list[dict[str, str]]] = {}
    for material in VOCABULARY["materials"]:
        row = {"name": material["name"], "hex": material["hex"]}
        found.setdefault(material["family"], []).append(row)
    return found


def answers() -> Iterator[tuple[str, SafeString]]:
    for methods in schema_document()["paths"].values():
        for operation in methods.values():
            if status := ANSWERS.get(operation["operationId"]):
                media = operation["responses"][status]["content"]["application/json"]
                yield operation["operationId"], json_code(media["example"]["data"])


def refused() -> SafeString:
    """A whole answer that refuses, as the description has it."""
    response = schema_document()["components"]["responses"]["CreditsExhausted"]
    (example,) = response["content"]["application/json"]["examples"].values()
    return json_code(example["value"])


def period(length: timedelta | None) -> str:
    """`30 days`, `24 hours`; empty for never."""
    if not length:
        return ""
    hours = length // timedelta(hours=1)
    amount, unit = (hours // 24, "days") if hours % 24 == 0 and hours > 24 else (hours, "hours")
    return f"{amount} {unit}" if amount > 1 else f"1 {unit[:-1]}"


def rate(value: Rate | None) -> str:
    return f"{value.limit} requests in {value.seconds} seconds" if value else "no limit"


def guide_context() -> dict[str, Any]:
    backend = configured_backend()
    return {
        "api": settings.PUBLIC_BASE_URL,
        "version": __version__,
        "samples": all_samples(),
        "answers": dict(answers()),
        "order": json_code(ORDER),
        "refused": refused(),
        "presets": [preset_table(each, backend) for each in PRESETS.values()],
        "any_concept": backend.concepts is None,
        "families": families(),
        "textures": VOCABULARY["textures"],
        "tones": VOCABULARY["tones"],
        "plans": list(PLANS.values()),
        "free": PLANS[DEFAULT_PLAN],
        "refusals": [
            (each.status, each.code, line(each.meaning), line(each.what_to_do)) for each in REFUSALS
        ],
        "photo_size": MAX_PHOTO_SIZE_TEXT,
        "photo_pixels": MAX_PHOTO_PIXELS_TEXT,
        "url_minutes": settings.PRESIGNED_URL_SECONDS // 60,
        "token_days": settings.JWT_LIFETIME.days,
        "session_days": settings.REFRESH_LIFETIME.days,
        "user_rate": rate(settings.USER_RATE),
        "created_expires": period(settings.CREATED_EXPIRES_AFTER),
        "uploaded_expires": period(settings.UPLOADED_EXPIRES_AFTER),
        "kept": period(settings.STORAGE_RETENTION),
        "full_refund": settings.CANCEL_REFUND == "full",
    }


@cache
def guide_page() -> Served:
    return page(render_to_string("jobs/guide.html", guide_context()))


class GuideView(ServedView):
    """GET /docs"""

    make = staticmethod(guide_page)
