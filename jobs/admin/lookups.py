"""What the ids of other things say of jobs, each found by an index."""

from django.db.models import Q

from jobs.models import Rule, WebhookDelivery
from s3project.admin.search import Between


def jobs_of_rule(between: Between) -> Q:
    """Among the jobs of the rule's user, which have an index; nothing once the rule is deleted."""
    owners = Rule.objects.filter(pk__range=between).values("user_id")
    return Q(user_id__in=owners, rule_id__range=between)


def jobs_of_delivery(between: Between) -> Q:
    return Q(pk__in=WebhookDelivery.objects.filter(pk__range=between).values("job_id"))
