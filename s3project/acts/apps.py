from django.apps import AppConfig


class ActsConfig(AppConfig):
    name = "s3project.acts"
    label = "acts"
    verbose_name = "Acts"
