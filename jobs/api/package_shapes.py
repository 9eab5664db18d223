"""What a job says of its packages."""

from typing import Annotated, TypedDict

from jobs.lifecycle.selectors import PackageView
from jobs.presets import INTERIOR, PRESETS
from jobs.states import PackageStatus
from s3project.schema import Schema

_EXAMPLE = INTERIOR.output_templates[1]
_PLACE = (
    "https://photos.example.com/s3-images/packages/u_019ba9c9f1007dc68da4e43c5704bb19"
    "/job_019ba9c9f1007dc68da4e43c570d4b19/before_after-1"
)
_SIGNED = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600&X-Amz-Signature=5d1c"


class PackageOut(TypedDict):
    template: Annotated[str, Schema(example=_EXAMPLE.id)]
    alias: Annotated[str, Schema("The template's other id, in ASCII.", example=_EXAMPLE.alias)]
    status: Annotated[str, Schema(name="PackageStatus", enum=PackageStatus.values, example="ready")]
    files: Annotated[int | None, Schema("In the ZIP; null until it is ready.", example=3)]
    bytes: Annotated[int | None, Schema("Of the ZIP; null until it is ready.", example=1_204_113)]
    url: Annotated[
        str | None,
        Schema("A ZIP; null until it is ready.", format="uri", example=f"{_PLACE}.zip{_SIGNED}"),
    ]
    board_url: Annotated[
        str | None,
        Schema(
            "A JPEG to look at; null until it is ready.",
            format="uri",
            example=f"{_PLACE}.jpg{_SIGNED}",
        ),
    ]
    error: Annotated[str | None, Schema("Why it failed.", maxLength=200, example=None)]


PackageListOut = list[PackageOut]


def package_out(preset: str, package: PackageView) -> PackageOut:
    return {
        "template": template_id(preset, package.template),
        "alias": package.template,
        "status": package.status,
        "files": package.files,
        "bytes": package.bytes,
        "url": package.url,
        "board_url": package.board_url,
        "error": package.error,
    }


def template_id(preset: str, alias: str) -> str:
    """What a template is called in an answer; one that is known no more, by its alias."""
    template = PRESETS[preset].template(alias)
    return template.id if template else alias
