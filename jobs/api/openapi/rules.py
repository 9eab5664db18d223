"""The schema of saved rules."""

from jobs.api.openapi.shapes import (
    EXAMPLE_CONCEPTS,
    EXAMPLE_RULE,
    PRESET_ID,
    PROTECT,
    RULE_ID,
    concepts,
)
from jobs.api.rule_shapes import CreateRuleIn, UpdateRuleIn
from jobs.api.rules import RuleViewSet
from jobs.errors import RuleNotFound
from s3project.openapi.operation import Operation, describe
from s3project.openapi.shapes import TIMESTAMP, array, closed, constant, shape, text
from users.errors import RuleSlotFull

EXAMPLE = {
    "id": EXAMPLE_RULE,
    "name": "Sage walls, oak floor",
    "preset_id": "interior",
    "concepts": EXAMPLE_CONCEPTS,
    "protect": ["Grout"],
    "created_at": "2026-02-26T08:00:00.000Z",
    "updated_at": "2026-02-26T08:00:00.000Z",
}
WRITABLE = ("name", "preset_id", "concepts", "protect")
RULE = shape(
    "Rule",
    closed(
        {
            "id": RULE_ID,
            "name": text(minLength=1, maxLength=100),
            "preset_id": PRESET_ID,
            "concepts": concepts(minimum=1),
            "protect": PROTECT,
            "created_at": TIMESTAMP,
            "updated_at": TIMESTAMP,
        }
    ),
)

describe(
    RuleViewSet,
    create=Operation(
        id="create_rule",
        tag="Rules",
        status=201,
        summary="Save edits under a name",
        body=CreateRuleIn,
        body_examples={"rule": {key: EXAMPLE[key] for key in WRITABLE}},
        idempotent=True,
        errors=[RuleSlotFull],
        answer="CreatedRule",
        data=RULE,
        example=EXAMPLE,
    ),
    list=Operation(
        id="list_rules",
        tag="Rules",
        summary="Your rules, newest first",
        paged=True,
        answer="RuleList",
        data=array(RULE),
        example=[EXAMPLE],
    ),
    retrieve=Operation(
        id="get_rule",
        tag="Rules",
        summary="One rule",
        errors=[RuleNotFound],
        answer="Rule",
        data=RULE,
        example=EXAMPLE,
    ),
    update=Operation(
        id="update_rule",
        tag="Rules",
        summary="Change what is given, keep the rest",
        description="`preset_id` may be sent back as it was read; another one is refused.",
        body=UpdateRuleIn,
        body_required=False,
        body_examples={"name": {"name": "Sage walls"}},
        idempotent=True,
        errors=[RuleNotFound],
        answer="Rule",
        data=RULE,
        example=EXAMPLE,
    ),
    destroy=Operation(
        id="delete_rule",
        tag="Rules",
        summary="Delete a rule",
        description="Its slot is free at once. Jobs keep the edits that they took from it.",
        idempotent=True,
        errors=[RuleNotFound],
        answer="DeletedRule",
        data=shape("DeletedRule", closed({"id": RULE_ID, "deleted": constant(True)})),
        example={"id": EXAMPLE_RULE, "deleted": True},
    ),
)
