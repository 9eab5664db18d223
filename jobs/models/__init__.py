from jobs.models.audit_run import AuditRun
from jobs.models.beat import Beat
from jobs.models.coordinator import JobCoordinator
from jobs.models.history import JobItemLog, JobLog
from jobs.models.item import JobItem, NewPhoto
from jobs.models.package import JobPackage, PackageEffect, PackageResult
from jobs.models.results import ItemResult, JobProgress, ResultEffect
from jobs.models.rule import Rule
from jobs.models.webhook import Webhook
from jobs.models.webhook_delivery import WebhookDelivery
from jobs.models.worker_host import WorkerHost

__all__ = [
    "AuditRun",
    "Beat",
    "ItemResult",
    "JobCoordinator",
    "JobItem",
    "JobItemLog",
    "JobLog",
    "JobPackage",
    "JobProgress",
    "NewPhoto",
    "PackageEffect",
    "PackageResult",
    "ResultEffect",
    "Rule",
    "Webhook",
    "WebhookDelivery",
    "WorkerHost",
]
