"""What the ids of other things say of jobs, each found by an index."""

from django.db.models import Q

from jobs.models import WebhookDelivery
from s3project.admin.search import Between


def jobs_of_rule(between: Between) -> Q:
    """Also of one that is deleted."""
    return Q(rule_id__range=between)


def jobs_of_delivery(between: Between) -> Q:
    return Q(pk__in=WebhookDelivery.objects.filter(pk__range=between).values("job_id"))
