from django.contrib.admin.apps import AdminConfig


class OperatorsConfig(AdminConfig):
    """Django's admin with our site in place of its own."""

    default_site = "s3project.admin.site.OperatorsSite"
