"""What each refusal says: that a reader knows what is wrong and what to do, and a program has the
facts (contract §3.1).
"""

from typing import Any

import pytest

from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import callback_body, callback_path, make_job, worker_api
from s3project.testing.api import Answer, Api
from users import services
from users.models import User
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

WALL = {"Wall": {"action": "recolor", "value": "sage"}}
RULE = {"name": "r", "preset_id": "interior", "concepts": WALL}
JOB = {"preset": "interior", "item_count": 1}


def told(answer: Answer) -> tuple[int, str, str, Any]:
    error = answer.error
    return answer.status, error["code"], error["message"], error.get("details")


def refused(*fields: tuple[str, str], message: str | None = None) -> tuple[int, str, str, Any]:
    """A 400 over these fields."""
    field, text = fields[0]
    if message is None:
        message = text if field == "body" else f"{field}: {text}"
    details: dict[str, list[str]] = {}
    for field, text in fields:
        details.setdefault(field, []).append(text)
    return 400, "VALIDATION_ERROR", message, details


# --- 400: bodies that are no JSON object ------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (
            b'{"preset": "interior",\n "item_count": 1,}',
            'The body is not valid JSON: "}" at line 2, column 18 is out of place.',
        ),
        (
            b"{'preset': 1}",
            "The body is not valid JSON: \"'preset': 1}\" at line 1, column 2 is out of place.",
        ),
        (b'{"a": 1', "The body is not valid JSON: it ends too early, at line 1, column 8."),
        (
            b'{"a": "b',
            "The body is not valid JSON: the string that begins at line 1, column 7 has no end.",
        ),
        (b'{"a": NaN}', "The body is not valid JSON: NaN is no value there."),
        (
            b"\xef\xbb\xbf{}",
            "The body is not valid JSON: the byte order mark at line 1, column 1 is out of place.",
        ),
        (b'{"a": "\xff"}', "The body is not UTF-8: byte 8 is not."),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', 'The key "c" stands twice in one object.'),
        (b"[" * 9_000, "The body is nested too deeply."),
        (b'{"a": ' + b"9" * 5000 + b"}", "The body has a number of too many digits."),
        (b"[1]", "The body must be an object, not an array."),
        (b"null", "The body must be an object, not null."),
        (
            b'{"a": [' + b"{}," * 20_000 + b"{}]}",
            "The body has more than 10000 arrays, objects and keys.",
        ),
    ],
)
def test_what_is_no_body_is_said_with_its_place(raw: bytes, text: str) -> None:
    for path in ("/jobs", "/rules", "/jobs/check", "/auth/anon"):
        answer = api_of(make_user()).send("POST", path, raw)
        assert told(answer) == refused(("body", text))


# --- 400: fields ------------------------------------------------------------------------------

A_NAME = "n" * 65


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (
            "/jobs",
            {},
            refused(
                ("preset", "This field is required."),
                ("item_count", "This field is required unless items is given."),
                message="preset: This field is required. 1 more field is wrong.",
            ),
        ),
        (
            "/jobs",
            {"presets": "interior", "item_count": 1},
            refused(("preset", 'This field is required. "presets" is not known: a slip?')),
        ),
        (
            "/jobs",
            {**JOB, "preset": "Interior"},
            refused(
                ("preset", 'Must be interior or seller, not "Interior". Did you mean interior?')
            ),
        ),
        (
            "/jobs",
            {**JOB, "preset": "garden"},
            refused(("preset", 'Must be interior or seller, not "garden".')),
        ),
        (
            "/jobs",
            {**JOB, "preset": None},
            refused(("preset", "Must be interior or seller, not null.")),
        ),
        (
            "/jobs",
            {**JOB, "preset": ["interior"]},
            refused(("preset", "Must be interior or seller, not an array.")),
        ),
        (
            "/jobs",
            {**JOB, "item_count": "3"},
            refused(("item_count", "Must be an integer, not a string.")),
        ),
        (
            "/jobs",
            {**JOB, "item_count": True},
            refused(("item_count", "Must be an integer, not a boolean.")),
        ),
        (
            "/jobs",
            {**JOB, "item_count": 3.5},
            refused(("item_count", "Must be an integer, not 3.5.")),
        ),
        (
            "/jobs",
            {**JOB, "item_count": 201},
            refused(("item_count", "Must be from 1 to 200, not 201.")),
        ),
        (
            "/jobs",
            {**JOB, "item_count": 10**300},
            refused(("item_count", "Must be from 1 to 200.")),
        ),
        (
            "/jobs",
            {"preset": "interior", "items": [{}], "item_count": 2},
            refused(("items", "Must have as many elements as item_count says, 2, not 1.")),
        ),
        (
            "/jobs",
            {"preset": "interior", "items": []},
            refused(("items", "Must not be empty.")),
        ),
        (
            "/jobs",
            {"preset": "interior", "items": ["a.jpg"]},
            refused(("items.0", "Must be an object, not a string.")),
        ),
        (
            "/jobs",
            {"preset": "interior", "items": [{}] * 201},
            refused(("items", "Must have at most 200 elements, not 201.")),
        ),
        (
            "/jobs",
            {**JOB, "metadata": ["a"]},
            refused(("metadata", "Must be an object, not an array.")),
        ),
        (
            "/jobs",
            {**JOB, "metadata": dict.fromkeys(map(str, range(17)), "")},
            refused(("metadata", "Must have at most 16 texts, not 17.")),
        ),
        (
            "/jobs",
            {**JOB, "metadata": {"": "x", "b": 1}},
            refused(
                ("metadata.", "The name must not be empty."),
                ("metadata.b", "Must be a string, not a number."),
                message="metadata.: The name must not be empty. 1 more field is wrong.",
            ),
        ),
        (
            "/jobs",
            {**JOB, "metadata": {"a": "\u0000"}},
            refused(("metadata.a", "Must not contain NUL (U+0000).")),
        ),
        (
            "/jobs",
            {**JOB, "metadata": {"a": "\ud800"}},
            refused(("metadata.a", "Must not contain half of a surrogate pair (U+D800).")),
        ),
        (
            "/jobs/check",
            {**JOB, "concept": WALL},
            refused(
                (
                    "concepts",
                    "This field is required unless rule_id is given. "
                    '"concept" is not known: a slip?',
                )
            ),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": {"Wall": {"action": "Recolor", "value": "sage"}}},
            refused(
                (
                    "concepts.Wall.action",
                    'Must be recolor, tone, texture or remove, not "Recolor". '
                    "Did you mean recolor?",
                )
            ),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": {"Wall": {"action": "recolor"}}},
            refused(
                (
                    "concepts.Wall.value",
                    'This field is required: recolor needs a value, "" for the default.',
                )
            ),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": {"Wall": {"action": "recolor", "value": "", "paint": "All"}}},
            refused(("concepts.Wall.paint", 'Must be all, not "All". Did you mean all?')),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": {A_NAME: {}, "Wall": "sage", "Floor": {"action": 1}}},
            refused(
                (f"concepts.{A_NAME[:64]}…", "The name must have at most 64 characters, not 65."),
                ("concepts.Wall", "Must be an object, not a string."),
                (
                    "concepts.Floor.action",
                    "Must be recolor, tone, texture or remove, not a number.",
                ),
                message=f"concepts.{A_NAME[:64]}…: The name must have at most 64 characters, "
                "not 65. 2 more fields are wrong.",
            ),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": WALL, "protect": "Wall"},
            refused(("protect", "Must be an array, not a string.")),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": WALL, "protect": ["", 1]},
            refused(
                ("protect.0", "The name must not be empty."),
                ("protect.1", "Must be a string, not a number."),
                message="protect.0: The name must not be empty. 1 more field is wrong.",
            ),
        ),
        (
            "/jobs/check",
            {**JOB, "concepts": WALL, "protect": [""] * 30},
            refused(
                *((f"protect.{n}", "The name must not be empty.") for n in range(20)),
                ("body", "And 10 more."),
                message="protect.0: The name must not be empty. 29 more fields are wrong.",
            ),
        ),
        (
            "/rules",
            {**RULE, "name": "  "},
            refused(("name", "Must not be empty.")),
        ),
        (
            "/rules",
            {**RULE, "name": "n" * 101},
            refused(("name", "Must have at most 100 characters, not 101.")),
        ),
        ("/rules", {**RULE, "concepts": {}}, refused(("concepts", "Must not be empty."))),
        (
            "/rules",
            {**RULE, "concepts": None},
            refused(("concepts", "Must be an object, not null.")),
        ),
        ("/auth/refresh", {}, refused(("refresh", "This field is required."))),
        (
            "/auth/anon",
            {"device_hash": 12},
            refused(("device_hash", "Must be a string, not a number.")),
        ),
    ],
)
def test_a_field_that_is_wrong_is_said_with_what_it_takes(
    path: str, body: object, expected: tuple[int, str, str, Any]
) -> None:
    assert told(api_of(make_user()).post(path, body)) == expected


@pytest.mark.parametrize(
    ("path", "field", "text"),
    [
        ("/jobs?limit=0", "limit", 'Must be an integer from 1 to 200, not "0".'),
        ("/rules?limit=", "limit", 'Must be an integer from 1 to 200, not "".'),
        ("/jobs?limit=1&limit=2", "limit", "Must be given once, not 2 times."),
        (
            "/me/ledger?cursor=x",
            "cursor",
            "Must be the meta.next_cursor of the page before.",
        ),
        (
            "/jobs?status=queued,runing",
            "status",
            "Must be one or more of created, uploaded, queued, running, done, failed and canceled, "
            'not "runing". Did you mean running?',
        ),
    ],
)
def test_a_parameter_that_is_wrong_is_said_with_what_it_takes(
    path: str, field: str, text: str
) -> None:
    assert told(api_of(make_user()).get(path)) == refused((field, text))


def test_a_key_that_is_no_idempotency_key() -> None:
    answer = api_of(make_user()).send("POST", "/jobs", headers={"Idempotency-Key": "a b"})

    assert told(answer) == refused(
        ("Idempotency-Key", "Must have 1 to 255 visible ASCII characters.")
    )


def test_rules_belong_to_a_preset() -> None:
    api = api_of(make_user())
    rule = api.post("/rules", RULE).data["id"]
    job = api.post("/jobs", {**JOB, "preset": "seller"}).data["job_id"]
    api.post(f"/jobs/{job}/confirm-upload")

    moved = api.put(f"/rules/{rule}", {"preset_id": "seller"})
    used = api.post(f"/jobs/{job}/execute", {"rule_id": rule})

    assert told(moved) == refused(
        ("preset_id", "Must stay interior: the preset of a rule cannot be changed.")
    )
    assert told(used) == refused(
        ("rule_id", "Must be a rule of the preset seller, and this one is of interior.")
    )


def test_strict_says_first_what_would_have_been_a_warning() -> None:
    job = make_job(JobStatus.UPLOADED)
    body = {"concepts": {"Wall": {"action": "recolor", "value": "sagee"}}, "strict": True}

    answer = api_of(job.user).post(f"/jobs/{job.public_id}/execute", body)

    assert told(answer) == refused(
        (
            "concepts.Wall.value",
            'recolor does not know "sagee": Wall is left unchanged. Did you mean sage?',
        )
    )


def test_a_worker_is_told_what_its_result_lacks() -> None:
    one, two = make_job(JobStatus.QUEUED, items=1), make_job(JobStatus.QUEUED, items=2)

    def report(job: JobCoordinator, **fields: Any) -> Any:
        return told(worker_api().post(callback_path(job), callback_body(job, 0, **fields)))

    assert report(one, idx=1) == refused(("idx", "Must be 0, not 1."))
    assert report(two, idx=2) == refused(("idx", "Must be from 0 to 1, not 2."))
    assert report(two, idx=200) == refused(("idx", "Must be from 0 to 199, not 200."))
    assert report(two, status="Done") == refused(
        ("status", 'Must be done or failed, not "Done". Did you mean done?')
    )
    assert report(two, output_key="x") == refused(
        ("output_key", "Must be the key that was issued for photo 0, or absent.")
    )
    claim = {"items": [], "attempt": 0, "worker": ""}
    assert told(worker_api().post(f"/jobs/{two.public_id}/claim", claim)) == refused(
        ("items", "Must not be empty."),
        ("attempt", "Must be from 1 to 1000000, not 0."),
        ("worker", "Must not be empty."),
        message="items: Must not be empty. 2 more fields are wrong.",
    )


# --- 401 to 429 -------------------------------------------------------------------------------


def busy(plan: str, jobs: int) -> tuple[User, list[str]]:
    user = make_user(plan=plan)
    return user, [make_job(user=user, items=1).public_id for _ in range(jobs)]


def test_a_request_without_a_token_or_with_another() -> None:
    assert told(Api().get("/me")) == (
        401,
        "AUTH_REQUIRED",
        "Send the header Authorization: Bearer <token>; POST /auth/anon gives a token.",
        None,
    )
    assert told(Api("x").get("/me")) == (
        401,
        "TOKEN_INVALID",
        "The token is unknown, damaged, spent or signed out: sign in again.",
        None,
    )
    assert told(Api("x").post("/jobs/job_x/callback")) == (
        403,
        "CALLBACK_UNAUTHORIZED",
        "The callback secret (GPU_CALLBACK_SECRET) is missing or wrong.",
        None,
    )


@pytest.mark.parametrize(
    ("left", "count", "text"),
    [
        (10, 12, "This job needs 12 credits, and 10 are left."),
        (1, 2, "This job needs 2 credits, and 1 is left."),
        (0, 1, "This job needs 1 credit, and none are left."),
    ],
)
def test_credits_that_are_missing_are_counted(left: int, count: int, text: str) -> None:
    user = make_user()
    if left < 10:
        make_job(JobStatus.DONE, user=user, items=10 - left)

    answer = api_of(user).post("/jobs", {**JOB, "item_count": count})

    details = {"needed": count, "available": left}
    assert told(answer) == (402, "CREDITS_EXHAUSTED", text, details)


def test_a_plan_says_its_limits() -> None:
    user = make_user()
    services.grant_credits(user_id=user.id, amount=100)
    api = api_of(user)
    for _ in range(2):
        api.post("/rules", RULE)

    assert told(api.post("/jobs", {**JOB, "item_count": 12})) == (
        403,
        "ITEM_LIMIT",
        "The free plan allows 10 photos in a job, and this one has 12: make several jobs of it.",
        {"plan": "free", "limit": 10},
    )
    assert told(api.post("/rules", RULE)) == (
        403,
        "RULE_SLOT_FULL",
        "The free plan allows 2 saved rules: delete or change one.",
        {"plan": "free", "limit": 2},
    )


def test_the_jobs_that_hold_the_slots_are_named() -> None:
    user, open_jobs = busy("free", 1)
    pro, open_pros = busy("pro", 3)
    make_job(JobStatus.QUEUED)  # somebody else's

    assert told(api_of(user).post("/jobs", JOB)) == (
        429,
        "CONCURRENCY_LIMIT",
        "The free plan allows 1 unfinished job at a time: wait until it is finished, or cancel it.",
        {"limit": 1, "open_jobs": open_jobs},
    )
    assert told(api_of(pro).post("/jobs", JOB)) == (
        429,
        "CONCURRENCY_LIMIT",
        "The pro plan allows 3 unfinished jobs at a time: wait until one is finished, or cancel "
        "one.",
        {"limit": 3, "open_jobs": open_pros},
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/nothing", "There is no such address. GET /docs shows all there are."),
        ("/jobs/", "Addresses have no slash at their end: try /jobs."),
        ("/presets/interior/", "Addresses have no slash at their end: try /presets/interior."),
    ],
)
def test_an_address_that_is_none(path: str, text: str) -> None:
    assert told(Api().get(path)) == (404, "NOT_FOUND", text, None)


def test_what_does_not_exist_is_named() -> None:
    api = api_of(make_user())
    nothing = "0" * 32

    assert told(api.get("/presets/Interior")) == (
        404,
        "NOT_FOUND",
        'There is no preset "Interior", only interior and seller. Did you mean interior?',
        {"allowed": ["interior", "seller"], "nearest": "interior"},
    )
    assert told(api.get("/presets/garden")) == (
        404,
        "NOT_FOUND",
        'There is no preset "garden", only interior and seller.',
        {"allowed": ["interior", "seller"], "nearest": None},
    )
    job = (404, "JOB_NOT_FOUND", "There is no such job: GET /jobs lists yours.", None)
    rule = (404, "RULE_NOT_FOUND", "There is no such rule: GET /rules lists yours.", None)
    assert told(api.get(f"/jobs/job_{nothing}")) == job
    assert told(api.post(f"/jobs/job_{nothing}/cancel")) == job
    assert told(api.delete(f"/rules/rule_{nothing}")) == rule
    assert told(api.post("/jobs/check", {**JOB, "rule_id": "rule_x"})) == rule


def test_a_method_that_is_not_taken() -> None:
    answer = api_of(make_user()).send("PATCH", "/jobs/job_x")

    assert told(answer) == (
        405,
        "METHOD_NOT_ALLOWED",
        "This address does not take PATCH, only GET, HEAD and OPTIONS.",
        None,
    )


S = JobStatus
EXECUTED = "it was executed already"
CONFIRMED = "its upload was confirmed already"


@pytest.mark.parametrize(
    ("status", "action", "reason"),
    [
        (S.UPLOADED, "confirm-upload", f"{CONFIRMED}, execute it next"),
        (S.QUEUED, "confirm-upload", CONFIRMED),
        (S.RUNNING, "confirm-upload", CONFIRMED),
        (S.DONE, "confirm-upload", CONFIRMED),
        (S.FAILED, "confirm-upload", CONFIRMED),
        (S.CANCELED, "confirm-upload", "create a new one"),
        (S.CREATED, "execute", "confirm its upload first"),
        (S.QUEUED, "execute", EXECUTED),
        (S.RUNNING, "execute", EXECUTED),
        (S.DONE, "execute", f"{EXECUTED}, create a new one for further edits"),
        (S.FAILED, "execute", f"{EXECUTED}, create a new one to try again"),
        (S.CANCELED, "execute", "create a new one"),
        (S.DONE, "cancel", "it can no longer be canceled"),
        (S.CANCELED, "cancel", "create a new one"),
    ],
)
def test_a_job_in_another_state_says_which_and_what_comes_next(
    status: JobStatus, action: str, reason: str
) -> None:
    job = make_job(status, items=2)
    body = {"concepts": WALL} if action == "execute" else None

    answer = api_of(job.user).post(f"/jobs/{job.public_id}/{action}", body)

    canceled = status == S.CANCELED and action != "confirm-upload"
    code = "ALREADY_CANCELED" if canceled else "INVALID_TRANSITION"
    assert told(answer) == (409, code, f"The job is {status}: {reason}.", {"status": status})


def test_a_result_that_comes_too_early_or_for_two_photos() -> None:
    created, queued = make_job(items=2), make_job(JobStatus.QUEUED, items=2)
    early = worker_api().post(callback_path(created), callback_body(created, 0))
    worker_api().post(callback_path(queued), callback_body(queued, 1, idempotency_key="k"))
    twice = worker_api().post(callback_path(queued), callback_body(queued, 0, idempotency_key="k"))

    assert told(early) == (
        409,
        "INVALID_TRANSITION",
        "The job is created: it takes results once it was executed.",
        {"status": "created"},
    )
    assert told(twice) == (
        409,
        "IDEMPOTENCY_CONFLICT",
        "This idempotency key was used for photo 1 of the job.",
        {"idx": 1},
    )


def test_a_key_that_was_used_for_another_request() -> None:
    api = api_of(make_user())
    key = {"Idempotency-Key": "k"}
    first = api.send("POST", "/jobs", b'{"preset":"interior","item_count":1}', headers=key)
    assert first.status == 201

    answer = api.send("POST", "/jobs", b'{"preset":"interior","item_count":2}', headers=key)

    assert told(answer) == (
        422,
        "IDEMPOTENCY_KEY_REUSED",
        "This Idempotency-Key was used for another request: take a new one.",
        None,
    )


def test_a_body_that_is_too_large() -> None:
    answer = api_of(make_user()).send("POST", "/jobs", b" " * (1024 * 1024 + 1))

    assert told(answer) == (413, "VALIDATION_ERROR", "The body is larger than 1 MiB.", None)
