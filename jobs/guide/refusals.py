"""What to do about each error, for the guide."""

from typing import NamedTuple


class Refusal(NamedTuple):
    status: int
    code: str
    meaning: str
    what_to_do: str


REFUSALS = (
    Refusal(
        *(400, "VALIDATION_ERROR", "Something in the body, the query or a header is not valid."),
        "`details` names each field. Correct it; nothing was changed.",
    ),
    Refusal(401, "AUTH_REQUIRED", "There is no token.", "Send `Authorization: Bearer …`."),
    Refusal(
        *(401, "TOKEN_EXPIRED", "The token's time is over."),
        "Get the next one with `POST /auth/refresh`.",
    ),
    Refusal(
        *(401, "TOKEN_INVALID", "The token is unknown, spent or signed out."), "Sign in again."
    ),
    Refusal(
        *(402, "CREDITS_EXHAUSTED", "The job needs more credits than are left."),
        "`details.available` photos are possible; or ask for credits.",
    ),
    Refusal(
        *(403, "ITEM_LIMIT", "More photos than your plan allows in one job."),
        "Split the set, or change the plan.",
    ),
    Refusal(
        *(403, "RULE_SLOT_FULL", "More saved rules than your plan allows."),
        "Delete one, or change the plan.",
    ),
    Refusal(
        *(403, "STORAGE_QUOTA", "Your photos and results take more than you may keep."),
        "Delete finished jobs (`DELETE /jobs/{id}`); it is counted within minutes.",
    ),
    Refusal(
        *(403, "SIGNUP_REFUSED", "New users need an invite, or another proof."),
        "Send the field that `details.needs` names; the operator gives it out.",
    ),
    Refusal(403, "KEY_LIMIT", "As many API keys as there may be.", "Delete one."),
    Refusal(403, "WEBHOOK_LIMIT", "As many webhooks as there may be.", "Delete one."),
    Refusal(404, "NOT_FOUND", "There is no such address or preset.", "Check the path."),
    Refusal(
        *(404, "JOB_NOT_FOUND", "There is no such job, or it is somebody else's."), "Check the id."
    ),
    Refusal(
        *(404, "RULE_NOT_FOUND", "There is no such rule, or it is somebody else's."),
        "Check the id.",
    ),
    Refusal(
        *(405, "METHOD_NOT_ALLOWED", "The address does not take this method."),
        "The header `Allow` lists those it takes.",
    ),
    Refusal(
        *(409, "INVALID_TRANSITION", "The job is not in a state for this."),
        "`details.status` is the one it is in; go on from there.",
    ),
    Refusal(409, "ALREADY_CANCELED", "The job is canceled.", "Create another one."),
    Refusal(
        *(409, "SOURCE_GONE", "The photos of the source job are not kept any more."),
        "Upload them to a new job.",
    ),
    Refusal(
        *(409, "WEBHOOK_OFF", "The webhook is off: nothing is sent to it."),
        "`PATCH` it with `enabled` true, once its address answers.",
    ),
    Refusal(
        *(409, "REQUEST_IN_PROGRESS", "The first request with this key is still at work."),
        "Send it again after `Retry-After` seconds.",
    ),
    Refusal(
        413, "VALIDATION_ERROR", "The body is larger than 1 MiB.", "Photos go to the upload URLs."
    ),
    Refusal(
        *(422, "IDEMPOTENCY_KEY_REUSED", "The key belongs to another request."),
        "Use a new key for each thing you want done.",
    ),
    Refusal(
        *(429, "CONCURRENCY_LIMIT", "As many unfinished jobs as your plan allows."),
        "Wait until one of `details.open_jobs` is finished, or cancel one.",
    ),
    Refusal(
        *(429, "RATE_LIMITED", "Too many requests."), "Wait `Retry-After` seconds, then go on."
    ),
    Refusal(
        *(500, "INTERNAL_ERROR", "Our mistake."),
        "Tell us `meta.request_id`; sending it again may help.",
    ),
    Refusal(
        *(503, "UNAVAILABLE", "Something is away for a moment."),
        "Wait `Retry-After` seconds and send it again, with an `Idempotency-Key`.",
    ),
)
