"""The events that webhooks tell of (contract §3.7)."""

JOB_EVENTS = ("job.done", "job.failed", "job.canceled")
PACKAGE_EVENTS = ("package.ready", "package.failed")
ITEM_EVENTS = ("item.done", "item.failed")
EVENTS = (*JOB_EVENTS, *PACKAGE_EVENTS, *ITEM_EVENTS)
# What is told where nothing is said.
DEFAULT_EVENTS = (*JOB_EVENTS, *PACKAGE_EVENTS)
# Of POST …/test, whatever an endpoint wants.
TEST_EVENT = "webhook.test"
