"""What the endpoints of a rule answer, and how it is made."""

from collections.abc import Sequence
from typing import Annotated, Literal, TypedDict

from jobs.advice import Advice
from jobs.api.advice_shapes import Warnings, warnings_out
from jobs.api.edits import Protect, RuleConcepts
from jobs.api.rule_requests import MAX_NAME_LENGTH
from jobs.api.terms import PresetId
from jobs.lifecycle.orders import advise_on_rule
from jobs.models import Rule
from s3project.api.envelope import Timestamp, timestamp
from s3project.ids import RuleId
from s3project.schema import Schema


class RuleOut(TypedDict):
    id: RuleId
    name: Annotated[
        str, Schema(minLength=1, maxLength=MAX_NAME_LENGTH, example="Sage walls, oak floor")
    ]
    preset_id: PresetId
    concepts: RuleConcepts
    protect: Protect
    created_at: Timestamp
    updated_at: Timestamp
    warnings: Annotated[Warnings, Schema(example=[])]


def rule_out(rule: Rule, noticed: Sequence[Advice] = ()) -> RuleOut:
    """`noticed` is what was noticed of the request that made or changed it."""
    return {
        "id": rule.public_id,
        "name": rule.name,
        "preset_id": rule.preset_id,
        "concepts": rule.concepts,
        "protect": rule.protect,
        "created_at": timestamp(rule.created_at),
        "updated_at": timestamp(rule.updated_at),
        "warnings": warnings_out([*noticed, *advise_on_rule(rule)]),
    }


class DeletedRuleOut(TypedDict):
    id: RuleId
    deleted: Literal[True]


def deleted_rule_out(public_id: str) -> DeletedRuleOut:
    return {"id": public_id, "deleted": True}
