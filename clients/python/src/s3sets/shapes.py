"""What the API takes and answers, as in docs/openapi.yaml. Generated: `make client`.

Plain dictionaries at run time: a key that a newer server adds is simply there.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class AnonymousSignUpIn(TypedDict):
    device_hash: NotRequired[str | None]
    invite: NotRequired[str | None]
    proof: NotRequired[str | None]


class AskPackageIn(TypedDict):
    template: str
    """The id of a template of the job's preset, or its alias."""
    options: NotRequired[PackageOptionsIn | None]
    """What a template has no use for is ignored."""


class BillingEvent(TypedDict):
    id: str
    type: Literal["grant", "reserve", "commit", "rollback", "refund"]
    amount: int
    """The change of the balance."""
    balance_after: int
    ref: str | None
    """The job; of a grant `plan:…`, or what it is for: an invoice's number, or `act_…`, an
    act of an operator.
    """
    created_at: str
    """ISO 8601 in UTC with milliseconds."""


class CanceledJob(TypedDict):
    job_id: str
    status: JobStatus
    canceled: Literal[True]
    refunded: int
    credits: int
    """The balance after it."""


class CheckWithConcepts(TypedDict):
    """What is to be done with the photos of a job."""

    concepts: dict[str, Edit]
    """Concept → edit. Where two overlap, the more specific one is on top. Any name is
    allowed; those of the preset are known best.
    """
    protect: NotRequired[list[str] | None]
    """Concepts whose pixels stay as they are; `[]` for none. Absent or null: the preset's
    `protect_defaults`. What is edited and protected is protected.
    """
    rule_id: NotRequired[str | None]
    """Its edits replace those given here."""
    output_template: NotRequired[str | None]
    preset: PresetId
    item_count: int


class CheckWithRule(TypedDict):
    """What is to be done with the photos of a job."""

    concepts: NotRequired[dict[str, Edit] | None]
    """Concept → edit. Where two overlap, the more specific one is on top. Any name is
    allowed; those of the preset are known best.
    """
    protect: NotRequired[list[str] | None]
    """Concepts whose pixels stay as they are; `[]` for none. Absent or null: the preset's
    `protect_defaults`. What is edited and protected is protected.
    """
    rule_id: str
    """Its edits replace those given here."""
    output_template: NotRequired[str | None]
    preset: PresetId
    item_count: int


class CheckedJob(TypedDict):
    credits: int
    """What the job would reserve."""
    balance_after: int | None
    """Null when it would be refused."""
    admitted: bool
    refusal: Refusal | None
    warnings: list[OrderWarning]
    """What will not happen as it is written; empty when all is well."""
    eta_seconds: int | None
    """Until it would be finished; null when nothing of late can tell."""


class ChoiceFacts(TypedDict):
    allowed: list[str]
    """What there is."""
    nearest: str | None
    """What may have been meant."""


class Concept(TypedDict):
    name: str
    label: Label
    supported: bool
    """By the backend of this server."""
    instances: bool
    """Whether a photo may have several."""
    default: dict[str, str]
    """By action: what an empty value stands for."""


class ConcurrencyFacts(TypedDict):
    limit: int
    """Unfinished jobs that the plan allows."""
    open_jobs: list[str]
    """Those that hold its slots, oldest first."""


class ConfirmedJob(TypedDict):
    job_id: str
    status: JobStatus
    confirmed: Literal[True]
    missing: list[int]
    problems: list[Problem]


class CreateJobIn(TypedDict):
    """`items` says how many there are where `item_count` does not."""

    preset: PresetId
    item_count: NotRequired[int]
    items: NotRequired[list[PhotoIn] | None]
    metadata: NotRequired[dict[str, str] | None]
    """Texts of yours that the job carries, an order number for one."""


class CreateKeyIn(TypedDict):
    name: str
    expires_at: NotRequired[str | None]


class CreateRuleIn(TypedDict):
    name: str
    preset_id: PresetId
    concepts: dict[str, Edit]
    """Concept → edit. Where two overlap, the more specific one is on top. Any name is
    allowed; those of the preset are known best.
    """
    protect: NotRequired[list[str] | None]
    """Concepts whose pixels stay as they are; `[]` for none. Absent or null: the preset's
    `protect_defaults`. What is edited and protected is protected.
    """


class CreateWebhookIn(TypedDict):
    url: str
    events: NotRequired[
        list[
            Literal[
                "job.done",
                "job.failed",
                "job.canceled",
                "package.ready",
                "package.failed",
                "item.done",
                "item.failed",
            ]
        ]
    ]
    description: NotRequired[str]


class CreatedJob(TypedDict):
    job_id: str
    status: JobStatus
    preset: PresetId
    total_items: int
    source_job_id: str | None
    upload: list[Upload]
    """Empty where there is nothing to upload."""
    confirm_url: str | None
    """A path; null where the job is `uploaded` already."""
    expires_in: int
    """Seconds that the upload URLs last."""
    warnings: NotRequired[list[OrderWarning]]
    """Keys that are ignored although they look like ours; absent without any."""


class CreatedKey(TypedDict):
    id: str
    name: str
    prefix: str
    """How the key begins."""
    created_at: str
    """ISO 8601 in UTC with milliseconds."""
    expires_at: str | None
    """Null for never."""
    last_used_at: str | None
    """To the hour; null for never."""
    key: str
    """Shown once."""


class CreditFacts(TypedDict):
    needed: int
    """Credits that the job needs."""
    available: int
    """Credits that are left."""


class Credits(TypedDict):
    reserved: int
    refunded: int | None
    """Null until the job ends."""
    charged: int | None
    """Null until the job ends."""


class DeletedJob(TypedDict):
    job_id: str
    deleted: Literal[True]


class DeletedKey(TypedDict):
    id: str
    deleted: Literal[True]


class DeletedMe(TypedDict):
    user_id: str
    deleted: Literal[True]


class DeletedRule(TypedDict):
    id: str
    deleted: Literal[True]


class DeletedWebhook(TypedDict):
    id: str
    deleted: Literal[True]


class Delivery(TypedDict):
    id: str
    """The `webhook-id` of every try."""
    type: Literal[
        "job.done",
        "job.failed",
        "job.canceled",
        "package.ready",
        "package.failed",
        "item.done",
        "item.failed",
        "webhook.test",
    ]
    job_id: str | None
    """Null for a test."""
    idx: int | None
    """Of the photo, where it is about one."""
    status: Literal["pending", "delivered", "failed"]
    """`failed` is given up; until then it is tried again."""
    attempts: int
    last_try_at: str | None
    """ISO 8601 in UTC with milliseconds."""
    next_try_at: str | None
    """Null when there is none, or while the webhook is off."""
    response_status: int | None
    """Of the last try; null where none came."""
    response_body: str
    """How it begins."""
    error: str | None
    """Why the last try failed."""
    created_at: str
    """ISO 8601 in UTC with milliseconds."""


class ExecuteWithConcepts(TypedDict):
    """What is to be done with the photos of a job."""

    concepts: dict[str, Edit]
    """Concept → edit. Where two overlap, the more specific one is on top. Any name is
    allowed; those of the preset are known best.
    """
    protect: NotRequired[list[str] | None]
    """Concepts whose pixels stay as they are; `[]` for none. Absent or null: the preset's
    `protect_defaults`. What is edited and protected is protected.
    """
    rule_id: NotRequired[str | None]
    """Its edits replace those given here."""
    output_template: NotRequired[str | None]
    strict: NotRequired[bool]
    """Refuse with 400 what would otherwise be a warning."""


class ExecuteWithRule(TypedDict):
    """What is to be done with the photos of a job."""

    concepts: NotRequired[dict[str, Edit] | None]
    """Concept → edit. Where two overlap, the more specific one is on top. Any name is
    allowed; those of the preset are known best.
    """
    protect: NotRequired[list[str] | None]
    """Concepts whose pixels stay as they are; `[]` for none. Absent or null: the preset's
    `protect_defaults`. What is edited and protected is protected.
    """
    rule_id: str
    """Its edits replace those given here."""
    output_template: NotRequired[str | None]
    strict: NotRequired[bool]
    """Refuse with 400 what would otherwise be a warning."""


class Grade(TypedDict):
    name: str
    hex: str


class Health(TypedDict):
    status: Literal["healthy"]
    version: str
    """Of the server, as in the changelog."""
    timestamp: str
    """ISO 8601 in UTC with milliseconds."""


class Instance(TypedDict):
    box: list[float]
    """Left, top, right, bottom, as shares of the width and height of the upright photo."""
    share: float
    """How much of the concept's area it is."""
    score: NotRequired[float]
    """Of a thing: how sure the model is. Scores of two backends cannot be compared."""
    colour: NotRequired[str]
    """Of a paint: its colour."""


class Item(TypedDict):
    idx: int
    """Which photo of the set, from 0."""
    source: NotRequired[Source]
    """Where its photo is from."""
    name: NotRequired[str]
    """As it was given."""
    status: Literal["pending", "done", "failed", "canceled"]
    """`canceled`: nobody had reported it when its job was canceled."""
    error: NotRequired[str]
    """Why the photo failed."""
    warnings: NotRequired[list[str]]
    """What was not as asked: a concept not found, a value not known."""
    instances: NotRequired[dict[str, list[Instance]]]
    """Where each concept lies that was looked for, in the order of the numbers that an
    edit's `instances` chooses by: things from left to right, or the paints of a single
    thing, the one that `recolor` moves by itself first. What is not told apart is one.
    Absent where it is not known, and when the photo is not kept any longer; 128 of a
    photo at most.
    """


class Job(TypedDict):
    job_id: str
    status: JobStatus
    preset: PresetId
    rule_id: str | None
    source_job_id: str | None
    """Whose photos these are."""
    concepts: dict[str, Edit]
    """What was ordered; empty before that."""
    protect: list[str]
    """Concepts whose pixels stay as they are."""
    output_template: str | None
    metadata: dict[str, str]
    """Texts of yours that the job carries, an order number for one."""
    credits: Credits
    created_at: str
    """ISO 8601 in UTC with milliseconds."""
    finished_at: str | None
    """ISO 8601 in UTC with milliseconds."""
    expires_at: str | None
    """When photos and results cease to be kept; null for never."""
    expired: bool
    """They are not kept any longer."""
    progress: Progress
    items: list[Item]
    outputs_ready: list[Output]
    """Finished photos, by idx."""
    packages: list[Package]
    """Sets made of the results, as they were first asked for."""
    upload: NotRequired[list[Upload]]
    """While `created`: fresh upload URLs."""
    queue: NotRequired[Queue]
    """While in work; some seconds old, and the time is in steps."""
    events_url: str
    """A path: `text/event-stream` of what changes. It needs no header for 45 to 60 minutes."""


class JobSummary(TypedDict):
    job_id: str
    status: JobStatus
    preset: PresetId
    created_at: str
    """ISO 8601 in UTC with milliseconds."""
    progress: Progress


class Key(TypedDict):
    id: str
    name: str
    prefix: str
    """How the key begins."""
    created_at: str
    """ISO 8601 in UTC with milliseconds."""
    expires_at: str | None
    """Null for never."""
    last_used_at: str | None
    """To the hour; null for never."""


class KeyFacts(TypedDict):
    limit: int
    """Keys that a user may have."""


class Label(TypedDict):
    ko: str
    en: str


class Material(TypedDict):
    name: str
    hex: str
    family: Literal["wood", "neutral", "earth", "colour"]
    grades: list[Grade]
    """The plain one first, then lighter and darker ones."""


class Me(TypedDict):
    user_id: str
    plan: Plan
    credits: int
    """One credit is one photo."""
    active_jobs: int
    """Unfinished jobs."""
    rule_slots: RuleSlots
    max_concurrency: int
    """Unfinished jobs at a time."""
    max_items_per_job: int
    storage: Storage


class Output(TypedDict):
    idx: int
    """Which photo of the set, from 0."""
    result_url: str
    preview_url: str
    input_url: str
    """The photo as it was sent."""


class OutputTemplate(TypedDict):
    id: str
    alias: str
    """Another id, in ASCII."""
    name: str
    label: Label
    description: str


class Package(TypedDict):
    template: str
    alias: str
    """The template's other id, in ASCII."""
    status: PackageStatus
    files: int | None
    """In the ZIP; null until it is ready."""
    bytes: int | None
    """Of the ZIP; null until it is ready."""
    url: str | None
    """A ZIP; null until it is ready."""
    board_url: str | None
    """A JPEG to look at; null until it is ready."""
    error: str | None
    """Why it failed."""


class PackageOptionsIn(TypedDict):
    language: NotRequired[Literal["ko", "en"]]
    """Of captions; ko by default."""
    title: NotRequired[str]
    """On the board; the template's by default."""
    colors: NotRequired[list[str]]
    """Of an option board: colours as recolor takes them."""


class PatchedUpdateWebhookIn(TypedDict):
    url: NotRequired[str]
    events: NotRequired[
        list[
            Literal[
                "job.done",
                "job.failed",
                "job.canceled",
                "package.ready",
                "package.failed",
                "item.done",
                "item.failed",
            ]
        ]
    ]
    description: NotRequired[str]
    enabled: NotRequired[bool]


class PhotoIn(TypedDict):
    """What is known of a photo before it is uploaded."""

    name: NotRequired[str | None]
    bytes: NotRequired[int | None]


class PlanFacts(TypedDict):
    plan: str
    limit: int
    """What the plan allows."""


class Preset(TypedDict):
    id: PresetId
    name: str
    concept_count: int
    concepts: list[str]
    protect_defaults: list[str]
    output_templates: list[OutputTemplate]
    details: list[Concept]
    """Of each concept, in their order."""


class PresetSummary(TypedDict):
    id: PresetId
    name: str
    concept_count: int
    description: str


class Problem(TypedDict):
    idx: int
    """Which photo of the set, from 0."""
    problem: Literal["absent", "empty", "too_large"]


class Progress(TypedDict):
    done: int
    failed: int
    total: int


class ProofFacts(TypedDict):
    needs: Literal["invite", "proof"]
    """The field to send."""


class Queue(TypedDict):
    ahead: int
    """Photos of others that are taken before its next one."""
    eta_seconds: int | None
    """Until its last photo is finished, by the pace of the last ten minutes; null when
    nothing was finished in them.
    """


class QueuedJob(TypedDict):
    job_id: str
    status: JobStatus
    queued: Literal[True]
    warnings: list[OrderWarning]
    """What will not happen as it is written; empty when all is well."""


class Readiness(TypedDict):
    status: Literal["ready"]
    parts: ReadyParts


class ReadyParts(TypedDict):
    database: Literal["ready"]
    broker: Literal["ready"]
    storage: Literal["ready"]


class RefreshSessionIn(TypedDict):
    refresh: str


class RefreshedSession(TypedDict):
    token: str
    """A JWT; opaque to clients."""
    refresh: str
    """Spent with its first use."""


class Refusal(TypedDict):
    code: str
    message: str
    details: CreditFacts | PlanFacts | ConcurrencyFacts | StorageFacts
    """Of the code, as in the refusal."""


class Removal(TypedDict):
    action: Literal["remove"]
    value: NotRequired[str | None]
    instances: NotRequired[list[int] | None]
    """Only these instances of the concept, from 0 and from left to right; absent for all.
    Of a single thing they are its paints, the one that `recolor` moves by itself first.
    A number that a photo has no instance of is a warning on it.
    """


class Rule(TypedDict):
    id: str
    name: str
    preset_id: PresetId
    concepts: dict[str, Edit]
    """Concept → edit. Where two overlap, the more specific one is on top. Any name is
    allowed; those of the preset are known best.
    """
    protect: list[str]
    """Concepts whose pixels stay as they are."""
    created_at: str
    """ISO 8601 in UTC with milliseconds."""
    updated_at: str
    """ISO 8601 in UTC with milliseconds."""
    warnings: list[OrderWarning]
    """What will not happen as it is written; empty when all is well."""


class RuleSlots(TypedDict):
    used: int
    max: int


class SecondLookIn(TypedDict):
    """The photos of an earlier job again: nothing is uploaded."""

    source_job_id: str
    """A job of yours whose upload was confirmed."""
    only: NotRequired[Literal["all", "failed"]]
    """Which of its photos."""
    items: NotRequired[list[int] | None]
    preset: NotRequired[PresetId | None]
    metadata: NotRequired[dict[str, str] | None]
    """Texts of yours that the job carries, an order number for one."""


class SecretWebhook(TypedDict):
    id: str
    url: str
    events: list[
        Literal[
            "job.done",
            "job.failed",
            "job.canceled",
            "package.ready",
            "package.failed",
            "item.done",
            "item.failed",
        ]
    ]
    description: str
    enabled: bool
    off_reason: Literal["owner", "gone", "failing", None]
    """Why it is off: its owner said so, it answered 410, or nothing succeeded for five
    days. Null while it is on.
    """
    failing_since: str | None
    """Null when the last try succeeded."""
    last_success_at: str | None
    """ISO 8601 in UTC with milliseconds."""
    old_secret_until: str | None
    """While it lasts, the secret before the last rotation signs too."""
    created_at: str
    """ISO 8601 in UTC with milliseconds."""
    updated_at: str
    """ISO 8601 in UTC with milliseconds."""
    secret: str
    """Shown once: what deliveries are signed with."""


class SignUp(TypedDict):
    user_id: str
    token: str
    """A JWT; opaque to clients."""
    refresh: str
    """Spent with its first use."""
    plan: Plan
    is_new: bool


class SignedOut(TypedDict):
    signed_out: Literal[True]


class Slip(TypedDict):
    key: str
    """As it was sent."""
    message: str
    suggestion: str
    """What may have been meant."""


class Source(TypedDict):
    job_id: str
    idx: int
    """Which photo of the set, from 0."""


class StatusFacts(TypedDict):
    status: JobStatus
    """Of the job."""


class Storage(TypedDict):
    used_mib: int
    """When it was last counted."""
    limit_mib: int | None
    """Null where there is none."""
    counted_at: str | None
    """Null until it was counted for the first time."""


class StorageFacts(TypedDict):
    used_mib: int
    """What the storage had of you when it was last counted."""
    limit_mib: int
    """What you may keep."""


class UpdateRuleIn(TypedDict):
    """Any subset. `preset_id` may be sent back as it was read; another one is refused."""

    name: NotRequired[str]
    preset_id: NotRequired[PresetId]
    concepts: NotRequired[dict[str, Edit]]
    """Concept → edit. Where two overlap, the more specific one is on top. Any name is
    allowed; those of the preset are known best.
    """
    protect: NotRequired[list[str] | None]
    """Concepts whose pixels stay as they are; `[]` for none. Absent or null: the preset's
    `protect_defaults`. What is edited and protected is protected.
    """


class Upload(TypedDict):
    idx: int
    """Which photo of the set, from 0."""
    url: str
    """PUT the photo's bytes here, without a token."""
    key: str


class ValuedEdit(TypedDict):
    action: Literal["recolor", "tone", "texture"]
    value: str
    """A colour (`#9db4a0`), a material (`oak_a`), a tone (`warm:0.5`) or a texture
    (`marble`); empty for the preset's default. GET /vocabulary lists them.
    """
    instances: NotRequired[list[int] | None]
    """Only these instances of the concept, from 0 and from left to right; absent for all.
    Of a single thing they are its paints, the one that `recolor` moves by itself first.
    A number that a photo has no instance of is a warning on it.
    """
    paint: NotRequired[Literal["all"] | None]
    """`recolor` moves one paint, the one that covers most: a shoe's soles stay white. `all`
    takes the whole concept.
    """


class Vocabulary(TypedDict):
    materials: list[Material]
    """Values of `recolor`, beside #RGB and #RRGGBB."""
    textures: list[str]
    """Values of `texture`."""
    tones: list[str]
    """Values of `tone`, with a strength or without: `warm:0.5`."""
    spellings: dict[str, str]
    """Other words for some of these."""
    defaults: dict[str, str]
    """By action: what an empty value stands for where the preset has no default."""


class OrderWarning(TypedDict):
    concept: str | None
    value: str | None
    """What was written."""
    problem: Literal[
        "unknown_value",
        "unknown_concept",
        "unsupported",
        "protected",
        "unknown_key",
        "unknown_template",
        "repeated",
    ]
    message: str
    suggestion: str | None
    """What may have been meant."""


class WatchEvent(TypedDict):
    event: Literal["snapshot", "item", "job", "package", "end"]
    id: str
    """The version of the job. Send it as `Last-Event-ID` when you come again."""
    data: str
    """JSON: of `snapshot` what `GET /jobs/{job_id}` answers, of the others what changed."""


class Webhook(TypedDict):
    id: str
    url: str
    events: list[
        Literal[
            "job.done",
            "job.failed",
            "job.canceled",
            "package.ready",
            "package.failed",
            "item.done",
            "item.failed",
        ]
    ]
    description: str
    enabled: bool
    off_reason: Literal["owner", "gone", "failing", None]
    """Why it is off: its owner said so, it answered 410, or nothing succeeded for five
    days. Null while it is on.
    """
    failing_since: str | None
    """Null when the last try succeeded."""
    last_success_at: str | None
    """ISO 8601 in UTC with milliseconds."""
    old_secret_until: str | None
    """While it lasts, the secret before the last rotation signs too."""
    created_at: str
    """ISO 8601 in UTC with milliseconds."""
    updated_at: str
    """ISO 8601 in UTC with milliseconds."""


class WebhookFacts(TypedDict):
    limit: int
    """Webhooks that a user may have."""


CheckJobIn = CheckWithConcepts | CheckWithRule

ExecuteJobIn = ExecuteWithConcepts | ExecuteWithRule

JobStatus = Literal["created", "uploaded", "queued", "running", "done", "failed", "canceled"]

NewJobIn = CreateJobIn | SecondLookIn

PackageStatus = Literal["pending", "ready", "failed"]

Plan = Literal["free", "pro"]

PresetId = Literal["interior", "seller"]

Edit = ValuedEdit | Removal

__all__ = [
    "AnonymousSignUpIn",
    "AskPackageIn",
    "BillingEvent",
    "CanceledJob",
    "CheckJobIn",
    "CheckWithConcepts",
    "CheckWithRule",
    "CheckedJob",
    "ChoiceFacts",
    "Concept",
    "ConcurrencyFacts",
    "ConfirmedJob",
    "CreateJobIn",
    "CreateKeyIn",
    "CreateRuleIn",
    "CreateWebhookIn",
    "CreatedJob",
    "CreatedKey",
    "CreditFacts",
    "Credits",
    "DeletedJob",
    "DeletedKey",
    "DeletedMe",
    "DeletedRule",
    "DeletedWebhook",
    "Delivery",
    "Edit",
    "ExecuteJobIn",
    "ExecuteWithConcepts",
    "ExecuteWithRule",
    "Grade",
    "Health",
    "Instance",
    "Item",
    "Job",
    "JobStatus",
    "JobSummary",
    "Key",
    "KeyFacts",
    "Label",
    "Material",
    "Me",
    "NewJobIn",
    "OrderWarning",
    "Output",
    "OutputTemplate",
    "Package",
    "PackageOptionsIn",
    "PackageStatus",
    "PatchedUpdateWebhookIn",
    "PhotoIn",
    "Plan",
    "PlanFacts",
    "Preset",
    "PresetId",
    "PresetSummary",
    "Problem",
    "Progress",
    "ProofFacts",
    "Queue",
    "QueuedJob",
    "Readiness",
    "ReadyParts",
    "RefreshSessionIn",
    "RefreshedSession",
    "Refusal",
    "Removal",
    "Rule",
    "RuleSlots",
    "SecondLookIn",
    "SecretWebhook",
    "SignUp",
    "SignedOut",
    "Slip",
    "Source",
    "StatusFacts",
    "Storage",
    "StorageFacts",
    "UpdateRuleIn",
    "Upload",
    "ValuedEdit",
    "Vocabulary",
    "WatchEvent",
    "Webhook",
    "WebhookFacts",
]
