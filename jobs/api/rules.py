"""The public API of saved rules: parse, call one service or selector, answer."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.rule_shapes import CreateRuleIn, UpdateRuleIn, rule_out
from jobs.lifecycle import rules, selectors
from s3project import ids
from s3project.api.pagination import PageResponse, page_request
from s3project.api.views import ApiViewSet, parse
from s3project.errors import ValidationFailed
from users.api.auth import current_user
from users.api.idempotency import idempotent

CREATE_RULE_IN = CreateRuleIn()
UPDATE_RULE_IN = UpdateRuleIn()


class RuleViewSet(ApiViewSet):
    """A user's rules. Somebody else's rule is answered like one that does not exist."""

    @idempotent
    def create(self, request: Request) -> Response:
        args = parse(CREATE_RULE_IN, request)
        rule = rules.create_rule(user_id=current_user(request).id, **args)
        return Response(rule_out(rule), status=201)

    def list(self, request: Request) -> Response:
        page = selectors.list_rules(user_id=current_user(request).id, page=page_request(request))
        return PageResponse(page, rule_out)

    def retrieve(self, request: Request, rule_id: str) -> Response:
        rule = selectors.get_rule(
            user_id=current_user(request).id, rule_id=ids.parse_public_id(ids.RULE, rule_id)
        )
        return Response(rule_out(rule))

    @idempotent
    def update(self, request: Request, rule_id: str) -> Response:
        user_id = current_user(request).id
        key = ids.parse_public_id(ids.RULE, rule_id)
        try:
            args: dict[str, Any] = parse(UPDATE_RULE_IN, request)
        except ValidationFailed:
            # A rule that does not exist outranks a body that is wrong (contract §3.1).
            selectors.get_rule(user_id=user_id, rule_id=key)
            raise
        return Response(rule_out(rules.update_rule(user_id=user_id, rule_id=key, **args)))

    @idempotent
    def destroy(self, request: Request, rule_id: str) -> Response:
        key = ids.parse_public_id(ids.RULE, rule_id)
        rules.delete_rule(user_id=current_user(request).id, rule_id=key)
        return Response({"id": rule_id, "deleted": True})
