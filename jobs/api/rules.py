"""The public API of saved rules: parse, call one service or selector, answer."""

from rest_framework.request import Request

from jobs.api.advice_shapes import notice_keys
from jobs.api.edits import EDIT_IN
from jobs.api.rule_requests import CreateRuleIn, UpdateRuleIn
from jobs.api.rule_shapes import (
    DeletedRuleOut,
    RuleOut,
    deleted_rule_out,
    rule_out,
)
from jobs.api.throttles import RuleThrottle
from jobs.errors import RuleNotFound
from jobs.lifecycle import rules, selectors
from s3project import ids
from s3project.api.answers import Answer, Created
from s3project.api.json_body import read_json_object
from s3project.api.operation import Operation
from s3project.api.pagination import PageAnswer, page_request
from s3project.api.views import ApiViewSet, validated
from s3project.errors import ValidationFailed
from s3project.ids import RuleId
from users.api.auth import current_user
from users.api.idempotency import idempotent
from users.errors import RuleSlotFull

CREATE_RULE_IN = CreateRuleIn()
UPDATE_RULE_IN = UpdateRuleIn()


class RuleViewSet(ApiViewSet):
    """A user's rules. Somebody else's rule is answered like one that does not exist."""

    tag = "Rules"
    limited = dict.fromkeys(("create", "update", "destroy"), RuleThrottle)

    @Operation(
        "create_rule",
        body=CREATE_RULE_IN,
        body_examples={
            "rule": {
                "name": "Sage walls, oak floor",
                "preset_id": "interior",
                "concepts": {
                    "Wall": {"action": "recolor", "value": "#9db4a0"},
                    "Floor": {"action": "texture", "value": "oak"},
                },
                "protect": ["Grout"],
            }
        },
        errors=[RuleSlotFull],
    )
    @idempotent
    def create(self, request: Request) -> Created[RuleOut]:
        """Save edits under a name

        `warnings` says what of them would not happen.
        """
        body = read_json_object(request._request)
        args = validated(CREATE_RULE_IN, body)
        rule = rules.create_rule(user_id=current_user(request).id, **args)
        return Created(rule_out(rule, notice_keys(CREATE_RULE_IN, EDIT_IN, body)))

    @Operation("list_rules")
    def list(self, request: Request) -> PageAnswer[RuleOut]:
        """Your rules, newest first"""
        page = selectors.list_rules(user_id=current_user(request).id, page=page_request(request))
        return PageAnswer(page, rule_out)

    @Operation("get_rule", errors=[RuleNotFound])
    def retrieve(self, request: Request, rule_id: RuleId) -> Answer[RuleOut]:
        """One rule"""
        rule = selectors.get_rule(
            user_id=current_user(request).id, rule_id=ids.parse_public_id(ids.RULE, rule_id)
        )
        return Answer(rule_out(rule))

    @Operation(
        "update_rule",
        body=UPDATE_RULE_IN,
        body_examples={"name": {"name": "Sage walls"}},
        errors=[RuleNotFound],
    )
    @idempotent
    def update(self, request: Request, rule_id: RuleId) -> Answer[RuleOut]:
        """Change what is given, keep the rest

        `preset_id` may be sent back as it was read; another one is refused.
        """
        user_id = current_user(request).id
        key = ids.parse_public_id(ids.RULE, rule_id)
        try:
            body = read_json_object(request._request)
            args = validated(UPDATE_RULE_IN, body)
        except ValidationFailed:
            # A rule that does not exist outranks a body that is wrong (contract §3.1).
            selectors.get_rule(user_id=user_id, rule_id=key)
            raise
        rule = rules.update_rule(user_id=user_id, rule_id=key, **args)
        return Answer(rule_out(rule, notice_keys(UPDATE_RULE_IN, EDIT_IN, body)))

    @Operation("delete_rule", errors=[RuleNotFound])
    @idempotent
    def destroy(self, request: Request, rule_id: RuleId) -> Answer[DeletedRuleOut]:
        """Delete a rule

        Its slot is free at once. Jobs keep the edits that they took from it.
        """
        key = ids.parse_public_id(ids.RULE, rule_id)
        rules.delete_rule(user_id=current_user(request).id, rule_id=key)
        return Answer(deleted_rule_out(rule_id))
