"""The bill of materials of what is shipped, in CycloneDX, written only if it fits its schema."""

import hashlib
import sys
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from s3project import __version__
from supply import licences
from supply.licences import Shipped
from supply.lock import DEVELOPMENT, PROJECT, locked


class NotValid(Exception):
    """The bill does not fit the schema of CycloneDX."""


def bill() -> str:
    """The document as JSON; raises NotValid."""
    bom = Bom()
    bom.metadata.component = Component(
        name="s3", version=__version__, type=ComponentType.APPLICATION, bom_ref="s3"
    )
    for each in licences.packages_of_the_image() + licences.packages_of_one_machine():
        bom.components.add(_package(each))
    for each in licences.packages_of_gpu_hosts():
        bom.components.add(_component(each, ComponentType.LIBRARY, "pypi"))
    for each in licences.images():
        bom.components.add(_component(each, ComponentType.CONTAINER, "docker"))
    for each in licences.files():
        bom.components.add(_file(each))
    bom.register_dependency(bom.metadata.component, bom.components)
    text: str = JsonV1Dot6(bom).output_as_string(indent=1)
    check(text)
    return text


def check(text: str) -> None:
    """Raises NotValid for what is no CycloneDX."""
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise NotValid(str(fault))


def _package(each: Shipped) -> Component:
    component = _component(each, ComponentType.LIBRARY, "pypi")
    # Those of the lock: of every wheel of this version, and of its source.
    for text in locked(DEVELOPMENT)[each.name].hashes:
        component.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=text.partition(":")[2]))
    return component


def _file(each: Shipped) -> Component:
    model = each.name.endswith(".onnx")
    kind = ComponentType.MACHINE_LEARNING_MODEL if model else ComponentType.FILE
    digest = hashlib.sha256((PROJECT / each.name).read_bytes()).hexdigest()
    component = _component(each, kind, None)
    component.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=digest))
    return component


def _component(each: Shipped, kind: ComponentType, ecosystem: str | None) -> Component:
    space, _, name = each.name.rpartition("/") if ecosystem == "docker" else ("", "", each.name)
    return Component(
        name=each.name,
        version=each.version or None,
        type=kind,
        bom_ref=f"{ecosystem or 'file'}:{each.name}",
        purl=PackageURL(ecosystem, space or None, name, each.version) if ecosystem else None,
        licenses=[LicenseFactory().make_from_string(each.licence)],
    )


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(bill(), encoding="utf-8")
