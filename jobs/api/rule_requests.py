"""The bodies that rules take. They check shape and never save."""

from typing import Any

from jobs.api.edits import ProtectField, RuleConceptsField
from jobs.api.terms import PresetId
from s3project.api.fields import Choice, Object, Text

MAX_NAME_LENGTH = 100


def _name(**options: Any) -> Text:
    return Text(trim_whitespace=True, max_length=MAX_NAME_LENGTH, **options)


class CreateRuleIn(Object):
    name = _name()
    preset_id = Choice(PresetId)
    concepts = RuleConceptsField()
    protect = ProtectField(default=None)


class UpdateRuleIn(Object):
    """Any subset. `preset_id` may be sent back as it was read; another one is refused."""

    name = _name(required=False)
    preset_id = Choice(PresetId, required=False)
    concepts = RuleConceptsField(required=False)
    protect = ProtectField()
